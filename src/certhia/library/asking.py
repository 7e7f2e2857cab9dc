"""The engine with all around it: targets in, conversations held, results out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from certhia.clock import Clock
from certhia.config.scanning import Scan
from certhia.library.judging import Judging
from certhia.scanner.conversation import Conversation, Step
from certhia.scanner.engine import Engine
from certhia.scanner.failures import ScanFailure
from certhia.scanner.probing import Manner, Prober, Seen
from certhia.scanner.records import Failure, Result, Target
from certhia.scanner.talks import Outcome

# Gives the next target, or one that can't be asked with the reason; None where there is none now, DONE at the end.
Pull: TypeAlias = Callable[[], "Target | tuple[Target, Failure] | object | None"]


def manner_of(options: Scan) -> Manner:
    """How targets are asked, by the settings."""
    return Manner(full=options.full, retries=options.retry, by_domain=options.per_host is not None)


class Asking:
    """Asks all targets. Targets are pulled, and results taken, on the engine's thread."""

    def __init__(
        self,
        options: Scan,
        pull: Pull,
        judging: Judging,
        take: Callable[[Sequence[Result]], None],
        *,
        hold: Callable[[], bool],
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        """`take`: gets results. `hold`: whether to begin no more targets for now; `wake` when that is over."""
        self._pull = pull
        self._judging = judging
        self._take = take
        self._hold = hold
        self._prober = Prober(manner_of(options), clock)
        self.engine = Engine(
            self._source,
            self._deliver,
            timeout=options.timeout,
            concurrency=options.concurrency,
            rate=options.rate,
            per_host=options.per_host,
            clock=clock,
            say=tell,
        )

    async def run(self) -> None:
        """Until nothing is left, or `stop`. Raises what taking results raised."""
        self.engine.start()
        try:
            await asyncio.to_thread(self.engine.join)
        finally:
            self.stop(cut=True)

    def stop(self, *, cut: bool = True) -> None:
        """Begins no more; with `cut` connections are closed at once. Any thread may call it, also twice."""
        self.engine.stop(cut=cut)

    def wake(self) -> None:
        """There may be targets again, or room for them. Any thread may call it."""
        self.engine.wake()

    def _source(self) -> object | None:
        if self._hold():
            return None
        target = self._pull()
        if isinstance(target, Target):
            return target, self._prober.talk(target)
        if isinstance(target, tuple):
            lost, failure = target
            return lost, unasked(failure)
        return target

    def _deliver(self, outcomes: Sequence[Outcome]) -> None:
        self._take([*map(self._judging.judged, outcomes)])


def unasked(failure: Failure) -> Conversation[Seen]:
    """The conversation of a target that can't be asked: its failure, at once."""
    steps: tuple[Step, ...] = ()
    yield from steps
    raise ScanFailure(*failure)
