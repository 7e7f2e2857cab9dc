"""Drives conversations: one thread, non-blocking sockets, one deadline for each target.

Memory is bounded by how many are talked to at once: targets are pulled when there is room, outcomes leave in batches.
No target is lost: each one that was pulled is delivered, whatever happens to it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from certhia.clock import Clock
from certhia.scanner import polling
from certhia.scanner.conversation import Conversation
from certhia.scanner.crowding import Crowding
from certhia.scanner.pace import Pace
from certhia.scanner.slots import Limit, file_limit
from certhia.scanner.talks import Outcome, Talks
from certhia.scanner.timers import Timers
from certhia.scanner.wires import Wires

DONE: Final = object()  # what a source gives when nothing more will come

_BATCH: Final = 256
_LINGER: Final = 0.05  # seconds that an outcome waits for others
_TICK: Final = 0.1
# Whether more at once would help, in seconds: how long we wait at most, how long nothing at all happens, over how long
# a rate is taken, and what is long for a target.
_NAP: Final = 0.002
_IDLE: Final = 0.004
_LATE: Final = 0.01  # so much longer than we wanted to: the machine has no time
_WINDOW: Final = 0.25
_LONG: Final = 0.5
_GULP: Final = 64  # targets begun in one turn; steps that one conversation takes in one turn


Item: TypeAlias = tuple[Any, Conversation[Any]]
Source: TypeAlias = Callable[[], Any]  # an Item, None or DONE


class Engine:
    """Talks to many servers at once.

    Args:
        source: gives the next (key, conversation); None where there is none now (it is asked again after `wake`, and
            ten times a second); `DONE` when there will be no more. Called on the engine's thread; must not block.
        deliver: takes outcomes, up to 256 at once, on the engine's thread; while it blocks, so does the engine.
        timeout: seconds for each attempt, from its first connection to its end.
        concurrency: targets at once; None to find it out, up to the file limit.
        rate: connections a second; None for no limit.
        per_host: open connections to one address and to one `Connect.host`; None for no limit.
        say: told, in words, when the machine has too little of something; every ten seconds at most.
    """

    def __init__(
        self,
        source: Source,
        deliver: Callable[[Sequence[Outcome]], None],
        *,
        timeout: float = 10.0,
        concurrency: int | None = None,
        rate: float | None = None,
        per_host: int | None = None,
        clock: Clock | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._deliver = deliver
        self._timeout = timeout
        self._clock = clock or Clock()
        files = file_limit()
        self._limit = Limit(files if concurrency is None else min(concurrency, files), concurrency is not None)
        self._pace = Pace(rate) if rate else None
        self._crowding = Crowding(per_host) if per_host else None
        self._poller = polling.poller()
        timers = Timers()
        self._wires = Wires(self._poller, timers, self._limit, self._pace, self._crowding, say)
        self._talks = Talks(self._wires, timers, timeout)
        self._inner, self._outer = polling.pair()
        self._poller.add(self._inner.fileno(), False)
        self._dry = self._exhausted = self._cut = False
        self._window = self._waited = self._asked = self._best = 0.0
        self._window_done = 0
        self._busy_at = 0.0
        self._handed = 0.0
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    @property
    def busy(self) -> int:
        """How many targets are being talked to."""
        return len(self._talks)

    @property
    def done(self) -> int:
        """How many are done; some may not be delivered yet."""
        return self._talks.done

    @property
    def limit(self) -> int:
        """How many targets may be talked to at once at this moment."""
        return self._limit.now

    def start(self) -> None:
        """Runs on a thread of its own."""
        self._thread = threading.Thread(target=self._guarded, name="scanner", daemon=True)
        self._thread.start()

    def join(self, timeout: float | None = None) -> bool:
        """Waits for the thread's end; whether it ended. Raises what `source` or `deliver` raised."""
        if self._thread is None:
            return True
        self._thread.join(timeout)
        if self._thread.is_alive():
            return False
        if self._error is not None:
            raise self._error
        return True

    def wake(self) -> None:
        """The source has something. Any thread may call it."""
        try:
            self._outer.send(b"\0")
        except OSError:  # full: it wakes as it is; closed: it has ended
            return

    def stop(self, *, cut: bool = False) -> None:
        """Pulls no more, and ends when all that are open are done; with `cut` they end at once, as "stopped". Any
        thread may call it, and more than once."""
        self._exhausted = True
        self._cut = self._cut or cut
        self.wake()

    def _guarded(self) -> None:
        try:
            self.run()
        except BaseException as error:  # noqa: BLE001  (raised again by whoever joins)
            self._error = error

    def run(self) -> None:
        """Runs to the end on this thread. Raises what `source` or `deliver` raises; all sockets are closed then."""
        try:
            talks = self._talks
            talks.now, talks.unix = self._clock.monotonic(), self._clock.now()
            while True:
                if self._cut:
                    talks.cut_all()
                self._pull()
                if self._exhausted and not len(talks):
                    break
                self._turn()
            self._hand_over()
        finally:
            self._talks.close()
            self._poller.close()
            self._inner.close()
            self._outer.close()

    def _pull(self) -> None:
        """Begins conversations while there is room."""
        if self._exhausted or self._dry:
            return
        talks = self._talks
        for _ in range(min(self._room(), _GULP)):
            if self._pace is not None and self._pace.until(talks.now) > 0.0:
                return
            item = self._source()
            if item is None:
                self._dry, self._asked = True, talks.now
                return
            if item is DONE:
                self._exhausted = True
                return
            talks.begin(*item)

    def _room(self) -> int:
        """How many more may begin. Those that wait for a place at their address take none, up to as many again."""
        waiting = self._crowding.waiting if self._crowding is not None else 0
        return min(self._limit.now + waiting, 2 * self._limit.now) - len(self._talks)

    def _turn(self) -> None:
        """Waits for what happens next, and sees to all of it."""
        talks = self._talks
        full = not self._exhausted and not self._dry and self._room() <= 0
        seconds = self._sleep(full)
        before = self._clock.monotonic() if full else 0.0
        events = self._poller.wait(seconds)
        talks.now, talks.unix = self._clock.monotonic(), self._clock.now()
        if full:
            self._judge(not events and seconds >= _NAP, talks.now - before)
        slot_at, seen = self._wires.at.get, talks.seen
        for fd, mask in events:
            slot = slot_at(fd)
            if slot is None:
                self._woken(fd)
            else:
                seen(slot, mask)
        talks.see_to_waiting()
        if self._dry and talks.now >= self._asked + _TICK:
            self._dry = False
        if len(talks.outcomes) >= _BATCH or (talks.outcomes and talks.now >= self._handed + _LINGER):
            self._hand_over()

    def _sleep(self, full: bool) -> float:
        """How long nothing needs to be done unless a socket says so."""
        now = self._talks.now
        seconds = _LINGER if self._talks.outcomes else _TICK
        moment = self._talks.next()
        if moment is not None:
            seconds = min(seconds, moment - now)
        if full:
            seconds = min(seconds, _NAP)
        elif not self._exhausted and not self._dry:
            seconds = min(seconds, self._pace.until(now) if self._pace is not None else 0.0)
        return max(0.0, seconds)

    def _judge(self, idle: bool, waited: float) -> None:
        """With all places taken: would more help? Where nothing at all happens for a while, they would. Where we mostly
        wait and most targets take long, they may, as long as more gets done by it. Else a queue at the servers is all
        that we would add; and where waiting takes longer than it should, it is the machine that has no time."""
        now, running, done = self._talks.now, self._talks.running, self._talks.done
        if not idle or waited > _NAP + _LATE:
            self._busy_at = now
        elif now - self._busy_at >= _IDLE:
            self._busy_at = now
            self._limit.grow(now)
        self._waited += waited
        seconds = now - self._window
        if seconds < _WINDOW:
            return
        middle = next(islice(running, len(running) // 2, None), None)
        rate = (done - self._window_done) / seconds
        if self._waited > seconds / 2 and middle is not None and now - middle.began > _LONG and rate > self._best * 1.2:
            self._best = rate
            self._limit.grow(now)
        self._window, self._window_done, self._waited = now, done, 0.0

    def _woken(self, fd: int) -> None:
        if fd == self._inner.fileno():
            self._dry = False
            while True:
                try:
                    if len(self._inner.recv(4096)) < 4096:
                        return
                except BlockingIOError:
                    return

    def _hand_over(self) -> None:
        self._handed = self._talks.now
        batch, self._talks.outcomes = self._talks.outcomes, []
        if batch:
            self._deliver(batch)
