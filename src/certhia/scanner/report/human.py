"""Results for people: one line each."""

from __future__ import annotations

from typing import Final

from certhia.render import column, domain, short, terminal
from certhia.scanner.records import Result, Verdict
from certhia.scanner.report.leaf import Leaf
from certhia.scanner.report.words import version

WHERE: Final = 21  # columns; a longer one pushes the rest
VERSION: Final = 7
NAMES: Final = 3  # names that are shown
ISSUER: Final = 24

DIM, BOLD, RED, GREEN, YELLOW, CYAN, OFF = (
    "\x1b[2m",
    "\x1b[1m",
    "\x1b[31m",
    "\x1b[32m",
    "\x1b[33m",
    "\x1b[1;36m",
    "\x1b[0m",
)
COLOURS: Final = {"info": DIM, "low": YELLOW, "medium": YELLOW, "high": RED, "critical": RED}


def paint(text: str, code: str, color: bool) -> str:
    """`text` in a colour where one is wanted."""
    return f"{code}{text}{OFF}" if color and text else text


def line(result: Result, leaf: Leaf | None, *, color: bool = False) -> str:
    """One line, with its newline: address and port, the name asked for, version, names found, issuer, verdicts, watch
    rules; or why there is nothing."""
    target, served, failure = result.target, result.served, result.failure
    address = f"[{target.address}]" if ":" in target.address else target.address
    where = f"{address or '(none)'}:{target.port}"
    parts = [
        paint(column(where, WHERE), DIM if served is None else BOLD, color),
        paint(domain(target.host), CYAN, color) if target.host else "",
    ]
    if served is not None:
        parts.append(column(version(served.version), VERSION))
        parts.append(_names(result, color))
        parts.append(paint(short(leaf.issuer_organization or leaf.issuer, ISSUER) if leaf else "", DIM, color))
    if failure is not None:
        at = f" at {failure.step}" if failure.step else ""
        detail = f": {terminal(failure.detail)}" if failure.detail else ""
        parts.append(paint(f"{failure.kind}{at}{detail}", RED if served is not None else DIM, color))
    parts += [verdict(one, color) for one in result.verdicts]
    rules = dict.fromkeys(hit.rule for hit in result.hits)
    parts.append(paint(", ".join(short(rule, 60) for rule in [*rules][:NAMES]), YELLOW, color))
    return "  ".join(part for part in parts if part).rstrip() + "\n"


def verdict(one: Verdict, color: bool) -> str:
    """A verdict's kind in the colour of its severity."""
    return paint(one.kind, COLOURS[one.severity], color)


def _names(result: Result, color: bool) -> str:
    names = [*dict.fromkeys(one.name for one in result.names if one.source != "sni")]
    shown = ", ".join(domain(name) for name in names[:NAMES])
    more = f" +{len(names) - NAMES}" if len(names) > NAMES else ""
    return paint(shown, CYAN, color) + paint(more, DIM, color)
