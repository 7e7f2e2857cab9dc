"""The live picture on a terminal: one line a log, redrawn in place under what is printed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from certhia import render
from certhia.logs.status import Status
from certhia.model import Health

COLOURS = {
    Health.HEALTHY: "\x1b[32m",
    Health.DEGRADED: "\x1b[33m",
    Health.FAILED: "\x1b[31m",
    Health.FROZEN: "\x1b[31m",
}
RESET = "\x1b[0m"
ERASE_DOWN = "\x1b[J"
WIDTHS = (13, 13, 14, 10)  # of position, verified, lag, rate
LEAST = (3, 1, 2)  # which of them are missed least, in this order
NAME = 12  # columns that a log's name should have
HEALTH = 10


def age(seconds: float) -> str:
    """`42s`, `7m`, `3h`, `2d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def line(status: Status, now: float, width: int, *, colour: bool) -> str:
    """One log in one line of at most `width` columns."""
    if status.finished:
        health = "finished"
    elif status.head is None and not status.error:
        health = "starting"
    else:
        health = status.health.value
    lag = f"{status.lag:,}"
    if seconds := status.lag_seconds(now):
        lag += f" ({age(seconds)})"
    proven = f"{status.verified:,}" if status.provable else "unverified"
    name = render.terminal(status.log.description or status.log.url)
    row = _row(name, (f"{status.position:,}", proven, lag, f"{status.rate:,.0f}/s"), width)
    return f"{row}{COLOURS[status.health]}{health}{RESET}" if colour else f"{row}{health}"


def heading(width: int) -> str:
    """The titles of the columns of `line`."""
    return f"{_row('log', ('position', 'verified', 'lag', 'rate'), width)}health"


def _row(name: str, figures: Sequence[str], width: int) -> str:
    """All but the health. Where columns are few, the rate is left out, then the verified position, then the lag."""
    places = list(range(len(figures)))
    for least in LEAST:
        if NAME + sum(WIDTHS[place] + 1 for place in places) + HEALTH <= width:
            break
        places.remove(least)
    shown = "".join(f"{figures[place]:>{WIDTHS[place]}} " for place in places)
    room = max(width - len(shown) - HEALTH, 0)
    return f"{name[:room]:<{room}}{shown}"


class Live:
    """Draws `lines()` at the bottom of a terminal.

    Writers to the same terminal go through `aside`; all of it happens on the event loop's thread.
    """

    def __init__(self, stream: TextIO, lines: Callable[[int], Sequence[str]]) -> None:
        """`lines` gives the lines for a width in columns."""
        self._stream = stream
        self._lines = lines
        self._drawn = 0
        self._asides = 0
        self._open = True

    def draw(self) -> None:
        """Draws anew, unless something else is being printed."""
        if not self._open or self._asides:
            return
        columns, rows = shutil.get_terminal_size()
        lines = list(self._lines(columns - 1))
        if len(lines) > rows - 2:
            hidden = len(lines) - (rows - 3)
            lines = [*lines[: rows - 3], f"... and {hidden} more: certhia logs shows all"]
        self._write(self._up() + "".join(f"{text}\n" for text in lines))
        self._drawn = len(lines)

    def clear(self) -> None:
        """Takes the picture away until it is drawn again."""
        if self._drawn and not self._asides:
            self._write(self._up())
            self._drawn = 0

    def close(self) -> None:
        """Takes the picture away for good."""
        self._write(self._up())
        self._drawn = 0
        self._open = False

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Room for something else to be printed; the picture comes back under it."""
        if self._open:
            self._write(self._up())
            self._drawn = 0
        self._asides += 1
        try:
            yield
        finally:
            self._asides -= 1

    def _up(self) -> str:
        return f"\x1b[{self._drawn}F{ERASE_DOWN}" if self._drawn else ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # the terminal is gone: nothing to draw on
            self._open = False
