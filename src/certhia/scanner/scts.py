"""Signed certificate timestamps of a live server: in its certificate, in the handshake, in a stapled OCSP answer, each
checked against the logs that are known (RFC 6962 sections 3.2 and 3.3).

Logs and the check of their signatures are passed in: they belong to the rooms that follow logs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from certhia._core import Certificate
from certhia.errors import Malformed, RemoteError
from certhia.model import Log
from certhia.scanner.der import OCTET_STRING, element
from certhia.scanner.records import Verdict

MAX_SCTS: Final = 32  # of one server that are checked
KEPT_OUTCOMES: Final = 8192  # outcomes that are remembered
MAX_EXTENSIONS: Final = 1 << 10  # bytes of an SCT's extensions

_X509_ENTRY: Final = b"\x00\x00"
_PRECERT_ENTRY: Final = b"\x00\x01"
# Whether a digitally-signed struct holds under a log's key: `certhia.logs.heads.check_signature`. Raises RemoteError.
Check = Callable[[Log, str, bytes, bytes], None]


class Timestamp(NamedTuple):
    """An SCT as served.

    Attributes:
        source: "certificate", "handshake" or "staple".
        version: 0 is v1.
        log_id: 32 bytes.
        timestamp: milliseconds.
        extensions: as they are.
        signature: the digitally-signed struct.
    """

    source: str
    version: int
    log_id: bytes
    timestamp: int
    extensions: bytes
    signature: bytes


class Checked(NamedTuple):
    """What came of one SCT.

    Attributes:
        source: as of `Timestamp`.
        state: "valid", "false" (its signature does not hold), "unknown" (no known log has its id) or "unread".
        log: the log's description; its id in hex where it is not known.
        operator: who runs the log; "" where it is not known.
        timestamp: milliseconds.
        detail: why it is not valid; "" where it is.
    """

    source: str
    state: str
    log: str
    operator: str = ""
    timestamp: int = 0
    detail: str = ""


class Timestamps:
    """Checks SCTs. What came of one is remembered, bounded."""

    def __init__(self, logs: Mapping[bytes, Log], check: Check) -> None:
        """`logs` by id. `check`: see `Check`."""
        self.checked = 0
        self._logs = logs
        self._check = check
        self._known: OrderedDict[tuple[bytes, ...], Checked] = OrderedDict()

    def judge(
        self,
        leaf: Certificate,
        issuer: Certificate | None,
        *,
        handshake: Sequence[bytes] = (),
        staple: bytes = b"",
        now: float | None = None,
    ) -> tuple[Checked, ...]:
        """What comes of each SCT: those in the certificate, those of the handshake, those of a stapled answer (the
        extension's value). Those in the certificate are over the issuer's key too: without `issuer` they are not read.
        """
        found = [(one, issuer) for one in embedded(leaf)]
        found += [(one, None) for raw in handshake if (one := read(raw, "handshake")) is not None]
        found += [(one, None) for raw in listed(staple) if (one := read(raw, "staple")) is not None]
        return tuple(self._judge(one, leaf, by, now) for one, by in found[:MAX_SCTS])

    def _judge(self, one: Timestamp, leaf: Certificate, issuer: Certificate | None, now: float | None) -> Checked:
        name = one.log_id.hex()
        if one.version != 0:
            return Checked(one.source, "unread", name, detail=f"version {one.version + 1}: only v1 is known")
        log = self._logs.get(one.log_id)
        if log is None:
            return Checked(one.source, "unknown", name, "", one.timestamp, "no log in the lists has this id")
        if one.source == "certificate" and issuer is None:
            text = "the issuer's certificate is missing"
            return Checked(one.source, "unread", log.description, log.operator, one.timestamp, text)
        key = (leaf.sha256, one.log_id, one.signature, issuer.spki_sha256 if issuer is not None else b"")
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._outcome(one, log, leaf, issuer)
            if len(self._known) > KEPT_OUTCOMES:
                self._known.popitem(last=False)
        known = known._replace(source=one.source)
        if now is not None and known.state == "valid" and one.timestamp / 1000 > now + 300:
            return known._replace(state="false", detail="it is from the future")
        return known

    def _outcome(self, one: Timestamp, log: Log, leaf: Certificate, issuer: Certificate | None) -> Checked:
        self.checked += 1
        told = Checked(one.source, "valid", log.description, log.operator, one.timestamp)
        try:
            self._check(log, "SCT", signed(one, leaf, issuer), one.signature)
        except RemoteError as error:
            return told._replace(state="false", detail=str(error))
        return told


def embedded(leaf: Certificate) -> list[Timestamp]:
    """Those in the certificate."""
    return [
        Timestamp(
            "certificate",
            one.version,
            one.log_id,
            one.timestamp,
            one.extensions,
            bytes((one.hash_algorithm, one.signature_algorithm)) + len(one.signature).to_bytes(2) + one.signature,
        )
        for one in leaf.scts
    ]


def read(raw: bytes, source: str) -> Timestamp | None:
    """A serialised SCT; None for bytes that are none."""
    if not raw or (raw[0] == 0 and len(raw) < 47):
        return None
    if raw[0] != 0:
        return Timestamp(source, raw[0], raw[1:33], 0, b"", b"")
    size = int.from_bytes(raw[41:43])
    if size > MAX_EXTENSIONS or 43 + size > len(raw):
        return None
    return Timestamp(source, 0, raw[1:33], int.from_bytes(raw[33:41]), raw[43 : 43 + size], raw[43 + size :])


def listed(value: bytes) -> Iterable[bytes]:
    """The serialised SCTs of a SignedCertificateTimestampList, alone or in the OCTET STRING of an extension."""
    if value[:1] == bytes((OCTET_STRING,)):
        try:
            inner = element(value, 0)
        except Malformed:
            return []
        value = value[inner.body : inner.end]
    out: list[bytes] = []
    at = 2
    while at + 2 <= len(value) and len(out) < MAX_SCTS:
        size = int.from_bytes(value[at : at + 2])
        out.append(value[at + 2 : at + 2 + size])
        at += 2 + size
    return out


def signed(one: Timestamp, leaf: Certificate, issuer: Certificate | None) -> bytes:
    """What the log has signed: over the TBS and the issuer's key for an SCT in the certificate, else over all of it."""
    if one.source == "certificate" and issuer is not None:
        tbs = leaf.logged_tbs
        entry = _PRECERT_ENTRY + issuer.spki_sha256 + len(tbs).to_bytes(3) + tbs
    else:
        entry = _X509_ENTRY + len(leaf.der).to_bytes(3) + leaf.der
    extensions = len(one.extensions).to_bytes(2) + one.extensions
    return b"\0\0" + one.timestamp.to_bytes(8) + entry + extensions


def verdicts(checked: Sequence[Checked]) -> list[Verdict]:
    """What is to be held against a server for its SCTs."""
    return [
        Verdict("false-sct", "high", f"in the name of {one.log}: {one.detail}")
        for one in checked
        if one.state == "false"
    ]
