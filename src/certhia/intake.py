"""Where what followers find goes: matches to the teller, pages to the stream, proofs to the store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from certhia._core import Issuers
from certhia.freezing import Freezing
from certhia.logs.chains import Chains
from certhia.logs.roster import Roster
from certhia.model import Arrival, Log, Step
from certhia.parts import Parts
from certhia.sought import NOTHING, Sought


class Intake:
    """What followers hand on to, one for all of them.

    Attributes:
        verified: entries that were proven in this run.
    """

    def __init__(self, parts: Parts, chains: Chains, roster: Roster, matched: Callable[[Log, int], None]) -> None:
        """`matched` hears how many certificates of a page concern somebody."""
        self.verified = 0
        self._parts = parts
        self._chains = chains
        self._roster = roster
        self._matched = matched

    def attach(self, issuers: Issuers, executor: Executor, freezing: Freezing) -> None:
        """Joins the stream to the run. No position is committed before what leads up to it is in the history: what
        isn't there when the process dies is read again."""
        if self._parts.added is not None:
            self._parts.added.host.pages.executor = executor
        if (hub := self._parts.hub) is not None:
            hub.attach(issuers, self._chains, executor)
            self._parts.state.writer.before = hub.recorded
            freezing.heard = lambda log, stands: hub.frozen(log, stands=stands)

    def sought(self) -> Sought:
        """What modules want of each page besides."""
        return NOTHING if self._parts.added is None else self._parts.added.host.pages.sought()

    def finish(self) -> None:
        """Nothing is sent any more: what waits for that is only recorded, with the next commit."""
        if self._parts.hub is not None:
            self._parts.hub.finish()

    async def accept(self, arrival: Arrival) -> None:
        """Takes care of a page; who reads the log waits for that."""
        parts = self._parts
        if parts.room is not None:
            await parts.room()
        began = parts.clock.monotonic()
        if found := await parts.teller.accept(arrival, self._chains):
            self._matched(arrival.log, found)
        told = parts.clock.monotonic()
        parts.stages.tell.add(told - began)
        if parts.added is not None:
            await parts.added.host.pages.accept(arrival)
            told = parts.clock.monotonic()
        if parts.hub is not None:
            await parts.hub.accept(arrival)
            parts.stages.stream.add(parts.clock.monotonic() - told)

    def record(self, step: Step) -> None:
        """A range was proven, or stands for a skipped one."""
        parts = self._parts
        if parts.state.writer.tracks[step.log_id].frozen is not None:
            return  # by a backfill, just now: its follower is about to begin anew
        parts.state.writer.step(step)
        self._roster.proven(step.log_id)
        if not step.note:
            self.verified += step.end - step.start
        if parts.hub is not None:
            parts.hub.proven(step.log_id, step.end)

    def unproven(self, log: Log, start: int) -> None:
        """A log is followed from there on without proof, and without steps."""
        self._roster.unproven(log, start)
        if self._parts.hub is not None:
            self._parts.hub.unprovable(log)

    def rewound(self, log: Log) -> None:
        """What was accepted of a log after its last step comes again."""
        self._parts.state.writer.rewound(log.id)
        if self._parts.hub is not None:
            self._parts.hub.rewound(log)
