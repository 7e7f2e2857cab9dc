"""Messages of real entries against what `cryptography` reads of the same certificates."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from certhia._core import Form, Issuers, Page, Source

SOURCE = Source(bytes(32), "A log", "https://ct.example/", "rfc6962")
KEYS = {
    "C": NameOID.COUNTRY_NAME,
    "CN": NameOID.COMMON_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "email_address": NameOID.EMAIL_ADDRESS,
}
USAGES = {
    "digital_signature": "Digital Signature",
    "content_commitment": "Content Commitment",
    "key_encipherment": "Key Encipherment",
    "data_encipherment": "Data Encipherment",
    "key_agreement": "Key Agreement",
    "key_cert_sign": "Certificate Signing",
    "crl_sign": "CRL Signing",
}
PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}

Json = dict[str, Any]


def _name(name: x509.Name) -> dict[str, str | None]:
    """The last value of each attribute, and all in one."""
    found: dict[str, str | None] = {}
    for key, oid in KEYS.items():
        values = [str(one.value) for one in name.get_attributes_for_oid(oid)]
        found[key] = values[-1] if values else None
    parts = [f"/{key}={found[key]}" for key in sorted(KEYS) if found[key] is not None and key != "email_address"]
    return found | {"aggregated": "".join(parts)}


def _general(name: x509.GeneralName) -> str | None:
    match name:
        case x509.DNSName(value=value):
            return f"DNS:{value}"
        case x509.RFC822Name(value=value):
            return f"email:{value}"
        case x509.UniformResourceIdentifier(value=value):
            return f"URI:{value}"
        case x509.IPAddress(value=value):
            return f"IP Address:{value}"
    return None


def _value(value: x509.ExtensionType) -> tuple[str, object] | None:
    """The key and string of an extension."""
    match value:
        case x509.SubjectAlternativeName():
            return "subjectAltName", ", ".join(filter(None, map(_general, value)))
        case x509.BasicConstraints(ca=ca):
            return "basicConstraints", f"CA:{str(ca).upper()}"
        case x509.KeyUsage():
            return "keyUsage", ", ".join(word for bit, word in USAGES.items() if getattr(value, bit))
        case x509.ExtendedKeyUsage():
            dotted = [one.dotted_string for one in value]
            return "extendedKeyUsage", ", ".join(PURPOSES.get(one, one) for one in dotted)
        case x509.SubjectKeyIdentifier(digest=digest):
            return "subjectKeyIdentifier", f"keyid:{digest.hex(':')}"
        case x509.AuthorityKeyIdentifier(key_identifier=bytes() as digest):
            return "authorityKeyIdentifier", f"keyid:{digest.hex(':')}"
        case x509.CertificatePolicies():
            return "certificatePolicies", "".join(f"Policy: {one.policy_identifier.dotted_string}\n" for one in value)
        case x509.AuthorityInformationAccess():
            known = (AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS)
            assert all(one.access_method in known for one in value)
            return "authorityInfoAccess", ", ".join(f"URI:{one.access_location.value}" for one in value)
        case x509.PrecertPoison():
            return "ctlPoisonByte", True
    return None


def _algorithm(certificate: x509.Certificate) -> str:
    digest = certificate.signature_hash_algorithm
    assert digest is not None
    name = certificate.signature_algorithm_oid._name
    return f"ecdsa, {digest.name}" if "ecdsa" in name else f"{digest.name}, rsa"


def _check(item: Json, compared: Counter[str]) -> None:
    theirs = x509.load_der_x509_certificate(base64.b64decode(item["as_der"]))
    assert item["subject"] == _name(theirs.subject)
    assert item["issuer"] == _name(theirs.issuer)
    assert int(item["serial_number"], 16) == theirs.serial_number
    assert len(item["serial_number"]) % 2 == 0
    assert item["not_before"] == theirs.not_valid_before_utc.timestamp()
    assert item["not_after"] == theirs.not_valid_after_utc.timestamp()
    assert item["signature_algorithm"] == _algorithm(theirs)
    values = [_value(extension.value) for extension in theirs.extensions]
    assert item["extensions"] == dict(value for value in values if value is not None)
    compared.update(item["extensions"].keys())
    compared["certificates"] += 1


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_fields(bodies: list[bytes]) -> None:
    compared: Counter[str] = Counter()
    issuers = Issuers()
    page = Page.from_get_entries(bodies, 0, issuers)
    messages = page.messages(Form("full"), SOURCE, issuers, seen=1.0, verified=0)
    for position in range(len(messages)):
        data = json.loads(messages[position])["data"]
        entry = page[position]
        signers = [
            item
            for item in data["chain"]
            if "1.3.6.1.4.1.11129.2.4.4" in item["extensions"].get("extendedKeyUsage", "")
        ]
        if not (entry.is_precert and signers):
            _check(data["leaf_cert"], compared)
        for item in data["chain"]:
            _check(item, compared)
    assert compared["certificates"] > 1500
    untouched = {"subjectAltName", "keyUsage", "extendedKeyUsage", "certificatePolicies", "authorityInfoAccess"} - {
        *compared
    }
    assert untouched == set()
