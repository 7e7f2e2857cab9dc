"""A certificate as a record: the fields of it that people ask for, read tolerantly, ready for JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from certhia._core import Certificate
from certhia.errors import Malformed

# RFC 4514 section 3, and what else is common; other attributes stand under their dotted OID.
ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

UNREAD: Mapping[str, object] = {
    "sha256": "",
    "sha1": "",
    "spki_sha256": None,
    "serial": "",
    "subject_dn": "",
    "subject": {},
    "issuer_dn": "",
    "issuer": {},
    "not_before": 0,
    "not_after": 0,
    "names": [],
    "sans": {},
    "key_algorithm": "",
    "key_bits": 0,
    "key_curve": None,
    "signature_algorithm": "",
    "is_ca": False,
    "self_issued": False,
    "scts": [],
    "fault": "",
}


def record(der: bytes) -> dict[str, object]:
    """All of a certificate that a result tells. Texts are as the core read them: they leave through `render`.

    Bytes that are no certificate give their hashes, what is wrong with them, and nothing else.
    """
    try:
        return _fields(Certificate.from_der(der))
    except Malformed as error:
        hashes = {name: hashlib.new(name, der, usedforsecurity=False).hexdigest() for name in ("sha256", "sha1")}
        return {**UNREAD, **hashes, "fault": str(error)}


def _fields(certificate: Certificate) -> dict[str, object]:
    return {
        "sha256": certificate.sha256.hex(),
        "sha1": certificate.sha1.hex(),
        "spki_sha256": certificate.spki_sha256.hex(),
        "serial": certificate.serial,
        "subject_dn": certificate.subject,
        "subject": attributes(certificate.subject_attributes),
        "issuer_dn": certificate.issuer,
        "issuer": attributes(certificate.issuer_attributes),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "names": certificate.names,
        "sans": _by_kind(certificate.alternative_names),
        "key_algorithm": certificate.key_algorithm,
        "key_bits": certificate.key_bits,
        "key_curve": certificate.key_curve or None,
        "signature_algorithm": certificate.signature_algorithm_name,
        "is_ca": certificate.is_ca,
        "self_issued": certificate.is_self_issued,
        "scts": [{"log_id": sct.log_id.hex(), "timestamp": sct.timestamp} for sct in certificate.scts],
        "fault": certificate.extensions_fault,
    }


def attributes(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Values of a distinguished name by the short name of their attribute, each in the certificate's order."""
    return _by_kind([(ATTRIBUTES.get(oid, oid), value) for oid, value in pairs])


def _by_kind(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, value in pairs:
        found.setdefault(kind, []).append(value)
    return found
