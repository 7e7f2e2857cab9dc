"""Which certificates of matches are asked about again and when, and what was answered last. Survives a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.model import Match
from certhia.store import codec
from certhia.store.batch import Tally
from certhia.store.bulk import Bulk
from certhia.store.line import Line
from certhia.store.query import Query, Question
from certhia.store.reading import Reader
from certhia.store.schema import matches, revocations
from certhia.store.writer import Writer

LONGEST_HOST: Final = 255  # characters
_ANSWER: Final = ("state", "source", "reason", "revoked", "checked", "failing")

_WATCHED: Final = Query(select(func.count()).select_from(revocations).where(revocations.c.due.is_not(None)))
_KNOWN: Final = Query(
    select(matches.c.key, matches.c.id, revocations.c.match).outerjoin(
        revocations, revocations.c.match == matches.c.id
    ),
    matches.c.key,
)
_ADD: Final = Bulk(insert(revocations), [column.name for column in revocations.c])


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


_BLANK: Final = Answer()._asdict()


class Taken(NamedTuple):
    """How many certificates are watched from now on, and for how many there was no room."""

    new: int = 0
    left: int = 0


class Due(NamedTuple):
    """A certificate whose time has come."""

    match_id: int
    match: Match
    answer: Answer


async def add(writer: Writer, wanted: Sequence[Watch], most: int) -> Taken:
    """Has certificates watched, durably; those that are there already stay as they are, and of `most` that are watched
    no further ones are. Raises StateError."""
    return await writer.exchange(partial(_add, wanted=wanted, most=most)) if wanted else Taken()


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


async def _add(line: Line, *, wanted: Sequence[Watch], most: int) -> Taken:
    keys = list(dict.fromkeys(one.key for one in wanted))
    known, ((watched,),) = await line.ask(Question(_KNOWN, keys), Question(_WATCHED))
    # A match may have been let go of meanwhile.
    numbers = {key: number for key, number, there in known if there is None}
    new = {numbers[one.key]: one for one in wanted if one.key in numbers}
    rows = [
        {"match": number, "host": codec.plain(one.host)[:LONGEST_HOST], "due": one.due, **_BLANK}
        for number, one in [*new.items()][: max(0, most - watched)]
    ]
    line.write(_ADD, rows)
    return Taken(len(rows), len(new) - len(rows))


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
