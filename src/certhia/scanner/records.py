"""What a scan says about its targets.

All are immutable. They are named tuples and no dataclasses because each target makes several of them, and making a
frozen dataclass takes three times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from certhia.model import RuleHit

if TYPE_CHECKING:
    from certhia.scanner.ocsp import Status
    from certhia.scanner.scts import Checked

Severity: TypeAlias = Literal["info", "low", "medium", "high", "critical"]


class Target(NamedTuple):
    """One address and port to be asked, and how.

    Attributes:
        origin: as the user wrote it (for an address in a range: the range).
        line: its line in the file, from 1; None where it was no file's.
        host: its name in A-labels, lower case, without a trailing dot; None for an address.
        address: numeric.
        port: 1 to 65535.
        starttls: None as the port says, "" for none, else a protocol of `starttls.PROTOCOLS`.
        server_name: what SNI says; None for no SNI; "" as the host says.
        path: the URL's path with its query, for `--http`; None where the target was no URL.
        place: its index in the order of visiting, for resuming; None where there is none. (A tuple has an `index`.)
    """

    origin: str
    line: int | None
    host: str | None
    address: str
    port: int
    starttls: str | None = None
    server_name: str | None = ""
    path: str | None = None
    place: int | None = None


class Served(NamedTuple):
    """What a server showed in its handshake.

    Attributes:
        version: as on the wire: 0x0301 (TLS 1.0) to 0x0304; 0x0300 for SSL 3.
        cipher: the suite chosen (IANA's number).
        group: the named group of the key exchange, where the server said it.
        alpn: the protocol that it chose.
        certificates: DER, leaf first, as sent; at most 16.
        staple: the stapled OCSP response, DER.
        scts: SCTs sent in the TLS extension, each a serialised SCT (RFC 6962 section 3.3).
        client_certificate: whether it asked for one.
        complete: whether the handshake was finished; else it was cut off when all was seen.
        signature: of the handshake: "good", "bad" or "unchecked".
        ja3s: MD5 in hex; None unless asked for.
        server_name: the SNI that got this answer; None where none was sent.
        note: what had to be done to get it ("unrecognized_name: asked again without SNI", "client certificate
            required"); "" as a rule.
    """

    version: int
    cipher: int
    group: int | None
    alpn: str | None
    certificates: tuple[bytes, ...]
    staple: bytes | None = None
    scts: tuple[bytes, ...] = ()
    client_certificate: bool = False
    complete: bool = False
    signature: str = "unchecked"
    ja3s: str | None = None
    server_name: str | None = None
    note: str = ""


class Found(NamedTuple):
    """A name that a target led to.

    Attributes:
        name: A-labels, lower case; may begin with "*.".
        source: "sni", "san", "cn", "csp", "script", "ptr" or "redirect".
        confidence: 0 to 1.
    """

    name: str
    source: str
    confidence: float = 1.0


class Failure(NamedTuple):
    """Why there is nothing, or not all: the record of a `failures.ScanFailure`, with the same fields."""

    kind: str
    step: str = ""
    detail: str = ""


class Verdict(NamedTuple):
    """A judgement that holds.

    Attributes:
        kind: "expired", "mismatched", "untrusted", "weak-key", ...
        severity: how bad it is.
        detail: why, for people; inert.
    """

    kind: str
    severity: Severity
    detail: str = ""


class Chain(NamedTuple):
    """How the leaf leads to a root.

    Attributes:
        path: DER, leaf first; the root last where there is one. The best that there is where none leads to a root.
        trusted: whether it ends at a trusted root, all within their validity; None where it does so by names alone, no
            signature having been checked, or when nobody looked.
        root: the root's subject, inert; "" where there is none.
        fetched: how many of the path came by AIA.
        signatures: whether all signatures of the path hold; None when they were not checked.
        reason: why it is not trusted; "" where it is.
        sources: where each of the path is from: "sent", "seen" (sent by another server), "fetched" (AIA) or "roots".
        length: certificates that were sent.
        not_before: since when all of the path is valid, Unix seconds; 0 where there is no path.
        not_after: until when.
        disordered: whether those of the path that were sent came in another order.
        unneeded: positions of certificates that were sent for nothing: not of the path, or sent twice.
        missing: subjects of issuers that should have been sent and were not, inert.
        notes: what else was noticed, inert.
    """

    path: tuple[bytes, ...]
    trusted: bool | None = None
    root: str = ""
    fetched: int = 0
    signatures: bool | None = None
    reason: str = ""
    sources: tuple[str, ...] = ()
    length: int = 0
    not_before: int = 0
    not_after: int = 0
    disordered: bool = False
    unneeded: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Policy(NamedTuple):
    """One Content-Security-Policy.

    Attributes:
        where: "header", "report-only" or "meta".
        text: as it came, cut; inert.
    """

    where: str
    text: str


class Http(NamedTuple):
    """What came of `GET /`.

    Attributes:
        status: of the last answer; None where it was no HTTP.
        url: that was asked last, after redirects.
        headers: of the last answer, names in lower case, in order; inert and bounded.
        policies: all that it had.
        scripts: URLs of the scripts that were read.
        location: where it wanted to lead, when that was not followed.
        redirects: the URLs that were followed, in order.
        failure: why it ended early.
        names: found in all of that.
        body: of the page, as much as extractors of others get; empty where there are none, and in what is told.
    """

    status: int | None
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    policies: tuple[Policy, ...] = ()
    scripts: tuple[str, ...] = ()
    location: str | None = None
    redirects: tuple[str, ...] = ()
    failure: Failure | None = None
    names: tuple[Found, ...] = ()
    body: bytes = b""


class Fingerprints(NamedTuple):
    """How the server's TLS library answers.

    Attributes:
        jarm: 62 hex digits; all zero where it answered none of the ten.
        ja3s: MD5 in hex of its answer to our own ClientHello.
    """

    jarm: str | None
    ja3s: str | None = None


class Enumerated(NamedTuple):
    """What a server would speak.

    Attributes:
        versions: on the wire's numbers, oldest first.
        ciphers: (version, its suites in the order in which the server chose them).
        complete: False where the budget of connections or the deadline ended it.
    """

    versions: tuple[int, ...]
    ciphers: tuple[tuple[int, tuple[int, ...]], ...] = ()
    complete: bool = True


class Result(NamedTuple):
    """All that one target gave. `served` and `failure` may both be there: what was seen before it failed.

    Attributes:
        target: what was asked.
        at: Unix seconds when it was done.
        seconds: how long it took, of the last attempt.
        served: the handshake.
        failure: why there is nothing, or not all.
        names: names found, in order of their finding, each (name, source) once.
        verdicts: what holds against it.
        chain: from leaf to root.
        http: what came of `--http`.
        fingerprints: of `--fingerprints`.
        enumerated: of `--enumerate`.
        attempts: how often it was tried.
        hits: watch rules that it matches.
        timestamps: what came of its SCTs, where they were checked.
        revocation: what is known of its revocation, where somebody looked.
    """

    target: Target
    at: float
    seconds: float
    served: Served | None = None
    failure: Failure | None = None
    names: tuple[Found, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    chain: Chain | None = None
    http: Http | None = None
    fingerprints: Fingerprints | None = None
    enumerated: Enumerated | None = None
    attempts: int = 1
    hits: tuple[RuleHit, ...] = ()
    timestamps: tuple[Checked, ...] = ()
    revocation: Status | None = None
