"""The types of events that sinks may ask for besides matches, alarms, and what probes and scans find. Modules have
types of their own, which nobody knows beforehand."""

from __future__ import annotations

import difflib
import re
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


FAMILIES: Final = frozenset(one.partition(".")[0] for one in (*RECORDS, *TYPES))
ALIKE: Final = 0.75  # of words that one may be meant by the other

_OWN: Final = re.compile(r"([a-z0-9_-]+)(?:\.[a-z0-9_*?-]+)+")  # types of modules, and globs of them


def _is_own(value: str) -> bool:
    """Whether it may be what a module publishes: it begins as nothing of ours does, nor nearly so."""
    found = _OWN.fullmatch(value)
    return found is not None and not difflib.get_close_matches(found[1], FAMILIES, 1, ALIKE)


def _event(value: str) -> str:
    if value in RECORDS or any(fnmatchcase(one, value) for one in TYPES) or _is_own(value):
        return value
    raise ValueError(
        f"{quoted(value)} is no event, and no glob of events such as scan.*{near(value, (*RECORDS, *TYPES))}"
    )


Event = Annotated[str, AfterValidator(_event), Written("match, alarm, probe, scan, or types of events as globs")]
