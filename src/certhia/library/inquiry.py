"""A scan by its settings, for commands and programs: what is visited, who is asked, who judges."""

from __future__ import annotations

from asyncio import TaskGroup
from collections.abc import Callable, Sequence
from typing import Final

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.library.asking import Asking, Extract
from certhia.library.examining import examiner_of, guard_of
from certhia.library.expanding import Expansion
from certhia.library.filtering import Filter
from certhia.library.judging import Judging
from certhia.library.planning import plan_of, resolver_of
from certhia.library.resuming import Standing
from certhia.model import Tell
from certhia.render import terminal
from certhia.rules.watchlist import Watchlist
from certhia.scanner.places import Places
from certhia.scanner.records import Result
from certhia.scanner.supply import MAX_OFFERED, Supply

MORE: Final = f"more than --expand-most, or than {MAX_OFFERED:,} that waited for their turn"


class Inquiry:
    """One scan. Made on the loop that it runs on.

    Attributes:
        skipped: gets places of the plan that come to nothing, on the engine's thread.
    """

    def __init__(
        self,
        options: ScanOptions,
        rules: Watchlist | None,
        take: Callable[[Sequence[Result]], None],
        hold: Callable[[], bool],
        clock: Clock,
        tell: Tell,
        *,
        standing: Standing | None = None,
        skipped: Callable[[range], None] = lambda _: None,
        extract: Extract | None = None,
    ) -> None:
        """`take`, `extract` and `hold`: see `Asking`. `standing`: where an earlier run ended. Raises ConfigError."""
        self._tell = tell
        self._taker = take
        self._handled = 0
        self._stopped = False
        self._whole = standing is None or not standing.spans  # what was done before is not looked at again
        self.plan = plan_of(options, None if standing is None else standing.key)
        self._resolver, self._nameservers = resolver_of(options, clock)
        self._supply = Supply(
            self.plan,
            self._resolver,
            done=Places(0, standing.spans) if standing is not None else None,
            complain=self._complain,
            wake=self._wake,
            skip=skipped,
            handled=(lambda: self._handled) if options.expand or options.follow else None,
            crowded=options.per_host is not None,
            clock=clock,
        )
        self._expansion = Expansion(options, self._supply.offer) if options.expand or options.follow else None
        self._guard = guard_of(options, clock)
        self._filter = Filter(options)
        self._examiner = examiner_of(options, self._guard, clock)
        self._asking = Asking(
            options,
            self._supply.pull,
            Judging(self._examiner, rules, self._filter),
            take if self._expansion is None else self._take,
            hold=hold,
            pointers=self._resolver.pointers if options.ptr else None,
            look_up=self._supply.look_up,
            extract=extract,
            clock=clock,
            tell=self._complain,
        )

    @property
    def total(self) -> int | None:
        """How many targets there are; None while that is not known."""
        return self._supply.known if self._supply.complete else None

    @property
    def left_out(self) -> int | None:
        """How many names were not told; None where all are."""
        return self._filter.left_out if self._filter.narrow else None

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called before its end."""
        return self._stopped

    @property
    def busy(self) -> int:
        """How many targets are being asked."""
        return self._asking.engine.busy

    @property
    def limit(self) -> int:
        """How many targets may be asked at once, at this moment."""
        return self._asking.engine.limit

    async def run(self) -> None:
        """Until all are asked, or `stop`. Raises what `take` raised, and ConfigError for targets that can't be read."""
        try:
            async with TaskGroup() as group:
                supplying = group.create_task(self._supply.run())
                try:
                    await self._asking.run()
                finally:
                    self._supply.stop()
                    supplying.cancel()
            if self._whole and not self._stopped:
                for entry in self.plan.excluded.unmet:
                    self._complain(f"--exclude {terminal(entry)}: left out nothing: no target is among that")
        finally:
            if self._expansion is not None and self._expansion.left_out:
                self._complain(f"{self._expansion.left_out:,} hosts that results lead to are not asked: {MORE}")
            await self._examiner.close()
            if self._guard is not None:
                await self._guard.close()
            await self._nameservers.close()

    def stop(self) -> None:
        """Ends it now: what is open is closed, and comes as a failure "stopped". Any thread may call it, also twice."""
        self._stopped = True
        self._supply.stop()
        self._asking.stop()

    def _take(self, results: Sequence[Result]) -> None:
        """With what they lead to."""
        assert self._expansion is not None
        self._taker(results)
        self._expansion.consider(results)
        self._handled += len(results)

    def _wake(self) -> None:
        self._asking.engine.wake()

    def _complain(self, text: str) -> None:
        self._tell(text, level="warning")
