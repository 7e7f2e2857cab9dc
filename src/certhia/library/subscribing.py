"""`certhia.subscribe`: what happens in this process, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import overload

from certhia.events.bus import HERE, subscription
from certhia.events.event import ALL, Ids
from certhia.events.listening import WAITING, Calls, Heard, Subscription, is_async
from certhia.library.running import logged


@overload
def subscribe(types: str | Iterable[str] = ALL, handler: None = None, *, limit: int = WAITING) -> Subscription: ...


@overload
def subscribe(types: str | Iterable[str], handler: Heard, *, limit: int = WAITING) -> Callable[[], None]: ...


def subscribe(
    types: str | Iterable[str] = ALL, handler: Heard | None = None, *, limit: int = WAITING
) -> Subscription | Callable[[], None]:
    """What every `certhia.watch` and `certhia.scan` of this process has to say, from now on.

        async for event in certhia.subscribe(["match.found", "log.*"]):
            print(event.type, event.correlation, event.data)

    It begins when it is called, also before anything runs. It ends by leaving the loop, by `close()`, or at the end of
    `async with certhia.subscribe(...) as events`. Nobody waits for you: at most `limit` events wait, and of what is
    more an event `events.missed` says how many there were, by type, where they are missing. Events may come from other
    threads. Who wants those of one run alone gives it a bus of its own: `certhia.watch(..., events=bus)`.

    Args:
        types: names, or globs such as "scan.*".
        handler: called with each event instead; what is returned then ends that. A plain function is called at once,
            in the midst of what happens: it must be quick. A coroutine function is called on the loop of what happens,
            with one event after the other, and is told what it missed as above. What either raises is logged once.
        limit: how many events may wait.

    Raises:
        ConfigError: what names no types of events, such as "scan.complete"; a handler that can't be called.
    """
    if handler is None:
        return subscription(HERE, types, Ids(), limit)
    if not is_async(handler):
        return HERE.add(types, handler)
    waiting = Subscription(Ids(), limit)
    end = HERE.add(types, Calls(waiting, handler, _failed))

    def over() -> None:
        end()
        waiting.close()

    return over


def _failed(handler: Heard, error: Exception) -> None:
    name = getattr(handler, "__qualname__", type(handler).__name__)
    logged(f"{name} failed at an event: {type(error).__name__}: {error}", level="warning")
