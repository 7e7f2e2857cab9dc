"""One module in use: its settings, how it is run, what it did, and whether it still may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from certhia.clock import Clock
from certhia.config.modules import ModuleSection
from certhia.model import Tell, Watched
from certhia.modules.api import Info
from certhia.modules.batch import Shown
from certhia.modules.configured import Spec
from certhia.modules.failing import Failed, Fault, Off, Strikes
from certhia.modules.finding import Result
from certhia.modules.local import Local
from certhia.modules.runner import Done, Runner
from certhia.modules.wire import checked

DEADLINE: Final = 5.0  # seconds of a call
AT_ONCE: Final = 1.0  # of one that a match waits for


@dataclass(slots=True)
class Figures:
    """What a module did in this run."""

    calls: int = 0
    seconds: float = 0.0  # of its own work
    entries: int = 0  # or matches that it was handed
    findings: int = 0
    errors: int = 0
    skipped: int = 0  # entries that it should have been handed


class Seat:
    """One module in use.

    Attributes:
        off: why it was switched off; empty while it is on.
        only: the rules that choose what it gets; None: all.
    """

    def __init__(
        self,
        spec: Spec,
        section: ModuleSection,
        runner: Runner,
        only: Watched | None,
        *,
        clock: Clock,
        tell: Tell,
        disabled: Callable[[Seat], None],
    ) -> None:
        self.spec = spec
        self.section = section
        self.runner = runner
        self.only = only
        self.figures = Figures()
        self.off = ""
        self._clock = clock
        self._tell = tell
        self._disabled = disabled
        self._strikes = Strikes(clock)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.spec.place.name

    @property
    def info(self) -> Info:
        """What it says of itself."""
        return self.runner.info

    @property
    def trusted(self) -> bool:
        """Whether it runs in this process."""
        return self.section.trusted or self.spec.place.kind == "built in"

    @property
    def together(self) -> Local | None:
        """The module, where it shares a thread with others. See `certhia.modules.together`."""
        return self.runner if isinstance(self.runner, Local) and self.runner.together is not None else None

    @property
    def rules(self) -> Watched | None:
        """Rules of its own: it is handed pages only where they find something, and now and then an empty one."""
        return self.runner.rules if isinstance(self.runner, Local) else None

    @property
    def deadline(self) -> float:
        """Seconds of a call."""
        return self.section.deadline or (AT_ONCE if self.info.inline else DEADLINE)

    async def process(self, batch: Shown) -> list[Result]:
        """What it finds in a batch. Raises Failed, and Off once it was switched off."""
        if self.off:
            raise Off(self.off)
        self.figures.entries += len(batch)
        return await self._done(lambda: self.runner.process(batch, self.deadline))

    async def flush(self) -> list[Result]:
        """What it held back. Raises as `process` does."""
        if self.off or "flush" not in self.runner.has:
            return []
        return await self._done(lambda: self.runner.flush(self.deadline))

    async def _done(self, call: Callable[[], Awaitable[Done]]) -> list[Result]:
        try:
            done: Done | Failed = await call()
        except Failed as error:
            done = error
        except (TypeError, ValueError) as error:
            done = _senseless(error)
        return self.settle(done)

    def settle(self, done: Done | Failed) -> list[Result]:
        """Takes down what a call came to, and gives what it found. Raises Failed, also for what is no result."""
        self.figures.calls += 1
        try:
            if isinstance(done, Failed):
                raise done
            results = [checked(one) for one in done.results]
        except Failed as error:
            self.struck(error.fault, str(error))
            raise
        except (TypeError, ValueError) as error:
            failed = _senseless(error)
            self.struck(failed.fault, str(failed))
            raise failed from error
        self.figures.seconds += done.seconds
        if done.late:
            self.struck(Fault.LATE, f"took {done.seconds:.1f} s, {self.deadline:g} s are its deadline")
        else:
            self._strikes.well()
        self.figures.findings += len(results)
        return results

    def struck(self, fault: Fault, text: str) -> None:
        """Something went wrong once more; the third time it is switched off."""
        self.figures.errors += 1
        if self.off:
            return
        self._tell(f"module {self.name}: {text}", level="warning")
        if self._strikes.struck(fault):
            self.off = text
            self._tell(
                f"module {self.name} is switched off after three failures: {text}; change its settings, or restart, to "
                "try it again",
                level="error",
            )
            self._disabled(self)


def _senseless(error: Exception) -> Failed:
    return Failed(Fault.RAISED, f"gave what is no result: {error}")
