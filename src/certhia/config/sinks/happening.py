"""The types of events that sinks may ask for besides matches, alarms, and what probes and scans find."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Final

from pydantic import AfterValidator

from certhia.config.nearness import near
from certhia.config.values import Written
from certhia.render import quoted

RECORDS: Final = ("match", "alarm", "probe", "scan")
TYPES: Final = (
    *("match.found", "certificate.found", "domain.discovered", "vulnerability.detected", "finding.reported"),
    *("log.degraded", "log.failed", "log.misbehaved", "log.recovered"),
    *("module.loaded", "module.disabled", "worker.started", "worker.stopped", "config.reloaded"),
    *("scan.started", "scan.progress", "scan.completed", "scan.failed"),
)


def _event(value: str) -> str:
    if value in RECORDS or any(fnmatchcase(one, value) for one in TYPES):
        return value
    raise ValueError(
        f"{quoted(value)} is no event, and no glob of events such as scan.*{near(value, (*RECORDS, *TYPES))}"
    )


Event = Annotated[str, AfterValidator(_event), Written("match, alarm, probe, scan, or types of events as globs")]
