"""The original's messages, key by key: written down by hand from what its source says.

CaliDog/certstream-server 1.6 with EasySSL: keys in the order of Elixir's small maps, dates as integers, strings of
extensions in EasySSL's words.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID

from certhia._core import Form, Issuers, Page, Source
from certhia.testing.entries import u16, u24

SOURCE = Source(bytes.fromhex("c37a51e0bd66e0f1") + bytes(24), "A 'log'", "https://ct.example/2026", "rfc6962")
LINK = "https://ct.example/2026/ct/v1/get-entries?start=12&end=12"
KEY = rsa.generate_private_key(65537, 1024)
BEGIN = dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
SCTS = b"\x04\x04\x00\x02\xff\xfe"

Json = dict[str, Any]


def _name(**attributes: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(getattr(NameOID, kind), value) for kind, value in attributes.items()])


ISSUER = _name(COUNTRY_NAME="DE", ORGANIZATION_NAME="Some CA", COMMON_NAME="Some CA 1", EMAIL_ADDRESS="ca@ca.example")
SUBJECT = _name(
    COUNTRY_NAME="DE",
    STATE_OR_PROVINCE_NAME="Berlin",
    LOCALITY_NAME="Berlin",
    STREET_ADDRESS="Some Street",
    ORGANIZATION_NAME="Ex\u00e4mple",
    ORGANIZATIONAL_UNIT_NAME="IT",
    COMMON_NAME="www.example.com",
)
USAGE = x509.KeyUsage(True, True, True, False, False, True, True, False, False)
EXTENSIONS: list[x509.ExtensionType] = [
    x509.SubjectAlternativeName(
        [
            x509.DNSName("example.com"),
            x509.DNSName("b.example.com"),
            x509.RFC822Name("a@example.com"),
            x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
            x509.UniformResourceIdentifier("https://example.com/"),
            x509.DirectoryName(ISSUER),
        ]
    ),
    x509.BasicConstraints(ca=False, path_length=None),
    USAGE,
    x509.ExtendedKeyUsage([Purpose.SERVER_AUTH, Purpose.CLIENT_AUTH]),
    x509.SubjectKeyIdentifier(b"\x01\xab"),
    x509.AuthorityKeyIdentifier(b"\x02\xcd", None, None),
    x509.CertificatePolicies(
        [
            x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None),
            x509.PolicyInformation(
                x509.ObjectIdentifier("1.2.3"), ["http://cps.example/", x509.UserNotice(None, "a notice")]
            ),
        ]
    ),
    x509.CRLDistributionPoints(
        [
            x509.DistributionPoint([x509.UniformResourceIdentifier(f"http://crl.example/{n}")], None, None, None)
            for n in (1, 2)
        ]
    ),
    x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(Access.OCSP, x509.UniformResourceIdentifier("http://ocsp.example")),
            x509.AccessDescription(Access.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/ca.der")),
        ]
    ),
    x509.IssuerAlternativeName([x509.DNSName("ca.example")]),
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.5"), b"\x05\x00"),
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), SCTS),
]


def _built(subject: x509.Name, extensions: list[x509.ExtensionType], end: dt.datetime, serial: int) -> bytes:
    builder = x509.CertificateBuilder(ISSUER, subject, KEY.public_key(), serial, BEGIN, end)
    for one in extensions:
        builder = builder.add_extension(one, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


LEAF = _built(SUBJECT, EXTENSIONS, BEGIN + dt.timedelta(days=90), 0xABC)
CHAIN = _built(ISSUER, [x509.BasicConstraints(True, 0)], dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC), 1)

ISSUER_OBJECT: Json = {
    "C": "DE",
    "CN": "Some CA 1",
    "L": None,
    "O": "Some CA",
    "OU": None,
    "ST": None,
    "aggregated": "/C=DE/CN=Some CA 1/O=Some CA/emailAddress=ca@ca.example",
    "emailAddress": "ca@ca.example",
}
LEAF_OBJECT: Json = {
    "all_domains": ["b.example.com", "example.com", "www.example.com"],
    "extensions": {
        "authorityInfoAccess": "CA Issuers - URI:http://ca.example/ca.der\nOCSP - URI:http://ocsp.example\n",
        "authorityKeyIdentifier": "keyid:02:CD\n",
        "basicConstraints": "CA:FALSE",
        "certificatePolicies": "Policy: 2.23.140.1.2.1\n"
        "Policy: 1.2.3\n  CPS: http://cps.example/\n  User Notice: a notice",
        "crlDistributionPoints": "Full Name:\n URI:http://crl.example/1\nFull Name:\n URI:http://crl.example/2",
        "ctlSignedCertificateTimestamp": "BAQAAv_-",
        "extendedKeyUsage": "TLS Web server authentication, TLS Web client authentication",
        "extra": ["1.2.3.5", "1.2.3.4"],
        "issuerAltName": "DNS:ca.example",
        "keyUsage": "Digital Signature, Non Repudiation, Key Encipherment, Key Cert Sign, C R L Sign",
        "subjectAltName": "URI:https://example.com/, IP:192.0.2.1, RFC 822Name:a@example.com, "
        "DNS:b.example.com, DNS:example.com",
        "subjectKeyIdentifier": "01:AB",
    },
    "fingerprint": hashlib.sha1(LEAF).digest().hex(":").upper(),
    "issuer": ISSUER_OBJECT,
    "not_after": 1_735_787_045 + 90 * 86_400,
    "not_before": 1_735_787_045,
    "serial_number": "ABC",
    "signature_algorithm": "sha256, rsa",
    "subject": {
        "C": "DE",
        "CN": "www.example.com",
        "L": "Berlin",
        "O": "Ex\u00e4mple",
        "OU": "IT",
        "ST": "Berlin",
        "aggregated": "/C=DE/CN=www.example.com/L=Berlin/O=Ex\u00e4mple/OU=IT/ST=Berlin",
        "emailAddress": None,
    },
}
CHAIN_OBJECT: Json = {
    "as_der": base64.b64encode(CHAIN).decode(),
    "extensions": {"basicConstraints": "CA:TRUE"},
    "fingerprint": hashlib.sha1(CHAIN).digest().hex(":").upper(),
    "issuer": ISSUER_OBJECT,
    "not_after": "no_expiration",
    "not_before": 1_735_787_045,
    "serial_number": "1",
    "signature_algorithm": "sha256, rsa",
    "subject": ISSUER_OBJECT,
}


def _page(leaf: bytes, extra: bytes, issuers: Issuers) -> Page:
    item = {"leaf_input": base64.b64encode(leaf).decode(), "extra_data": base64.b64encode(extra).decode()}
    return Page.from_get_entries([json.dumps({"entries": [item]}).encode()], 12, issuers)


def _message(kind: str, *, cursor: bool | None = None, leaf: bytes = LEAF, precert: bytes = b"") -> bytes:
    issuers = Issuers()
    kinds = b"\0\1" + bytes(32) if precert else b"\0\0"
    extra = (u24(precert) if precert else b"") + u24(u24(CHAIN))
    page = _page(bytes(10) + kinds + u24(leaf) + u16(b""), extra, issuers)
    messages = page.messages(Form(kind, "calidog", cursor=cursor), SOURCE, issuers, seen=1.25, verified=99)
    return messages[0]


def _text(value: Json) -> bytes:
    """Keys in alphabetical order, no spaces: as Jason writes maps of at most 32 keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _update(leaf: Json, **more: Any) -> Json:
    data = {
        "cert_index": 12,
        "cert_link": LINK,
        "leaf_cert": leaf,
        "seen": 1.25,
        "source": {"name": "A 'log'", "url": "https://ct.example/2026/"},
        "update_type": "X509LogEntry",
    }
    return {"data": data | more, "message_type": "certificate_update"}


def test_lite() -> None:
    assert _message("lite") == _text(_update(LEAF_OBJECT))


def test_full() -> None:
    leaf = LEAF_OBJECT | {"as_der": base64.b64encode(LEAF).decode()}
    assert _message("full") == _text(_update(leaf, chain=[CHAIN_OBJECT]))


def test_domains() -> None:
    names = ["b.example.com", "example.com", "www.example.com"]
    assert _message("domains") == _text({"data": names, "message_type": "dns_entries"})


def test_with_a_cursor() -> None:
    assert _message("lite", cursor=True) == _text(_update(LEAF_OBJECT) | {"cursor": "c37a51e0bd66e0f1:12"})
    names = ["b.example.com", "example.com", "www.example.com"]
    expected = {"cursor": "c37a51e0bd66e0f1:12", "data": names, "message_type": "dns_entries"}
    assert _message("domains", cursor=True) == _text(expected)


def test_a_precertificate() -> None:
    """Fields of what the log signed, the hash and bytes of what was submitted."""
    tbs = x509.load_der_x509_certificate(LEAF).tbs_certificate_bytes
    message = json.loads(_message("full", leaf=tbs, precert=CHAIN))
    leaf = message["data"]["leaf_cert"]
    assert message["data"]["update_type"] == "PrecertLogEntry"
    assert leaf["fingerprint"] == CHAIN_OBJECT["fingerprint"]
    assert leaf["as_der"] == CHAIN_OBJECT["as_der"]
    assert leaf["extensions"] == LEAF_OBJECT["extensions"] | {"ctlPoisonByte": True}
    assert leaf["all_domains"] == LEAF_OBJECT["all_domains"]


@pytest.mark.parametrize(
    "curve, digest, ours, theirs",
    [
        (ec.SECP256R1(), hashes.SHA256(), "ecdsa, sha256", "sha256, ecdsa"),
        (ec.SECP384R1(), hashes.SHA384(), "ecdsa, sha384", "sha384, ecdsa"),
    ],
)
def test_signature_algorithms(curve: ec.EllipticCurve, digest: hashes.HashAlgorithm, ours: str, theirs: str) -> None:
    key = ec.derive_private_key(7, curve)
    builder = x509.CertificateBuilder(ISSUER, x509.Name([]), key.public_key(), 0xF0, BEGIN, BEGIN)
    der = builder.sign(key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]
    leaf = json.loads(_message("lite", leaf=der))["data"]["leaf_cert"]
    assert (leaf["signature_algorithm"], leaf["serial_number"]) == (theirs, "F0")
    assert (leaf["subject"]["aggregated"], leaf["extensions"], leaf["all_domains"]) == ("/", {}, [])
    issuers = Issuers()
    page = _page(bytes(12) + u24(der) + u16(b""), u24(b""), issuers)
    message = page.messages(Form("lite"), SOURCE, issuers, seen=1.0, verified=0)[0]
    leaf = json.loads(message)["data"]["leaf_cert"]
    assert (leaf["signature_algorithm"], leaf["subject"]["aggregated"]) == (ours, "")
