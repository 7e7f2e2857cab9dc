"""Simulated time: hours pass in milliseconds, in the same order each time.

`SimClock` is a `certhia.clock.Clock` that moves only when told to. `SimulatedLoop` is an event loop that goes by such a
clock: whenever nothing is ready to run, the clock jumps to the next timer. Sleeps, timeouts and deadlines need no
change and take no time.

Work outside the loop takes real time, and the clock must not jump past it. What is known to be under way is waited for:
executor futures (`asyncio.to_thread`, `run_in_executor`, name lookups), the futures of aiosqlite, whose thread answers
through `call_soon_threadsafe`, and whatever stands inside `SimulatedLoop.hold`. Where there are sockets or threads that
the loop knows nothing of, it gives them a millisecond before each jump.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import selectors
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar, cast

from certhia.clock import Clock

T = TypeVar("T")
P = ParamSpec("P")

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When simulated time begins unless said otherwise."""

_GRACE = 0.001  # real seconds that unknown threads and sockets get before time jumps
_PATIENCE = 60.0  # real seconds after which work outside the loop counts as lost

# Modules that make a future for each piece of work which they hand to a thread of their own.
_THREADED = ("aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite")


class SimClock(Clock):
    """A clock that stands still until the simulated loop, or a test, moves it.

    Args:
        start: where `now` begins; Unix seconds or a datetime.
        seed: of `jitter` and `uniform`; the same seed gives the same numbers.
    """

    def __init__(self, start: float | datetime = START, seed: int = 0) -> None:
        super().__init__(seed)
        self._start = start.timestamp() if isinstance(start, datetime) else float(start)
        self._elapsed = 0.0

    def now(self) -> float:
        """Unix time in seconds, simulated."""
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Simulated seconds since the clock was made."""
        return self._elapsed

    def boot(self) -> float:
        """As `monotonic`: the simulated machine was started when the clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Sleeps on the simulated loop. Raises RuntimeError on any other, where time would never come."""
        if not isinstance(asyncio.get_running_loop(), SimulatedLoop):
            raise RuntimeError("SimClock.sleep needs simulated time: run the coroutine with run_simulated")
        await asyncio.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Lets time pass. Timers of a simulated loop that come due by this fire at its next turn."""
        if seconds < 0:
            raise ValueError("time does not go back; step() moves the wall clock alone")
        self._elapsed += seconds

    def step(self, seconds: float) -> None:
        """Sets the wall clock forward or back, as NTP or an operator does; no timer notices."""
        self._start += seconds


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of a `SimClock`."""

    def __init__(self, clock: SimClock | None = None) -> None:
        self.clock = clock or SimClock()
        self._held = 0
        super().__init__(_JumpingSelector(self))
        # A timer is due when it lies before now + resolution. A nanosecond, the usual one, is lost in a float that
        # counts years in seconds: the timer would never be due.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """The clock's monotonic time."""
        return self.clock.monotonic()

    @property
    def held(self) -> bool:
        """Whether work outside the loop is under way."""
        return self._held > 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Time stands still inside: for work in threads or processes that the loop can't know of."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """As ever; time stands still until it is done."""
        future = cast("asyncio.Future[T]", super().run_in_executor(executor, func, *args))
        return self._hold_until_done(future)

    def create_future(self) -> asyncio.Future[Any]:
        """As ever; where the caller will have a thread do the work, time stands still until it is done."""
        future = super().create_future()
        if sys._getframe(1).f_globals.get("__name__", "").startswith(_THREADED):
            return self._hold_until_done(future)
        return future

    def _hold_until_done(self, future: asyncio.Future[T]) -> asyncio.Future[T]:
        self._held += 1
        future.add_done_callback(self._release)
        return future

    def _release(self, _future: asyncio.Future[Any]) -> None:
        self._held -= 1


class _JumpingSelector(selectors.DefaultSelector):
    """Waits in real time only for what happens outside the loop; else moves the clock by what it should wait."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop
        self._before = weakref.WeakSet(threading.enumerate())  # older than the loop: they can't know of it

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if self._loop.held:
            return self._wait("work in a thread")
        # The loop itself has one descriptor registered, the pipe by which other threads wake it.
        outside = len(self.get_map()) > 1 or any(map(self._may_wake, threading.enumerate()))
        if not outside and (events := super().select(0)):
            return events  # the last such thread ended just now, and said something first
        if timeout is None:
            if outside:
                return self._wait("a socket or another thread")
            raise RuntimeError("everything waits, and nothing can happen any more: no timer, no socket, no thread")
        if outside and (events := super().select(_GRACE)):
            return events
        self._loop.clock.advance(timeout)
        return []

    def _wait(self, what: str) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(_PATIENCE)
        if not events:
            raise RuntimeError(f"the simulated loop waited {_PATIENCE:g} real seconds for {what}, in vain")
        return events

    def _may_wake(self, thread: threading.Thread) -> bool:
        """Whether a thread may wake the loop at any time. Executors' and aiosqlite's only do when there is a future."""
        if thread in self._before:
            return False
        known = ("ThreadPoolExecutor", "asyncio_", "core_")  # the last: the pipeline's, which decode pages
        return not (thread.name.startswith(known) or "_connection_worker_thread" in thread.name)


def run_simulated(main: Coroutine[Any, Any, T], *, clock: SimClock | None = None, start: float | datetime = START) -> T:
    """Runs a coroutine to its end in simulated time, as `asyncio.run` does in real time.

    Time begins where `clock` stands, or at `start` (Unix seconds or a datetime) where none is given. Raises
    RuntimeError when everything waits and nothing can happen any more.
    """
    clock = clock or SimClock(start)
    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(clock)) as runner:
        return runner.run(main)


def in_simulated_time(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Makes a plain pytest test of a coroutine function: it runs in simulated time, by the clock of the fixture
    `certhia_clock`, which it need not name.

    Other fixtures may be asked for; asynchronous ones may not, as they would belong to another loop.
    """
    signature = inspect.signature(test)
    asked = "certhia_clock" in signature.parameters

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        clock = kwargs["certhia_clock"] if asked else kwargs.pop("certhia_clock")
        run_simulated(cast("Coroutine[Any, Any, None]", test(*args, **kwargs)), clock=cast("SimClock", clock))

    if not asked:
        own = inspect.Parameter("certhia_clock", inspect.Parameter.KEYWORD_ONLY)
        run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), own])  # type: ignore[attr-defined]
    return run
