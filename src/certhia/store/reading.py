"""What can be asked of a state, by the follower and by commands beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from certhia.model import Log, Match, Quarantined, Step
from certhia.store import codec
from certhia.store.backfills import Backfill, row_backfill
from certhia.store.blocks import Block, row_block
from certhia.store.bulk import IS_ASIDE, IS_PENDING
from certhia.store.engine import Engine, guarded
from certhia.store.freezes import Freeze, row_freeze
from certhia.store.ledger import Position, row_log, row_position, row_step
from certhia.store.letters import Letter, Wanted
from certhia.store.lock import holder
from certhia.store.place import FILE, Place
from certhia.store.schema import (
    backfills,
    blocks,
    deliveries,
    freezes,
    logs,
    matches,
    meta,
    quarantine,
    requests,
    steps,
    tallies,
)
from certhia.store.spans import Span

AT_ONCE: Final = 1000  # rows held in memory while a long table is read

_QUARANTINED: Final = [field.name for field in fields(Quarantined)]


@dataclass(frozen=True, slots=True)
class SeenLog:
    """A log that the state knows."""

    log: Log  # as last described by a log list; without what only concerns following
    first_seen: float  # Unix seconds
    position: Position | None  # None until something of it was verified


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A step as the ledger holds it; `merged` steps of one hour were made one."""

    seq: int
    step: Step
    count: int  # entries
    merged: int
    digest: bytes  # 32 bytes, chains on the row before


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A match with its number."""

    id: int
    match: Match  # `verified` and `sightings` as of now


@dataclass(frozen=True, slots=True)
class Request:
    """Something that another process asks of the follower."""

    id: int
    kind: str
    payload: str
    at: float  # Unix seconds


class Reader:
    """Reads a state. All methods raise StateError where the file can't be read."""

    def __init__(self, place: Place, where: Engine, engine: AsyncEngine) -> None:
        self.place = place
        self.where = where
        self.engine = engine

    @property
    def directory(self) -> Path:
        """Of its files: all of it, or what stands beside a database."""
        return self.place.directory

    @property
    def file(self) -> Path:
        """The SQLite file, of a state in one."""
        return self.directory / FILE

    async def follower(self) -> int | None:
        """The process that follows logs with this state, 0 where its number isn't known, as on another machine; None
        where nobody does."""
        process = holder(self.directory)
        if process is not None:
            return process
        async with guarded(self.where), self.engine.connect() as connection:
            return 0 if await self.where.is_followed(connection) else None

    async def positions(self) -> dict[bytes, Position]:
        """The verified position of each log that has one, by log id."""
        found = await self._rows(select(logs).where(logs.c.end.is_not(None)))
        return {row["log_id"]: row_position(row) for row in found}

    async def logs_seen(self) -> list[SeenLog]:
        """Every log that was ever followed, in the order of their first sight."""
        return [
            SeenLog(row_log(row), row["first_seen"], None if row["end"] is None else row_position(row))
            for row in await self._rows(select(logs).order_by(logs.c.id))
        ]

    async def steps(self, log_id: bytes | None = None) -> AsyncIterator[LedgerRow]:
        """The ledger of one log or of all, in order."""
        query = select(steps, logs.c.log_id).join(logs).order_by(steps.c.log, steps.c.seq)
        if log_id is not None:
            query = query.where(logs.c.log_id == log_id)
        async for row in self.stream(query):
            step = row_step(row, row["log_id"])
            yield LedgerRow(row["seq"], step, row["count"], row["merged"], row["digest"])

    async def steps_at_leisure(self, log_id: bytes) -> AsyncIterator[LedgerRow]:
        """The ledger of one log, for whoever takes long over each row: nothing is held open meanwhile, so the follower
        can let go of its write-ahead log. Rows may be made one on the way: then one begins before the last one's end.
        """
        last = -1
        query = select(steps, logs.c.log_id).join(logs).where(logs.c.log_id == log_id).order_by(steps.c.seq)
        while rows := await self._rows(query.where(steps.c.seq > last).limit(AT_ONCE)):
            for row in rows:
                yield LedgerRow(row["seq"], row_step(row, log_id), row["count"], row["merged"], row["digest"])
            last = rows[-1]["seq"]

    async def blocks(self, log_id: bytes | None = None) -> list[Block]:
        """What was verified besides the ledger, by log and start."""
        query = select(blocks, logs.c.log_id).join(logs).order_by(blocks.c.log, blocks.c.start)
        if log_id is not None:
            query = query.where(logs.c.log_id == log_id)
        return [row_block(row, row["log_id"]) for row in await self._rows(query)]

    async def backfills(self) -> list[Backfill]:
        """What was asked to be read besides following, done or not, by log and number."""
        query = select(backfills, logs.c.log_id).join(logs).order_by(backfills.c.log, backfills.c.number)
        return [row_backfill(row, row["log_id"]) for row in await self._rows(query)]

    async def freezes(self) -> list[Freeze]:
        """Every time that a log was frozen, accepted or not, in order."""
        query = select(freezes, logs.c.log_id).join(logs).order_by(freezes.c.log, freezes.c.number)
        return [row_freeze(row, row["log_id"]) for row in await self._rows(query)]

    async def quarantined(
        self,
        log_id: bytes | None = None,
        *,
        index: int | None = None,
        resolved: bool = True,
        reason: str | None = None,
    ) -> AsyncIterator[Quarantined]:
        """Entries that could not be decoded, by log and index; without `resolved` those that still can't. `reason`:
        only those that could not for exactly that. Nothing is held open between two of them, however long the caller
        takes over one."""
        query = select(quarantine, logs.c.log_id).join(logs).order_by(quarantine.c.log, quarantine.c.index)
        if log_id is not None:
            query = query.where(logs.c.log_id == log_id)
        if index is not None:
            query = query.where(quarantine.c.index == index)
        if reason is not None:
            query = query.where(quarantine.c.reason == reason)
        if not resolved:
            query = query.where(quarantine.c.resolved.is_(None))
        number, place = quarantine.c.log, quarantine.c.index
        after = query
        while rows := await self._rows(after.limit(AT_ONCE)):
            for row in rows:
                yield Quarantined(**{field: row[field] for field in _QUARANTINED})
            log, index = rows[-1]["log"], rows[-1]["index"]
            after = query.where((number > log) | ((number == log) & (place > index)))

    async def unresolved(self, reason: str) -> dict[bytes, list[Span]]:
        """Ranges of entries in quarantine for exactly that reason, by log id: of many rows few leave the database."""
        number = func.row_number().over(partition_by=quarantine.c.log, order_by=quarantine.c.index)
        island = quarantine.c.index - number  # the same for all of an unbroken range
        rows = (
            select(quarantine.c.log, quarantine.c.index, island.label("island"))
            .where(quarantine.c.reason == reason, quarantine.c.resolved.is_(None))
            .subquery()
        )
        first = func.min(rows.c.index).label("first")
        query = (
            select(logs.c.log_id, first, func.max(rows.c.index).label("last"))
            .join(rows, rows.c.log == logs.c.id)
            .group_by(rows.c.log, rows.c.island, logs.c.log_id)
            .order_by(rows.c.log, first)
        )
        found: dict[bytes, list[Span]] = {}
        for row in await self._rows(query):
            found.setdefault(row["log_id"], []).append((row["first"], row["last"] + 1))
        return found

    async def matches(
        self,
        *,
        limit: int = 100,
        before: int | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> list[StoredMatch]:
        """The newest matches first: with an id below `before`, seen in [since, until) (Unix seconds)."""
        query = select(matches).order_by(matches.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(matches.c.id < before)
        if since is not None:
            query = query.where(matches.c.seen >= since)
        if until is not None:
            query = query.where(matches.c.seen < until)
        return [StoredMatch(row["id"], codec.decode_match(row)) for row in await self._rows(query)]

    async def totals(self) -> dict[str, int]:
        """How many logs, quarantine, matches, sightings, deliveries, delivered and resolved (of the quarantine) there
        are."""
        return {row["name"]: row["count"] for row in await self._rows(select(tallies))}

    async def queues(self) -> dict[str, int]:
        """How many deliveries wait for each sink that has some."""
        query = select(deliveries.c.sink, func.count().label("waiting")).where(IS_PENDING).group_by(deliveries.c.sink)
        return {row["sink"]: row["waiting"] for row in await self._rows(query)}

    async def letters(self, wanted: Wanted) -> list[Letter]:
        """Deliveries that wait or were given up, with an id above `wanted.after`, by id."""
        query = (
            select(deliveries, *(column.label(f"m_{column.name}") for column in matches.c))
            .join(matches)
            .where(*_meant(wanted))
            .order_by(deliveries.c.id)
            .limit(wanted.limit)
        )
        return [
            Letter(
                id=row["id"],
                sink=row["sink"],
                state=row["state"],
                attempts=row["attempts"],
                next_at=row["next_at"],
                error=row["error"] or "",
                match=codec.decode_match({name[2:]: value for name, value in row.items() if name.startswith("m_")}),
            )
            for row in await self._rows(query)
        ]

    async def letter_ids(self, wanted: Wanted) -> list[int]:
        """The ids of such."""
        query = select(deliveries.c.id).where(*_meant(wanted)).order_by(deliveries.c.id).limit(wanted.limit)
        return [row["id"] for row in await self._rows(query)]

    async def letter_counts(self) -> dict[str, dict[int, int]]:
        """How many deliveries of each sink are in each state but done; only what there is."""
        counts: dict[str, dict[int, int]] = {}
        for here in (IS_PENDING, IS_ASIDE):
            query = select(deliveries.c.sink, deliveries.c.state, func.count().label("count")).where(here)
            for row in await self._rows(query.group_by(deliveries.c.sink, deliveries.c.state)):
                counts.setdefault(row["sink"], {})[row["state"]] = row["count"]
        return counts

    async def recall(self, name: str) -> str | None:
        """A small setting; None where there is none."""
        found = await self._rows(select(meta.c.value).where(meta.c.name == name))
        return found[0]["value"] if found else None

    async def recalled(self, prefix: str) -> dict[str, str]:
        """Small settings whose names begin so, by name and in its order."""
        wanted = select(meta.c.name, meta.c.value).where(meta.c.name.startswith(prefix, autoescape=True))
        return {row["name"]: row["value"] for row in await self._rows(wanted.order_by(meta.c.name))}

    async def requests(self) -> list[Request]:
        """What other processes asked for and the follower has not taken up yet."""
        found = await self._rows(select(requests).where(requests.c.answer.is_(None)).order_by(requests.c.id))
        return [Request(row["id"], row["kind"], row["payload"], row["at"]) for row in found]

    async def answer(self, request: int) -> str | None:
        """What the follower answered; None until it has."""
        found = await self._rows(select(requests.c.answer).where(requests.c.id == request))
        return found[0]["answer"] if found else None

    async def stream(self, query: Select[Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Rows of a query one by one, as of the moment it began, few of them in memory. Who leaves off closes it."""
        async with (
            guarded(self.where),
            self.engine.connect() as connection,
            connection.stream(query, execution_options={"yield_per": AT_ONCE}) as result,
        ):
            async for row in result.mappings():
                yield dict(row)

    async def _rows(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        async with guarded(self.where), self.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query, values or {})).mappings()]


def _meant(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What a query for these deliveries asks for."""
    here = [deliveries.c.state.in_(tuple(wanted.states)), deliveries.c.id > wanted.after]
    if wanted.sink:
        here.append(deliveries.c.sink == wanted.sink)
    if wanted.ids:
        here.append(deliveries.c.id.in_([number for number in wanted.ids if 0 < number <= codec.WIDEST]))
    return here
