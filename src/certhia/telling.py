"""From a page that rules matched to what people are told: one alert a certificate, later sightings counted and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from certhia import decode
from certhia._core import Entry
from certhia.clock import Clock
from certhia.dedupe import Seen
from certhia.logs.chains import Chains
from certhia.model import Arrival, Log, Match, MatchKind, Quarantined, Watched
from certhia.rules.expected import NONE, Expected
from certhia.rules.roots import Roots
from certhia.store.state import State

if TYPE_CHECKING:
    from certhia.model import Hit

Ders: TypeAlias = Mapping[bytes, Sequence[bytes]]
"""By the key of a match: its certificate as submitted, and its chain."""
NOTHING: Final[Ders] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """Which matches are told at all."""

    since: float | None = None  # Unix seconds, by the entry's timestamp
    until: float | None = None
    roots: Roots | None = None
    every_sighting: bool = False
    kinds: frozenset[MatchKind] = frozenset(MatchKind)  # told; those of other kinds are stored all the same


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
        expected: Callable[[], Expected] = lambda: NONE,
        routes: Callable[[Match], Sequence[str]] = lambda _: (),
        found: Callable[[Match], None] = lambda _: None,
        keep: Callable[[Log, Iterable[tuple[Match, Entry]], Chains], Awaitable[Ders]] | None = None,
        inline: Callable[[Sequence[Match]], Awaitable[Sequence[tuple[Match, bool]]]] | None = None,
        read: Callable[[Match, Entry], None] | None = None,
    ) -> None:
        """`sinks`: the names of the outbox's queues that are told of all. `routes`: those that are told of a match
        besides. `found` hears of each that is stored. `stream` takes matches of the rule `.`: told, not stored.
        `expected`: the user's own certificates, those of now. `keep`: keeps certificates of matches, before these are
        stored, and gives what is stored with them. `inline` is asked about new ones before: what it gives is stored,
        and nobody is told where it says so. `read` is shown each match before all these, with its entry.
        """
        self._state = state
        self.seen = seen
        self._sinks = sinks
        self._stream = stream
        self._limits = limits
        self._clock = clock
        self._expected = expected
        self._routes = routes
        self._keep = keep
        self._found = found
        self._inline = inline
        self._show = read
        self.kinds = Counter[MatchKind]()
        self.sightings = 0

    @property
    def limits(self) -> Limits:
        """Which matches are told."""
        return self._limits

    def tells(self, sinks: Sequence[str]) -> None:
        """Has these queues told of all from now on."""
        self._sinks = sinks

    def adopt(self, limits: Limits) -> None:
        """Tells by these from now on."""
        self._limits = limits

    @property
    def matches(self) -> int:
        """How many there were, of whatever kind."""
        return self.kinds.total()

    async def accept(self, arrival: Arrival, chains: Chains, limits: Limits | None = None) -> int:
        """Takes care of one page; gives the number of certificates in it that concern somebody. `limits`: other times
        than those that all pages are told by.

        Waits while the disk is slow to take what came before."""
        page, writer = arrival.page, self._state.writer
        await writer.room()
        writer.arrived(arrival.log.id, page.first, page.end)
        for position, reason in arrival.scan.quarantined:
            entry = page[position]
            writer.quarantine(
                Quarantined(arrival.log.id, entry.index, reason, entry.leaf_hash, entry.leaf_input, self._clock.now())
            )
        if not arrival.scan.hits:
            return 0
        hits = [(page[position], position, raw) for position, raw in arrival.scan.hits]
        hits = [hit for hit in hits if _in_time(hit[0], limits or self._limits)]
        await chains.gather(arrival.log, [entry for entry, _, _ in hits])
        faults = dict(arrival.scan.quarantined)
        found = [
            self._read(
                arrival,
                entry,
                raw,
                fault=faults.get(position, ""),
                # A signature takes longer than all else: what is only streamed does without.
                unproven=chains.unproven(entry, signatures=any(hit[3] != "everything" for hit in raw)),
            )
            for entry, position, raw in hits
        ]
        kept: Ders = {}
        if self._keep is not None:
            both = zip(found, hits, strict=True)
            stored = ((m, hit[0]) for m, hit in both if m is not None and not arrival.rules.is_streamed(m.hits))
            kept = await self._keep(arrival.log, stored, chains)
        return await self._told(arrival.log.id, [match for match in found if match is not None], arrival.rules, kept)

    async def hearsay(self, log_id: bytes, found: Sequence[tuple[Match, Entry]], rules: Watched) -> int:
        """Takes care of matches in what somebody else says that a log holds; gives how many concern somebody. What is
        not decoded of it goes into no quarantine: the log may well have it otherwise.

        Waits while the disk is slow to take what came before."""
        await self._state.writer.room()
        read = [self._kept(match, entry) for match, entry in found if _in_time(entry, self._limits)]
        return await self._told(log_id, [match for match in read if match is not None], rules)

    async def _told(self, log_id: bytes, wanted: Sequence[Match], rules: Watched, kept: Ders = NOTHING) -> int:
        stored = [match for match in wanted if not rules.is_streamed(match.hits)]
        for match in wanted:
            if rules.is_streamed(match.hits):
                self._tell_streamed(match)
        if stored:
            await self._tell_stored(log_id, *await self._judged_inline(stored), kept)
        return len(wanted)

    async def _judged_inline(self, matches: Sequence[Match]) -> tuple[Sequence[Match], set[bytes]]:
        """With what modules noted of those that are new, and the keys of those that nobody need be told of."""
        if self._inline is None:
            return matches, set()
        judged = await self._inline([match for match in matches if match.key not in self.seen])
        noted = {match.key: match for match, _ in judged}
        return [noted.get(match.key, match) for match in matches], {match.key for match, silent in judged if silent}

    def _read(self, arrival: Arrival, entry: Entry, raw: Sequence[Hit], *, fault: str, unproven: str) -> Match | None:
        match = decode.match(
            arrival.log,
            entry,
            arrival.rules.hits(raw),
            verified=arrival.verified,
            seen=self._clock.now(),
            fault=fault,
            unproven=unproven,
        )
        return self._kept(match, entry)

    def _kept(self, match: Match, entry: Entry) -> Match | None:
        """With what is known besides; None where it is left out."""
        # A name that a rule found counts even where it is not among those that are listed.
        names = (*(hit.name for hit in match.hits), *match.names)
        if self._limits.roots is not None and not self._limits.roots.keeps(names):
            return None
        match = self._judged(match, entry)
        if self._limits.every_sighting:
            match = replace(match, key=decode.sighting_key(match.log, entry, match.key))
        if self._show is not None:
            self._show(match, entry)
        return match

    def _judged(self, match: Match, entry: Entry) -> Match:
        """Whether it is one's own, and what it renews. A fingerprint that is not proven makes nothing one's own."""
        expected = self._expected()
        if expected is NONE or match.fault:  # what can't be read is nobody's own
            return match
        by = expected.by(entry.certificate, b"" if match.unproven else match.sha256)
        kind = MatchKind.EXPECTED if by else match.kind
        return replace(match, kind=kind, expected=by, renewal=expected.renewal(match))

    def _tell_streamed(self, match: Match) -> None:
        if self.seen.add(match.key):
            self.kinds[match.kind] += 1
            if match.kind in self._limits.kinds:
                self._stream(match)
        else:
            self.sightings += 1

    async def _tell_stored(
        self, log_id: bytes, matches: Sequence[Match], silenced: Collection[bytes], kept: Ders
    ) -> None:
        """Nothing counts as seen before it is staged: whoever is stopped while the state is asked, or stumbles over a
        match, leaves no trace, and no other log's sighting of the same certificate comes before its match.
        """
        unseen = [match for match in matches if match.key not in self.seen]
        seen = [match.sighting.index for match in matches if match.key in self.seen]
        stored, again = await self._state.look(unseen, log_id, seen)
        unknown = {match.key for match in unseen}.difference(stored)
        for match in matches:
            if match.key in unknown and match.key not in self.seen:
                unknown.remove(match.key)
                self._stage(match, kept.get(match.key, ()), silent=match.key in silenced)
                self.seen.add(match.key)
            else:
                self.seen.add(match.key)
                self.sightings += match.sighting.index not in again
                self._state.writer.sighting(match.key, match.sighting)

    def _stage(self, match: Match, ders: Sequence[bytes], *, silent: bool) -> None:
        self.kinds[match.kind] += 1
        writer = self._state.writer
        if not match.renewal and (renewal := writer.kin.renewal(match)):
            match = replace(match, renewal=renewal)
        told = self._sinks if match.kind in self._limits.kinds else ()
        writer.match(match, () if silent else [*told, *self._routes(match)], () if silent else ders)
        if not silent:
            self._found(match)


def _in_time(entry: Entry, limits: Limits) -> bool:
    seconds = entry.timestamp / 1000
    return (limits.since is None or seconds >= limits.since) and (limits.until is None or seconds < limits.until)
