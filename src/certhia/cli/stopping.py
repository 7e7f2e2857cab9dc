"""Signals that end a run: in order at the first, at once at a second."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from typing import Final

from certhia.cli import INTERRUPTED
from certhia.clock import Clock

ONE_WISH: Final = 0.5  # seconds; GNU `timeout` signals the process and then its group, which is both at once


def stop_on(numbers: Sequence[signal.Signals], stop: Callable[[], None], clock: Clock) -> Callable[[int], None]:
    """Calls `stop` at the first of these signals, on the running loop; leaves the process at a second. The same one
    within `ONE_WISH` is not a second. Returns what handles them."""
    first: tuple[int, float] | None = None

    def asked(number: int) -> None:
        nonlocal first
        now = clock.monotonic()
        if first is None:
            first = number, now
            stop()
        elif first[0] != number or now - first[1] >= ONE_WISH:
            os._exit(INTERRUPTED)

    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, asked, number)
    return asked
