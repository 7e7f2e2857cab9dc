"""The queue of servers that matches name, and what came of asking them. It survives a restart, and is bounded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.model import Match
from certhia.store import codec
from certhia.store.batch import Tally
from certhia.store.dialects import new_only
from certhia.store.query import chunks
from certhia.store.reading import Reader
from certhia.store.schema import matches, probes
from certhia.store.writer import Writer

MAX_WAITING = 100_000  # probes that wait; beyond, those go that are wanted last
MAX_DONE = 100_000  # what came of probes; the oldest go

_THIS: Final = (
    (probes.c.match == bindparam("b_match"))
    & (probes.c.name == bindparam("b_name"))
    & (probes.c.port == bindparam("b_port"))
    & (probes.c.stage == bindparam("b_stage"))
)
_WAITS: Final = probes.c.at.is_(None)
_KEY: Final = (probes.c.match, probes.c.name, probes.c.port, probes.c.stage)


class Wish(NamedTuple):
    """A server to be asked.

    Attributes:
        key: of the match.
        name: A-labels, or an address.
        port: TCP.
        stage: seconds after the certificate was logged.
        due: when that is, Unix seconds.
    """

    key: bytes
    name: str
    port: int
    stage: int
    due: float


class Probe(NamedTuple):
    """A probe that waits. `wanted`: when it was first due, Unix seconds."""

    match_id: int
    match: Match
    name: str
    port: int
    stage: int
    wanted: float


class Finding(NamedTuple):
    """What came of a probe.

    Attributes:
        outcome: "served" (this certificate), "other" (another one), "nothing" (no certificate), "unresolved", "policy"
            (not asked: where the name leads) or "skipped" (not asked: too many wait for the same place).
        at: Unix seconds.
        detail: why; inert. "" where there is nothing to add.
        address: that was asked; "" for none.
        sha256: of the certificate that was served; empty for none.
    """

    outcome: str
    at: float
    detail: str = ""
    address: str = ""
    sha256: bytes = b""


async def add(writer: Writer, wishes: Sequence[Wish]) -> int:
    """Queues probes, durably; those that are there already, done or not, stay as they are. Gives how many had to go
    for them: of the latest stage first, and of these the oldest. Raises StateError."""
    return await writer.transaction(partial(_add, wishes=wishes)) if wishes else 0


async def settle(
    writer: Writer, found: Sequence[tuple[Probe, Finding]], later: Sequence[tuple[Probe, float]] = ()
) -> None:
    """Keeps what came of probes, and when those are due that had to wait. Raises StateError."""
    if found or later:
        await writer.transaction(partial(_settle, found=found, later=later))


async def due(state: Reader, now: float, most: int) -> list[Probe]:
    """Probes whose time has come by `now` (Unix seconds), the earliest first. Raises StateError."""
    query = (
        select(*_KEY, probes.c.wanted, matches)
        .join(matches, probes.c.match == matches.c.id)
        .where(_WAITS, probes.c.due <= now)
        .order_by(probes.c.due)
        .limit(most)
    )
    return [_probe(row) async for row in state.stream(query)]


async def next_due(state: Reader) -> float | None:
    """When the next probe is due, Unix seconds; None where none waits. Raises StateError."""
    query = select(probes.c.due).where(_WAITS).order_by(probes.c.due).limit(1)
    rows = [row async for row in state.stream(query)]  # to its end: what is left open keeps its connection
    return float(rows[0]["due"]) if rows else None


async def waiting(state: Reader) -> int:
    """How many probes wait. Raises StateError."""
    query = select(func.count().label("many")).select_from(probes).where(_WAITS)
    (row,) = [row async for row in state.stream(query)]
    return int(row["many"])


async def lately(state: Reader, since: float) -> list[tuple[str, str]]:
    """Names and the addresses by which they were asked, since then (Unix seconds). Raises StateError."""
    asked = probes.c.outcome.in_(("served", "other", "nothing"))
    query = select(probes.c.name, probes.c.address).where(probes.c.at > since, asked)
    return [(row["name"], row["address"]) async for row in state.stream(query)]


async def asked(state: Reader, since: float = 0.0) -> AsyncGenerator[tuple[Probe, Finding], None]:
    """What came of all probes since then (Unix seconds), the latest first. Raises StateError."""
    query = select(probes, matches).join(matches, probes.c.match == matches.c.id)
    query = query.where(~_WAITS, probes.c.at >= since).order_by(probes.c.at.desc(), *_KEY)
    async with aclosing(state.stream(query)) as rows:
        async for row in rows:
            yield _probe(row), _finding(row)


async def queued(state: Reader) -> AsyncGenerator[tuple[Probe, float], None]:
    """All probes that wait, and when each is due (Unix seconds), the next one first. Raises StateError."""
    query = select(probes, matches).join(matches, probes.c.match == matches.c.id)
    async with aclosing(state.stream(query.where(_WAITS).order_by(probes.c.due, *_KEY))) as rows:
        async for row in rows:
            yield _probe(row), row["due"]


async def findings(state: Reader, match_id: int) -> list[tuple[Probe, Finding]]:
    """What came of the probes of a match, in the order in which it was found. Raises StateError."""
    query = (
        select(probes, matches)
        .join(matches, probes.c.match == matches.c.id)
        .where(probes.c.match == match_id, ~_WAITS)
        .order_by(probes.c.at, probes.c.name, probes.c.stage)
    )
    return [(_probe(row), _finding(row)) async for row in state.stream(query)]


def _probe(row: Mapping[str, Any]) -> Probe:
    return Probe(row["match"], codec.decode_match(row), row["name"], row["port"], row["stage"], row["wanted"])


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(row["outcome"], row["at"], row["detail"], row["address"], row["sha256"])


async def _add(connection: AsyncConnection, _: dict[str, Tally], *, wishes: Sequence[Wish]) -> int:
    known: dict[bytes, int] = {}  # a match may have been let go of meanwhile
    for some in chunks(list({wish.key for wish in wishes})):
        query = select(matches.c.key, matches.c.id).where(matches.c.key.in_(some))
        known.update((key, number) for key, number in await connection.execute(query))
    rows: list[dict[str, Any]] = [
        {
            "match": known[wish.key],
            "name": codec.plain(wish.name),
            "port": wish.port,
            "stage": wish.stage,
            "wanted": wish.due,
            "due": wish.due,
            "at": None,
            "outcome": "",
            "detail": "",
            "address": "",
            "sha256": b"",
        }
        for wish in wishes
        if wish.key in known
    ]
    if not rows:
        return 0
    await connection.execute(new_only(probes, connection.dialect.name), rows)
    return await _cut(connection, _WAITS, (probes.c.stage.desc(), probes.c.wanted), MAX_WAITING)


async def _settle(
    connection: AsyncConnection,
    _: dict[str, Tally],
    *,
    found: Sequence[tuple[Probe, Finding]],
    later: Sequence[tuple[Probe, float]],
) -> None:
    if later:
        rows = [{**_place(probe), "b_due": at} for probe, at in later]
        await connection.execute(update(probes).where(_THIS, _WAITS).values(due=bindparam("b_due")), rows)
    if found:
        names = ("at", "outcome", "detail", "address", "sha256")
        rows = [
            {
                **_place(probe),
                "b_at": one.at,
                "b_outcome": one.outcome,
                "b_detail": codec.plain(one.detail),
                "b_address": one.address,
                "b_sha256": one.sha256,
            }
            for probe, one in found
        ]
        values: dict[str, BindParameter[Any]] = {name: bindparam(f"b_{name}") for name in names}
        await connection.execute(update(probes).where(_THIS, _WAITS).values(**values), rows)
        await _cut(connection, ~_WAITS, (probes.c.at,), MAX_DONE)


def _place(probe: Probe) -> dict[str, object]:
    return {
        "b_match": probe.match_id,
        "b_name": codec.plain(probe.name),
        "b_port": probe.port,
        "b_stage": probe.stage,
    }


async def _cut(
    connection: AsyncConnection, which: ColumnElement[bool], order: Sequence[ColumnElement[Any]], most: int
) -> int:
    """Deletes the first of some rows until only `most` are left; gives how many went."""
    count = await connection.scalar(select(func.count()).select_from(probes).where(which)) or 0
    if count <= most:
        return 0
    first = select(*_KEY).where(which).order_by(*order).limit(count - most)
    await connection.execute(delete(probes).where(tuple_(*_KEY).in_(first)))
    return count - most
