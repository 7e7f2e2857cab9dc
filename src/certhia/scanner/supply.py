"""Targets for the engine: read and resolved on the event loop, pulled on the engine's thread.

Hosts come first, as they resolve; addresses of ranges fill the slots that they leave free. Everything between is
bounded: reading waits for resolving, resolving waits for the engine, and of ranges there is never more than a `Part`.

Each target has a place, the same in each run of the same plan, so that a scan can go on where another one ended: hosts,
and addresses that have lines of their own with a port or path, are numbered as they are read; targets of ranges are
numbered as they are visited, from `RANGES` on.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Final, TypeAlias

from certhia import render
from certhia.clock import Clock
from certhia.errors import ConfigError, Malformed
from certhia.scanner.budget import Budget, Turns
from certhia.scanner.dns import Resolver
from certhia.scanner.engine import DONE
from certhia.scanner.finding import Finder, Item, Skipped, target_of
from certhia.scanner.places import Places
from certhia.scanner.plan import Plan
from certhia.scanner.ports import Port
from certhia.scanner.reading import STDIN, Complaint, Read, check_file, read_arguments, read_file
from certhia.scanner.targets import Block, Name, Written
from certhia.scanner.visiting import MAX_BLOCKS, Part, Visit

MAX_COMPLAINTS = 1000  # told one by one; of more only how many
MAX_READY = 2048  # targets that wait for the engine
MAX_RESOLVING = 256  # hosts that are looked up at once
MANY = 1_000_000_000  # addresses of ranges that are asked only where it is said who is not, as masscan has it
MAX_OFFERED = 10_000  # hosts found while scanning that wait to be looked up, or for their turn at an address
LONG = 10.0  # seconds that a host waits for its turn before a word is said about it

RANGES: Final = 1 << 64  # the place of the first target of all ranges
_BATCH: Final = 256  # targets of a range at once
_QUEUE: Final = 1024
_TICK: Final = 0.05  # seconds between two looks whether anything more can be found

_Unit: TypeAlias = "tuple[Written, int] | Visit | Name"  # read, with its first place; of a range; offered


class Supply:
    """Gives targets until there are no more.

    Args:
        plan: what is visited.
        resolver: of names.
        done: places that an earlier run has done.
        complain: is told of lines that are no targets, and of ranges that are left out; on the loop.
        wake: called when there is something to pull after there was nothing; on the loop.
        skip: gets places that come to nothing (a host with one address has no second); on the thread that pulls.
        handled: how many of the items pulled are done with, so that nothing more will be offered because of them. Where
            it is given, there may be more until it reaches `handed`.
        crowded: connections to one address are bounded, so that those for scripts of pages, and to hosts found while
            scanning, need no bound of their own.
    """

    def __init__(
        self,
        plan: Plan,
        resolver: Resolver,
        *,
        done: Places | None = None,
        complain: Callable[[str], None] = lambda _: None,
        wake: Callable[[], None] = lambda: None,
        skip: Callable[[range], None] = lambda _: None,
        handled: Callable[[], int] | None = None,
        crowded: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._plan = plan
        self._done = done or Places()
        self._afresh = not self._done  # as most scans: nothing is looked up for each target then
        self._complain = complain
        self._wake = wake
        self._skip = skip
        self._handled = handled
        self._clock = clock or Clock()
        self._finder = Finder(
            plan,
            resolver,
            self._done,
            Budget(clock=self._clock),
            beside=Budget(interval=0.0, clock=self._clock) if crowded else None,
            turns=Turns(0.0, clock=self._clock) if crowded else None,
            clock=self._clock,
        )
        self._offers: deque[Name] = deque()
        self._later: list[tuple[float, int, list[Item]]] = []  # a heap: targets by the moment of their turn
        self._order = itertools.count()
        self._said = False  # whether it was said that there are some
        self.handed = 0  # items pulled
        self._complaints = 0
        self._hosts = 0
        self._expected = 0  # targets of those hosts
        self._addresses = 0  # in ranges
        self._beyond = RANGES  # the place of the next part's first target
        self._source = ""
        self._blocks: list[Block] = []
        self._units: asyncio.Queue[_Unit | None] = asyncio.Queue(_QUEUE)
        self._resolving = self._idle = 0
        self._room = asyncio.Event()  # among what is ready
        self._held = False  # whether somebody waits for that
        self._turn = asyncio.Event()  # a part is done
        self._ready: deque[Item | Skipped] = deque()
        self._parts: deque[tuple[Part, int]] = deque()
        self._batch: Iterator[Item] = iter(())
        self._at = RANGES  # the place of the next target of the first part
        self._stopped = threading.Event()
        self._read = self._over = False

    @property
    def known(self) -> int:
        """How many targets are known of; a host counts as often as it is asked at one of its addresses."""
        return self._expected + self._beyond - RANGES

    @property
    def complete(self) -> bool:
        """Whether all is read, so that `known` is how many there are."""
        return self._read

    def pull(self) -> Item | object | None:
        """The next target, or one that is not asked and why; None where there is none now, `DONE` when there will be
        no more. Never blocks. On one thread, any."""
        over = self._over  # before looking: what came before it is there
        while self._ready:
            self.handed += not isinstance(self._ready[0], range)  # before it is gone from there: see _follow
            item = self._ready.popleft()
            if self._held and len(self._ready) <= MAX_READY // 2:
                self._held = False
                self._set(self._room)
            if not isinstance(item, range):
                return item
            self._skip(item)
        if (target := self._visit()) is not None:
            self.handed += 1
            return target
        return DONE if over and not self._ready and not self._parts else None

    async def run(self) -> None:
        """Reads and resolves until all is ready to be pulled. Raises ConfigError for a file that can't be read, before
        anything is pulled where that can be told."""
        self._loop = asyncio.get_running_loop()
        try:
            for name in self._plan.files:
                check_file(name)
            unreadable: ConfigError | None = None
            async with asyncio.TaskGroup() as group:
                self._group = group
                following = group.create_task(self._follow()) if self._handled is not None else None
                try:
                    await self._read_all()
                except ConfigError as error:
                    unreadable = error
                self._read = True
                if following is not None:
                    await following
                for _ in range(self._resolving):
                    await self._units.put(None)
            if unreadable is not None:
                raise unreadable
            if self._complaints > MAX_COMPLAINTS:
                self._complain(f"{self._complaints - MAX_COMPLAINTS:,} more lines are no targets")
        finally:
            self._over = True
            self.stop()
            self._wake()

    def offer(self, host: str, origin: str, port: Port | None = None, path: str | None = None) -> bool:
        """One more host (A-labels) to be asked, found at `origin`: it is somebody else's choice, so it takes its turn
        at each address, and has no place. `port`: where, instead of the plan's ports; `path`: of the URL that a server
        led to, and then addresses have a budget, and none inside is asked, whatever the plan allows. False where too
        many wait. Any thread."""
        if len(self._offers) + len(self._later) >= MAX_OFFERED:
            return False
        self._offers.append(Name(origin, None, host, port, path))
        return True

    def look_up(self, host: str, at: str = "") -> Future[str | None]:
        """The address at which a host (A-labels) may be asked that a page names, which is at the address `at`, once its
        turn has come; None where it may not. Any thread, once `run` was begun."""
        asked = self._finder.beside(host, at)
        try:
            return asyncio.run_coroutine_threadsafe(asked, self._loop)
        except RuntimeError:  # the loop is closed: all is over
            asked.close()
            over = Future[str | None]()
            over.cancel()
            return over

    def stop(self) -> None:
        """Reads no more. Any thread may call it, more than once."""
        self._stopped.set()

    # On the loop: reading.

    async def _read_all(self) -> None:
        await self._take(read_arguments(self._plan.texts))
        await self._close_part()
        for name in self._plan.files:
            self._source = name  # of all that a part holds
            pieces = read_file(name, self._stopped)
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                await self._take(piece)
                if name == STDIN and not self._parts:
                    await self._close_part()  # whoever writes to us may never end
            await self._close_part()

    async def _follow(self) -> None:
        """Takes what is offered until nothing more can be."""
        assert self._handled is not None
        while True:
            while self._offers:
                await self._put(self._offers.popleft())
            while self._later and self._later[0][0] <= self._clock.monotonic():
                await self._give(heapq.heappop(self._later)[2])
            waiting = self._ready or self._parts or self._later
            calm = self._units.empty() and self._idle == self._resolving and not waiting
            if self._read and calm and self._handled() >= self.handed and not self._offers:
                return
            await self._clock.sleep(_TICK)

    async def _take(self, read: Read) -> None:
        for complaint in read.complaints:
            self._tell(complaint)
        for target in read.targets:
            if isinstance(target, Block) and _of_ranges(target) and not self._plan.excluded.alone(target):
                self._blocks.append(target)
                if len(self._blocks) >= MAX_BLOCKS:
                    await self._close_part()
                continue
            first = self._hosts * self._finder.width
            self._hosts += 1
            self._expected += len(self._plan.knocks_at(target.port))
            if self._done.after(first) >= first + self._finder.width:
                continue
            if isinstance(target, Block) and not self._plan.pointed:  # nothing to be asked for
                await self._give(await self._finder.written(target, first))
            else:
                await self._put((target, first))

    async def _put(self, unit: _Unit) -> None:
        if self._resolving < MAX_RESOLVING and self._resolving <= self._units.qsize():
            self._resolving += 1
            self._group.create_task(self._work())
        await self._units.put(unit)

    async def _close_part(self) -> None:
        """What was gathered becomes a part. Waits for the one before last."""
        if not self._blocks:
            return
        blocks, self._blocks = self._blocks, []
        place = self._beyond
        key = self._plan.key + place.to_bytes(32, "big")
        try:
            part = await asyncio.to_thread(Part, blocks, self._plan.knocks, self._plan.excluded.ranges, key)
        except Malformed as error:  # more than can be counted
            raise ConfigError("the targets are every address there is; name less") from error
        self._beyond += part.count
        self._addresses += part.addresses
        if self._addresses > MANY and not self._plan.excluded.named:
            raise ConfigError(
                f"the targets are {self._addresses:,} addresses: that may be a slip. Name with --exclude whom not to "
                "ask, and it goes ahead"
            )
        self._tell_left_out(blocks, part)
        if self._plan.pointed:
            await self._point(part, place)
            return
        while len(self._parts) > 1:
            self._turn.clear()
            if len(self._parts) > 1:
                await self._turn.wait()
        self._parts.append((part, place))
        self._wake()

    def _tell(self, complaint: Complaint) -> None:
        self._complaints += 1
        if self._complaints <= MAX_COMPLAINTS:
            self._complain(str(complaint))

    def _tell_left_out(self, blocks: Sequence[Block], part: Part) -> None:
        """Of each block that is left out whole, and how many addresses are left out of others."""
        if part.whole:
            return
        for block in blocks:
            gone, reason = self._plan.excluded.without(block)
            if not gone or self._complaints > MAX_COMPLAINTS:
                continue
            self._complaints += 1
            many = block.last - block.first + 1
            what = "is left out" if gone == many else f"is scanned without {gone:,} of its {many:,} addresses"
            text = f"the target {render.quoted(block.origin)} {what} ({reason})"
            self._complain(str(Complaint(self._source, block.line, text)))

    # On the loop: resolving.

    async def _work(self) -> None:
        while True:
            self._idle += 1
            unit = await self._units.get()
            self._idle -= 1
            if unit is None:
                return
            if isinstance(unit, Name):
                await self._lead(unit)
            else:
                await self._give(await self._of(unit))

    async def _lead(self, name: Name) -> None:
        """To a host that was found: now, or when its turn has come, which nobody else waits for."""
        for moment, items in await self._finder.offered(name):
            delay = moment - self._clock.monotonic()
            if delay <= 0:
                await self._give(items)
                continue
            heapq.heappush(self._later, (moment, next(self._order), items))
            if delay > LONG and not self._said:
                self._said = True
                self._complain(
                    "hosts that certificates name share an address, and are asked there one a second; where --per-host "
                    "bounds connections to it, they need not wait"
                )

    async def _give(self, items: Sequence[Item | Skipped]) -> None:
        """To whoever pulls, once there is room."""
        while len(self._ready) >= MAX_READY:
            self._room.clear()
            self._held = True
            if len(self._ready) >= MAX_READY:
                await self._room.wait()
        bare = not self._ready
        self._ready.extend(items)
        if bare:
            self._wake()

    async def _of(self, unit: tuple[Written, int] | Visit) -> Sequence[Item | Skipped]:
        if isinstance(unit, Visit):
            return await self._finder.visited(unit)
        return await self._finder.written(*unit)

    async def _point(self, part: Part, place: int) -> None:
        """The targets of a part, by way of their PTR records."""
        number = self._done.after(place) - place
        while (found := part.visit(number, _BATCH)) and not self._stopped.is_set():
            for visit in found:
                await self._put(visit._replace(number=place + visit.number))
            number = self._done.after(place + found[-1].number + 1) - place

    # On the engine's thread.

    def _visit(self) -> Item | None:
        """The next target of the ranges."""
        while (target := next(self._batch, None)) is None and self._parts:
            part, place = self._parts[0]
            self._at = self._done.after(max(self._at, place))
            if not (found := part.visit(self._at - place, _BATCH)):
                self._parts.popleft()
                self._set(self._turn)
                continue
            self._at = place + found[-1].number + 1
            if not self._afresh:
                found = [one for one in found if place + one.number not in self._done]
            self._batch = iter([target_of(one, one.knock, place + one.number) for one in found])
        return target

    def _set(self, event: asyncio.Event) -> None:
        try:
            self._loop.call_soon_threadsafe(event.set)
        except RuntimeError:  # the loop is closed: nothing more will come
            return


def _of_ranges(block: Block) -> bool:
    """Whether a block is visited with others, in their order; what has a line of its own for more than that is not."""
    return block.first != block.last or (block.port is None and block.path is None)
