"""What the program says about itself, on stderr: plain lines, or JSON objects for log collectors."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import nullcontext
from typing import Any, TextIO

import structlog

from certhia import render
from certhia.cli.progress import Live
from certhia.clock import Clock, iso

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Messages:
    """Callable as `certhia.pipeline.Tell`."""

    def __init__(self, clock: Clock, *, format: str, least: str, stream: TextIO | None = None) -> None:
        """`format`: "text" or "json". `least`: the lowest level that is shown."""
        self.live: Live | None = None
        self._clock = clock
        self._stream = stream or sys.stderr
        self._logger = structlog.wrap_logger(
            _Printer(self),
            processors=[
                structlog.processors.add_log_level,
                self._stamp,
                structlog.processors.JSONRenderer(ensure_ascii=True) if format == "json" else _plain,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[least]),
        )

    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        self._logger.log(LEVELS[level], text, **({"log": log} if log else {}))

    def write(self, line: str) -> None:
        """One line, as it stands, out of the way of the live picture."""
        with self.live.aside() if self.live is not None else nullcontext():
            try:
                print(line, file=self._stream, flush=True)
            except OSError:  # nobody reads stderr: there is no other place to say so
                return

    def _stamp(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["time"] = iso(self._clock.now())
        return event


class _Printer:
    """The logger that structlog wraps: any level is one line."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def msg(self, line: str) -> None:
        self._messages.write(line)

    debug = info = warning = error = msg


def _plain(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    level = event["level"]
    mark = "" if level in ("info", "debug") else f"{level}: "
    log = f"{event['log']}: " if event.get("log") else ""
    return f"{event['time'][11:19]} {mark}{render.terminal(log + str(event['event']))}"
