"""What a pipeline is built from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from certhia._core import Issuers
from certhia.alarms.board import Found
from certhia.alarms.guard import Guarding
from certhia.clock import Clock
from certhia.events.bus import Bus
from certhia.logs.follow import Follower
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.logs.select import Choice
from certhia.logs.sources import Sources
from certhia.logs.wishes import Owner
from certhia.metrics.stages import Stages
from certhia.model import Sink, Tell, Watched
from certhia.net import Transport
from certhia.quantity import Point
from certhia.reload import Reloaded
from certhia.sinks.configured import Sinks
from certhia.sinks.outbox import Outbox
from certhia.store import State
from certhia.store.retention import Kept
from certhia.telling import Teller

if TYPE_CHECKING:
    from certhia.handing import Added
    from certhia.stream.hub import Hub
    from certhia.stream.standing import Relayed


@dataclass(frozen=True, slots=True)
class Shared:
    """What a pipeline's stages share, for those who read beside the logs."""

    state: State
    teller: Teller
    rules: Callable[[], Watched]
    issuers: Issuers
    executor: Executor
    precerts: bool
    room: Callable[[], Awaitable[None]] | None
    hub: Hub | None


class Beside:
    """What is read beside the logs, or instead of them: this one is nothing.

    Attributes:
        alone: whether no log need be followed.
    """

    alone = False

    def works(self, shared: Shared) -> Mapping[str, Callable[[int], Awaitable[None]]]:
        """What is to run until the end, by what it is called when it breaks."""
        del shared
        return {}

    async def look(self) -> list[Found]:
        """Alarms of now."""
        return []

    def standing(self) -> Sequence[Relayed]:
        """What is read, and what came of it."""
        return ()


@dataclass(slots=True)
class Parts:
    """What a pipeline is built from; made by whoever knows the user's settings. The pipeline's alone to change, when
    these change while it runs."""

    state: State
    sources: Sources
    refresh: float  # seconds between two loads of the lists
    choice: Choice
    transport: Transport
    rules: Callable[[], Watched]  # those of now
    teller: Teller
    sinks: list[Sink]
    configured: Sinks  # further ones, which are told of what they want
    paces: Paces
    reading: Reading
    origin: Point
    memory: int  # bytes
    precerts: bool
    keeping: Kept
    guarding: Guarding
    clock: Clock
    tell: Tell
    room: Callable[[], Awaitable[None]] | None = None  # returns once those who are told can take more
    drain: float | None = 0.5  # seconds that sinks have at the end; what they don't get is told at the next start
    reloads: Sequence[Reloaded[Any]] = ()  # what is read again when its files change
    hub: Hub | None = None  # what hands every page to the clients of the stream
    beside: Beside = field(default_factory=Beside)
    bus: Bus = field(default_factory=Bus)  # who is told of what happens
    follower: Callable[..., Follower] = Follower  # what follows a log; takes what `Follower` does
    added: Added | None = None  # modules: what people add; None where that is nothing
    works: Mapping[str, Callable[[int], Awaitable[None]]] = field(default_factory=dict)  # runs besides; see `Beside`
    last: Callable[[], Coroutine[Any, Any, None]] | None = None  # done once all is read, unless stopped
    stages: Stages = field(default_factory=Stages)  # how long they take
    narrowed: Callable[[Collection[Owner]], Watched | None] = lambda _: None  # the rules of these programmes alone
    answers: Mapping[str, Callable[[str], Awaitable[str]]] = field(default_factory=dict)  # to further requests, by kind
    backfill: str = ""  # a request as `Backfilling.take` has it: this alone is done, and no log followed

    def reread(self, reading: Reading, precerts: bool, followers: Iterable[Follower]) -> list[bytes]:
        """Has logs read in this way from now on; gives the ids of those that must begin anew for it: those whose
        requests change."""
        before, self.reading, self.precerts = self.reading, reading, precerts
        self.paces.singles = self.sources.singles = reading.singles
        again = []
        for follower in followers:
            follower.adopt(reading.of(follower.log), precerts=precerts)
            if before.singles.of(follower.log).asks != reading.singles.of(follower.log).asks:
                again.append(follower.log.id)
        return again

    def outbox(self) -> Outbox:
        """That of all sinks."""
        added, terms = (self.added.sinks, self.added.terms) if self.added is not None else ((), {})
        outbox = Outbox(
            self.state,
            [*self.sinks, *self.configured.sinks, *added],
            self.clock,
            notice=lambda sink, text: self.tell(f"{sink}: {text}", level="warning"),
            terms=self.configured.terms | terms,
        )
        self.configured.outbox = outbox
        if self.added is not None:
            self.added.outbox = outbox
        return outbox

    def shared(self, issuers: Issuers, executor: Executor) -> Shared:
        """What those who read beside the logs are given."""
        return Shared(
            self.state, self.teller, self.rules, issuers, executor, self.precerts, room=self.room, hub=self.hub
        )
