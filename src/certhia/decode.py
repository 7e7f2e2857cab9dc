"""From an entry that a rule matched to what people are told about it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TypedDict

from certhia._core import Entry, Issuers, Page
from certhia.errors import CerthiaError, Malformed
from certhia.model import Log, LogName, Match, MatchKind, Quarantined, RuleHit, Sighting

ORGANIZATION = "2.5.4.10"
X509 = b"\0\0"  # the entry type of a certificate (RFC 6962 section 3.1)


def sighting(log: Log, entry: Entry) -> Sighting:
    """Where the entry stands."""
    return Sighting(log.id, entry.index, entry.is_precert, entry.timestamp)


def sighting_key(log: Log | LogName, entry: Entry, tbs_sha256: bytes) -> bytes:
    """A key that no other sighting has, for those who want to hear of each."""
    return hashlib.sha256(tbs_sha256 + log.id + entry.index.to_bytes(8)).digest()


def again(kept: Quarantined) -> Page:
    """A quarantined entry's leaf, decoded anew: a page of one. What is not in the leaf, such as the chain, is missing.
    Raises Malformed where the leaf was not kept."""
    if not kept.leaf_input:
        raise Malformed("a leaf that was kept")
    chain = b"\0\0\0" if kept.leaf_input[10:12] == X509 else b""
    entry = {"leaf_input": base64.b64encode(kept.leaf_input).decode(), "extra_data": base64.b64encode(chain).decode()}
    return Page.from_get_entries([json.dumps({"entries": [entry]}).encode()], kept.index, Issuers())


def match(
    log: Log,
    entry: Entry,
    hits: tuple[RuleHit, ...],
    *,
    verified: bool,
    seen: float,
    fault: str = "",
    unproven: str = "",
) -> Match:
    """Reads what a match tells. Rules and fields go by the leaf, which the tree covers; only the fingerprint of a
    precertificate is that of the bytes as submitted (RFC 6962 section 3.2: the leaf holds its TBS alone), which
    `unproven` is about. `fault`: why the entry could not be decoded."""
    try:
        fields = _fields(entry)
    except CerthiaError as error:  # a defect of ours: it hides neither the match nor itself
        fields, fault = _no_fields(entry, hits), fault or str(error)
    return Match(
        key=fields["tbs_sha256"],
        hits=hits,
        sighting=sighting(log, entry),
        log=LogName(log.id, log.url, log.description, log.operator),
        verified=verified,
        seen=seen,
        kind=MatchKind.POSSIBLE if hits and all(hit.why == "possible" for hit in hits) else MatchKind.ALERT,
        fault=fault,
        unproven=unproven,
        **fields,
    )


class _Fields(TypedDict):
    """What a match tells of the certificate."""

    tbs_sha256: bytes
    names: tuple[str, ...]
    not_before: int
    not_after: int
    serial: str
    issuer: str
    issuer_organization: str
    subject_organization: str
    sha256: bytes
    spki_sha256: bytes


def _fields(entry: Entry) -> _Fields:
    certificate, submitted = entry.certificate, entry.submitted
    return _Fields(
        tbs_sha256=certificate.tbs_sha256,
        names=tuple(certificate.names),
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        serial=certificate.serial,
        issuer=certificate.issuer,
        issuer_organization=certificate.issuer_attribute(ORGANIZATION) or "",
        subject_organization=certificate.subject_attribute(ORGANIZATION) or "",
        sha256=hashlib.sha256(submitted).digest() if entry.is_precert and submitted else certificate.sha256,
        spki_sha256=certificate.spki_sha256,
    )


def _no_fields(entry: Entry, hits: tuple[RuleHit, ...]) -> _Fields:
    """What is known without reading the certificate: the leaf's hash, and the names that rules found."""
    return _Fields(
        tbs_sha256=entry.leaf_hash,
        names=tuple(dict.fromkeys(hit.name for hit in hits if hit.name)),
        not_before=0,
        not_after=0,
        serial="",
        issuer="",
        issuer_organization="",
        subject_organization="",
        sha256=hashlib.sha256(entry.submitted).digest(),
        spki_sha256=bytes(32),
    )
