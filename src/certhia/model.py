"""The frozen records that stages hand to each other. No behaviour beyond what their fields imply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, runtime_checkable
from typing import Protocol as Protocol_

from certhia.errors import CerthiaError

if TYPE_CHECKING:
    from certhia._core import Matcher, Page, Scan


# (rule number, name, where, why, detail, score)
# where: "san", "cn", "ip"; for rules on the whole certificate "issuer", "subject", "key", "certificate".
# why: "exact", "apex", "below", "wildcard", "cidr", "everything", "keyword", "regex", "lookalike", "issuer",
#   "organization", "key", "certificate", "possible" (a label that nobody can read may stand for it).
# detail: what there is to explain besides: the trick of a look-alike ("homoglyph", "keyboard", "edit", "added", "tld"),
#   the text that a keyword, regex, issuer or organization rule found; else "".
# score: 1 to 100 of a look-alike, else 0.
Hit = tuple[int, str, str, str, str, int]


class Protocol(StrEnum):
    """How a log is read."""

    RFC6962 = "rfc6962"
    STATIC = "static"
    HYBRID = "hybrid"  # get-sth for heads, /tile/data for entries (ct-facts C1)


class Health(StrEnum):
    """How a log is doing, as users know it."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILED = "failed"
    FROZEN = "frozen"  # it contradicted itself: nothing more of it is verified until a human accepts


@dataclass(frozen=True, slots=True)
class FinalHead:
    """The last head of a log that takes no more entries, as the log list gives it."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """One log as a log list describes it (log list v3). URLs end in a slash.

    `submission_url` gives the origin of a static log's checkpoints; `monitoring_url` is where bytes come from. For an
    RFC 6962 log both are the list's `url`, without `ct/v1/`.

    Attributes:
        id: SHA-256 of the key, 32 bytes.
        key: SubjectPublicKeyInfo, DER.
        description: the list's words for it.
        operator: who runs it.
        protocol: how it is read.
        submission_url: where certificates are submitted; what people know it by.
        monitoring_url: where its entries are read.
        mmd: the maximum merge delay, seconds.
        state: "pending", "qualified", "usable", "readonly", "retired" or "rejected"; None where the list gives none.
        state_since: since when it is in that state.
        interval: [start, end) of the expiry dates that it takes; None for any.
        final: its last head, where it takes no more entries.
        log_type: None, "test", "monitoring_only", or what lists may bring.
        sources: the lists that have it: "google", "apple", "file", "option".
    """

    id: bytes
    key: bytes
    description: str
    operator: str
    protocol: Protocol
    submission_url: str
    monitoring_url: str
    mmd: int = 86400
    state: str | None = None
    state_since: datetime | None = None
    interval: tuple[datetime, datetime] | None = None
    final: FinalHead | None = None
    log_type: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """What people know the log by."""
        return self.submission_url

    @property
    def origin(self) -> str:
        """The checkpoint origin of a static log: its submission prefix without scheme and trailing slash."""
        return self.submission_url.split("://", 1)[-1].rstrip("/")


@dataclass(frozen=True, slots=True)
class LogName:
    """What a match says about the log it was seen in.

    Attributes:
        id: SHA-256 of the log's key, 32 bytes.
        url: what people know it by.
        description: the list's words for it.
        operator: who runs it.
    """

    id: bytes
    url: str
    description: str
    operator: str


@dataclass(frozen=True, slots=True)
class Head:
    """A signed tree head whose signature holds (RFC 6962 section 3.5; C2SP static-ct-api)."""

    size: int
    root: bytes  # 32 bytes
    timestamp: int  # milliseconds, as the log claims
    raw: bytes  # the get-sth JSON or the whole note, as served: whoever reads it again can check the signature again


class Watched(Protocol_):
    """Compiled rules, and their words: the numbers in a scan mean something only to the rules that made it."""

    @property
    def matcher(self) -> Matcher:
        """What scans pages."""

    def hits(self, found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        """What the matcher found, in the words of those who wrote the rules."""

    def is_streamed(self, hits: Sequence[RuleHit]) -> bool:
        """Whether a match is told as it comes, and not stored."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A page of consecutive entries of one log, decoded and matched, in log order."""

    log: Log
    page: Page
    scan: Scan
    rules: Watched  # that made the scan
    verified: bool = False  # whether a signed head is known to cover it
    scans: Mapping[Matcher, Scan] = field(default_factory=dict)  # by what else was sought


@dataclass(frozen=True, slots=True)
class Step:
    """A range of a log that was proven to belong to a signed head.

    `edge` holds the hashes of the perfect subtrees of [0, end), largest first (32 bytes each). Where `end` is the
    head's size the edge's root is the head's; else `proof` leads from the edge to the head: for `proof_kind`
    "consistency" a proof of RFC 6962 section 2.1.2, for "nodes" the roots of the subtrees that tile [end, head.size).
    A step with start == end is an anchor: where following began.
    """

    log_id: bytes
    start: int
    end: int
    quarantined: int
    edge: bytes
    head: Head
    proof: tuple[bytes, ...] = ()
    proof_kind: str = ""  # "", "consistency" or "nodes"
    note: str = ""  # why a range was skipped, for the steps that stand for a skipped range
    at: float = 0.0  # Unix seconds


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An entry that could not be decoded. It is counted and hashed, and never stops its log."""

    log_id: bytes
    index: int
    reason: str
    leaf_hash: bytes
    leaf_input: bytes = b""  # as the log served it, so that a later version can try again; not kept of large ones
    at: float = 0.0
    resolved: float | None = None  # Unix seconds when a later version could decode it


@dataclass(frozen=True, slots=True)
class RuleHit:
    """One rule that matched one name of a certificate.

    Attributes:
        rule: as the user wrote it.
        name: the certificate's name or address that it matched, as rendered by the core.
        where: "san", "cn", "ip", "issuer", "subject", "key", "certificate".
        why: "exact", "apex", "below", "wildcard", "cidr", "everything", ... (`Hit` lists them).
        programme: the programme that the rule belongs to, or "".
        platform: the platform of that programme, or "".
        detail: what explains it besides: the trick of a look-alike, the text that a keyword found.
        score: 1 to 100 of a look-alike.
    """

    rule: str
    name: str
    where: str
    why: str
    programme: str = ""
    platform: str = ""
    detail: str = ""
    score: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a certificate stands: an entry of a log.

    Attributes:
        log_id: SHA-256 of the log's key, 32 bytes.
        index: of the entry in that log.
        is_precert: whether the entry is a precertificate.
        timestamp: milliseconds, the log's.
    """

    log_id: bytes
    index: int
    is_precert: bool
    timestamp: int


class MatchKind(StrEnum):
    """How much a match is to be heeded; what people route by."""

    ALERT = "alert"
    POSSIBLE = "possible"  # only because a label that nobody can read may stand for a watched name
    EXPECTED = "expected"  # one's own: `Match.expected` says by what


@dataclass(frozen=True, slots=True)
class Match:
    """A certificate that concerns someone. One for each issuance: a precertificate and its certificate are one.

    Attributes:
        key: what makes two sightings one: `tbs_sha256`, unless every sighting is to be told.
        tbs_sha256: of the TBS without poison and SCT list: equal for a precertificate and its certificate.
        hits: every rule that matched, and why.
        sighting: the first one.
        log: the log of the first sighting.
        verified: whether a signed head covered the entry at the time of telling.
        seen: Unix seconds.
        names: all DNS names and addresses, in the certificate's order.
        not_before: Unix seconds.
        not_after: Unix seconds.
        serial: upper-case hex.
        issuer: distinguished name, RFC 4514 style.
        issuer_organization: its first organizationName, or "".
        subject_organization: likewise.
        sha256: of the certificate, or of the precertificate as submitted.
        spki_sha256: of the SubjectPublicKeyInfo, 32 bytes.
        sightings: how often it was seen so far.
        kind: "alert", "possible" or "expected".
        expected: what makes it one's own: "key", "issuer" or "certificate".
        renewal: what it shares with a known certificate: "key" or "names and issuer".
        fault: why the entry could not be decoded: then its names are what could still be found in it.
        unproven: why `sha256` of a precertificate, and its chain, can't be believed (`Entry.unproven`).
        notes: what modules noted of it, by module, as JSON; "" for nothing.
    """

    key: bytes
    tbs_sha256: bytes
    hits: tuple[RuleHit, ...]
    sighting: Sighting
    log: LogName
    verified: bool
    seen: float
    names: tuple[str, ...]
    not_before: int
    not_after: int
    serial: str
    issuer: str
    issuer_organization: str
    subject_organization: str
    sha256: bytes
    spki_sha256: bytes
    sightings: int = 1
    kind: MatchKind = MatchKind.ALERT
    expected: str = ""
    renewal: str = ""
    fault: str = ""
    unproven: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that keeps us from seeing certificates, or from trusting what we see, until it clears.

    Attributes:
        key: stable while it lasts; begins with its kind: "stale", "withheld", "backlog", "list", "contact", "disk",
            "sink", "log", "unread", "backfill", "promise", "config", "platform".
        text: what is wrong, and what to do where anything can be done; of log and server, so not yet inert.
        since: Unix seconds when it was raised.
        log: what people call the log that it is about; "" for those that are about no single one.
    """

    key: str
    text: str
    since: float = 0.0
    log: str = ""

    def __str__(self) -> str:
        """The text, with the log before it."""
        return f"{self.log}: {self.text}" if self.log else self.text


class Hears(Protocol_):
    """Hears of every alarm: when it is raised, and again when it clears."""

    def __call__(self, alarm: Alarm, *, cleared: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Summary:
    """What one run did. `alarms` are those at its end, `over` the last ones that had cleared by then."""

    logs: int
    entries: int
    verified: int
    quarantined: int
    matches: int
    sightings: int
    seconds: float
    alarms: tuple[str, ...]
    possible: int = 0  # of the matches
    expected: int = 0
    over: tuple[str, ...] = ()


class Tell(Protocol_):
    """Says something to whoever runs the program; `level` is debug, info, warning or error."""

    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One match on its way to one sink. `id` is stable over retries; `repeat` says it may have been told before."""

    id: int
    match: Match
    repeat: bool = False

    @property
    def key(self) -> str:
        """The same whenever, and to whichever sink, this match is told: `id` of the record, 64 hex digits."""
        return self.match.key.hex()


class Sink(Protocol_):
    """Where matches go. A sink is called by one task at a time, with deliveries in order."""

    @property
    def name(self) -> str:
        """Stable over restarts; names the sink's queue in the outbox."""

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once they are told (written and flushed). An exception makes the outbox try all of them again."""

    async def close(self) -> None:
        """Flushes and lets go. Idempotent."""


@runtime_checkable
class Hearing(Protocol_):
    """A sink that hears of alarms too. One that writes matches alone need not: its readers expect nothing else."""

    def hears(self, alarm: Alarm, *, cleared: bool) -> None:
        """See `Hears`."""


@runtime_checkable
class Noting(Protocol_):
    """A sink that takes records which are no matches, too, where its format has room for them: lines of JSON."""

    async def note(self, record: Mapping[str, object]) -> None:
        """Returns once it is written. Raises as `Sink.send` does: a RemoteError in other formats."""


class SinkClosed(CerthiaError):
    """Raised by `Sink.send` when nobody reads any more (`| head`): the program ends quietly.

    Attributes:
        told: how many of the deliveries were told before, where the sink knows.
    """

    def __init__(self, message: str = "", told: int = 0) -> None:
        super().__init__(message)
        self.told = told
