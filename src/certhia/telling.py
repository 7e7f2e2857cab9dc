"""From a page that rules matched to what people are told: one alert a certificate, later sightings counted and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from certhia import decode
from certhia._core import Entry
from certhia.clock import Clock
from certhia.dedupe import Seen
from certhia.model import Arrival, Match, Quarantined
from certhia.rules.roots import Roots
from certhia.store.state import State

if TYPE_CHECKING:
    from certhia._core import Hit


@dataclass(frozen=True, slots=True)
class Limits:
    """Which matches are told at all."""

    since: float | None = None  # Unix seconds, by the entry's timestamp
    until: float | None = None
    roots: Roots | None = None
    every_sighting: bool = False


class Teller:
    """Turns arrivals into matches, sightings and quarantined entries in the state, and streams what isn't stored."""

    def __init__(
        self,
        state: State,
        seen: Seen,
        sinks: Sequence[str],
        stream: Callable[[Match], None],
        *,
        limits: Limits,
        clock: Clock,
    ) -> None:
        """`sinks`: the names of the outbox's queues. `stream` takes matches of the rule `.`: told, not stored."""
        self._state = state
        self.seen = seen
        self._sinks = sinks
        self._stream = stream
        self._limits = limits
        self._clock = clock
        self.matches = 0
        self.sightings = 0

    async def accept(self, arrival: Arrival) -> int:
        """Takes care of one page; gives the number of certificates in it that concern somebody."""
        page, writer = arrival.page, self._state.writer
        for position, reason in arrival.scan.quarantined:
            entry = page[position]
            writer.quarantine(
                Quarantined(arrival.log.id, entry.index, reason, entry.leaf_hash, entry.leaf_input, self._clock.now())
            )
        if not arrival.scan.hits:
            return 0
        found = [self._read(arrival, position, raw) for position, raw in arrival.scan.hits]
        wanted = [match for match in found if match is not None]
        stored = [match for match in wanted if not arrival.rules.is_streamed(match.hits)]
        for match in wanted:
            if arrival.rules.is_streamed(match.hits):
                self._tell_streamed(match)
        if stored:
            await self._tell_stored(arrival.log.id, stored)
        return len(wanted)

    def _read(self, arrival: Arrival, position: int, raw: Sequence[Hit]) -> Match | None:
        entry = arrival.page[position]
        if not self._in_time(entry):
            return None
        match = decode.match(
            arrival.log, entry, arrival.rules.hits(raw), verified=arrival.verified, seen=self._clock.now()
        )
        if self._limits.roots is not None and not self._limits.roots.keeps(match.names):
            return None
        if self._limits.every_sighting:
            match = replace(match, key=decode.sighting_key(arrival.log, entry, match.tbs_sha256))
        return match

    def _in_time(self, entry: Entry) -> bool:
        seconds = entry.timestamp / 1000
        since, until = self._limits.since, self._limits.until
        return (since is None or seconds >= since) and (until is None or seconds < until)

    def _tell_streamed(self, match: Match) -> None:
        if self.seen.add(match.key):
            self.matches += 1
            self._stream(match)
        else:
            self.sightings += 1

    async def _tell_stored(self, log_id: bytes, matches: Sequence[Match]) -> None:
        """Nothing counts as seen before it is staged: whoever is stopped while the state is asked leaves no trace, and
        no other log's sighting of the same certificate comes before its match."""
        unseen = [match.key for match in matches if match.key not in self.seen]
        unknown = set(unseen).difference(await self._state.find(unseen)) if unseen else set()
        others = [match.sighting.index for match in matches if match.key not in unknown]
        again = await self._state.sighted(log_id, others) if others else set()
        for match in matches:
            if self.seen.add(match.key) and match.key in unknown:
                unknown.remove(match.key)
                self.matches += 1
                self._state.writer.match(match, self._sinks)
            else:
                self.sightings += match.sighting.index not in again
                self._state.writer.sighting(match.key, match.sighting)
