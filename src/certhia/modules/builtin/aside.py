"""Findings that come of no batch: of what was looked up meanwhile, of time that went by."""

from __future__ import annotations

from certhia.modules.api import Outside
from certhia.modules.finding import Finding

REPORTED = "finding.reported"


def report(
    outside: Outside,
    module: str,
    found: Finding,
    *,
    log: str | None = None,
    index: int | None = None,
    match: str | None = None,
    correlation: str = "",
) -> None:
    """Has it known, as the host does with those of a batch. `log` and `index`: of the entry that it is about; `match`:
    the id of the match; `correlation`: of the certificate, where it is no match's."""
    outside.publish(
        REPORTED,
        {
            "module": module,
            "kind": found.kind,
            "severity": found.severity,
            "text": found.text,
            "names": found.names,
            "log": log,
            "index": index,
            "match": match,
            "data": found.data or None,
        },
        correlation=correlation or match or "",
    )
    outside.tell(found.text)
