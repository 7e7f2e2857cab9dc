"""What breaks in our own code is told and started again; only a fault of local storage ends the run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from certhia.clock import Clock
from certhia.errors import StateError

Result = TypeVar("Result")

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


async def unbroken(work: Coroutine[Any, Any, Result]) -> Result:
    """Awaits `work` to its end even where the caller is cancelled meanwhile: half a commit helps nobody."""
    task = asyncio.ensure_future(work)  # noqa: TID251  (awaited below, whatever happens)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error from None
        raise


async def unless(stopped: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Does some work, which is cut short once `stopped` is set; gives whether it was done. Raises what it raises."""
    tasks = [asyncio.ensure_future(one) for one in (work, stopped.wait())]  # noqa: TID251  (awaited below)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    if tasks[0].cancelled():
        return False
    tasks[0].result()
    return True
