"""Writes one batch: the statements of one transaction, in bulk. Nothing in memory changes before it is through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from certhia.model import Match, Sighting
from certhia.store import bulk, codec, events, lookups, submissions
from certhia.store.alarms import ADD_ALARMS, TAKE_ALARMS
from certhia.store.batch import Batch, Tally
from certhia.store.ledger import Track
from certhia.store.query import Question
from certhia.store.schema import DEAD, DONE, HELD, PENDING
from certhia.store.spans import within

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from certhia.store.line import Line

_WAITS: Final = (PENDING, HELD)


class _Delivery(NamedTuple):
    """A row of `deliveries`."""

    id: int
    state: int
    sink: str
    size: int | None


_NONE: Final = _Delivery(0, -1, "", None)

_Existing: TypeAlias = dict[tuple[int, int], tuple[int, bool, int]]
"""By log and index: match, whether it is proven, mark."""


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

    def __init__(self, line: Line, batch: Batch, tracks: Mapping[int, Track], tallies_: Mapping[str, Tally]) -> None:
        self._line = line
        self._batch = batch
        self._tracks = tracks
        self._was = tallies_
        self._out = Outcome({name: tally.copy() for name, tally in tallies_.items()})
        self._counts: Counter[int] = Counter()  # match: sightings more than before
        self._proven: set[int] = set()  # matches with a proven sighting that is new

    async def write(self) -> Outcome:
        """Executes everything; the caller commits."""
        batch = self._batch
        for number, row in (*batch.new_logs.items(), *batch.described_logs.items(), *batch.moved_logs.items()):
            if row["end"] is not None:
                self._out.ends[number] = row["end"]
        self._write_logs()
        await self._write_quarantine()
        await self._write_blocks()
        await self._write_matches()
        self._line.write(bulk.ADD_STEPS, batch.steps)
        self._write_freezes()
        await self._prove_sightings()
        await self._write_deliveries()
        self._write_small()
        self._line.write(bulk.KEEP_TALLIES, tally_rows(self._out.tallies, self._was))
        return self._out

    def _write_logs(self) -> None:
        batch = self._batch
        self._line.write(bulk.ADD_LOGS, list(batch.new_logs.values()))
        self._out.tallies["logs"].add([codec.log_mark(row) for row in batch.new_logs.values()])
        tally = self._out.tallies["logs"]
        tally.last = max([tally.last, *batch.new_logs])
        # In this order: a log that was described and then moved has the later mark in its position's row.
        for statement, changed in ((bulk.DESCRIBE_LOGS, batch.described_logs), (bulk.MOVE_LOGS, batch.moved_logs)):
            self._line.write(statement, [{**row, "b_id": number} for number, row in changed.items()])

    async def _write_quarantine(self) -> None:
        batch = self._batch
        for log, start, end in [(log, *span) for log, spans in batch.forgotten.items() for span in spans]:
            gone = {"b_log": log, "b_start": start, "b_end": end}
            (rows,) = await self._line.ask(Question(lookups.FORGOTTEN, values=gone))
            if rows:
                self._out.tallies["quarantine"].take([mark for _, _, mark, _ in rows])
                resolved = [
                    {"log": one, "index": index, "resolved": at} for one, index, _, at in rows if at is not None
                ]
                self._out.tallies["resolved"].take([codec.resolved_mark(row) for row in resolved])
                self._line.write(lookups.FORGET, [gone])
        known = await self._quarantined(list(batch.quarantine)) if batch.quarantine else {}
        new = [row for key, row in batch.quarantine.items() if key not in known]
        self._out.tallies["quarantine"].add([row["mark"] for row in new])
        self._line.write(bulk.ADD_QUARANTINE, new)
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
        self._line.write(bulk.RESOLVE, rows)

    async def _quarantined(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float | None]:
        """Those of the places (log, index) that are in quarantine, and when they were resolved."""
        asked = [Question(lookups.QUARANTINED, indices, {"log": log}) for log, indices in _by_log(places).items()]
        found = await self._line.ask(*asked)
        return {(log, index): resolved for rows in found for log, index, resolved in rows}

    async def _write_matches(self) -> None:
        """Matches, their sightings and first deliveries. A match whose key is stored is one more sighting of it."""
        batch = self._batch
        await self._withdraw()
        if not batch.matches and not batch.sightings:
            self._count_sightings(set())
            return
        known, existing = await self._known()
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
        placed, replaced = self._place(seen, existing)
        for row in new:
            row["sightings"] = self._counts.pop(row["id"], 0)
            row["verified"] = row["id"] in self._proven
        if outbox:
            self._hand_on({row["id"]: row for row in new})
        self._out.tallies["matches"].add([row["mark"] for row in new])
        self._out.tallies["matches"].last = max(self._out.tallies["matches"].last, batch.last_match)
        self._line.write(bulk.ADD_MATCHES, new)
        ders = [{"match": row["id"], "ders": batch.submitted[row["id"]]} for row in new if row["id"] in batch.submitted]
        self._line.write(submissions.ADD, ders)
        self._line.write(bulk.TAKE_SIGHTINGS, [{"b_log": log, "b_index": index} for log, index in replaced])
        self._out.tallies["sightings"].add([row["mark"] for row in placed])
        self._line.write(bulk.ADD_SIGHTINGS, placed)
        self._count_sightings({row["id"] for row in new})
        self._out.tallies["deliveries"].add([row["mark"] for row in outbox])
        self._out.tallies["deliveries"].last = max(self._out.tallies["deliveries"].last, batch.last_delivery)
        self._out.delivered_to = {row["sink"] for row in outbox}
        self._line.write(bulk.ADD_DELIVERIES, outbox)

    async def _known(self) -> tuple[dict[bytes, int], _Existing]:
        """Those matches that are stored already, by key, and what stands already where matches are to stand."""
        batch = self._batch
        keys = batch.doubted.union(key for key, _, _ in batch.sightings)
        if not keys and not batch.taken:
            return {}, {}
        where = [Question(lookups.BY_INDEX, some, {"log": log}) for log, some in _by_log(list(batch.taken)).items()]
        stored, *found = await self._line.ask(Question(lookups.BY_KEY, list(keys)), *where)
        existing = {
            (log, index): (match, bool(verified), mark) for rows in found for log, index, match, verified, mark in rows
        }
        return {key: number for key, number in stored}, existing  # noqa: C416  (tuples of any length to mypy)

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
            (found,) = await self._line.ask(Question(lookups.UNPROVEN, values=span))
            if found:
                self._out.tallies["sightings"].take([mark for _, mark in found])
                self._counts.subtract(match for match, _ in found)
                self._line.write(lookups.WITHDRAW, [span])

    def _count_sightings(self, new: set[int]) -> None:
        more = [{"b_id": number, "b_more": more} for number, more in self._counts.items() if more]
        self._line.write(bulk.COUNT_SIGHTINGS, more)
        self._line.write(bulk.PROVE_MATCHES, [{"b_id": number} for number in self._proven - new])

    def _place(
        self, seen: list[tuple[int, int, Sighting]], existing: _Existing
    ) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
        """Rows for the sightings that are new, and the places that held another certificate before.

        That happens where a log served one entry wrongly and the same again rightly: what was not proven gives way.
        """
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
                (found,) = await self._line.ask(Question(lookups.UNPROVEN, values=span))
                if found:
                    proven.update(match for match, _ in found)
                    self._line.write(lookups.PROVE, [span])
            self._line.write(bulk.PROVE_MATCHES, [{"b_id": number} for number in sorted(proven)])
            (((waits,),),) = await self._line.ask(Question(lookups.STILL_WAITS, values={"log": log}))
            self._out.unverified[log] = waits is not None

    async def _write_blocks(self) -> None:
        """Blocks that came, and those that went into others."""
        batch, tally = self._batch, self._out.tallies["blocks"]
        for (log, start), row in batch.blocks.items():
            proven = self._out.proven.setdefault(log, dict(self._tracks[log].proven))
            proven.pop(start, None)
            if row is not None:
                proven[start] = start + (1 << row["level"])
        if batch.blocks:
            asked = [
                Question(lookups.BLOCKS, starts, {"log": log}) for log, starts in _by_log(list(batch.blocks)).items()
            ]
            for rows in await self._line.ask(*asked):
                tally.take([mark for (mark,) in rows])
        self._line.write(bulk.TAKE_BLOCKS, [{"b_log": log, "b_start": start} for log, start in batch.blocks])
        new = [row for row in batch.blocks.values() if row is not None]
        tally.add([row["mark"] for row in new])
        self._line.write(bulk.ADD_BLOCKS, new)
        wishes = list(batch.backfills)
        self._line.write(bulk.TAKE_BACKFILLS, [{"b_log": log, "b_number": number} for log, number in wishes])
        self._line.write(bulk.ADD_BACKFILLS, list(batch.backfills.values()))

    def _write_freezes(self) -> None:
        batch = self._batch
        self._out.tallies["freezes"].add([row["mark"] for row in batch.freezes])
        self._line.write(bulk.ADD_FREEZES, batch.freezes)
        self._out.tallies["accepted"].add([codec.accepted_mark(row) for row in batch.accepted])
        accepted = [{**row, "b_log": row["log"], "b_number": row["number"]} for row in batch.accepted]
        self._line.write(bulk.ACCEPT, accepted)

    async def _write_deliveries(self) -> None:
        batch = self._batch
        failed = [{"b_id": number, "b_next_at": at} for number, at in batch.attempted]
        self._line.write(bulk.ATTEMPT_DELIVERIES, failed)
        now = await self._how_they_are([*batch.delivered, *(one[0] for one in batch.aside), *batch.revived])
        done = [number for number in dict.fromkeys(batch.delivered) if now.get(number, _NONE).state in _WAITS]
        self._out.tallies["delivered"].add([codec.done_mark(number) for number in done])
        ended = [{"b_id": number, "state": DONE, "next_at": None} for number in done]
        self._line.write(bulk.END_DELIVERIES, ended)
        gone = set(done)
        aside = [one for one in batch.aside if one[0] not in gone and now.get(one[0], _NONE).state in (*_WAITS, DEAD)]
        rows = [{"b_id": id_, "state": state, "next_at": at, "error": why or None} for id_, state, at, why in aside]
        self._line.write(bulk.ASIDE_DELIVERIES, rows)
        after = dict.fromkeys(done, DONE) | {one[0]: one[1] for one in aside}
        again = [number for number in batch.revived if after.get(number, now.get(number, _NONE).state) in (HELD, DEAD)]
        self._line.write(bulk.REVIVE_DELIVERIES, [{"b_id": number} for number in again])
        after |= dict.fromkeys(again, PENDING)
        for number, state in after.items():
            _, before, sink, size = now[number]
            more = (state in _WAITS) - (before in _WAITS)
            self._moved([(sink, more, more * (size or 0))] if more else [])
        self._out.delivered_to |= {now[number].sink for number in again}
        self._line.write(bulk.TAKE_DIGESTS, [{"b_id": row["id"]} for row in batch.digests])
        self._line.write(bulk.ADD_DIGESTS, list({row["id"]: row for row in batch.digests}.values()))
        self._out.tallies["deliveries"].last = max(self._out.tallies["deliveries"].last, batch.last_delivery)

    async def _how_they_are(self, ids: Sequence[int]) -> dict[int, _Delivery]:
        """Rows of deliveries as they are stored, by id."""
        if not ids:
            return {}
        (rows,) = await self._line.ask(Question(lookups.HOW_THEY_ARE, ids))
        return {row[0]: _Delivery(*row) for row in rows}

    def _moved(self, changes: Sequence[tuple[str, int, int]]) -> None:
        """So many deliveries, and their bytes, wait more for a sink than was staged."""
        for sink, rows, size in changes:
            self._out.rows[sink] += rows
            self._out.bytes[sink] += size

    def _write_small(self) -> None:
        batch = self._batch
        self._line.write(bulk.FORGET_SETTINGS, [{"b_name": name} for name in batch.settings])
        kept = [{"name": name, "value": value} for name, value in batch.settings.items() if value is not None]
        self._line.write(bulk.KEEP_SETTINGS, kept)
        self._line.write(TAKE_ALARMS, [{"b_since": since, "b_key": key} for since, key in batch.alarms])
        self._line.write(ADD_ALARMS, list(batch.alarms.values()))
        events.put(self._line, [row for rows in batch.events.values() for row in rows], batch.trimmed)
        answers = [{"b_id": number, "answer": answer} for number, answer in batch.answers.items()]
        self._line.write(bulk.ANSWER_REQUESTS, answers)


async def keep_tallies(connection: AsyncConnection, counts: Mapping[str, Tally]) -> None:
    """Writes all tallies."""
    await bulk.KEEP_TALLIES.run(connection, tally_rows(counts))


def tally_rows(counts: Mapping[str, Tally], before: Mapping[str, Tally] | None = None) -> list[dict[str, Any]]:
    """Of those tallies that differ from what they were `before`; of all of them when that is None."""
    changed = [(name, tally) for name, tally in counts.items() if before is None or tally != before[name]]
    return [{"b_name": name, "count": t.count, "sum": t.sum, "last": t.last} for name, t in changed]


def _by_log(places: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    sorted_: dict[int, list[int]] = {}
    for log, index in dict.fromkeys(places):
        sorted_.setdefault(log, []).append(index)
    return sorted_
