"""A digest as a record."""

from __future__ import annotations

from certhia.sinks.digest import record
from certhia.store.bounds import Digest


def test_a_record() -> None:
    digest = Digest(7, "hook", 0.0, 60.0, 3)
    digest.rules.update({"a": 1, "b": 2})
    told = record(digest)
    assert (told["type"], told["id"], told["count"]) == ("digest", "digest:hook:7", 3)
    assert (told["since"], told["until"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:01:00.000Z")
    assert told["rules"] == {"b": 2, "a": 1}
    assert "certhia matches" in str(told["text"])
