"""The bus: says what happened to whoever listens, and costs next to nothing where nobody does.

publish ──▶ handlers (called at once)            the state, Redis channels, sinks that ask for it
        └─▶ subscriptions (bounded, each its own pace)   of this bus, and of the whole process (`certhia.subscribe`)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from certhia.clock import Clock
from certhia.concerning import certificate
from certhia.events.event import ALL, Event, Ids
from certhia.events.listening import WAITING, Calls, Heard, Listeners, Subscription, is_async, refuse
from certhia.events.naming import is_correlation, is_type, kind_of
from certhia.events.types import Body, data_of
from certhia.model import Tell
from certhia.render import quoted

SAID: Final = 20  # different things that are said once
HERE: Final = Listeners()  # those of the whole process, whatever bus it is


class Bus:
    """One for each run; a program may bring its own (`certhia.watch(..., events=bus)`), and listen to that alone.

    Args:
        clock: what tells the time.
        tell: hears of handlers that fail.
        everywhere: those who listen to all buses; none of them hears of this one where it is empty.
    """

    def __init__(self, clock: Clock | None = None, tell: Tell | None = None, *, everywhere: Listeners = HERE) -> None:
        self.tell = tell
        self.failed = 0  # how often a handler raised
        self._clock = clock or Clock()
        self._ids = Ids()
        self._own = Listeners()
        self._everywhere = everywhere
        self._blamed: set[int] = set()  # handlers that it was said of
        self._said: set[str] = set()

    def wants(self, type: str) -> bool:  # noqa: A002
        """Whether anybody listens to such events: where nobody does, their data need not be made."""
        return bool(self._own.of(type) or self._everywhere.of(type))

    def publish(
        self,
        type: str,  # noqa: A002
        data: Mapping[str, object],
        *,
        source: str,
        correlation: str = "",
    ) -> None:
        """Tells everyone who wants events of this type. Never waits, never raises: what is no type of events, such as
        `scan.started` and `mine.seen` are, is told to nobody, and said once.

        `correlation`: the id of the match or scan that it belongs to; that of the certificate at work unless given.
        """
        known = kind_of(type)
        if known is None and not is_type(type):
            self._say_once(
                f"an event {quoted(str(type))} is told to nobody: write words of a-z, 0-9, _ and -, with dots"
            )
            return
        own, others = self._own.of(type), self._everywhere.of(type)
        if own or others:
            about = correlation if is_correlation(correlation) else ""
            self._tell(own, others, type, data, known.form if known is not None else 1, source, about)

    def _tell(
        self,
        own: Sequence[Heard],
        others: Sequence[Heard],
        type_: str,
        data: Mapping[str, object],
        version: int,
        source: str,
        correlation: str,
    ) -> None:
        now = self._clock.now()
        metadata = {"correlation_id": correlation or certificate(), "version": version}
        event = Event(self._ids.new(now), type_, now, source, data, metadata)
        for heard in (*own, *others):
            try:
                if (result := heard(event)) is not None:
                    refuse(result)
            except Exception as error:  # noqa: BLE001  (who listens may be anybody's code: the others hear all the same)
                self._blame(heard, error)

    def happened(self, body: Body, *, source: str, correlation: str = "") -> None:
        """The same of a type that has a class: see `publish`."""
        type_ = body.type
        own, others = self._own.of(type_), self._everywhere.of(type_)
        if own or others:
            self._tell(own, others, type_, data_of(body), body.form, source, correlation)

    def on(self, types: str | Iterable[str], handler: Heard) -> Callable[[], None]:
        """Has `handler` called with each event of these types (names or globs); what is given ends that.

        One that is `async` runs in a task of its own, one event after the other, and what it is too slow for is told as
        `events.missed`; others are called at once, and must not take long. What they raise is counted, and said once.
        Raises ConfigError for what names no types, or can't be called.
        """
        if not is_async(handler):
            return self._own.add(types, handler)
        subscription = Subscription(self._ids)
        end = self._own.add(types, Calls(subscription, handler, self._blame))

        def over() -> None:
            end()
            subscription.close()

        return over

    def subscribe(self, types: str | Iterable[str] = ALL, *, limit: int = WAITING) -> Subscription:
        """Events of these types (names or globs) from now on, for `async for`. Raises ConfigError for what names no
        types."""
        return subscription(self._own, types, self._ids, limit)

    def _say_once(self, text: str) -> None:
        if self.tell is not None and text not in self._said and len(self._said) < SAID:
            self._said.add(text)
            self.tell(text, level="warning")

    def _blame(self, handler: Heard, error: Exception) -> None:
        self.failed += 1
        if self.tell is not None and id(handler) not in self._blamed:
            self._blamed.add(id(handler))
            name = getattr(handler, "__qualname__", type(handler).__name__)
            self.tell(f"{name} failed at an event: {type(error).__name__}: {error}", level="warning")


def subscription(listeners: Listeners, types: str | Iterable[str], ids: Ids, limit: int) -> Subscription:
    """One that is attached to these."""
    made = Subscription(ids, limit)
    made.end = listeners.attach(types, made)
    return made
