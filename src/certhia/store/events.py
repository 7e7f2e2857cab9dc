"""Events as they are stored: the last ones of each type. Several processes may write them: a follower, and scans."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, literal_column, select

from certhia.store.bulk import Bulk
from certhia.store.codec import plain
from certhia.store.engine import guarded
from certhia.store.eventrow import EventRow
from certhia.store.schema import events

if TYPE_CHECKING:
    from certhia.store.line import Line
    from certhia.store.reading import Reader

_ADD: Final = Bulk(insert(events), [column.name for column in events.c])
# The first that goes: the newest behind as many as are kept.
_TOO_MANY: Final = (
    select(events.c.id)
    .where(events.c.type == bindparam("b_type"))
    .order_by(events.c.id.desc())
    .limit(literal_column("1"))
    .offset(bindparam("b_most"))
    .scalar_subquery()
)
_TRIM: Final = Bulk(delete(events).where(events.c.type == bindparam("b_type"), events.c.id <= _TOO_MANY))


def put(line: Line, rows: Sequence[Mapping[str, object]], most: Mapping[str, int]) -> None:
    """Adds these (`EventRow.values`), and lets the oldest of the types in `most` go, down to that many."""
    line.write(_ADD, rows)
    line.write(_TRIM, [{"b_type": plain(kind), "b_most": many} for kind, many in most.items()])


async def append(state: Reader, rows: Sequence[EventRow], most: Mapping[str, int]) -> None:
    """The same beside whoever follows, by a process that does not. Raises StateError."""
    engine = state.where.to_write()
    try:
        async with guarded(state.where), state.where.writing(engine) as line:
            put(line, [one.values() for one in rows], most)
    finally:
        await engine.dispose()


async def kept(
    state: Reader, types: Collection[str] = ("*",), *, since: float = 0.0, after: str = "", most: int = 0
) -> AsyncGenerator[EventRow, None]:
    """The oldest first: those of `types` (names or globs) since then (Unix seconds), with ids above `after`. `most`:
    the last ones, so many; 0 for all. Raises StateError."""
    query = select(events).where(events.c.at >= since, events.c.id > after)
    if "*" not in types:
        there = await types_of(state)
        query = query.where(events.c.type.in_([one for one in there if any(fnmatchcase(one, glob) for glob in types)]))
    if most:
        async with aclosing(state.stream(query.order_by(events.c.id.desc()).limit(most))) as rows:
            newest = [row async for row in rows]
        for row in reversed(newest):
            yield _event(row)
        return
    async with aclosing(state.stream(query.order_by(events.c.id))) as rows:
        async for row in rows:
            yield _event(row)


async def types_of(state: Reader) -> list[str]:
    """The types of those that are kept. Raises StateError."""
    async with aclosing(state.stream(select(events.c.type).distinct())) as rows:
        return [row["type"] async for row in rows]


def _event(row: Mapping[str, Any]) -> EventRow:
    return EventRow(**{**row, "data": json.loads(row["data"])})
