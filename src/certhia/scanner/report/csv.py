"""Results as CSV: one line a target, what fits into a cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from certhia.clock import iso
from certhia.render import csv_line
from certhia.scanner.records import Result
from certhia.scanner.report.leaf import Leaf, when
from certhia.scanner.report.words import cipher, version

COLUMNS: Final = (
    "timestamp",
    "target",
    "host",
    "ip",
    "port",
    "server_name",
    "error",
    "step",
    "detail",
    "version",
    "cipher",
    "alpn",
    "names",
    "verdicts",
    "issuer",
    "issuer_organization",
    "subject",
    "not_before",
    "not_after",
    "key",
    "serial",
    "sha256",
    "chain",
    "rules",
)
HEADER: Final = ",".join(COLUMNS) + "\n"


def row(result: Result, leaf: Leaf | None) -> str:
    """One CSV line, with its newline. Several values in a cell are joined with `;`, and one inside a value is
    `\\x3b`; a verdict's severity stands behind a colon; times are RFC 3339. `leaf`: the server's own certificate, None
    where none was seen."""
    target, served, failure = result.target, result.served, result.failure
    cells = [
        iso(result.at),
        target.origin,
        target.host or "",
        target.address,
        str(target.port),
        (served.server_name if served is not None else None) or "",
        *((failure.kind, failure.step, failure.detail) if failure is not None else ("", "", "")),
        *((version(served.version), cipher(served.cipher), served.alpn or "") if served is not None else ("", "", "")),
        _joined(one.name for one in result.names),
        _joined(f"{one.kind}:{one.severity}" for one in result.verdicts),
        *(_of(leaf) if leaf is not None else [""] * 8),
        str(max(len(served.certificates) - 1, 0)) if served is not None else "",
        _joined(hit.rule for hit in result.hits),
    ]
    return csv_line(cells)


def _joined(values: Iterable[str]) -> str:
    """Each once. A separator that a server wrote into a value would make two of it."""
    return ";".join(one.replace(";", "\\x3b") for one in dict.fromkeys(values))


def _of(leaf: Leaf) -> list[str]:
    return [
        leaf.issuer,
        leaf.issuer_organization,
        leaf.subject,
        _day(leaf.not_before),
        _day(leaf.not_after),
        leaf.key,
        leaf.serial,
        leaf.sha256,
    ]


def _day(seconds: int) -> str:
    return iso(seconds) if when(seconds) is not None else ""
