"""The same meaning in both databases' words."""

from __future__ import annotations

from sqlalchemy import Dialect, select
from sqlalchemy.dialects import registry

from certhia.store.dialects import First, Last, new_only
from certhia.store.schema import matches, probes


def dialect(name: str) -> Dialect:
    made: Dialect = registry.load(name)()
    return made


def test_the_first_and_the_last_bytes() -> None:
    query = select(First(matches.c.spki), Last(matches.c.spki))
    assert "min(matches.spki)" in str(query.compile(dialect=dialect("sqlite")))
    assert "max(matches.spki)" in str(query.compile(dialect=dialect("sqlite")))
    theirs = str(query.compile(dialect=dialect("postgresql")))
    assert "decode(max(encode(matches.spki, 'hex')), 'hex')" in theirs


def test_what_is_there_stays() -> None:
    for name in ("sqlite", "postgresql"):
        assert "ON CONFLICT DO NOTHING" in str(new_only(probes, name).compile(dialect=dialect(name)))
