"""What breaks in our own code is told and started again; only a fault of local storage ends the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from certhia.clock import Clock
from certhia.errors import StateError

LONGEST: Final = 300.0  # seconds until what broke is started again; 2 s the first time, then twice as long each time


async def supervised(work: Callable[[int], Awaitable[None]], tell: Callable[[str], None], clock: Clock) -> None:
    """Runs `work` until it returns; after any exception it is run again.

    `work` is given how often it broke before. Raises StateError: without local storage nothing can go on.
    """
    faults = 0
    while True:
        try:
            await work(faults)
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001  (a fault in our own code: told, counted, survived)
            faults += 1
            pause = min(2.0 ** min(faults, 10), LONGEST)
            tell(f"stopped by {type(error).__name__}: {error}; starts again in {pause:.0f} s")
            await clock.sleep(clock.jitter(pause))
        else:
            return
