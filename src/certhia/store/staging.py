"""What is to change in the state: staged here, synchronously and cheaply, for the writer to commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.model import Alarm, Log, Match, Quarantined, Sighting, Step
from certhia.store import codec
from certhia.store.alarms import alarm_row
from certhia.store.backfills import Backfill, backfill_row
from certhia.store.batch import Batch, Tally
from certhia.store.blocks import Block, block_row, place
from certhia.store.bounds import Digest, Waiting, size_of
from certhia.store.eventrow import EventRow
from certhia.store.familiar import Familiar
from certhia.store.freezes import Freeze
from certhia.store.kin import Kin, digests
from certhia.store.ledger import Track, new_track
from certhia.store.schema import DONE, DROPPED
from certhia.store.spans import Span, without
from certhia.store.submissions import Recent, packed

LARGE: Final = 1 << 14  # bytes of certificates that count as much as a call
TRIMMED: Final = 10  # times that events of a type are trimmed while as many come as are kept


class Staging:
    """The next batch, and what the state will be once it is committed. Takes nothing once a commit has failed."""

    def __init__(self, label: str, clock: Clock, tracks: dict[int, Track], tallies: dict[str, Tally]) -> None:
        self._label = label  # what people know the state by
        self._clock = clock
        self._tracks = tracks
        self._by_log_id = {track.log_id: track for track in tracks.values()}
        self._events: dict[str, int] = {}  # by type: how many came since they were trimmed
        self._batch = Batch()
        self._flying = Batch()  # what is being committed
        self._calls = 0
        self._committed = 0
        self._last_log = tallies["logs"].last
        self._last_match = tallies["matches"].last
        self._last_delivery = tallies["deliveries"].last
        self._anything = asyncio.Event()
        self._urgent = asyncio.Event()
        self._failed: StateError | None = None
        self.kin = Kin()
        self.familiar = Familiar(tallies["matches"].count)
        self.recent = Recent()
        self._waiting: dict[str, Waiting] = {}

    def log(self, log: Log) -> None:
        """Makes a log known, or takes over what its list says of it now. Comes before anything else of that log."""
        track = self._by_log_id.get(log.id)
        if track is None:
            self._last_log += 1
            track = new_track(self._last_log, log, self._clock.now())
            self._stage()
            self._tracks[track.id] = self._by_log_id[log.id] = track
            self._batch.new_logs[track.id] = dict(track.row)
        elif track.describe(log):
            self._stage()
            self._batch.moved_logs.pop(track.id, None)  # the whole row holds it
            rows = self._batch.new_logs if track.id in self._batch.new_logs else self._batch.described_logs
            rows[track.id] = dict(track.row)

    def step(self, step: Step) -> None:
        """Moves a log's verified position. Raises StateError where the step does not begin there: that is a bug."""
        track = self._track(step.log_id)
        row = track.advance(step)
        self._stage()
        self._batch.steps.append(row)
        self._moved(track)

    def freeze(self, freeze: Freeze) -> None:
        """Has a log's verified position stand still until that is accepted; once more for a frozen log is nothing."""
        track = self._track(freeze.log_id)
        if track.frozen is None:
            self._stage()
            self._batch.freezes.append(track.freeze(freeze))
            self._urgent.set()

    def accept(self, step: Step | None, log_id: bytes) -> None:
        """Has a frozen log go on, by an anchor that says so; None for a log of which nothing was verified."""
        track = self._track(log_id)
        self._stage()
        self._batch.accepted.append(track.accept(self._clock.now()))
        if step is not None:
            self.step(step)
        self._urgent.set()

    def quarantine(self, entry: Quarantined) -> None:
        """Keeps an entry that could not be decoded. What is kept already stays as it is."""
        track = self._track(entry.log_id)
        self._stage()
        self._batch.quarantine.setdefault((track.id, entry.index), codec.quarantine_row(track.id, entry))

    def resolve(self, log_id: bytes, indices: Sequence[int]) -> None:
        """These quarantined entries of a log can be decoded now; others, and unknown logs, are left alone."""
        track = self._by_log_id.get(log_id)
        if track is None:
            return
        self._stage()
        now = self._clock.now()
        self._batch.resolved.update(((track.id, index), now) for index in indices)

    def rewound(self, log_id: bytes) -> None:
        """Forgets quarantined entries at and after the verified position: they are about to be read again."""
        track = self._track(log_id)
        self._stage()
        track.doubtful = max(track.doubtful, track.sighted)
        self._batch.forget(track.id, without((track.end or 0, codec.WIDEST), track.verified()))

    def arrived(self, log_id: bytes, start: int, end: int) -> None:
        """Entries [start, end) are here, maybe once more: a place that was found in them before, and is not proven,
        counts no longer. They may be other entries now, and what is proven next are these."""
        track = self._by_log_id.get(log_id)
        if track is None or start >= track.doubtful:
            return
        spans = without((start, min(end, track.doubtful)), track.verified())
        if spans:
            self._stage()
            self._batch.withdraw(track.id, log_id, spans)

    def forget(self, log_id: bytes, spans: Sequence[Span]) -> None:
        """Forgets what was found in these ranges, of which nothing is verified, and which are about to be read:
        quarantined entries, and where matches stand. A match that was told stays."""
        track = self._track(log_id)
        self._stage()
        self._batch.forget(track.id, spans)
        self._batch.withdraw(track.id, log_id, spans)

    def block(self, block: Block) -> None:
        """Keeps a block that was proven. Raises Unverified where one that was proven before contradicts it."""
        track = self._track(block.log_id)
        gone, whole = place(track.blocks, block)
        self._stage()
        self._batch.blocks |= {(track.id, start): None for start in gone}
        self._batch.blocks[track.id, whole.start] = block_row(track.id, whole)

    def backfill(self, one: Backfill) -> None:
        """Keeps what was asked to be read besides, or what became of it."""
        track = self._track(one.log_id)
        self._stage()
        track.backfills[one.number] = one
        self._batch.backfills[track.id, one.number] = backfill_row(track.id, one)

    def match(self, match: Match, sinks: Sequence[str], ders: Sequence[bytes] = ()) -> None:
        """A match, its first sighting and a delivery for each sink; committed at once. Where too much waits for a sink
        already, its digest counts it instead. `ders`: what is kept of its certificate and its chain.

        One whose key is stored or staged already becomes one more sighting of that match, told to nobody.
        """
        track = self._track(match.sighting.log_id)
        if match.key in self._batch.matched:
            self.sighting(match.key, match.sighting)
            return
        self._stage()
        batch = self._batch
        self._last_match += 1
        size = size_of(match)
        told = tuple((self._next_delivery(), sink) for sink in sinks if self._admits(sink, match, size))
        batch.last_match, batch.last_delivery = self._last_match, self._last_delivery
        batch.matches.append((self._last_match, match, size, told))
        batch.matched[match.key] = self._last_match
        if ders:
            batch.submitted[self._last_match] = blob = packed(ders)
            self._calls += len(blob) // LARGE
            self.recent.put(match.key, ders)
        if self.familiar.may_have(match.key):
            batch.doubted.add(match.key)
        for digest in (match.key, *digests(match)):
            if digest is not None:
                self.familiar.add(digest)
        self.kin.add(match)
        self._sighted(track, match.sighting.index)
        self._urgent.set()

    def sighting(self, key: bytes, sighting: Sighting) -> None:
        """One more place where the match with this key stands. Ignored where that is stored, or the match gone."""
        track = self._track(sighting.log_id)
        self._stage()
        self._batch.sightings.append((key, track.id, sighting))
        self._sighted(track, sighting.index)

    def delivered(self, sink: str, ids: Sequence[int]) -> None:
        """These deliveries to `sink` were made."""
        if ids:
            self._stage()
            self._batch.delivered += ids
            self._batch.sinks.add(sink)

    def attempted(self, ids: Sequence[int], next_at: float) -> None:
        """An attempt at these deliveries failed, or was cut off; the next is due at `next_at` (Unix seconds)."""
        if ids:
            self._stage()
            self._batch.attempted += [(number, next_at) for number in ids]

    def aside(self, ids: Sequence[int], state: int, at: float, why: str) -> None:
        """These deliveries are HELD until `at` (Unix seconds), or given up then, DEAD."""
        if ids:
            self._stage()
            self._batch.aside += [(number, state, at, codec.plain(why)) for number in ids]

    def dropped(self, ids: Sequence[int], at: float) -> None:
        """A human wants these deliveries no more."""
        self.aside(ids, DROPPED, at, "")

    def revived(self, ids: Sequence[int]) -> None:
        """These deliveries are to be tried as if they were new."""
        if ids:
            self._stage()
            self._batch.revived += ids

    def digested(self, digest: Digest, state: int = DONE) -> None:
        """A digest was told, or is wanted no more."""
        self._stage()
        waiting = self.waiting(digest.sink)
        waiting.closed = [one for one in waiting.closed if one.id != digest.id]
        self._batch.digests.append(digest.row(state))

    def alarm(self, alarm: Alarm, cleared: float | None = None) -> None:
        """Keeps an alarm as it is now, and when it cleared (Unix seconds)."""
        self._stage()
        row = alarm_row(alarm, cleared)
        self._batch.alarms[row["since"], row["key"]] = row

    def event(self, row: EventRow, most: int) -> None:
        """Keeps an event, and as many of its type as `most` with it. However slow the disk is, no more than that wait
        for it. Raises TypeError, ValueError or RecursionError where its data is none that can be kept: in a commit
        that would be the end."""
        values = row.values()
        self._stage()
        kind = str(values["type"])  # as it is stored
        staged = self._batch.events.get(kind)
        if staged is None or staged.maxlen != most:
            staged = self._batch.events[kind] = deque(staged or (), maxlen=most)
        staged.append(values)
        self._events[kind] = more = self._events.get(kind, most) + 1
        if more * TRIMMED >= most:
            self._events[kind] = 0
            self._batch.trimmed[kind] = most

    def remember(self, name: str, value: str | None) -> None:
        """Keeps a small setting; None forgets it."""
        self._stage()
        self._batch.settings[name] = None if value is None else codec.plain(value)

    def answer(self, request: int, text: str) -> None:
        """Marks another process's request as taken up."""
        self._stage()
        self._batch.answers[request] = codec.plain(text)

    # --- what is staged, for whoever reads ---

    def waiting(self, sink: str) -> Waiting:
        """What waits for a sink, staged and stored: to be looked at; its bounds may be set."""
        waiting = self._waiting.get(sink)
        if waiting is None:
            waiting = self._waiting[sink] = Waiting()
        return waiting

    def waited_for(self) -> dict[str, int]:
        """How many deliveries wait, by sink; only of sinks that have some."""
        return {name: one.rows for name, one in sorted(self._waiting.items()) if one.rows}

    @property
    def last_delivery(self) -> int:
        """The id of the newest delivery, staged or stored; 0 where there is none."""
        return self._last_delivery

    @property
    def tracks(self) -> Mapping[bytes, Track]:
        """The known logs by id, with all that is staged: to be looked at, not to be changed."""
        return self._by_log_id

    def position(self, log_id: bytes) -> int | None:
        """The verified position of a log, staged steps included; None for one without."""
        track = self._by_log_id.get(log_id)
        return None if track is None else track.end

    def fresh(self, key: bytes) -> int | None:
        """The id of a match that is staged and not yet committed."""
        return self._batch.matched.get(key) or self._flying.matched.get(key)

    def fresh_sighting(self, log_id: bytes, index: int) -> bool:
        """Whether a sighting is staged and not yet committed."""
        track = self._by_log_id.get(log_id)
        place = (track.id if track is not None else 0, index)
        return place in self._batch.sighted or place in self._flying.sighted

    def _track(self, log_id: bytes) -> Track:
        track = self._by_log_id.get(log_id)
        if track is None:
            raise StateError(f"{self._label}: log {log_id.hex()} was not made known to the state (a bug: report it)")
        return track

    def _next_delivery(self) -> int:
        self._last_delivery += 1
        return self._last_delivery

    def _admits(self, sink: str, match: Match, size: int) -> bool:
        """Whether a delivery may wait for the sink; else its digest has the match."""
        waiting = self.waiting(sink)
        if not waiting.full:
            waiting.add(size)
            return True
        if waiting.open is None:
            waiting.open = Digest(self._next_delivery(), sink)
        waiting.open.add(match)
        self._batch.counted[waiting.open.id] = waiting.open
        return False

    def _stage(self) -> None:
        self._check()
        self._calls += 1
        self._anything.set()

    def _sighted(self, track: Track, index: int) -> None:
        self._batch.sighted.add((track.id, index))
        if index < track.top:
            self._batch.taken.add((track.id, index))
        track.top = max(track.top, index + 1)
        track.sighted = max(track.sighted, index + 1)

    def _moved(self, track: Track) -> None:
        if track.id in self._batch.new_logs:
            self._batch.new_logs[track.id] = dict(track.row)
        else:
            self._batch.moved_logs[track.id] = {name: track.row[name] for name in (*codec.POSITION_COLUMNS, "mark")}

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed
