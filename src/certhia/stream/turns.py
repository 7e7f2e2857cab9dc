"""What clients ask for is read in turn, in a thread that no page waits for: long rules take long.

Newcomers come before those who ask anew, and one address after the other: whoever asks for much waits for itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Result = TypeVar("Result")

IN_A_ROW: Final = 8  # newcomers, then one of the others has its turn

_Line = dict[str, deque[asyncio.Future[None]]]
"""Those who wait, by address; whose turn it is next comes first."""


class Gone(Exception):
    """Whoever asked has gone."""


class Turns:
    """One thread, and who waits for it. For one event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="core_clients")
        self._newcomers: _Line = {}
        self._others: _Line = {}
        self._row = 0  # newcomers who had their turn since one of the others had
        self._busy = False

    async def take(
        self,
        prepare: Callable[[], Callable[[], Result] | None],
        address: str,
        *,
        new: bool,
        over: asyncio.Future[None] | None = None,
    ) -> Result:
        """The result of what is to be done in the thread, which `prepare` says once it is the caller's turn: what has
        changed while it waited counts. `over`: done once nobody waits for it any more.

        Raises Gone then, or where `prepare` gives None; and whatever the work raises.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def drop(_over: asyncio.Future[None]) -> None:
            if not turn.done():
                turn.set_exception(Gone())

        (self._newcomers if new else self._others).setdefault(address, deque()).append(turn)
        if not self._busy:
            self._next()
        if over is not None:
            over.add_done_callback(drop)
        try:
            await turn
            work = prepare()
            if work is None:
                raise Gone
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            if over is not None:
                over.remove_done_callback(drop)
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._next()

    def _next(self) -> None:
        """The next one's turn."""
        self._busy = True
        while self._newcomers or self._others:
            new = bool(self._newcomers) and not (self._others and self._row >= IN_A_ROW)
            self._row = self._row + 1 if new else 0
            turn = _first(self._newcomers if new else self._others)
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False


def _first(line: _Line) -> asyncio.Future[None]:
    """Takes the first one off a line; its address comes last from now on."""
    address = next(iter(line))
    turns = line.pop(address)
    first = turns.popleft()
    if turns:
        line[address] = turns
    return first
