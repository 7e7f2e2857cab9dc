"""What a server offers unless told otherwise."""

from __future__ import annotations

from certhia.config.listen import Listen
from certhia.stream.terms import Terms


def test_defaults() -> None:
    terms = Terms((Listen("127.0.0.1", 8080),))
    assert (terms.heartbeat, terms.compression, dict(terms.paths)) == (30.0, False, {})
    assert terms.limits.buffer == 64_000_000
    assert (terms.defaults.profile, terms.defaults.verified_only) == ("certhia", False)
