"""What the program says about itself, on stderr: plain lines, or JSON objects for log collectors."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO

from certhia import render
from certhia.cli.progress import Live
from certhia.cli.speaker import speaker
from certhia.clock import Clock, iso
from certhia.concerning import certificate
from certhia.config.levels import levels as by_room

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SHOWN = 16  # digits of a certificate's id in plain lines


class Messages:
    """Callable as `certhia.pipeline.Tell`.

    Attributes:
        run: names this run among others: the correlation id of what is about no single certificate.
    """

    def __init__(
        self, clock: Clock, *, format: str, least: str, levels: Iterable[str] = (), stream: TextIO | None = None
    ) -> None:
        """`format`: "text" or "json". `least`: the lowest level that is shown. `levels`: those of single rooms
        (`certhia.config.levels`)."""
        self.live: Live | None = None
        self.run = secrets.token_hex(8)
        self._clock = clock
        self._stream = stream or sys.stderr
        self.adopt(format=format, least=least, levels=levels)

    def adopt(self, *, format: str, least: str, levels: Iterable[str] = ()) -> None:
        """Speaks so from now on."""
        self._least = LEVELS[least]
        self._rooms = {room: LEVELS[one] for room, one in by_room(levels).items()}
        self._lowest = min([self._least, *self._rooms.values()])
        self._json = _json(self.write) if format == "json" else None

    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        if LEVELS[level] < self._lowest:
            return
        room, concerned = speaker(), certificate()
        if LEVELS[level] < self._rooms.get(room, self._least):
            return
        now = iso(self._clock.now())
        said = {"room": room, "log": log, "certificate": concerned}
        named = {name: value for name, value in said.items() if value}
        if self._json is not None:
            self._json.log(LEVELS[level], text, **named, correlation_id=concerned or self.run, time=now)
            return
        mark = "" if level in ("info", "debug") else f"{level}: "
        line = f"{log}: {text}" if log else text
        line += f" [{concerned[:SHOWN]}]" if concerned else ""
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
