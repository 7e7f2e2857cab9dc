"""What the program says about itself, on stderr: plain lines, or JSON objects for log collectors."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO

from certhia import render
from certhia.cli.progress import Live
from certhia.clock import Clock, iso

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Messages:
    """Callable as `certhia.pipeline.Tell`."""

    def __init__(self, clock: Clock, *, format: str, least: str, stream: TextIO | None = None) -> None:
        """`format`: "text" or "json". `least`: the lowest level that is shown."""
        self.live: Live | None = None
        self._clock = clock
        self._stream = stream or sys.stderr
        self.adopt(format=format, least=least)

    def adopt(self, *, format: str, least: str) -> None:
        """Speaks so from now on."""
        self._least = LEVELS[least]
        self._json = _json(self.write) if format == "json" else None

    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        if LEVELS[level] < self._least:
            return
        now, named = iso(self._clock.now()), {"log": log} if log else {}
        if self._json is not None:
            self._json.log(LEVELS[level], text, **named, time=now)
            return
        mark = "" if level in ("info", "debug") else f"{level}: "
        line = f"{log}: {text}" if log else text
        self.write(f"{now[11:19]} {mark}{render.terminal(line)}")

    def write(self, line: str) -> None:
        """One line, as it stands, out of the way of the live picture."""
        with self.live.aside() if self.live is not None else nullcontext():
            try:
                print(line, file=self._stream, flush=True)
            except OSError:  # nobody reads stderr: there is no other place to say so
                return


def _json(write: Callable[[str], None]) -> FilteringBoundLogger:
    """A logger whose lines are JSON objects."""
    import structlog  # (brings rich along: 8 MB that plain lines do without)

    logger: FilteringBoundLogger = structlog.wrap_logger(
        _Printer(write),
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(ensure_ascii=True)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )
    return logger


class _Printer:
    """The logger that structlog wraps: any level is one line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.msg = self.debug = self.info = self.warning = self.error = write
