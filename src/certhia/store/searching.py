"""Stored matches that fit what somebody asks for, newest first.

A match's names and hits stand in its payload, of which the database knows only the text: it leaves out what can't fit
by that, and what is left is looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, or_, select

from certhia.model import Match
from certhia.store import codec
from certhia.store.reading import Reader, StoredMatch
from certhia.store.schema import matches

AT_ONCE: Final = 200  # matches in memory: one may have a thousand names


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        fits: says of a match whether it is meant.
        texts: of each of these groups one text must stand in the JSON of what fits, in whatever case. Only narrows.
        since: seen at or after this, Unix seconds.
        until: seen before this, Unix seconds.
    """

    fits: Callable[[Match], bool]
    texts: tuple[tuple[str, ...], ...] = ()
    since: float | None = None
    until: float | None = None


async def search(state: Reader, wanted: Wanted) -> AsyncIterator[StoredMatch]:
    """Matches that fit, newest first. Nothing is held open between two of them. Raises StateError."""
    query = select(matches).order_by(matches.c.id.desc()).limit(AT_ONCE)
    if wanted.since is not None:
        query = query.where(matches.c.seen >= wanted.since)
    if wanted.until is not None:
        query = query.where(matches.c.seen < wanted.until)
    for group in wanted.texts:
        query = query.where(or_(*(_contains(text, state.engine.dialect.name) for text in group)))
    before = codec.WIDEST
    while True:
        rows = [row async for row in state.stream(query.where(matches.c.id < before))]
        for row in rows:
            match = codec.decode_match(row)
            if wanted.fits(match):
                yield StoredMatch(row["id"], match)
        if len(rows) < AT_ONCE:
            return
        before = rows[-1]["id"]


def _contains(text: str, dialect: str) -> ColumnElement[bool]:
    """Whether a payload has it, in whatever case. LIKE of SQLite makes no difference between a and A by itself, in a
    quarter of the time of `lower(...) LIKE lower(...)`."""
    escaped = re.sub(r"([%_/])", r"/\1", text)
    payload = matches.c.payload
    return (payload.like if dialect == "sqlite" else payload.ilike)(f"%{escaped}%", escape="/")
