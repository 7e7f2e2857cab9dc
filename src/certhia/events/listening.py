"""Who listens: handlers that are called at once, and subscriptions that wait, bounded, for whoever reads them."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Final, TypeAlias
from weakref import ref

from certhia.errors import ConfigError
from certhia.events.event import MISSED, Event, Ids, wanted
from certhia.events.naming import asked
from certhia.render import quoted

Heard: TypeAlias = Callable[[Event], object]

WAITING: Final = 1000  # events that may wait for one subscriber
TYPES: Final = 4096  # of which it is remembered who wants them


class Listeners:
    """Those of one bus, or of the whole process."""

    def __init__(self) -> None:
        self._those: list[tuple[tuple[str, ...], Heard]] = []  # changed in one step each: they may live in any thread
        self._by_type: dict[str, tuple[Heard, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._those)

    def of(self, type: str) -> tuple[Heard, ...]:  # noqa: A002
        """Who wants events of this type."""
        if not self._those:
            return ()
        known = self._by_type
        found = known.get(type)
        if found is None:
            found = tuple(heard for types, heard in tuple(self._those) if wanted(type, types))
            if len(known) < TYPES:
                known[type] = found  # of the dict of before where somebody came meanwhile: nobody looks there again
        return found

    def add(self, types: str | Iterable[str], heard: Heard) -> Callable[[], None]:
        """Has `heard` called with each event of these types; what is given ends that. Raises ConfigError for what names
        no types, or can't be called."""
        if not callable(heard):
            raise ConfigError(f"{quoted(repr(heard))} can't be called with events: give a function")
        one = (asked(types), heard)
        self._those.append(one)
        self._by_type = {}

        def end() -> None:
            with suppress(ValueError):  # ended before
                self._those.remove(one)
            self._by_type = {}

        return end

    def attach(self, types: str | Iterable[str], subscription: Subscription) -> Callable[[], None]:
        """Has events put into the subscription for as long as somebody holds it."""

        def put(event: Event) -> None:
            if (held := reference()) is not None:
                held.put(event)

        end = self.add(types, put)
        reference = ref(subscription, lambda _: end())
        return end


class Subscription(AsyncIterator[Event]):
    """Events as they come, for `async for`. It begins when it is made, not when it is first read.

    At most `limit` wait; of what is more than that, a last event `events.missed` says how many there were, by type, at
    the place where they are missing. It belongs to the event loop that reads it; events may come from other threads.
    Ends after `close`, with what has come by then; one that nobody holds any more goes by itself.
    """

    def __init__(self, ids: Ids, limit: int = WAITING) -> None:
        """Raises ConfigError for a limit below 1."""
        if limit < 1:
            raise ConfigError(f"limit: {quoted(str(limit))} events can't wait; write 1 or more")
        self._ids = ids
        self._limit = limit
        self._waiting: deque[Event] = deque()
        self._missed = Counter[str]()
        self._last: Event | None = None  # of those that were missed
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None  # of whoever reads
        self._more = asyncio.Event()
        self._closed = False
        self.end: Callable[[], None] = lambda: None  # takes it off the bus

    def put(self, event: Event) -> None:
        """Has it wait for whoever reads."""
        with self._lock:
            if self._closed:
                return
            if len(self._waiting) >= self._limit:
                self._missed[event.type] += 1
                self._last = event
                return
            if self._last is not None:
                self._waiting.append(self._gap())
            self._waiting.append(event)
        self._wake()

    def close(self) -> None:
        """No more events. Those that came are still read; nothing happens when it is closed again."""
        self._closed = True
        self.end()
        self._wake()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        self._loop = asyncio.get_running_loop()
        while True:
            with self._lock:
                self._more.clear()
                if self._waiting:
                    return self._waiting.popleft()
                if self._last is not None:
                    return self._gap()
                if self._closed:
                    raise StopAsyncIteration
            await self._more.wait()

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _gap(self) -> Event:
        last, missed = self._last, self._missed
        assert last is not None
        self._last, self._missed = None, Counter()
        data = {"count": missed.total(), "types": dict(missed)}
        return Event(
            self._ids.new(last.timestamp), MISSED, last.timestamp, "events", data, {"correlation_id": "", "version": 1}
        )

    def _wake(self) -> None:
        loop = self._loop
        if loop is None:
            return  # nobody has asked yet
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:
            self._more.set()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(self._more.set)


class Calls:
    """A handler that is `async`: called with one event after the other, in a task of its own."""

    def __init__(self, subscription: Subscription, handler: Heard, failed: Callable[[Heard, Exception], None]) -> None:
        self._subscription = subscription
        self._handler = handler
        self._failed = failed
        self._task: asyncio.Task[None] | None = None

    def __call__(self, event: Event) -> None:
        """On the loop that the handler is to run on."""
        self._subscription.put(event)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="event handler")

    async def _run(self) -> None:
        async for event in self._subscription:
            try:
                result = self._handler(event)
                if asyncio.iscoroutine(result):
                    await result
            except Exception as error:  # noqa: BLE001  (a handler may be anybody's code)
                self._failed(self._handler, error)


def is_async(handler: Heard) -> bool:
    """Whether calling it gives a coroutine: a function, or an object, that says so."""
    return asyncio.iscoroutinefunction(handler) or asyncio.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004


def refuse(result: object) -> None:
    """Raises TypeError for a coroutine: of a handler that did not say that it gives one, and that nobody waits for."""
    if asyncio.iscoroutine(result):
        result.close()
        raise TypeError("it gave a coroutine, which nobody awaits: write it as `async def`")
