"""Is the state what was written? Recomputes every root, signature, checksum, count and reference from the rows.

Finds each row that was deleted, added or changed by hand: steps by the chain of their digests, other rows by a
checksum of their own, missing ones by the count and sum that `tallies` keeps of each table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Executable,
    Float,
    Label,
    LargeBinary,
    Table,
    Text,
    case,
    func,
    select,
    true,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from certhia.store import codec, kin
from certhia.store.audit import CheckHead, Fault, LogAudit
from certhia.store.batch import Tally
from certhia.store.engine import Engine, guarded
from certhia.store.freezes import ACCEPTED
from certhia.store.reading import AT_ONCE, Reader
from certhia.store.schema import (
    DEAD,
    DONE,
    DROPPED,
    HELD,
    PENDING,
    backfills,
    blocks,
    deliveries,
    freezes,
    logs,
    matches,
    quarantine,
    sightings,
    steps,
    tallies,
)

_PARTS: Final = {
    "delivered": "deliveries",
    "resolved": "quarantine",
    "accepted": "freezes",
}  # tallies of a part of a table
MOST: Final = 1000  # faults that are told of one table: more don't help anybody


async def check(state: Reader, check_head: CheckHead | None = None) -> list[Fault]:
    """Everything that is wrong with the state as of now; beside a follower too.

    `check_head(log, head)` reads `head.raw` again and raises where it is not what the log signed
    (`certhia.logs.heads.check_head`); without it signatures are left unchecked. Raises StateError where the file can't
    be read at all.
    """
    async with (
        guarded(state.where),
        state.engine.connect() as connection,
        state.where.moment(connection),  # for all tables
    ):
        return await Fsck(connection, state.where, check_head).run()


class Fsck:
    """One examination."""

    def __init__(self, connection: AsyncConnection, where: Engine, check_head: CheckHead | None) -> None:
        self._connection = connection
        self._where = where
        self._check_head = check_head
        self._faults: list[Fault] = []
        self._audits: dict[int, LogAudit] = {}
        self._sums: dict[str, Tally] = {}
        self._ids: dict[str, int] = {}  # highest id of a table
        self._accepted: set[tuple[int, int]] = set()  # (log, position) where the ledger goes on by hand

    async def run(self) -> list[Fault]:
        """Examines everything; gives the faults found."""
        async for table, row, what in self._where.faults(self._connection):
            self._add(table, row, what)
        await self._quarantine_and_logs()
        await self._ledger()
        await self._blocks()
        await self._freezes()
        await self._sightings()
        await self._matches()
        await self._deliveries()
        await self._tallies()
        return self._faults

    def _add(self, table: str, row: str, what: str) -> None:
        if sum(fault.table == table for fault in self._faults) < MOST:
            self._faults.append(Fault(table, row, what))

    def _add_all(self, table: str, row: str, what: Iterator[str]) -> None:
        for text in what:
            self._add(table, row, text)

    async def _rows(self, query: Executable) -> AsyncIterator[dict[str, Any]]:
        async with self._connection.stream(query, execution_options={"yield_per": AT_ONCE}) as result:
            async for row in result.mappings():
                yield dict(row)

    async def _table(self, table: Table, *more: Label[Any]) -> AsyncIterator[dict[str, Any]]:
        """All rows of a table by their primary key, but those that hold values of another kind than the column's:
        SQLite takes any, and what does not fit could not be examined further."""
        raw = [type_coerce(column, NullType()).label(column.name) for column in table.c]
        async for row in self._rows(select(*raw, *more).order_by(*table.primary_key)):
            wrong = [column.name for column in table.c if not _fits(column, row)]
            if wrong:
                self._add(table.name, _name(table, row), f"holds a value of another kind in {', '.join(wrong)}")
            else:
                yield row

    async def _marked(self, table: Table, columns: tuple[str, ...], *more: Label[Any]) -> AsyncIterator[dict[str, Any]]:
        """The same, each row checked against its own checksum and counted."""
        async for row in self._table(table, *more):
            self._count(table.name, row["mark"])
            if codec.mark(table.name, columns, row) != row["mark"]:
                self._add(table.name, _name(table, row), "was changed: its checksum does not fit")
            yield row

    def _count(self, name: str, mark: int) -> None:
        self._sums.setdefault(name, Tally()).add((mark,))

    async def _quarantine_and_logs(self) -> None:
        kept: dict[int, list[int]] = {}
        async for row in self._marked(quarantine, codec.QUARANTINE_COLUMNS):
            kept.setdefault(row["log"], []).append(row["index"])
            if row["resolved"] is not None:
                self._count("resolved", codec.resolved_mark(row))
        async for row in self._table(logs):
            self._count("logs", codec.log_mark(row))
            self._ids["logs"] = row["id"]
            audit = self._audits[row["id"]] = LogAudit(row, kept.get(row["id"], ()), self._check_head)
            self._add_all("logs", audit.name, audit.begin())

    async def _ledger(self) -> None:
        async for row in self._table(steps):
            audit = self._audits.get(row["log"])
            if row["note"].startswith(ACCEPTED):
                self._accepted.add((row["log"], row["start"]))
            if audit is None:
                self._add("steps", _name(steps, row), "the log is not there")
            else:
                self._add_all("steps", f"{row['seq']} {audit.name}", audit.step(row))
        for audit in self._audits.values():
            self._add_all("logs", audit.name, audit.finish())

    async def _blocks(self) -> None:
        async for row in self._marked(blocks, codec.BLOCK_COLUMNS):
            audit = self._audits.get(row["log"])
            if audit is not None:
                self._add_all("blocks", f"{row['start']} {audit.name}", audit.block(row))
        async for row in self._table(backfills):
            if row["start"] is not None and not 0 <= row["start"] <= (row["end"] or 0):
                self._add("backfills", _name(backfills, row), f"is of no range: {row['start']} to {row['end']}")

    async def _freezes(self) -> None:
        async for row in self._marked(freezes, codec.FREEZE_COLUMNS):
            audit, position = self._audits.get(row["log"]), row["position"]
            if row["accepted"] is not None:
                self._count("accepted", codec.accepted_mark(row))
                if position is not None and (row["log"], position) not in self._accepted:
                    self._add("freezes", _name(freezes, row), f"was accepted; no step at {position} says so")
            elif audit is not None and audit.track.end != position:
                what = f"is frozen at {position}; the verified position is {audit.track.end}"
                self._add("freezes", _name(freezes, row), what)

    async def _sightings(self) -> None:
        async for row in self._marked(sightings, codec.SIGHTING_COLUMNS):
            audit = self._audits.get(row["log"])
            if audit is not None and row["verified"] is not audit.track.covers(row["index"], audit.track.committed):
                proven = "not verified" if row["verified"] else "verified"
                self._add(
                    "sightings", _name(sightings, row), f"its entry is {proven} by the ledger; the row says otherwise"
                )

    async def _matches(self) -> None:
        here = sightings.c.match == matches.c.id
        count = select(func.count()).where(here).select_from(sightings).scalar_subquery().label("_count")
        proven = select(func.max(case((sightings.c.verified == true(), 1), else_=0))).where(here).scalar_subquery()
        async for row in self._marked(matches, codec.MATCH_COLUMNS, count, proven.label("_proven")):
            self._ids["matches"] = row["id"]
            if row["sightings"] != row["_count"]:
                self._add(
                    "matches", _name(matches, row), f"counts {row['sightings']} sightings; {row['_count']} are there"
                )
            if row["verified"] is not (row["_proven"] == 1):
                self._add("matches", _name(matches, row), "says otherwise of being verified than its sightings")
            if (row["spki"], row["naming"]) != _digests(row):
                self._add("matches", _name(matches, row), "its digests are not those of its payload")

    async def _deliveries(self) -> None:
        async for row in self._marked(deliveries, codec.DELIVERY_COLUMNS):
            self._ids["deliveries"] = row["id"]
            if row["state"] == DONE:
                self._count("delivered", codec.done_mark(row["id"]))
            elif row["state"] not in (PENDING, HELD, DEAD, DROPPED):
                self._add("deliveries", str(row["id"]), f"is in no state that there is ({row['state']})")

    async def _tallies(self) -> None:
        kept = {row["name"]: row async for row in self._table(tallies)}
        for name in ("logs", "quarantine", "blocks", "freezes", "matches", "sightings", "deliveries", *_PARTS):
            row, found = kept.get(name), self._sums.get(name, Tally())
            if row is None:
                self._add("tallies", name, "is missing")
                continue
            table = _PARTS.get(name, name)
            if row["count"] != found.count:
                what = f"are marked as {name}" if name in _PARTS else "are there"
                self._add(table, "", f"{found.count} rows {what}; {row['count']} were written")
            elif row["sum"] != found.sum:
                self._add(table, "", "the rows are not those that were written: some were put in the place of others")
            if row["last"] < self._ids.get(name, 0):
                self._add(
                    table, str(self._ids.get(name, "")), f"has an id that was not given yet; the last is {row['last']}"
                )


def _digests(row: Mapping[str, Any]) -> tuple[bytes | None, bytes | None]:
    """What the columns by which kin is found must hold; nothing where the payload can't be read."""
    try:
        return kin.digests(codec.decode_match(row))
    except (ValueError, LookupError, TypeError):
        return None, None


def _name(table: Table, row: Mapping[str, Any]) -> str:
    return ", ".join(f"{column.name} {row[column.name]}" for column in table.primary_key)


def _fits(column: Column[Any], row: dict[str, Any]) -> bool:
    """Whether a value is of its column's kind. Makes truth values of the numbers that SQLite keeps for them."""
    value, kind = row[column.name], column.type
    if value is None:
        return bool(column.nullable)
    if isinstance(kind, Boolean):
        if value in (0, 1):
            row[column.name] = bool(value)
        return isinstance(row[column.name], bool)
    wanted = {LargeBinary: bytes, Text: str, Float: float}
    return isinstance(value, next((python for sql, python in wanted.items() if isinstance(kind, sql)), int))
