"""Secrets: settings hold what they hash to."""

from __future__ import annotations

import hashlib

import pytest

from certhia.config.secret import secret

PLAIN = "correct-horse-battery"
HASH = hashlib.sha256(PLAIN.encode()).hexdigest()


def test_a_secret_and_its_hash_are_the_same() -> None:
    assert secret(PLAIN) == secret(f"sha256:{HASH}") == secret(f"sha256:{HASH.upper()}") == secret(secret(PLAIN))
    assert str(secret(PLAIN)) == f"sha256:{HASH}"
    assert PLAIN not in repr(secret(PLAIN))


@pytest.mark.parametrize(
    "text", ["short", "x" * 513, "with a space inside it", "umläute-und-mehr-davon", "sha256:1234"]
)
def test_what_is_none_is_not_shown(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        secret(text)
    assert text not in str(caught.value)
