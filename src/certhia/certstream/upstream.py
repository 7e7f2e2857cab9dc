"""One certstream server, read for as long as the program runs: whatever it does, it is asked again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from certhia import decode
from certhia._core import Entry
from certhia.certstream import digest as reading
from certhia.certstream.address import Address
from certhia.certstream.backlog import Backlog
from certhia.certstream.digest import Asked, Digest, Piece
from certhia.certstream.messages import FULL
from certhia.certstream.needs import Needs, needs_of
from certhia.certstream.origins import Origin, Origins
from certhia.certstream.spoken import HandedOn
from certhia.certstream.tally import Tally
from certhia.certstream.wire import Cut, Incoming, connected
from certhia.clock import Clock
from certhia.errors import first_of
from certhia.model import Match, Tell, Watched
from certhia.net import Http
from certhia.parts import Shared
from certhia.render import terminal
from certhia.stream.blocks import Sheet
from certhia.stream.notices import UPSTREAM

Result = TypeVar("Result")

FIRST_PAUSE: Final = 1.0  # seconds until a server is asked again; twice as long each time
LONGEST_PAUSE: Final = 60.0
LASTED: Final = 60.0  # seconds: a connection that lasted so long was a good one
SPREAD: Final = 0.5  # of a pause, either way: a server that comes back is not asked by all at once
QUOTE_EVERY: Final = 60.0  # seconds between two malformed messages that are quoted

REFUSED: Final = 1008
HEARSAY: Final = "the message brought no certificate: names, issuer and fingerprint are what it says"


class Upstream:
    """Reads one server.

    Attributes:
        tally: what came of it.
        lost_at: monotonic seconds since when nothing comes; None while something does.
        trouble: why the last connection ended.
    """

    def __init__(self, address: Address, http: Http, clock: Clock, tell: Tell, shared: Shared) -> None:
        self.tally = Tally()
        self.lost_at: float | None = clock.monotonic()
        self.trouble = "not connected yet"
        self.shown = terminal(address.shown)
        self._address = address
        self._http = http
        self._clock = clock
        self._tell = tell
        self._shared = shared
        self._origins = Origins(address.shown, clock.now)
        self._place = f"certstream:{hashlib.sha256(address.shown.encode()).hexdigest()[:32]}"
        self._cursor = ""
        self._known: set[bytes] = set()  # logs that the state was told of
        self._handed: set[bytes] = set()  # and the hub
        self._warned: set[tuple[int, str]] = set()
        self._rules: Watched | None = None
        self._needs = Needs({})
        self._quoted = float("-inf")

    async def run(self, _faults: int = 0) -> None:
        """Reads for ever. Raises StateError."""
        self._cursor = await self._shared.state.recall(self._place) or ""
        try:
            await self._read_on()
        finally:
            self._say(str(self.tally))

    async def _read_on(self) -> None:
        pause = FIRST_PAUSE
        while True:
            begun = self._clock.monotonic()
            try:
                why = await self._connection()
            except BaseExceptionGroup as group:
                raise first_of(group) from group
            if self.lost_at is None:
                self.lost_at = self._clock.monotonic()
            pause = FIRST_PAUSE if self._clock.monotonic() - begun > LASTED else pause
            wait = self._clock.jitter(pause, SPREAD)
            if why != self.trouble or pause == FIRST_PAUSE:
                self._say(f"{why}; asked again in {wait:.0f} s, then ever less often", "warning")
            self.trouble = why
            await self._clock.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    # --- one connection ---

    async def _connection(self) -> str:
        """Reads until it ends; why it did."""
        try:
            async with connected(self._http, self._address, self._cursor, self._clock) as incoming:
                self.tally.connections += 1
                self._say("connected" + (f", goes on after {self._cursor}" if self._cursor else ""))
                return await self._read(incoming)
        except Cut as cut:
            return self._reason(cut)

    async def _read(self, incoming: Incoming) -> str:
        backlog, why = Backlog(), ""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(backlog))
            try:
                while True:
                    await backlog.put(await incoming.receive())
            except Cut as cut:
                why = self._reason(cut)
            backlog.end()
        return why

    def _reason(self, cut: Cut) -> str:
        """Why a connection ended. A server that won't have our request may not know the cursor any more."""
        if cut.code == REFUSED and self._cursor:
            self._cursor = ""
            return f"{terminal(str(cut))}: begins anew, and what came meanwhile is missing"
        return terminal(str(cut))

    async def _work(self, backlog: Backlog) -> None:
        while batch := await backlog.take():
            await self._take_in(batch)

    # --- what came ---

    async def _take_in(self, batch: Sequence[str | bytes]) -> None:
        shared, rules = self._shared, self._shared.rules()
        if rules is not self._rules:
            self._needs, self._rules = await self._aside(partial(needs_of, rules.matcher)), rules
        asked = Asked(rules.matcher, self._needs, shared.precerts)
        origins, now = self._origins, self._clock.now()
        found = await self._aside(partial(reading.digest, batch, origins, shared.issuers, asked, now))
        if found.counts.total() > found.counts["malformed"]:
            self.lost_at = None
        self._count(found)
        for piece in found.pieces:
            self._warn(piece, rules)
            if shared.room is not None:
                await shared.room()
            await self._match(piece, asked, rules, now)
            await self._hand_on(piece, now)
        for lost in found.lost:
            if shared.hub is not None:
                shared.hub.missed(lost.missed, UPSTREAM)
        if found.cursor and found.cursor != self._cursor:
            # Behind the matches of the same batch: what is not stored is sent again.
            self._cursor = found.cursor
            shared.state.writer.remember(self._place, found.cursor)

    async def _match(self, piece: Piece, asked: Asked, rules: Watched, now: float) -> None:
        hits = reading.hits(piece, asked)
        if not hits:
            return
        assert piece.page is not None
        assert piece.scan is not None
        self._name(piece.origin)
        faults = dict(piece.scan.quarantined)
        found: list[tuple[Match, Entry]] = []
        for position, raw in hits:
            entry = piece.page[position]
            fault = faults.get(position, "")
            proof = entry.unproven(self._shared.issuers) or "" if piece.kind == FULL else HEARSAY
            match = decode.match(
                piece.origin.log, entry, rules.hits(raw), verified=False, seen=now, fault=fault, unproven=proof
            )
            if piece.kind != FULL:  # its hashes are those of what stands in for it
                digest = reading.fingerprint(piece.told[position])
                match = replace(match, tbs_sha256=bytes(32), sha256=digest, spki_sha256=bytes(32))
            found.append((match, entry))
        await self._shared.teller.hearsay(piece.origin.log.id, found, rules)

    async def _hand_on(self, piece: Piece, now: float) -> None:
        hub = self._shared.hub
        if hub is None:
            return
        assert piece.page is not None
        named, source = piece.origin.named, piece.origin.source
        if named.id not in self._handed:
            self._handed.add(named.id)
            hub.unprovable(named)
        if piece.kind == FULL:
            await hub.relay(Sheet(named, source, piece.page, now, 0))
        else:
            await hub.relay(HandedOn(named, source, piece.page, now, 0, told=tuple(piece.told)))

    def _name(self, origin: Origin) -> None:
        """A match stands in a log, so the state has to know one."""
        if origin.log.id not in self._known:
            self._known.add(origin.log.id)
            self._shared.state.writer.log(origin.log)

    # --- what people are told ---

    def _count(self, found: Digest) -> None:
        tally = self.tally
        tally.kinds.update(found.counts)
        tally.gaps += len(found.lost)
        tally.missed += sum(lost.missed or 0 for lost in found.lost)
        for lost in found.lost:
            many = "messages" if lost.missed is None else f"{lost.missed:,} messages"
            self._say(f"the server did not send {many} ({terminal(lost.reason) or 'no reason given'})", "warning")
        for text in found.errors[:1]:
            self._say(f"the server says: {terminal(text[:200])}", "warning")
        now = self._clock.monotonic()
        if found.quoted and now - self._quoted >= QUOTE_EVERY:
            self._quoted = now
            self._say(f"a malformed message, passed over, {self.tally.kinds['malformed']:,} so far: {found.quoted}")

    def _warn(self, piece: Piece, rules: Watched) -> None:
        """Says once which rules can't be checked on this kind of message, and counts what they can't be checked on."""
        if piece.kind == FULL or not self._needs.beyond.get(piece.kind, (0, ()))[0]:
            return
        self.tally.unchecked += len(piece.told)
        if (id(rules), piece.kind) not in self._warned:
            self._warned.add((id(rules), piece.kind))
            text = self._needs.told(piece.kind, "the server", len(rules.matcher))
            self._say(terminal(text or ""), "warning")

    def _say(self, text: str, level: str = "info") -> None:
        self._tell(f"certstream {self.shown}: {text}", level=level)

    async def _aside(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._shared.executor, work)
