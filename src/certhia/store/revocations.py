"""Which certificates of matches are asked about again and when, and what was answered last. Survives a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.model import Match
from certhia.store import codec
from certhia.store.batch import Tally
from certhia.store.dialects import new_only
from certhia.store.query import chunks
from certhia.store.reading import Reader
from certhia.store.schema import matches, revocations
from certhia.store.writer import Writer

LONGEST_HOST: Final = 255  # characters
_ANSWER: Final = ("state", "source", "reason", "revoked", "checked", "failing")


class Watch(NamedTuple):
    """A certificate that is to be asked about.

    Attributes:
        key: of the match.
        host: who is asked, so that requests can be spread.
        due: when, Unix seconds.
    """

    key: bytes
    host: str
    due: float


class Answer(NamedTuple):
    """What is known of a certificate.

    Attributes:
        state: "good", "revoked" or "unknown"; "" before the first answer.
        source: "ocsp" or "crl".
        reason: of a revocation; "" where none was given.
        revoked: since when, Unix seconds; 0 where it is not.
        checked: when it was asked about last, Unix seconds; 0 for never.
        failing: since when nobody answers, Unix seconds; 0 where the last attempt was answered.
    """

    state: str = ""
    source: str = ""
    reason: str = ""
    revoked: float = 0.0
    checked: float = 0.0
    failing: float = 0.0


class Due(NamedTuple):
    """A certificate whose time has come."""

    match_id: int
    match: Match
    answer: Answer


async def add(writer: Writer, wanted: Sequence[Watch], most: int) -> int:
    """Has certificates watched, durably; those that are there already stay as they are. Gives how many there was no
    room for, as `most` are watched. Raises StateError."""
    return await writer.transaction(partial(_add, wanted=wanted, most=most)) if wanted else 0


async def settle(writer: Writer, found: Sequence[tuple[Due, Answer, float | None]]) -> None:
    """Keeps what was answered, and when to ask again (Unix seconds); None for no more. Raises StateError."""
    if found:
        await writer.transaction(partial(_settle, found=found))


async def hosts(state: Reader, now: float, most: int) -> list[str]:
    """Whom to ask by `now` (Unix seconds), those first who have waited longest. Raises StateError."""
    first = func.min(revocations.c.due)
    query = select(revocations.c.host).where(revocations.c.due <= now).group_by(revocations.c.host)
    return [row["host"] async for row in state.stream(query.order_by(first).limit(most))]


async def due(state: Reader, host: str, now: float, most: int) -> list[Due]:
    """What to ask a host about by `now`, the earliest first. Raises StateError."""
    query = (
        select(revocations, matches)
        .join(matches, revocations.c.match == matches.c.id)
        .where(revocations.c.host == host, revocations.c.due <= now)
        .order_by(revocations.c.due)
        .limit(most)
    )
    return [_due(row) async for row in state.stream(query)]


async def next_due(state: Reader) -> float | None:
    """When the next one is due, Unix seconds; None where none is watched. Raises StateError."""
    query = select(func.min(revocations.c.due).label("due"))
    rows = [row async for row in state.stream(query)]
    return None if rows[0]["due"] is None else float(rows[0]["due"])


async def known(state: Reader, match_id: int) -> Answer | None:
    """What is known of a match's certificate; None where it was never watched. Raises StateError."""
    rows = [row async for row in state.stream(select(revocations).where(revocations.c.match == match_id))]
    return _answer(rows[0]) if rows else None


def _due(row: Mapping[str, Any]) -> Due:
    return Due(row["match"], codec.decode_match(row), _answer(row))


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(*(row[name] for name in _ANSWER))


async def _add(connection: AsyncConnection, _: dict[str, Tally], *, wanted: Sequence[Watch], most: int) -> int:
    numbers: dict[bytes, int] = {}  # a match may have been let go of meanwhile
    for some in chunks(list({one.key for one in wanted})):
        query = select(matches.c.key, matches.c.id).where(matches.c.key.in_(some))
        numbers.update((key, number) for key, number in await connection.execute(query))
    there: set[int] = set()
    for part in chunks(list(numbers.values())):
        query_there = select(revocations.c.match).where(revocations.c.match.in_(part))
        there.update((await connection.execute(query_there)).scalars())
    new = {numbers[one.key]: one for one in wanted if one.key in numbers and numbers[one.key] not in there}
    count = await connection.scalar(select(func.count()).select_from(revocations).where(revocations.c.due.is_not(None)))
    room = max(0, most - (count or 0))
    blank = Answer()._asdict()
    rows = [
        {"match": number, "host": codec.plain(one.host)[:LONGEST_HOST], "due": one.due, **blank}
        for number, one in [*new.items()][:room]
    ]
    if rows:
        await connection.execute(new_only(revocations, connection.dialect.name), rows)
    return len(new) - len(rows)


async def _settle(
    connection: AsyncConnection, _: dict[str, Tally], *, found: Sequence[tuple[Due, Answer, float | None]]
) -> None:
    rows = [
        {"b_match": one.match_id, "b_due": at, **{f"b_{name}": value for name, value in answer._asdict().items()}}
        for one, answer, at in found
    ]
    values: dict[str, BindParameter[Any]] = {name: bindparam(f"b_{name}") for name in ("due", *_ANSWER)}
    here = revocations.c.match == bindparam("b_match")
    await connection.execute(update(revocations).where(here).values(**values), rows)
