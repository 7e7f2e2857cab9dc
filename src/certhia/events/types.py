"""What can happen: a type of event each, with its fields. A change that breaks readers makes a new version of it.

Fields are only added within a version. `certhia schema events` has all of this as JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

Severity: TypeAlias = Literal["info", "low", "medium", "high", "critical"]


class Body:
    """The data of an event.

    Attributes:
        type: what happened.
        form: the version of the fields.
    """

    __slots__ = ()

    type: ClassVar[str]
    form: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class MatchFound(Body):
    """A certificate that concerns somebody: once for each issuance, when it is about to be told."""

    type: ClassVar[str] = "match.found"

    id: Annotated[str, "of the match, 64 hex digits: the `id` of its record wherever it is told"]
    kind: Annotated[str, "`alert`, `possible` or `expected`"]
    severity: Annotated[Severity, "`info`, `low`, `medium` or `high`, as sinks route by it"]
    names: Annotated[tuple[str, ...], "the certificate's, at most 100"]
    rules: Annotated[tuple[str, ...], "that matched, as they were written, at most 100"]
    programmes: Annotated[tuple[str, ...], "that they belong to"]
    log: Annotated[str, "URL of the log"]
    index: Annotated[int, "of the entry in that log"]
    verified: Annotated[bool, "whether a signed head covered the entry by then"]


@dataclass(frozen=True, slots=True)
class CertificateFound(Body):
    """A certificate of a match, or one that a scan met first; never one for every entry of a log."""

    type: ClassVar[str] = "certificate.found"

    sha256: Annotated[str, "of the certificate, or of the precertificate as submitted, hex"]
    names: Annotated[tuple[str, ...], "its DNS names and addresses, at most 100"]
    issuer: Annotated[str, "distinguished name, RFC 4514 style"]
    serial: Annotated[str, "upper-case hex"]
    not_before: Annotated[int, "Unix seconds"]
    not_after: Annotated[int, "Unix seconds"]
    seen: Annotated[str, "where: URL of the log, or `ADDRESS:PORT` of the server"]


@dataclass(frozen=True, slots=True)
class DomainDiscovered(Body):
    """A name that a rule matched, or that a scan found: the first time in this run, of the last 65,536 names."""

    type: ClassVar[str] = "domain.discovered"

    name: Annotated[str, "A-labels, lower case; may begin with `*.`"]
    source: Annotated[str, "where it stood: `san`, `cn`, `sni`, `csp`, `script`, `ptr`, `redirect`, a module's word"]
    confidence: Annotated[float, "0 to 1"]
    seen: Annotated[str, "URL of the log, or `ADDRESS:PORT` of the server"]
    programmes: Annotated[tuple[str, ...], "of the rules that it matched"] = ()


@dataclass(frozen=True, slots=True)
class VulnerabilityDetected(Body):
    """A scanner's verdict against a server, of low severity or above."""

    type: ClassVar[str] = "vulnerability.detected"

    kind: Annotated[str, "`expired`, `mismatched`, `untrusted`, `weak-key`, ...: as verdicts of a scan"]
    severity: Annotated[Severity, "`low`, `medium`, `high` or `critical`"]
    detail: Annotated[str, "why, for people"]
    host: Annotated[str | None, "the server's name, where it was asked by one"]
    address: Annotated[str, "numeric"]
    port: Annotated[int, "TCP"]
    sha256: Annotated[str, "of the certificate that was shown, hex; empty for none"]
    programmes: Annotated[tuple[str, ...], "of the watch rules that the server's certificate matches"] = ()


@dataclass(frozen=True, slots=True)
class FindingReported(Body):
    """Something that a module found."""

    type: ClassVar[str] = "finding.reported"

    module: Annotated[str, "its name"]
    kind: Annotated[str, "a word of the module's own"]
    severity: Annotated[Severity, "`info`, `low`, `medium` or `high`"]
    text: Annotated[str, "for people"]
    names: Annotated[tuple[str, ...], "that it is about"] = ()
    log: Annotated[str | None, "URL of the log, where it is about an entry"] = None
    index: Annotated[int | None, "of that entry"] = None
    match: Annotated[str | None, "id of the match, where it is about one"] = None
    data: Annotated[Mapping[str, Any] | None, "what the module says besides"] = None


@dataclass(frozen=True, slots=True)
class LogDegraded(Body):
    """A log can't be read as it should be: something is late or wrong, and what was read stays right."""

    type: ClassVar[str] = "log.degraded"

    log: Annotated[str, "what people call it"]
    kind: Annotated[str, "of the alarm: `stale`, `withheld`, `backlog`, `promise`, `unread`, ..."]
    text: Annotated[str, "what is wrong"]


@dataclass(frozen=True, slots=True)
class LogFailed(Body):
    """A log can't be read at all, or its follower broke."""

    type: ClassVar[str] = "log.failed"

    log: Annotated[str, "what people call it"]
    kind: Annotated[str, "of the alarm"]
    text: Annotated[str, "what is wrong"]


@dataclass(frozen=True, slots=True)
class LogMisbehaved(Body):
    """A log contradicted itself, or broke a promise that it had signed."""

    type: ClassVar[str] = "log.misbehaved"

    log: Annotated[str, "what people call it"]
    kind: Annotated[str, "of the alarm"]
    text: Annotated[str, "what it did, and where the evidence is"]


@dataclass(frozen=True, slots=True)
class LogRecovered(Body):
    """What a `log.degraded`, `log.failed` or `log.misbehaved` told of is over."""

    type: ClassVar[str] = "log.recovered"

    log: Annotated[str, "what people call it"]
    kind: Annotated[str, "of the alarm"]
    text: Annotated[str, "what was wrong"]


@dataclass(frozen=True, slots=True)
class ModuleLoaded(Body):
    """A module is at work."""

    type: ClassVar[str] = "module.loaded"

    module: Annotated[str, "its name"]
    version: Annotated[str, "its own"]


@dataclass(frozen=True, slots=True)
class ModuleDisabled(Body):
    """A module was switched off: it failed three times, or is no longer configured."""

    type: ClassVar[str] = "module.disabled"

    module: Annotated[str, "its name"]
    why: Annotated[str, "for people"]


@dataclass(frozen=True, slots=True)
class WorkerStarted(Body):
    """The process that modules of others run in is there."""

    type: ClassVar[str] = "worker.started"

    worker: Annotated[str, "what it is for"]
    pid: Annotated[int, "its process id"]


@dataclass(frozen=True, slots=True)
class WorkerStopped(Body):
    """That process is gone."""

    type: ClassVar[str] = "worker.stopped"

    worker: Annotated[str, "what it was for"]
    pid: Annotated[int, "its process id"]
    why: Annotated[str, "for people; empty at an orderly end"] = ""


@dataclass(frozen=True, slots=True)
class ConfigReloaded(Body):
    """Settings, or rules, were read again, as something changed or somebody asked for it, and are in force."""

    type: ClassVar[str] = "config.reloaded"

    what: Annotated[str, "what was read again: `settings`, `rules`, `own certificates`, ..."]
    changes: Annotated[tuple[str, ...], "what differs, in words; at most 100"]


@dataclass(frozen=True, slots=True)
class ScanStarted(Body):
    """A scan begins."""

    type: ClassVar[str] = "scan.started"

    scan_id: Annotated[str, "the scan's id, 32 hex digits"]
    targets: Annotated[tuple[str, ...], "as they were given, at most 100"]


@dataclass(frozen=True, slots=True)
class ScanProgress(Body):
    """How far a scan is: every 5 seconds while anything moves."""

    type: ClassVar[str] = "scan.progress"

    scan_id: Annotated[str, "the scan's id"]
    progress: Annotated[float | None, "0 to 1; null while the number of targets is not known"]
    done: Annotated[int, "targets; of a scan that was gone on with all of them"]
    total: Annotated[int | None, "targets; null while it is not known"]
    answered: Annotated[int, "targets that showed something to this run"]
    domains_found: Annotated[int, "different names of this run so far; of a large scan about so many"]


@dataclass(frozen=True, slots=True)
class ScanCompleted(Body):
    """A scan came to its end, or was stopped by its user."""

    type: ClassVar[str] = "scan.completed"

    scan_id: Annotated[str, "the scan's id"]
    done: Annotated[int, "targets; of a scan that was gone on with all of them"]
    answered: Annotated[int, "targets that showed something to this run"]
    domains_found: Annotated[int, "different names of this run"]
    seconds: Annotated[float, "how long it took"]
    stopped: Annotated[bool, "whether it was stopped before its end"]


@dataclass(frozen=True, slots=True)
class ScanFailed(Body):
    """A scan ended with an error."""

    type: ClassVar[str] = "scan.failed"

    scan_id: Annotated[str, "the scan's id"]
    error: Annotated[str, "for people"]
    done: Annotated[int, "targets until then"]


@dataclass(frozen=True, slots=True)
class EventsMissed(Body):
    """For one subscriber alone: so many events came faster than it took them, and stood in this place."""

    type: ClassVar[str] = "events.missed"

    count: Annotated[int, "events that are missing"]
    types: Annotated[Mapping[str, int], "how many of which type"]


BODIES: Final[tuple[type[Body], ...]] = (
    MatchFound,
    CertificateFound,
    DomainDiscovered,
    VulnerabilityDetected,
    FindingReported,
    LogDegraded,
    LogFailed,
    LogMisbehaved,
    LogRecovered,
    ModuleLoaded,
    ModuleDisabled,
    WorkerStarted,
    WorkerStopped,
    ConfigReloaded,
    ScanStarted,
    ScanProgress,
    ScanCompleted,
    ScanFailed,
    EventsMissed,
)
KINDS: Final[Mapping[str, type[Body]]] = {one.type: one for one in BODIES}


def data_of(body: Body) -> dict[str, object]:
    """A body's fields, ready for JSON."""
    names, values, several = _READ[body.type]
    found: dict[str, object] = dict(zip(names, values(body), strict=True))
    for name in several:
        found[name] = [*found[name]]  # type: ignore[misc]
    return found


def _read(kind: type[Body]) -> tuple[tuple[str, ...], Callable[[Body], tuple[object, ...]], tuple[str, ...]]:
    """The names of its fields, what reads them, and those that hold several values. It has two fields at least."""
    those = fields(kind)  # type: ignore[arg-type]
    names = tuple(field.name for field in those)
    return names, attrgetter(*names), tuple(field.name for field in those if "tuple[" in str(field.type))


_READ: Final = {one.type: _read(one) for one in BODIES}
