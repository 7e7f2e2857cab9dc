"""A match as one flat record: what JSON and CSV show. `certhia.sinks.schema` says what each field means."""

from __future__ import annotations

import base64
import json

from certhia.clock import iso
from certhia.model import Delivery, Match
from certhia.render import rule_hits


def record(match: Match | Delivery) -> dict[str, object]:
    """A match's fields by name, ready for JSON. Texts are as the core read them: they leave through `render`.

    A bare match stands for one that is streamed and not stored; `repeat` is false.
    """
    delivery = match if isinstance(match, Delivery) else Delivery(0, match)
    match = delivery.match
    sighting = match.sighting
    first = match.hits[0] if match.hits else None
    sha256 = match.sha256.hex()
    return {
        "timestamp": int(match.seen),
        "matched_domain": matched_name(match),
        "all_domains": [*match.names],
        "cert_index": sighting.index,
        "not_before": match.not_before,
        "not_after": match.not_after,
        "fingerprint": sha256,
        "program_name": (first and first.programme) or None,
        "platform": (first and first.platform) or None,
        "seen_unix": match.seen,
        "issuer": common_name(match.issuer),
        "is_precert": sighting.is_precert,
        "ct_log_url": match.log.url,
        "id": match.key.hex(),
        "repeat": delivery.repeat,
        "rule": (first and first.rule) or None,
        "rules": rule_hits(match.hits),
        "log": match.log.description,
        "log_id": base64.b64encode(match.log.id).decode(),
        "operator": match.log.operator,
        "index": sighting.index,
        "entry_timestamp": entry_time(sighting.timestamp),
        "verified": match.verified,
        "sightings": match.sightings,
        "serial": match.serial,
        "issuer_dn": match.issuer,
        "issuer_organization": match.issuer_organization,
        "subject_organization": match.subject_organization,
        "sha256": sha256,
        "spki_sha256": match.spki_sha256.hex(),
        "tbs_sha256": match.tbs_sha256.hex(),
        "kind": match.kind.value,
        "expected": match.expected or None,
        "renewal": match.renewal or None,
        "fault": match.fault or None,
        "unproven": match.unproven or None,
        "modules": json.loads(match.notes) if match.notes else None,
    }


def matched_name(match: Match) -> str:
    """The name that the first hit is about; the certificate's first where none is named."""
    return (match.hits[0].name if match.hits else "") or next(iter(match.names), "")


def entry_time(milliseconds: int) -> str | None:
    """A log's timestamp (milliseconds) as RFC 3339; None for one that no calendar has."""
    try:
        return iso(milliseconds / 1000)
    except (OverflowError, ValueError, OSError):
        return None


def common_name(distinguished: str) -> str:
    """The common name in an RFC 4514 string, its escapes as they stand; the whole string where it has none."""
    start = 0
    while start < len(distinguished):
        end = start
        while end < len(distinguished) and distinguished[end] not in ",+":
            end += 2 if distinguished[end] == "\\" else 1
        attribute, _, value = distinguished[start:end].partition("=")
        if attribute.strip().upper() in ("CN", "2.5.4.3") and value:
            return value
        start = end + 1
    return distinguished
