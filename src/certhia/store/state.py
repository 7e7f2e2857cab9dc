"""The state of a Certhia: one directory with one SQLite file. Opened here; changed through its `Writer` only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Text, delete, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncEngine

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.model import Delivery, Match, Step
from certhia.store import codec, kin, lookups, place
from certhia.store.backfills import row_backfill
from certhia.store.batch import Tally
from certhia.store.blocks import row_block
from certhia.store.bounds import row_digest
from certhia.store.bulk import IS_ASIDE, NO
from certhia.store.engine import Engine, guarded, upgrade
from certhia.store.freezes import Freeze
from certhia.store.leases import Lease
from certhia.store.ledger import Track, row_step
from certhia.store.line import Rows
from certhia.store.lock import Lock
from certhia.store.place import Place, engine_of
from certhia.store.query import Question
from certhia.store.reading import Reader
from certhia.store.schema import (
    HELD,
    PENDING,
    backfills,
    blocks,
    deliveries,
    digests,
    freezes,
    logs,
    matches,
    quarantine,
    requests,
    sightings,
    steps,
    tallies,
)
from certhia.store.writer import Writer

CLEAN: Final = "doubtful deliveries"  # the setting that a follower which ends in order leaves: those up to this id
AT_START: Final = 20_000  # matches that are learned before anything else
SLICE: Final = 5000  # ids of matches that are learned at once
FIRST_BYTES: Final = 8 << 20  # of matches in one batch of deliveries: names may be many

_IS_HELD: Final = (IS_ASIDE, deliveries.c.state == literal_column(str(HELD)))


class State(Reader):
    """Everything that lasts. `follow` makes it ours to change; else it is read beside whoever follows."""

    def __init__(self, at: Place, where: Engine, readers: AsyncEngine, clock: Clock) -> None:
        super().__init__(at, where, readers)
        self._clock = clock
        self._lock: Lock | None = None
        self._writers: AsyncEngine | None = None
        self._lease: Lease | None = None
        self._writer: Writer | None = None
        self._doubtful = 0  # deliveries up to this id may have been made without our knowing

    @classmethod
    async def open(cls, path: Path | Place, *, clock: Clock, follow: bool) -> Self:
        """Opens the state in the directory `path`, or in the database that it names.

        To follow, the directory is made where it isn't there, the one follower's lock is taken and the schema brought
        up to date. To read, it must be there. Raises StateError, which says what to do.
        """
        at = path if isinstance(path, Place) else Place(path)
        where = engine_of(at)
        if not follow:
            return await cls._open_to_read(at, where, clock)
        await asyncio.to_thread(place.prepare, at.directory)
        lock = Lock(at.directory, clock.boot())
        writers = readers = None
        try:
            await where.make()
            writers = where.to_write()
            await upgrade(writers, where, allowed=True)
            lease = await where.lease(writers, at.directory, clock)
            readers = where.to_read()
            state = cls(at, where, readers, clock)
            state._lock, state._writers, state._lease = lock, writers, lease
            await state._begin(writers)
        except BaseException:
            for engine in (writers, readers):
                if engine is not None:
                    await engine.dispose()
            lock.release()
            raise
        return state

    @classmethod
    async def _open_to_read(cls, at: Place, where: Engine, clock: Clock) -> Self:
        if not await where.is_there():
            raise StateError(f"{at}: there is no state here: `certhia watch` makes one, --state NAME names another")
        readers = where.to_read()
        try:
            await upgrade(readers, where, allowed=False)
        except BaseException:
            await readers.dispose()
            raise
        return cls(at, where, readers, clock)

    async def close(self) -> None:
        """Commits what is staged and lets go. Idempotent. Raises StateError where the last commit fails."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None and writer.sound:
                writer.remember(CLEAN, str(self._doubtful))
                await writer.flush()
            if self._lease is not None:
                await self._lease.release()
        finally:
            self._lease = None
            await self.engine.dispose()
            if self._writers is not None:
                await self._writers.dispose()
            if self._lock is not None:
                self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def writer(self) -> Writer:
        """The one writer. Raises StateError where the state was opened to read, or is closed."""
        if self._writer is None:
            raise StateError(f"{self.place}: opened to read only: leave a request for the follower (a bug: report it)")
        return self._writer

    async def _begin(self, writers: AsyncEngine) -> None:
        tracks = await self._load_tracks()
        counts = {
            row["name"]: Tally(row["count"], row["sum"], row["last"]) for row in await self._rows(select(tallies))
        }
        self._writer = writer = Writer(writers, self.where, self._clock, tracks, counts, self._lease)
        ended = await self.recall(CLEAN)
        self._doubtful = counts["deliveries"].last if ended is None else int(ended)
        writer.remember(CLEAN, None)
        await self._load_waiting(writer)
        farthest = select(quarantine.c.log, func.max(quarantine.c.index).label("index")).group_by(quarantine.c.log)
        for row in await self._rows(farthest):
            track = tracks[row["log"]]
            if row["index"] >= (track.end or 0):
                writer.rewound(track.log_id)
        await writer.flush()
        if counts["matches"].count <= AT_START:
            await self.learn()

    async def _load_waiting(self, writer: Writer) -> None:
        """What waits for whom. A digest that was open is closed: more is counted in another."""
        query = select(deliveries.c.sink, func.count().label("rows"), func.sum(deliveries.c.size).label("bytes"))
        for state in (PENDING, HELD):
            here = deliveries.c.state == literal_column(str(state))
            for row in await self._rows(query.where(here).group_by(deliveries.c.sink)):
                waiting = writer.waiting(row["sink"])
                waiting.take(-row["rows"], -int(row["bytes"] or 0))
        for row in await self._rows(select(digests).where(digests.c.state == PENDING).order_by(digests.c.id)):
            writer.waiting(row["sink"]).closed.append(row_digest(row))

    async def _load_tracks(self) -> dict[int, Track]:
        tracks: dict[int, Track] = {}
        for row in await self._rows(select(logs)):
            tracks[row["id"]] = Track(dict(row), committed=row["end"] or 0)
        noted = select(steps.c.log, steps.c.start, steps.c.end).where(steps.c.note != literal_column("''", Text))
        for row in await self._rows(noted.order_by(steps.c.log, steps.c.seq)):
            if row["end"] > row["start"]:
                tracks[row["log"]].gaps.append((row["start"], row["end"]))
        for row in await self._rows(select(freezes).order_by(freezes.c.log, freezes.c.number)):
            track = tracks[row["log"]]
            track.freezes += 1
            track.frozen = row if row["accepted"] is None else None
        for row in await self._rows(select(blocks)):
            track = tracks[row["log"]]
            block = row_block(row, track.log_id)
            track.blocks[block.start] = block
            track.proven[block.start] = block.end
        for row in await self._rows(select(backfills)):
            tracks[row["log"]].backfills[row["number"]] = row_backfill(row, tracks[row["log"]].log_id)
        waiting = select(sightings.c.log, func.max(sightings.c.index).label("index")).where(sightings.c.verified == NO)
        for row in await self._rows(waiting.group_by(sightings.c.log)):
            tracks[row["log"]].unverified = True
            tracks[row["log"]].doubtful = row["index"] + 1
        for track in tracks.values():
            track.top = max([track.end or 0, track.doubtful, *track.proven.values()])
        return tracks

    # --- for the pipeline ---

    async def find(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The ids of those matches that are stored or staged, by key."""
        wanted = list(dict.fromkeys(keys))
        found = {key: number for key in wanted if (number := self._fresh(key)) is not None}
        (rows,) = await self._ask(Question(lookups.BY_KEY, wanted))
        return found | dict(rows)

    async def sighted(self, log_id: bytes, indices: Iterable[int]) -> set[int]:
        """Which of these entries of a log are stored or staged as sightings."""
        wanted = list(dict.fromkeys(indices))
        found = self._freshly_sighted(log_id, wanted)
        (rows,) = await self._ask(Question(lookups.PLACES, wanted, {"log_id": log_id}))
        return found | {index for (index,) in rows}

    async def look(
        self, unseen: Sequence[Match], log_id: bytes, seen: Sequence[int]
    ) -> tuple[dict[bytes, int], set[int]]:
        """All that is to be known before matches are staged: ids of those that are stored or staged, by key, and which
        of their entries, and of those `seen`, are sightings already. Has `writer.kin` know what others share with them.

        One trip to the database; none where all is new: that is most of what comes.
        """
        writer = self.writer
        ids = {one.key: number for one in unseen if (number := writer.fresh(one.key)) is not None}
        keys = {one.key for one in unseen if one.key not in ids and writer.familiar.may_have(one.key)}
        wanted = [*seen, *(one.sighting.index for one in unseen if one.key in ids or one.key in keys)]
        places = self._freshly_sighted(log_id, wanted)
        track = writer.tracks.get(log_id)
        beyond = codec.WIDEST if track is None else track.top
        asked = [Question(lookups.BY_KEY, list(keys))] if keys else []
        digests = [self._unknown(which) for which in zip(*map(kin.digests, unseen), strict=True)]
        asked += [Question(query, some) for query, some in zip(lookups.KIN, digests, strict=False) if some]
        where = [index for index in dict.fromkeys(wanted) if index not in places and index < beyond]
        asked += [Question(lookups.PLACES, where, {"log_id": log_id})] if where else []
        for question, rows in zip(asked, await self._ask(*asked) if asked else (), strict=True):
            if question.query is lookups.BY_KEY:
                ids.update(rows)
            elif question.query is lookups.PLACES:
                places.update(index for (index,) in rows)
            else:
                for digest, first, last in rows:
                    writer.kin.learn(digest, first if first == last else b"")
        return ids, places

    async def learn(self) -> None:
        """Has the writer know which certificates are stored, so that it need not ask after each that is new. Takes a
        second for half a million; once is enough."""
        familiar = self.writer.familiar
        ((first, last),) = (await self._ask(Question(lookups.FIRST_AND_LAST)))[0]
        for after in range(first - 1, last, SLICE) if first is not None else ():
            (rows,) = await self._ask(Question(lookups.DIGESTS, values={"after": after, "last": after + SLICE}))
            for digest in (digest for row in rows for digest in row if digest is not None):
                familiar.add(digest)
        familiar.complete = True

    def _unknown(self, digests: Iterable[bytes | None]) -> list[bytes]:
        """Those that something stored may have, and of which that is not known."""
        writer = self.writer
        asked = {one for one in digests if one is not None and one not in writer.kin}
        return [one for one in asked if writer.familiar.may_have(one)]

    async def _ask(self, *questions: Question) -> list[Rows]:
        async with guarded(self.where), self.where.asking(self.engine) as line:
            return await line.ask(*questions)

    def _freshly_sighted(self, log_id: bytes, indices: Sequence[int]) -> set[int]:
        writer = self._writer
        return {index for index in indices if writer is not None and writer.fresh_sighting(log_id, index)}

    async def pending(self, sink: str, *, after: int = 0, limit: int = 500) -> list[Delivery]:
        """The next deliveries that wait for `sink`, in order, with an id above `after`; fewer where they are large.

        `repeat` is set where an attempt failed before, and after a follower that did not end in order for all that
        it left behind: it may have told of them without having written so.
        """
        last, size = 0, 0
        (sizes,) = await self._ask(Question(lookups.WAITING, values={"sink": sink, "after": after, "most": limit}))
        for number, more in sizes:
            size += more
            if last and size > FIRST_BYTES:
                break
            last = number
        if not last:
            return []
        (rows,) = await self._ask(Question(lookups.TOLD, values={"sink": sink, "after": after, "last": last}))
        return [
            Delivery(number, codec.decode_match(lookups.told(row)), repeat=attempts > 0 or number <= self._doubtful)
            for number, attempts, *row in rows
        ]

    async def held_until(self, sink: str) -> float | None:
        """When the next delivery that is held back for `sink` is due, Unix seconds; None where there is none."""
        query = select(func.min(deliveries.c.next_at).label("due")).where(deliveries.c.sink == sink, *_IS_HELD)
        due: float | None = (await self._rows(query))[0]["due"]
        return due

    async def held(self, sink: str, now: float) -> tuple[Delivery, int] | None:
        """The delivery for `sink` that was held back and has been due longest, and how often it was tried; None where
        none is."""
        query = (
            select(deliveries.c.id.label("delivery"), deliveries.c.attempts, matches)
            .join(matches)
            .where(deliveries.c.sink == sink, *_IS_HELD, deliveries.c.next_at <= now)
            .order_by(deliveries.c.next_at)
            .limit(1)
        )
        for row in await self._rows(query):
            return Delivery(row["delivery"], codec.decode_match(row), repeat=True), row["attempts"]
        return None

    def _fresh(self, key: bytes) -> int | None:
        return None if self._writer is None else self._writer.fresh(key)

    async def accept(self, log_id: bytes) -> Freeze | None:
        """Has a frozen log go on from its verified position: recorded in the ledger as an anchor that says why.

        Returns once that is durable. None where the log is not frozen; then nothing changes.
        """
        writer = self.writer
        await writer.durable()
        found = [one for one in await self.freezes() if one.log_id == log_id and one.accepted is None]
        if not found:
            return None
        (freeze,) = found
        last = select(steps).join(logs).where(logs.c.log_id == log_id).order_by(steps.c.seq.desc()).limit(1)
        anchor: Step | None = None
        for row in await self._rows(last):
            step = row_step(row, log_id)
            anchor = replace(step, start=step.end, quarantined=0, note=freeze.note, at=self._clock.now())
        writer.accept(anchor, log_id)
        await writer.durable()
        return freeze

    async def remember(self, name: str, value: str | None) -> None:
        """Keeps a small setting, with the next commit; None forgets it."""
        self.writer.remember(name, value)

    # --- for commands beside the follower ---

    async def request(self, kind: str, payload: str, most: int | None = None) -> int:
        """Leaves a request for the follower, now or when one starts; gives its id. `most`: of that kind, at once; the
        oldest go. Raises StateError."""
        engine = self.where.to_write()
        row = {"kind": kind, "payload": codec.plain(payload), "at": self._clock.now()}
        try:
            async with guarded(self.where), engine.begin() as connection:
                number = await connection.scalar(insert(requests).values(**row).returning(requests.c.id))
                if most is not None:
                    alike = requests.c.kind == kind, requests.c.answer.is_(None)
                    newest = select(requests.c.id).where(*alike).order_by(requests.c.id.desc()).limit(most)
                    await connection.execute(delete(requests).where(*alike, requests.c.id.not_in(newest)))
                return int(number or 0)
        finally:
            await engine.dispose()
