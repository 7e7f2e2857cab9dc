"""One server's results, each as a page, JSON or certificates."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable

from certhia.cli.messages import Messages
from certhia.clock import Clock
from certhia.config import Settings
from certhia.library.scanning import scan
from certhia.render import encode, encoding
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Result
from certhia.scanner.report.line import Lines
from certhia.scanner.report.page import page
from certhia.sinks.human import wants_color

GRAVE = ("high", "critical")


async def look(settings: Settings, format: str) -> int:
    """Asks, and prints; gives the exit status. Raises CerthiaError."""
    clock = Clock()
    rules = Watchlist(*settings.watch.rules, files=settings.watch.files) if settings.watch.files else ()
    color = wants_color(settings.output.color, sys.stdout, os.environ)
    show: dict[str, Callable[[Result], str]] = {
        "human": lambda result: page(result, color=color),
        "json": lambda result: Lines().line(result) + "\n",
        "pem": pem,
    }
    tell = Messages(clock, format=settings.output.log_format, least="warning", levels=settings.log.levels)
    charset = encoding(sys.stdout.encoding, os.environ)
    grave = 0
    results = [result async for result in scan((), settings.scan, rules=rules, clock=clock, tell=tell)]
    for number, result in enumerate(results):
        between = "\n" if number and format == "human" else ""
        print(encode(between + show[format](result), charset).decode(charset), end="")
        grave += result.served is None or any(one.severity in GRAVE for one in result.verdicts)
    return 1 if grave or not results else 0


def pem(result: Result) -> str:
    """The certificates that were sent, PEM."""
    ders = result.served.certificates if result.served is not None else ()
    return "".join(_pem(der) for der in ders)


def _pem(der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
