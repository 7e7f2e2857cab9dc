"""Work that runs beside a loop of the user's, and ends with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from certhia import render
from certhia.errors import CerthiaError, first_of

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Beside:
    """Runs `work` until it returns; at the end of the block, whatever that is, waits for it.

        async with Beside(work, done) as task: ...

    `done` is called when it has returned; whoever leaves the block must have asked it to. Errors of it are raised at
    the end of the block, an error of ours instead of the group that it came in.
    """

    # No generator with a decorator: where a program ends with its own generators left open, the loop closes all that
    # there are at once, this one under the hands of the one that it belongs to. No TaskGroup: it would cancel the
    # program's own code, in the midst of it, when something here fails.

    def __init__(self, work: Coroutine[object, object, None], done: Callable[[], None]) -> None:
        self._work = work
        self._done = done
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> asyncio.Task[None]:
        self._task = asyncio.get_running_loop().create_task(self._work)
        self._task.add_done_callback(lambda _: self._done())
        return self._task

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        task = self._task
        assert task is not None
        try:
            await asyncio.wait([task])
        finally:  # the program has no more patience
            task.cancel()
        if kind is not None or task.cancelled() or (error := task.exception()) is None:
            return
        first = first_of(error) if isinstance(error, BaseExceptionGroup) else error
        raise first if isinstance(first, CerthiaError) else error


def logged(text: str, *, level: str = "info", log: str = "") -> None:
    """A message as a record of the logger `certhia`; the log that it is about stands before it."""
    logging.getLogger("certhia").log(LEVELS[level], "%s", render.terminal(f"{log}: {text}" if log else text))
