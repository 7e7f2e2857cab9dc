"""Targets for the engine: read and resolved on the event loop, pulled on the engine's thread.

Hosts come first, as they resolve; addresses of ranges fill the slots that they leave free. Everything between is
bounded: reading waits for resolving, resolving waits for the engine, and of ranges there is never more than a `Part`.

Each target has a place, the same in each run of the same plan, so that a scan can go on where another one ended: hosts,
and addresses that have lines of their own with a port or path, are numbered as they are read; targets of ranges are
numbered as they are visited, from `RANGES` on.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

from certhia import render
from certhia.errors import ConfigError
from certhia.scanner.dns import MAX_ADDRESSES, Resolver
from certhia.scanner.engine import DONE
from certhia.scanner.places import Places
from certhia.scanner.plan import Plan
from certhia.scanner.reading import STDIN, Complaint, Read, check_file, read_arguments, read_file
from certhia.scanner.records import Failure, Target
from certhia.scanner.targets import Block, Written
from certhia.scanner.visiting import MAX_BLOCKS, Knock, Part, Visit

MAX_COMPLAINTS = 1000  # told one by one; of more only how many
MAX_READY = 2048  # targets that wait for the engine
MAX_RESOLVING = 256  # hosts that are looked up at once

RANGES: Final = 1 << 64  # the place of the first target of all ranges
_VISITED: Final = 256  # targets of a range at once
_SLOTS: Final = 2 * MAX_ADDRESSES  # places of one host and port where all its addresses are asked
_QUEUE: Final = 1024

Item: TypeAlias = "Target | tuple[Target, Failure]"
_Skipped: TypeAlias = range  # places that nobody is going to ask
_Unit: TypeAlias = "tuple[Written, int] | Visit"


class Supply:
    """Gives targets until there are no more.

    Args:
        plan: what is visited.
        resolver: of names.
        done: places that an earlier run has done.
        complain: is told of lines that are no targets, and of ranges that are left out; on the loop.
        wake: called when there is something to pull after there was nothing; on the loop.
        skip: gets places that come to nothing (a host with one address has no second); on the thread that pulls.
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
    ) -> None:
        self._plan = plan
        self._resolver = resolver
        self._done = done or Places()
        self._complain = complain
        self._wake = wake
        self._skip = skip
        self._width = len(plan.knocks) * (_SLOTS if plan.every else 1)  # places of a host
        self._complaints = 0
        self._hosts = 0
        self._beyond = RANGES  # the place of the next part's first target
        self._blocks: list[Block] = []
        self._units: asyncio.Queue[_Unit | None] = asyncio.Queue(_QUEUE)
        self._resolving = 0
        self._room = asyncio.Event()  # among what is ready
        self._held = False  # whether somebody waits for that
        self._turn = asyncio.Event()  # a part is done
        self._ready: deque[Item | _Skipped] = deque()
        self._parts: deque[tuple[Part, int]] = deque()
        self._batch: Iterator[Item] = iter(())
        self._at = RANGES  # the place of the next target of the first part
        self._stopped = threading.Event()
        self._read = self._over = False

    @property
    def known(self) -> int:
        """How many targets are known of; a host counts as often as it is asked at one of its addresses."""
        return self._hosts * len(self._plan.knocks) + self._beyond - RANGES

    @property
    def complete(self) -> bool:
        """Whether all is read, so that `known` is how many there are."""
        return self._read

    def pull(self) -> Item | object | None:
        """The next target, or one that is not asked and why; None where there is none now, `DONE` when there will be
        no more. Never blocks. On one thread, any."""
        over = self._over  # before looking: what came before it is there
        while self._ready:
            item = self._ready.popleft()
            if self._held and len(self._ready) <= MAX_READY // 2:
                self._held = False
                self._set(self._room)
            if not isinstance(item, range):
                return item
            self._skip(item)
        if (target := self._visit()) is not None:
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
                try:
                    await self._read_all()
                except ConfigError as error:
                    unreadable = error
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

    def stop(self) -> None:
        """Reads no more. Any thread may call it, more than once."""
        self._stopped.set()

    # On the loop: reading.

    async def _read_all(self) -> None:
        await self._take(read_arguments(self._plan.texts))
        await self._close_part()
        for name in self._plan.files:
            pieces = read_file(name, self._stopped)
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                await self._take(piece)
                if name == STDIN and not self._parts:
                    await self._close_part()  # whoever writes to us may never end
            await self._close_part()
        self._read = True

    async def _take(self, read: Read) -> None:
        for complaint in read.complaints:
            self._tell(complaint)
        for target in read.targets:
            if isinstance(target, Block) and _of_ranges(target):
                self._blocks.append(target)
                if len(self._blocks) >= MAX_BLOCKS:
                    await self._close_part()
                continue
            first = self._hosts * self._width
            self._hosts += 1
            if self._done.after(first) < first + self._width:
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
        part = await asyncio.to_thread(Part, blocks, self._plan.knocks, self._plan.excluded.ranges, key)
        self._beyond += part.count
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
            where = "" if block.line is None else f"line {block.line}: "
            what = "is left out" if gone == many else f"is scanned without {gone:,} of its {many:,} addresses"
            self._complain(f"{where}{render.quoted(block.origin)} {what} ({reason})")

    # On the loop: resolving.

    async def _work(self) -> None:
        while (unit := await self._units.get()) is not None:
            items = await (self._of_visit(unit) if isinstance(unit, Visit) else self._of_unit(*unit))
            while len(self._ready) >= MAX_READY:
                self._room.clear()
                self._held = True
                if len(self._ready) >= MAX_READY:
                    await self._room.wait()
            bare = not self._ready
            self._ready.extend(items)
            if bare:
                self._wake()

    async def _of_unit(self, target: Written, first: int) -> list[Item | _Skipped]:
        """The targets of a host, or of an address with a port or path of its own."""
        plan = self._plan
        knocks = plan.knocks_at(target.port)
        whole = range(first, first + self._width)
        if isinstance(target, Block):
            addresses, failure = [_address(target)], None
            host = None
        else:
            host = target.host
            addresses, failure = await self._addresses(host)
        if failure is not None:
            lost = [(_target(target, host, "", knocks[0], first), failure)] if first not in self._done else []
            return [*lost, range(first + 1, whole.stop)]
        items: list[Item | _Skipped] = []
        asked = 0
        for address, reason in self._judged(addresses):
            for knock in knocks if reason is None else knocks[:1]:
                place = first + asked
                asked += 1
                if place in self._done:
                    continue
                named = knock
                if plan.pointed and reason is None:
                    named = knock._replace(server_name=await self._pointer(address))
                found = _target(target, host, address, named, place)
                items.append(found if reason is None else (found, Failure("policy", "", f"{address}: {reason}")))
        items.append(range(first + asked, whole.stop))
        return items

    async def _addresses(self, host: str) -> tuple[list[str], Failure | None]:
        if (reason := self._plan.excluded.name(host)) is not None:
            return [], Failure("policy", "", f"{host}: {reason}")
        found = await self._resolver.resolve(host)
        return list(found.addresses), Failure("dns", "", found.fault) if found.fault else None

    def _judged(self, addresses: Sequence[str]) -> list[tuple[str, str | None]]:
        """The addresses to be asked, each with why it is not. Of a host that is asked at one address, that is the
        first open one."""
        judged = [(address, self._plan.excluded.address(address)) for address in addresses]
        if self._plan.every:
            return sorted(judged)
        return [next((one for one in judged if one[1] is None), judged[0])]

    async def _point(self, part: Part, place: int) -> None:
        """The targets of a part, by way of their PTR records."""
        number = self._done.after(place) - place
        while (found := part.visit(number, _VISITED)) and not self._stopped.is_set():
            for visit in found:
                await self._put(visit._replace(number=place + visit.number))
            number = self._done.after(place + found[-1].number + 1) - place

    async def _of_visit(self, visit: Visit) -> list[Item | _Skipped]:
        if visit.number in self._done:
            return []
        name = await self._pointer(visit.address)
        return [_of(visit, visit.knock._replace(server_name=name), visit.number)]

    async def _pointer(self, address: str) -> str | None:
        names = (await self._resolver.pointers(address)).names
        return names[0] if names else None

    # On the engine's thread.

    def _visit(self) -> Item | None:
        """The next target of the ranges."""
        while (target := next(self._batch, None)) is None and self._parts:
            part, place = self._parts[0]
            self._at = self._done.after(max(self._at, place))
            if not (found := part.visit(self._at - place, _VISITED)):
                self._parts.popleft()
                self._set(self._turn)
                continue
            self._at = place + found[-1].number + 1
            done = self._done
            self._batch = iter(
                [_of(one, one.knock, place + one.number) for one in found if place + one.number not in done]
            )
        return target

    def _set(self, event: asyncio.Event) -> None:
        try:
            self._loop.call_soon_threadsafe(event.set)
        except RuntimeError:  # the loop is closed: nothing more will come
            return


def _of_ranges(block: Block) -> bool:
    """Whether a block is visited with others, in their order; what has a line of its own for more than that is not."""
    return block.first != block.last or (block.port is None and block.path is None)


def _target(target: Written, host: str | None, address: str, knock: Knock, place: int) -> Target:
    (number, starttls), name = knock
    return Target(target.origin, target.line, host, address, number, starttls, name, target.path, place)


def _of(visit: Visit, knock: Knock, place: int) -> Target:
    (number, starttls), name = knock
    return Target(visit.block.origin, visit.block.line, None, visit.address, number, starttls, name, None, place)


def _address(block: Block) -> str:
    return str(IPv4Address(block.first) if block.version == 4 else IPv6Address(block.first))
