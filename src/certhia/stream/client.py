"""One client's outgoing side: blocks that it shares with others, what it missed, how far it is behind."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final
from typing import Protocol as Protocol_

from certhia.clock import Clock
from certhia.stream import kernel, notices
from certhia.stream.notices import Cursor
from certhia.stream.pool import Pool
from certhia.stream.tally import Tally

CHUNK: Final = 128 << 10  # bytes handed to a transport at once: it copies what the kernel does not take of them
HIGH_WATER: Final = 32 << 10  # bytes in a transport that it is left alone at
STALLED: Final = 40.0  # seconds without a byte taken; as long as one who answers no ping stays


@dataclass(slots=True, eq=False)
class Block:
    """Whole messages, framed, one after another: made once, shared by all who want the same, and never changed. (It is
    not frozen as there are thousands a second where clients have filters: that takes four times as long.)"""

    data: bytes
    count: int  # messages that somebody may miss: 0 of a heartbeat
    first: Cursor | None
    last: Cursor | None
    at: float  # monotonic seconds when it was made


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may cost."""

    buffer: int = 64_000_000  # bytes that may wait for it; then it loses messages
    lag: float = 60.0  # seconds that it may be behind; then it is closed
    pool: Pool = field(default_factory=lambda: Pool(128_000_000))  # what may wait for all of them


class Framing(Protocol_):
    """How messages stand on the wire. `name`: as `certhia._core.Messages.frames` has it."""

    @property
    def name(self) -> str: ...

    @property
    def ping(self) -> bytes:
        """What shows that somebody is there."""

    def message(self, text: bytes) -> bytes: ...

    def closing(self, code: int, reason: str) -> bytes:
        """The last bytes that are written."""


@dataclass(slots=True)
class _Gap:
    missed: int = 0
    first: Cursor | None = None
    last: Cursor | None = None


class Client:
    """Takes blocks and never waits: what its connection does not take is queued, then dropped, counted and told.

    Attributes:
        sent: messages handed to the connection.
        missed: messages that it lost.
        last: cursor of the last message handed to the connection.
        begun: from where it gets what it asked for: what it may come back with before it got anything.
        tally: counts the same for all clients of its stream.
    """

    def __init__(self, framing: Framing, limits: Limits, clock: Clock, *, gaps: bool = True) -> None:
        """`gaps`: whether it is told in the stream what it missed; a profile may have no words for that."""
        self.framing = framing
        self.gaps = gaps
        self.sent = self.missed = 0
        self.last: Cursor | None = None
        self.begun = ""
        self.tally = Tally()
        self._limits = limits
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._straight: kernel.Straight | None = None  # past the transport to the kernel, where that can be
        self._queue: deque[Block] = deque()
        self._rest = memoryview(b"")  # of the block that was begun
        self._begun = 0.0  # when that block was made
        self._held: Block | None = None  # that block, where it has to wait
        self._waiting = 0  # bytes in the queue and in `_rest`
        self._paused = False
        self._untaken = 0  # bytes that its connection had not taken when that was looked at last
        self._moved = 0.0  # when it was last seen to take some; counts while it is paused
        self._gap: _Gap | None = None
        self._idle = asyncio.Event()
        self._closing = False

    def connected(self, transport: asyncio.Transport) -> None:
        """From now on it can be written to."""
        transport.set_write_buffer_limits(high=HIGH_WATER, low=0)
        kernel.bound(transport)
        self._transport = transport
        self._straight = kernel.straight(transport)

    @property
    def waiting(self) -> int:
        """Bytes that wait for its connection."""
        return self._waiting

    @property
    def paused(self) -> bool:
        """Whether its connection takes nothing now."""
        return self._paused

    def is_closing(self) -> bool:
        """Whether nothing more is sent to it."""
        return self._closing

    def behind(self, now: float) -> float:
        """Seconds since the oldest of what waits for it was made; where nothing waits but in its connection, since that
        took a byte; 0 where that takes all. `now` is monotonic."""
        if self._rest:
            return now - self._begun
        if self._queue:
            return now - self._queue[0].at
        return now - self._moved if self._paused else 0.0

    def is_too_late(self, now: float) -> bool:
        """Whether it is further behind than it may be, or takes nothing. To be asked now and then."""
        if self._closing:
            return False
        if self._paused and self.moves():
            self._moved = now
        most = self._limits.lag
        return self.behind(now) > (most if self._waiting else min(most, STALLED))

    def moves(self) -> bool:
        """Whether its connection has taken bytes since this was asked last."""
        before = self._untaken
        self._untaken = kernel.untaken(self._transport) if self._transport is not None else 0
        return self._untaken < before

    # --- writing ---

    def send(self, block: Block) -> None:
        """Writes a block, queues it, or drops it."""
        if self._closing or self._transport is None:
            return
        if not self._waiting and not self._paused and self._gap is None:
            if len(block.data) <= CHUNK:
                self._count(block)
                self._transport.write(memoryview(block.data))
                return
            self._begin(block)
            self._pump()
            if self._rest and self._held is None:
                self._limits.pool.hold(block)
                self._held = block
            return
        if not block.count:
            return  # it will hear enough as it is
        if not self._has_room(block):
            self._miss(block)
            return
        self._tell_gap()
        self._append(block)
        self._pump()

    def _has_room(self, block: Block) -> bool:
        most = self._limits.buffer
        if self._gap and self._waiting > most // 2:
            return False  # once it has lost something it loses all until half of what waits is gone: one gap
        if self._waiting and self._waiting + len(block.data) > most:
            return False
        return self._limits.pool.fits(block)

    async def drained(self) -> None:
        """Returns once nothing waits for its connection, or that is over."""
        while self._transport is not None and not self._closing and (self._waiting or self._paused):
            self._idle.clear()
            await self._idle.wait()

    def lose(self, count: int | None, first: Cursor | None, last: Cursor | None, reason: str) -> None:
        """Tells that messages are missing here that it was never sent, and why. `count`: None where nobody knows."""
        self.missed += count or 0
        self.tally.missed += count or 0
        self.tally.gaps += 1
        if self._transport is not None and not self._closing and self.gaps:
            text = notices.gap(count, first, last, reason)
            self._append(Block(self.framing.message(text), 0, None, None, self._clock.monotonic()))
            self._pump()

    def write(self, data: bytes) -> None:
        """Writes a control frame between two blocks; a client that takes nothing now does without."""
        if self._transport is not None and not (self._waiting or self._paused or self._closing):
            self._transport.write(data)

    def pause(self) -> None:
        """Its connection takes no more for now."""
        self._paused = True
        self._moved = self._clock.monotonic()

    def resume(self) -> None:
        """Its connection takes more."""
        self._paused = False
        if not self._closing:
            self._pump()

    def close(self, code: int, reason: str) -> None:
        """Finishes the block that was begun, and says goodbye; what waits is lost."""
        if self._closing or self._transport is None:
            return
        self._closing = True
        lost = sum(block.count for block in self._queue)
        self.missed += lost
        self.tally.missed += lost
        if self._rest:
            self._transport.write(self._rest)
        self._forget()
        self._transport.write(self.framing.closing(code, reason))

    def gone(self) -> None:
        """The connection is over."""
        self._closing = True
        self._transport = self._straight = None
        self._forget()

    def _forget(self) -> None:
        """Lets go of all that waits."""
        for block in self._queue:
            self._limits.pool.give(block)
        self._queue.clear()
        self._rest, self._waiting = memoryview(b""), 0
        self._written()
        self._idle.set()

    def _written(self) -> None:
        """The block that was begun is written."""
        if self._held is not None:
            self._limits.pool.give(self._held)
            self._held = None

    def _append(self, block: Block) -> None:
        self._limits.pool.hold(block)
        self._queue.append(block)
        self._waiting += len(block.data)

    def _begin(self, block: Block) -> None:
        """Makes it the next one to be written."""
        self._rest, self._begun = memoryview(block.data), block.at
        self._waiting += len(block.data)
        self._count(block)

    def _count(self, block: Block) -> None:
        """What goes out now."""
        self.sent += block.count
        self.tally.sent += block.count
        self.tally.nbytes += len(block.data)
        if block.last is not None:
            self.last = block.last

    def _pump(self) -> None:
        """Writes as much as the connection takes."""
        assert self._transport is not None
        while not self._paused:
            if self._rest:
                self._write_on(self._transport)
            elif self._queue:
                self._held = block = self._queue.popleft()
                self._waiting -= len(block.data)
                self._begin(block)
            else:
                break
        if self._gap is not None and self._waiting <= self._limits.buffer // 2:
            self._tell_gap()
            if not self._paused:
                self._pump()
        if not self._waiting and not self._paused:
            self._idle.set()

    def _write_on(self, transport: asyncio.Transport) -> None:
        """Writes of the block that was begun what the kernel takes at once, however much, and a piece that may wait in
        the transport: that says when there is room again. One large write costs a quarter less than many small ones."""
        rest, most = self._rest, CHUNK
        if self._straight is not None and len(rest) > CHUNK:
            rest, most = rest[self._straight(rest) :], 2 * HIGH_WATER
        piece, rest = rest[:most], rest[most:]
        self._waiting -= len(self._rest) - len(rest)
        self._rest = rest
        if piece:
            transport.write(piece)
        if not rest:
            self._written()

    # --- what it missed ---

    def _miss(self, block: Block) -> None:
        gap = self._gap = self._gap or _Gap(first=block.first)
        gap.missed += block.count
        gap.last = block.last
        self.missed += block.count
        self.tally.missed += block.count

    def _tell_gap(self) -> None:
        """Tells of the gap where it is in the stream."""
        gap, self._gap = self._gap, None
        if gap is None:
            return
        self.tally.gaps += 1
        if not self.gaps:
            return
        text = notices.gap(gap.missed, gap.first, gap.last, notices.SLOW)
        self._append(Block(self.framing.message(text), 0, None, None, self._clock.monotonic()))
