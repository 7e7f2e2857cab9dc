"""A trusted module, in the main process: what is no coroutine runs in a thread of its own. Nothing can be stopped here:
who is late is waited for, and told of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Final, cast

from certhia.clock import Clock
from certhia.errors import CerthiaError, ConfigError
from certhia.model import Tell, Watched
from certhia.modules.api import Info, Outside, Sees
from certhia.modules.batch import Entries, Shown
from certhia.modules.configured import Spec, configured
from certhia.modules.failing import Failed, Fault
from certhia.modules.finding import Result
from certhia.modules.lane import Lane
from certhia.modules.loading import load
from certhia.modules.runner import Done
from certhia.modules.running import Running

SETUP: Final = 60.0  # seconds until a module that is still being set up is told of
FLUSH: Final = 20.0  # seconds at least that it has at the end for what it held back: all else would wait for ever
CLOSING: Final = 10.0


class Local:
    """One trusted module. See `Runner`.

    Attributes:
        together: the thread in which `look` may be called, which others share; None where it may not.
        lock: a module is called by one at a time.
    """

    def __init__(
        self,
        running: Running,
        executor: Lane | None,
        clock: Clock,
        tell: Tell,
        together: ThreadPoolExecutor | None = None,
    ) -> None:
        """`executor`: its own thread, to be ended with it; else `together` is that which it shares."""
        self.together = together if running.at_once else None
        self.lock = asyncio.Lock()
        self._running = running
        self._executor = executor
        self._clock = clock
        self._tell = tell

    @classmethod
    async def start(
        cls,
        spec: Spec,
        outside: Callable[[Info], Outside],
        clock: Clock,
        tell: Tell,
        together: ThreadPoolExecutor | None = None,
    ) -> Local:
        """Loads a module and sets it up. Raises ConfigError where it can't be.

        `together`: the thread of all modules of ours that see entries: they are handed a page one after the other
        anyway, and each finds it where the one before had it, in the caches of the same processor.
        """
        executor = Lane(f"module-{spec.place.name}")
        loop, thread = asyncio.get_running_loop(), cast("Executor", executor)

        async def run(function: Callable[[], Any]) -> Any:
            return await loop.run_in_executor(thread, function)

        try:
            plugged = await run(lambda: load(spec.place))
            running = Running(plugged, clock=clock, ttl=spec.ttl, run=run)
            if together is not None and spec.place.kind == "built in" and plugged.info.sees is Sees.ENTRIES:
                thread = together
                executor.shutdown(wait=False)
            own = thread is executor
            one = cls(running, executor if own else None, clock, tell, None if own else together)
            config = configured(spec, plugged.info)
            await one._timed(running.setup(config, outside(plugged.info)), SETUP)
        except (ConfigError, asyncio.CancelledError):
            executor.shutdown(wait=False)
            raise
        except BaseException as error:
            executor.shutdown(wait=False)
            if isinstance(error, KeyboardInterrupt):
                raise
            raise ConfigError(f"module {spec.place.name}: {type(error).__name__}: {error}") from error
        return one

    @property
    def info(self) -> Info:
        """See `Runner`."""
        return self._running.plugged.info

    @property
    def has(self) -> frozenset[str]:
        """See `Runner`."""
        return frozenset(
            hook for hook in ("process", "extract", "reconfigure", "flush") if self._running.plugged.has(hook)
        )

    @property
    def rules(self) -> Watched | None:
        """Those by which it is handed pages, of now."""
        return self._running.plugged.rules

    @property
    def keys(self) -> dict[str, str]:
        """See `Runner`."""
        return {name: str(field.description or "") for name, field in self.info.config.model_fields.items()}

    @property
    def begins(self) -> bool:
        """See `Runner`."""
        return False

    async def process(self, batch: Shown, deadline: float) -> Done:
        """See `Runner`; gives what it found also where it was late."""
        return await self._done(lambda: self._running.process(batch), deadline)

    def look(self, entries: Entries) -> list[Result] | Failed:
        """What it finds in a page, here and now: for who is in the thread `together`, and has the lock."""
        try:
            return self._running.here(entries)
        except (Exception, SystemExit, GeneratorExit) as error:  # noqa: BLE001  (whatever code it is, it is told)
            return _failed(error)

    def late(self, deadline: float) -> None:
        """Has it told that a call lasts longer than so many seconds."""
        self._tell(
            f"module {self.info.name}: has not come back for {deadline:g} s; it is trusted, so it is waited for",
            level="warning",
        )

    async def reconfigure(self, spec: Spec) -> None:
        """See `Runner`."""
        async with self.lock:
            try:
                await self._running.reconfigure(configured(spec, self.info))
            except CerthiaError:
                raise
            except Exception as error:
                raise Failed(Fault.RAISED, f"{type(error).__name__}: {error}") from error

    async def flush(self, deadline: float) -> Done:
        """See `Runner`."""
        most = max(deadline, FLUSH)
        try:
            async with self._clock.deadline(most):
                return await self._done(self._running.flush, deadline)
        except TimeoutError:
            why = f"did not come back within {most:g} s: what it held back is not told"
            raise Failed(Fault.LATE, why) from None

    async def close(self) -> None:
        """See `Runner`."""
        try:
            async with self._clock.deadline(CLOSING), self.lock:
                await self._running.close()
        except TimeoutError:
            text = f"did not end within {CLOSING:g} s; it is left behind, and ends with the program"
            self._tell(f"module {self.info.name}: {text}", level="warning")
        except Exception as error:  # noqa: BLE001  (other people's code, which is done with)
            self._tell(f"module {self.info.name}: close: {type(error).__name__}: {error}", level="warning")
        finally:
            if self._executor is not None:
                self._executor.shutdown(wait=False)

    async def _done(self, call: Callable[[], Awaitable[list[Result]]], deadline: float) -> Done:
        async with self.lock:
            began = self._clock.monotonic()
            try:
                results, late = await self._timed(call(), deadline)
            except (Exception, SystemExit, GeneratorExit) as error:
                raise _failed(error) from error
            return Done(results, self._clock.monotonic() - began, late)

    async def _timed(self, call: Awaitable[Any], deadline: float) -> tuple[Any, bool]:
        """What a call gives, and whether it took longer; that is told while it lasts."""
        timer = asyncio.get_running_loop().call_later(deadline, self.late, deadline)
        began = self._clock.monotonic()
        try:
            found = await call
        finally:
            timer.cancel()
        return found, self._clock.monotonic() - began > deadline


def _failed(error: BaseException) -> Failed:
    return Failed(Fault.RAISED, f"{type(error).__name__}: {error}")
