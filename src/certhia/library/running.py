"""Work that runs beside a loop of the user's, and ends with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from certhia import render
from certhia.errors import CerthiaError, first_of

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


@asynccontextmanager
async def beside(work: Coroutine[object, object, None], done: Callable[[], None]) -> AsyncIterator[asyncio.Task[None]]:
    """Runs `work` until it returns; at the end of the block, whatever that is, waits for it.

    `done` is called when it has returned; whoever leaves the block must have asked it to. Errors of it are raised at
    the end of the block, an error of ours instead of the group that it came in.
    """
    # No TaskGroup: it would cancel the user's own code, in the midst of it, when something here fails.
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(lambda _: done())
    try:
        yield task
    finally:
        try:
            await asyncio.wait([task])
        finally:  # the user has no more patience
            task.cancel()
    if not task.cancelled() and (error := task.exception()) is not None:
        first = first_of(error) if isinstance(error, BaseExceptionGroup) else error
        raise first if isinstance(first, CerthiaError) else error


def logged(text: str, *, level: str = "info", log: str = "") -> None:
    """A message as a record of the logger `certhia`; the log that it is about stands before it."""
    logging.getLogger("certhia").log(LEVELS[level], "%s", render.terminal(f"{log}: {text}" if log else text))
