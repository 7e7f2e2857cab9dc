"""A certificate as JSON: the fields of it that people ask for, read tolerantly."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from certhia._core import Certificate, Sct
from certhia.errors import Malformed
from certhia.render import json_string

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


def text(der: bytes) -> str:
    """All of a certificate that a result tells, as JSON in printable ASCII (`schema.CERTIFICATE`).

    Bytes that are no certificate give their hashes, what is wrong with them, and nothing else. It is put together by
    hand, since a dictionary and its encoding take twice as long, and a server's own certificate is mostly new.
    """
    try:
        return _text(Certificate.from_der(der))
    except Malformed as error:
        sha256, sha1 = (hashlib.new(name, der, usedforsecurity=False).hexdigest() for name in ("sha256", "sha1"))
        return f'{{"sha256":"{sha256}","sha1":"{sha1}",{UNREAD}"fault":{json_string(str(error))}}}'


UNREAD: Final = (
    '"spki_sha256":null,"serial":"","subject_dn":"","subject":{},"issuer_dn":"","issuer":{},"not_before":0,'
    '"not_after":0,"names":[],"sans":{},"key_algorithm":"","key_bits":0,"key_curve":null,"signature_algorithm":"",'
    '"is_ca":false,"self_issued":false,"scts":[],'
)


def _text(one: Certificate) -> str:
    curve, fault, scts = one.key_curve, one.extensions_fault, one.scts
    return (
        f'{{"sha256":"{one.sha256.hex()}","sha1":"{one.sha1.hex()}","spki_sha256":"{one.spki_sha256.hex()}",'
        f'"serial":"{one.serial}",'
        f'"subject_dn":{json_string(one.subject)},"subject":{attributes(one.subject_attributes)},'
        f'"issuer_dn":{json_string(one.issuer)},"issuer":{attributes(one.issuer_attributes)},'
        f'"not_before":{one.not_before},"not_after":{one.not_after},'
        f'"names":[{",".join(map(json_string, one.names))}],"sans":{_by_kind(one.alternative_names)},'
        f'"key_algorithm":{json_string(one.key_algorithm)},"key_bits":{one.key_bits},'
        f'"key_curve":{json_string(curve) if curve else "null"},'
        f'"signature_algorithm":{json_string(one.signature_algorithm_name)},'
        f'"is_ca":{"true" if one.is_ca else "false"},"self_issued":{"true" if one.is_self_issued else "false"},'
        f'"scts":[{",".join(map(_sct, scts)) if scts else ""}],"fault":{json_string(fault) if fault else "null"}}}'
    )


def _sct(one: Sct) -> str:
    return f'{{"log_id":"{one.log_id.hex()}","timestamp":{one.timestamp}}}'


def attributes(pairs: Sequence[tuple[str, str]]) -> str:
    """Values of a distinguished name by the short name of their attribute, each in the certificate's order, as JSON."""
    return _by_kind([(ATTRIBUTES.get(oid, oid), value) for oid, value in pairs])


def _by_kind(pairs: Sequence[tuple[str, str]]) -> str:
    found: dict[str, str] = {}
    for kind, value in pairs:
        found[kind] = f"{found[kind]},{json_string(value)}" if kind in found else json_string(value)
    return f"{{{','.join([f'{json_string(kind)}:[{values}]' for kind, values in found.items()])}}}"
