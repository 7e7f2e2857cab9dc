"""Writes one batch: the statements of one transaction, in bulk. Nothing in memory changes before it is through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.model import Match, Sighting
from certhia.store import bulk, codec
from certhia.store.alarms import ADD_ALARMS, TAKE_ALARMS
from certhia.store.batch import Batch, Tally
from certhia.store.bulk import NO, YES
from certhia.store.ledger import Track
from certhia.store.schema import DEAD, DONE, HELD, PENDING, blocks, deliveries, matches, quarantine, sightings
from certhia.store.spans import within

_NONE: Final = SimpleNamespace(state=-1)
CHUNK: Final = 500  # values in one IN list: SQLite's oldest limit is 999

_BY_KEY: Final = select(matches.c.key, matches.c.id).where(matches.c.key.in_(bindparam("wanted", expanding=True)))
_BY_INDEX: Final = select(sightings.c.index, sightings.c.match, sightings.c.verified, sightings.c.mark).where(
    sightings.c.log == bindparam("log"), sightings.c.index.in_(bindparam("wanted", expanding=True))
)
_QUARANTINED: Final = select(quarantine.c.index, quarantine.c.resolved).where(
    quarantine.c.log == bindparam("log"), quarantine.c.index.in_(bindparam("wanted", expanding=True))
)
_GONE: Final = (quarantine.c.log, quarantine.c.index, quarantine.c.mark, quarantine.c.resolved)
_BLOCKS: Final = select(blocks.c.mark).where(
    blocks.c.log == bindparam("log"), blocks.c.start.in_(bindparam("wanted", expanding=True))
)
_HOW_THEY_ARE: Final = select(deliveries.c.id, deliveries.c.state, deliveries.c.sink, deliveries.c.size).where(
    deliveries.c.id.in_(bindparam("wanted", expanding=True))
)
_WAITS: Final = (PENDING, HELD)
_IN_RANGE: Final = (
    (sightings.c.log == bindparam("b_log"))
    & (sightings.c.index >= bindparam("b_start"))
    & (sightings.c.index < bindparam("b_end"))
    & (sightings.c.verified == NO)
)
_UNPROVEN: Final = select(sightings.c.match, sightings.c.mark).where(_IN_RANGE)

Value = TypeVar("Value")


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Pieces small enough for one IN list."""
    for at in range(0, len(values), CHUNK):
        yield values[at : at + CHUNK]


@dataclass(slots=True)
class Outcome:
    """What the writer takes over once the transaction is through."""

    tallies: dict[str, Tally]
    ends: dict[int, int] = field(default_factory=dict)  # log: verified position
    proven: dict[int, dict[int, int]] = field(default_factory=dict)  # log: see Track.proven
    unverified: dict[int, bool] = field(default_factory=dict)  # log: whether sightings wait for a step
    delivered_to: set[str] = field(default_factory=set)  # sinks with new deliveries
    new: list[tuple[Match, tuple[tuple[int, str], ...]]] = field(default_factory=list)  # as stored, and its deliveries
    rows: Counter[str] = field(default_factory=Counter)  # sink: deliveries that wait more, beyond those staged
    bytes: Counter[str] = field(default_factory=Counter)  # likewise


class Commit:
    """One transaction in the making. `write` may be called once."""

    def __init__(
        self, connection: AsyncConnection, batch: Batch, tracks: Mapping[int, Track], tallies_: Mapping[str, Tally]
    ) -> None:
        self._connection = connection
        self._batch = batch
        self._tracks = tracks
        self._was = tallies_
        self._out = Outcome({name: replace(tally) for name, tally in tallies_.items()})
        self._counts: Counter[int] = Counter()  # match: sightings more than before
        self._proven: set[int] = set()  # matches with a proven sighting that is new

    async def write(self) -> Outcome:
        """Executes everything; the caller commits."""
        batch = self._batch
        for number, row in (*batch.new_logs.items(), *batch.described_logs.items(), *batch.moved_logs.items()):
            if row["end"] is not None:
                self._out.ends[number] = row["end"]
        await self._write_logs()
        await self._write_quarantine()
        await self._write_blocks()
        await self._write_matches()
        await self._many(bulk.ADD_STEPS, batch.steps)
        await self._write_freezes()
        await self._prove_sightings()
        await self._write_deliveries()
        await self._write_small()
        await keep_tallies(self._connection, self._out.tallies, self._was)
        return self._out

    async def _many(self, statement: bulk.Bulk, rows: Sequence[Mapping[str, Any]]) -> None:
        await statement.run(self._connection, rows)

    async def _write_logs(self) -> None:
        batch = self._batch
        await self._many(bulk.ADD_LOGS, list(batch.new_logs.values()))
        self._out.tallies["logs"].add([codec.log_mark(row) for row in batch.new_logs.values()])
        tally = self._out.tallies["logs"]
        tally.last = max([tally.last, *batch.new_logs])
        # In this order: a log that was described and then moved has the later mark in its position's row.
        for statement, changed in ((bulk.DESCRIBE_LOGS, batch.described_logs), (bulk.MOVE_LOGS, batch.moved_logs)):
            await self._many(statement, [{**row, "b_id": number} for number, row in changed.items()])

    async def _write_quarantine(self) -> None:
        batch = self._batch
        for log, start, end in [(log, *span) for log, spans in batch.forgotten.items() for span in spans]:
            gone = (quarantine.c.log == log) & (quarantine.c.index >= start) & (quarantine.c.index < end)
            rows = (await self._connection.execute(select(*_GONE).where(gone))).mappings().all()
            if rows:
                self._out.tallies["quarantine"].take([row["mark"] for row in rows])
                resolved = [codec.resolved_mark(dict(row)) for row in rows if row["resolved"] is not None]
                self._out.tallies["resolved"].take(resolved)
                await self._connection.execute(delete(quarantine).where(gone))
        known = await self._quarantined(list(batch.quarantine))
        new = [row for key, row in batch.quarantine.items() if key not in known]
        self._out.tallies["quarantine"].add([row["mark"] for row in new])
        await self._many(bulk.ADD_QUARANTINE, new)
        await self._resolve()

    async def _resolve(self) -> None:
        """Marks entries that can be read now; those that aren't there, or were marked before, stay as they are."""
        known = await self._quarantined(list(self._batch.resolved)) if self._batch.resolved else {}
        rows = [
            {"log": log, "index": index, "b_log": log, "b_index": index, "resolved": at}
            for (log, index), at in self._batch.resolved.items()
            if known.get((log, index), 0.0) is None
        ]
        self._out.tallies["resolved"].add([codec.resolved_mark(row) for row in rows])
        await self._many(bulk.RESOLVE, rows)

    async def _quarantined(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float | None]:
        """Those of the places (log, index) that are in quarantine, and when they were resolved."""
        known: dict[tuple[int, int], float | None] = {}
        for log, indices in _by_log(places).items():
            for some in chunks(indices):
                found = await self._connection.execute(_QUARANTINED, {"log": log, "wanted": some})
                known.update(((log, index), resolved) for index, resolved in found)
        return known

    async def _write_matches(self) -> None:
        """Matches, their sightings and first deliveries. A match whose key is stored is one more sighting of it."""
        batch = self._batch
        wanted = list({*(match.key for _, match, _, _ in batch.matches), *(key for key, _, _ in batch.sightings)})
        known: dict[bytes, int] = {}
        for some in chunks(wanted):
            found = await self._connection.execute(_BY_KEY, {"wanted": some})
            known.update((key, number) for key, number in found)
        await self._withdraw()
        new: list[dict[str, Any]] = []
        outbox: list[dict[str, Any]] = []
        seen: list[tuple[int, int, Sighting]] = []
        log_numbers = {track.log_id: number for number, track in self._tracks.items()} if batch.matches else {}
        for number, match, size, told in batch.matches:
            if match.key not in known:
                known[match.key] = number
                new.append(codec.match_row(number, match))
                outbox += [codec.delivery_row(delivery, number, sink, size) for delivery, sink in told]
            else:
                self._moved([(sink, -1, -size) for _, sink in told])
            if number not in batch.unplaced:
                seen.append((known[match.key], log_numbers[match.sighting.log_id], match.sighting))
        seen += [(known[key], log, sighting) for key, log, sighting in batch.sightings if key in known]
        placed, replaced = await self._place(seen)
        for row in new:
            row["sightings"] = self._counts.pop(row["id"], 0)
            row["verified"] = row["id"] in self._proven
        if outbox:
            self._hand_on({row["id"]: row for row in new})
        self._out.tallies["matches"].add([row["mark"] for row in new])
        self._out.tallies["matches"].last = max(self._out.tallies["matches"].last, batch.last_match)
        await self._many(bulk.ADD_MATCHES, new)
        await self._many(bulk.TAKE_SIGHTINGS, [{"b_log": log, "b_index": index} for log, index in replaced])
        self._out.tallies["sightings"].add([row["mark"] for row in placed])
        await self._many(bulk.ADD_SIGHTINGS, placed)
        await self._count_sightings({row["id"] for row in new})
        self._out.tallies["deliveries"].add([row["mark"] for row in outbox])
        self._out.tallies["deliveries"].last = max(self._out.tallies["deliveries"].last, batch.last_delivery)
        self._out.delivered_to = {row["sink"] for row in outbox}
        await self._many(bulk.ADD_DELIVERIES, outbox)

    def _hand_on(self, stored: Mapping[int, Mapping[str, Any]]) -> None:
        for number, match, _, told in self._batch.matches:
            row = stored.get(number)
            if row is not None and told:
                verified, sightings_ = row["verified"], max(row["sightings"], 1)
                if (match.verified, match.sightings) != (verified, sightings_):
                    match = replace(match, verified=verified, sightings=sightings_)  # noqa: PLW2901  (as it is stored)
                self._out.new.append((match, told))

    async def _withdraw(self) -> None:
        """Takes back where matches stand in ranges that are to be read again, and were never proven."""
        for log, start, end in [(log, *span) for log, spans in self._batch.withdrawn.items() for span in spans]:
            span = {"b_log": log, "b_start": start, "b_end": end}
            found = (await self._connection.execute(_UNPROVEN, span)).all()
            if found:
                self._out.tallies["sightings"].take([mark for _, mark in found])
                self._counts.subtract(match for match, _ in found)
                await self._connection.execute(delete(sightings).where(_IN_RANGE), span)

    async def _count_sightings(self, new: set[int]) -> None:
        more = [{"b_id": number, "b_more": more} for number, more in self._counts.items() if more]
        await self._many(bulk.COUNT_SIGHTINGS, more)
        await self._many(bulk.PROVE_MATCHES, [{"b_id": number} for number in self._proven - new])

    async def _place(self, seen: list[tuple[int, int, Sighting]]) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
        """Rows for the sightings that are new, and the places that held another certificate before.

        That happens where a log served one entry wrongly and the same again rightly: what was not proven gives way.
        """
        existing: dict[tuple[int, int], tuple[int, bool, int]] = {}
        for log, indices in _by_log([(log, sighting.index) for _, log, sighting in seen]).items():
            for some in chunks(indices):
                for index, match, verified, mark in await self._connection.execute(
                    _BY_INDEX, {"log": log, "wanted": some}
                ):
                    existing[log, index] = (match, verified, mark)
        placed: dict[tuple[int, int], dict[str, Any]] = {}
        replaced: list[tuple[int, int]] = []
        for match, log, sighting in seen:
            place = (log, sighting.index)
            stored, verified, mark = existing.get(place, (match, False, 0))
            earlier = placed.get(place)
            if earlier is None and place in existing:
                if stored == match or verified:
                    continue
                replaced.append(place)
                self._out.tallies["sightings"].take([mark])
                self._counts[stored] -= 1
            elif earlier is not None:
                if earlier["match"] == match:
                    continue
                self._counts[earlier["match"]] -= 1
            proven = self._covers(log, sighting.index)
            placed[place] = codec.sighting_row(log, match, sighting, verified=proven)
            self._counts[match] += 1
            if proven:
                self._proven.add(match)
            else:
                self._out.unverified[log] = True
        return list(placed.values()), replaced

    def _covers(self, log: int, index: int) -> bool:
        track = self._tracks[log]
        if track.covers(index, self._out.ends.get(log, track.committed)):
            return True
        return log in self._out.proven and within(index, self._out.proven[log].items())

    async def _prove_sightings(self) -> None:
        """Sightings, and with them matches, turn verified with the step that covers them."""
        ranges: dict[int, list[tuple[int, int]]] = {}
        for row in self._batch.steps:
            waiting = self._tracks[row["log"]].unverified or self._out.unverified.get(row["log"], False)
            if waiting and not row["note"] and row["end"] > row["start"]:
                joined = ranges.setdefault(row["log"], [])
                if joined and joined[-1][1] == row["start"]:
                    joined[-1] = (joined[-1][0], row["end"])
                else:
                    joined.append((row["start"], row["end"]))
        for (log, start), block in self._batch.blocks.items():
            if block is not None and (self._tracks[log].unverified or self._out.unverified.get(log, False)):
                ranges.setdefault(log, []).append((start, start + (1 << block["level"])))
        for log, spans in ranges.items():
            proven: set[int] = set()
            for start, end in spans:
                span = {"b_log": log, "b_start": start, "b_end": end}
                found = (
                    (await self._connection.execute(select(sightings.c.match).where(_IN_RANGE), span)).scalars().all()
                )
                if found:
                    proven.update(found)
                    await self._connection.execute(update(sightings).where(_IN_RANGE).values(verified=YES), span)
            await self._many(bulk.PROVE_MATCHES, [{"b_id": number} for number in sorted(proven)])
            waits = select(sightings.c.index).where(sightings.c.log == log, sightings.c.verified == NO).limit(1)
            self._out.unverified[log] = (await self._connection.execute(waits)).first() is not None

    async def _write_blocks(self) -> None:
        """Blocks that came, and those that went into others."""
        batch, tally = self._batch, self._out.tallies["blocks"]
        for (log, start), row in batch.blocks.items():
            proven = self._out.proven.setdefault(log, dict(self._tracks[log].proven))
            proven.pop(start, None)
            if row is not None:
                proven[start] = start + (1 << row["level"])
        for log, starts in _by_log(list(batch.blocks)).items():
            for some in chunks(starts):
                found = await self._connection.execute(_BLOCKS, {"log": log, "wanted": some})
                tally.take(found.scalars().all())
        await self._many(bulk.TAKE_BLOCKS, [{"b_log": log, "b_start": start} for log, start in batch.blocks])
        new = [row for row in batch.blocks.values() if row is not None]
        tally.add([row["mark"] for row in new])
        await self._many(bulk.ADD_BLOCKS, new)
        wishes = list(batch.backfills)
        await self._many(bulk.TAKE_BACKFILLS, [{"b_log": log, "b_number": number} for log, number in wishes])
        await self._many(bulk.ADD_BACKFILLS, list(batch.backfills.values()))

    async def _write_freezes(self) -> None:
        batch = self._batch
        self._out.tallies["freezes"].add([row["mark"] for row in batch.freezes])
        await self._many(bulk.ADD_FREEZES, batch.freezes)
        self._out.tallies["accepted"].add([codec.accepted_mark(row) for row in batch.accepted])
        accepted = [{**row, "b_log": row["log"], "b_number": row["number"]} for row in batch.accepted]
        await self._many(bulk.ACCEPT, accepted)

    async def _write_deliveries(self) -> None:
        batch = self._batch
        failed = [{"b_id": number, "b_next_at": at} for number, at in batch.attempted]
        await self._many(bulk.ATTEMPT_DELIVERIES, failed)
        now = await self._how_they_are([*batch.delivered, *(one[0] for one in batch.aside), *batch.revived])
        done = [number for number in dict.fromkeys(batch.delivered) if now.get(number, _NONE).state in _WAITS]
        self._out.tallies["delivered"].add([codec.done_mark(number) for number in done])
        ended = [{"b_id": number, "state": DONE, "next_at": None} for number in done]
        await self._many(bulk.END_DELIVERIES, ended)
        gone = set(done)
        aside = [one for one in batch.aside if one[0] not in gone and now.get(one[0], _NONE).state in (*_WAITS, DEAD)]
        rows = [{"b_id": id_, "state": state, "next_at": at, "error": why or None} for id_, state, at, why in aside]
        await self._many(bulk.ASIDE_DELIVERIES, rows)
        after = dict.fromkeys(done, DONE) | {one[0]: one[1] for one in aside}
        again = [number for number in batch.revived if after.get(number, now.get(number, _NONE).state) in (HELD, DEAD)]
        await self._many(bulk.REVIVE_DELIVERIES, [{"b_id": number} for number in again])
        after |= dict.fromkeys(again, PENDING)
        for number, state in after.items():
            _, before, sink, size = now[number]
            more = (state in _WAITS) - (before in _WAITS)
            self._moved([(sink, more, more * (size or 0))] if more else [])
        self._out.delivered_to |= {now[number].sink for number in again}
        await self._many(bulk.TAKE_DIGESTS, [{"b_id": row["id"]} for row in batch.digests])
        await self._many(bulk.ADD_DIGESTS, list({row["id"]: row for row in batch.digests}.values()))
        self._out.tallies["deliveries"].last = max(self._out.tallies["deliveries"].last, batch.last_delivery)

    async def _how_they_are(self, ids: Sequence[int]) -> dict[int, Any]:
        """Rows of deliveries as they are stored, by id."""
        found: dict[int, Any] = {}
        for some in chunks(ids):
            rows = await self._connection.execute(_HOW_THEY_ARE, {"wanted": some})
            found.update((row.id, row) for row in rows)
        return found

    def _moved(self, changes: Sequence[tuple[str, int, int]]) -> None:
        """So many deliveries, and their bytes, wait more for a sink than was staged."""
        for sink, rows, size in changes:
            self._out.rows[sink] += rows
            self._out.bytes[sink] += size

    async def _write_small(self) -> None:
        batch = self._batch
        await self._many(bulk.FORGET_SETTINGS, [{"b_name": name} for name in batch.settings])
        kept = [{"name": name, "value": value} for name, value in batch.settings.items() if value is not None]
        await self._many(bulk.KEEP_SETTINGS, kept)
        await self._many(TAKE_ALARMS, [{"b_since": since, "b_key": key} for since, key in batch.alarms])
        await self._many(ADD_ALARMS, list(batch.alarms.values()))
        answers = [{"b_id": number, "answer": answer} for number, answer in batch.answers.items()]
        await self._many(bulk.ANSWER_REQUESTS, answers)


async def keep_tallies(
    connection: AsyncConnection, counts: Mapping[str, Tally], before: Mapping[str, Tally] | None = None
) -> None:
    """Writes those tallies that differ from what they were `before`; all of them when that is None."""
    changed = [(name, tally) for name, tally in counts.items() if before is None or tally != before[name]]
    rows = [{"b_name": name, "count": t.count, "sum": t.sum, "last": t.last} for name, t in changed]
    await bulk.KEEP_TALLIES.run(connection, rows)


def _by_log(places: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    sorted_: dict[int, list[int]] = {}
    for log, index in dict.fromkeys(places):
        sorted_.setdefault(log, []).append(index)
    return sorted_
