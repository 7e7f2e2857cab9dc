"""A sample of the corpus as `openssl x509` prints it."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.core.archives import members

from certhia._core import Certificate

PARTS = 4
CLASSES = ("public-leaf", "public-precert", "public-ca", "wild-device", "le-staging-precert")
EACH = 10  # of a class in each part: a process is some 10 ms
COMMAND = ("x509", "-inform", "DER", "-noout", "-text", "-fingerprint", "-sha256", "-nameopt", "RFC2253,utf8,-esc_msb")

USAGES = {
    "Digital Signature": "digitalSignature",
    "Non Repudiation": "nonRepudiation",
    "Key Encipherment": "keyEncipherment",
    "Data Encipherment": "dataEncipherment",
    "Key Agreement": "keyAgreement",
    "Certificate Sign": "keyCertSign",
    "CRL Sign": "cRLSign",
    "Encipher Only": "encipherOnly",
    "Decipher Only": "decipherOnly",
}
# What RFC 4514 gives no short name.
ATTRIBUTES = {
    "serialNumber": "2.5.4.5",
    "businessCategory": "2.5.4.15",
    "postalCode": "2.5.4.17",
    "organizationIdentifier": "2.5.4.97",
    "emailAddress": "1.2.840.113549.1.9.1",
    "jurisdictionL": "1.3.6.1.4.1.311.60.2.1.1",
    "jurisdictionST": "1.3.6.1.4.1.311.60.2.1.2",
    "jurisdictionC": "1.3.6.1.4.1.311.60.2.1.3",
    "title": "2.5.4.12",
    "name": "2.5.4.41",
    "SN": "2.5.4.4",
    "GN": "2.5.4.42",
    "street": "STREET",
}
KEYS = {"rsaEncryption": "rsa", "id-ecPublicKey": "ec", "dsaEncryption": "dsa"}


@pytest.fixture(scope="module")
def openssl() -> str:
    """The program, which says "Public-Key: (2048 bit)" since 3.0."""
    program = shutil.which("openssl")
    if program is None or not subprocess.check_output([program, "version"], text=True).startswith("OpenSSL 3"):
        pytest.skip("no openssl 3 on this machine (apt install openssl)")
    return program


def _one(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else ""


def _time(text: str) -> int:
    return int(datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC).timestamp())


def _name(text: str) -> str:
    """RFC 4514 with identifiers in dots."""
    return re.sub(r"(?:(?<=^)|(?<=[,+]))(\w+)=", lambda found: f"{ATTRIBUTES.get(found[1], found[1])}=", text)


def _section(title: str, text: str) -> str:
    """What is printed under an extension's heading."""
    return _one(rf"^ {{12}}(?:X509v3 )?{title}:.*\n((?:^ {{16,}}.*\n)*)", text)


def _hex(text: str) -> bytes:
    return bytes.fromhex("".join(re.findall(r"[0-9A-Fa-f]{2}", text)))


def _printed(text: str) -> dict[str, object]:
    """The fields that it prints, by the core's names."""
    usage = _section("Key Usage", text)
    names = re.findall(r"(DNS|IP Address):(.*?)(?=, [A-Z][\w ]+:|$)", _section("Subject Alternative Name", text))
    return {
        "version": int(_one(r"Version: (\d)", text)),
        "serial": _serial(text),
        "signature_algorithm_name": _one(r"^ {8}Signature Algorithm: (.*)$", text),
        "issuer": _name(_one(r"^ {8}Issuer: ?(.*)$", text)),
        "subject": _name(_one(r"^ {8}Subject: ?(.*)$", text)),
        "not_before": _time(_one(r"Not Before: (.*)$", text)),
        "not_after": _time(_one(r"Not After : (.*)$", text)),
        "key_algorithm": KEYS.get(kind := _one(r"Public Key Algorithm: (.*)$", text), kind),
        "key_bits": int(_one(r"Public-Key: \((\d+) bit\)", text)),
        "key_curve": _one(r"NIST CURVE: (.*)$", text),
        "is_ca": "CA:TRUE" in _section("Basic Constraints", text),
        "path_length": int(depth) if (depth := _one(r"pathlen:(\d+)", text)) else None,
        "key_usage": [USAGES[each.strip()] for each in usage.split(",") if each.strip()],
        "dns_names": [value for kind, value in names if kind == "DNS"],
        "addresses": len([value for kind, value in names if kind != "DNS"]),
        "subject_key_id": _hex(_section("Subject Key Identifier", text)) or None,
        "authority_key_id": _hex(
            _one(r"^(?:keyid:)?([0-9A-F]{2}:[0-9A-F:]+)", _section("Authority Key Identifier", text))
        )
        or None,
        "crl_urls": re.findall(r"URI:(.*)", _section("CRL Distribution Points", text)),
        "authority_info": [
            ("ocsp" if kind == "OCSP" else "ca_issuers", uri)
            for kind, uri in re.findall(r"(OCSP|CA Issuers) - URI:(.*)", _section("Authority Information Access", text))
        ],
        "scts": [_hex(each) for each in re.findall(r"Log ID    : ((?:.*\n){2})", text)],
        "is_precert": "CT Precertificate Poison: critical" in text,
        "sha256": _hex(_one(r"Fingerprint=(.*)$", text)),
    }


def _serial(text: str) -> int:
    printed = _one(r"Serial Number:((?: .*)?\n?(?: {12}.*\n)?)", text)
    return int(re.sub(r" \(.*|[^0-9A-Fa-f]", "", printed), 10 if "(" in printed else 16)


def _sample(corpus: Path, part: int) -> list[tuple[str, bytes]]:
    by_class: dict[str, list[tuple[str, bytes]]] = {kind: [] for kind in CLASSES}
    for name, content in members(corpus / "certificates.tar.zst"):
        if (kind := name.split("/")[1]) in by_class:
            by_class[kind].append((name, content))
    return [one for them in by_class.values() for one in them[part :: len(them) // (EACH * PARTS) * PARTS or 1][:EACH]]


@pytest.mark.parametrize("part", range(PARTS))
def test_as_openssl_prints_it(corpus: Path, openssl: str, part: int) -> None:
    sample = _sample(corpus, part)
    differences = []
    for name, content in sample:
        printed = subprocess.run([openssl, *COMMAND], input=content, capture_output=True, check=True).stdout
        ours = Certificate.from_der(content)
        own: dict[str, object] = {
            "serial": int(ours.serial, 16),
            "addresses": len(ours.ip_addresses),
            "scts": [sct.log_id for sct in ours.scts],
        }
        for field, value in _printed(printed.decode()).items():
            read = own[field] if field in own else getattr(ours, field)
            if read != value:
                differences.append(f"{name} {field}: {read!r}, but openssl prints {value!r}")
    assert differences == []
    assert len(sample) > 40
