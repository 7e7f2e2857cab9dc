"""Matches on their way to modules: each that sees matches has a queue of the outbox, so that none is lost to it.

A delivery is marked once the module's findings are published. What fails is tried again; a module that was switched off
gets no more, and what waits for it stays until it is on again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from certhia.config.modules import Modules
from certhia.model import Delivery, Match, Sink
from certhia.modules.batch import Matches
from certhia.modules.failing import Off
from certhia.modules.host import QUEUE, Host
from certhia.modules.seat import Figures
from certhia.sinks.certificates import Wanting
from certhia.sinks.refusals import Gone
from certhia.sinks.terms import Terms

if TYPE_CHECKING:
    from certhia.sinks.outbox import Outbox

# Matches of a second go together: a handing over costs more than what most modules do with one.
TERMS: Final = Terms(batch=64, pauses=(0.1, 1.0, 5.0, 10.0, 30.0, 60.0), spacing=1.0)


class Wants:
    """Wants the certificates of those matches that go to a module which needs them."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def wants(self, match: Match) -> bool:
        """See `certhia.sinks.certificates.Wanting`."""
        return self._host.needs(match)


class Handing:
    """A queue of the outbox that hands a module its matches. See `certhia.model.Sink`."""

    def __init__(self, name: str, host: Host) -> None:
        self.name = name
        self._host = host

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once the module is through with them."""
        matches = [delivery.match for delivery in deliveries]
        kept = await self._host.certificates(self.name, matches)
        batch = Matches(matches, lambda one: _part(kept, one, 0), lambda one: _part(kept, one, 1))
        try:
            await self._host.deliver(self.name, batch)
        except Off as error:
            raise Gone(str(error)) from error

    async def close(self) -> None:
        """Nothing is held: what waits is in the outbox."""


def _part(kept: Mapping[bytes, Sequence[bytes]], match: Match, number: int) -> bytes | None:
    """One certificate of a match's chain."""
    ders = kept.get(match.key, ())
    return ders[number] if number < len(ders) else None


class Added:
    """The modules of a run, and their queues. `outbox` is set by whoever runs it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.outbox: Outbox | None = None
        self.sinks: Sequence[Sink] = [Handing(name, host) for name in host.queues]

    @property
    def terms(self) -> dict[str, Terms]:
        """On what terms they are handed matches, by queue."""
        return {sink.name: TERMS for sink in self.sinks}

    async def prepared(self, settings: Modules) -> Callable[[], Awaitable[None]]:
        """Starts other modules, and gives what has them in use. See `Host.prepared`."""
        use = await self.host.prepared(settings)

        async def commit() -> None:
            before = {*self.host.seats}
            await use()
            # A module that is another one now has a queue that begins anew: it may have been switched off.
            same = {QUEUE + seat.name for seat in self.host.seats if seat in before}
            kept = {sink.name: sink for sink in self.sinks if sink.name in same}
            gone = [sink.name for sink in self.sinks if sink.name not in kept]
            new = {name: Handing(name, self.host) for name in self.host.queues if name not in kept}
            self.sinks = [*kept.values(), *new.values()]
            if self.outbox is not None:
                await self.outbox.replace(gone, {name: (sink, TERMS) for name, sink in new.items()})

        return commit

    def keeping(self) -> list[Wanting]:
        """For whom certificates of matches are kept, now."""
        return [Wants(self.host)] if self.host.keeps_certificates else []

    @property
    def figures(self) -> dict[str, tuple[Figures, bool]]:
        """What each module did, and whether it is at work."""
        return {seat.name: (seat.figures, not seat.off) for seat in self.host.seats}

    async def finish(self) -> None:
        """At the end of a run: what modules held back is told."""
        await self.host.flush()
