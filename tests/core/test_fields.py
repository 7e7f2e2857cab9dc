"""Each field of a certificate: what it gives of a well-made one, and of what is wrong."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID
from tests.core.made import KEY, extension, made_tbs, name, oid, sequence, tlv

from certhia._core import Certificate

SIGNER = ec.derive_private_key(7, ec.SECP384R1())
ISSUER = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.COMMON_NAME, "Some CA")])
SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A, B"),
        x509.NameAttribute(NameOID.COMMON_NAME, "a.example"),
        x509.NameAttribute(NameOID.EMAIL_ADDRESS, "c@a.example"),
    ]
)
SANS = x509.SubjectAlternativeName(
    [
        x509.DNSName("a.example"),
        x509.RFC822Name("b@a.example"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.UniformResourceIdentifier("https://a.example/x"),
        x509.DirectoryName(ISSUER),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4")),
        x509.OtherName(x509.ObjectIdentifier("1.2.3.5"), b"\x0c\x01u"),
    ]
)
USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=True,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=True,
)
POINT = x509.DistributionPoint(
    [x509.UniformResourceIdentifier("http://crl.example/1"), x509.DNSName("no.uri.example")], None, None, None
)
EXTENSIONS: list[tuple[x509.ExtensionType, bool]] = [
    (SANS, False),
    (x509.IssuerAlternativeName([x509.DNSName("ca.example")]), False),
    (x509.BasicConstraints(ca=True, path_length=2), True),
    (USAGE, True),
    (x509.ExtendedKeyUsage([Purpose.SERVER_AUTH, x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.4")]), False),
    (x509.SubjectKeyIdentifier(b"subject"), False),
    (x509.AuthorityKeyIdentifier(b"authority", None, None), False),
    (
        x509.CertificatePolicies(
            [
                x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None),
                x509.PolicyInformation(
                    x509.ObjectIdentifier("1.2.3"), ["http://cps.example/", x509.UserNotice(None, "a notice")]
                ),
            ]
        ),
        False,
    ),
    (x509.CRLDistributionPoints([POINT]), False),
    (
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(Access.OCSP, x509.UniformResourceIdentifier("http://ocsp.example")),
                x509.AccessDescription(Access.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/ca.der")),
                x509.AccessDescription(Access.CA_ISSUERS, x509.DirectoryName(ISSUER)),
            ]
        ),
        False,
    ),
    (x509.PrecertPoison(), True),
]


def _built(key: Any, signer: Any = SIGNER, algorithm: Any = None, **signing: Any) -> x509.Certificate:
    begin = dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(SUBJECT)
        .issuer_name(ISSUER)
        .public_key(key)
        .serial_number(0xABC)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=90))
    )
    for value, critical in EXTENSIONS:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(signer, algorithm if algorithm or signer is not SIGNER else hashes.SHA384(), **signing)


@pytest.fixture(scope="module")
def theirs() -> x509.Certificate:
    return _built(ec.derive_private_key(5, ec.SECP256R1()).public_key())


@pytest.fixture(scope="module")
def ours(theirs: x509.Certificate) -> Certificate:
    return Certificate.from_der(theirs.public_bytes(Encoding.DER))


def test_who_and_when(ours: Certificate, theirs: x509.Certificate) -> None:
    assert ours.version == 3
    assert ours.serial == "0ABC"
    assert (ours.not_before, ours.not_after) == (1_735_787_045, 1_735_787_045 + 90 * 86_400)
    assert ours.subject_attributes == [
        ("2.5.4.10", "A, B"),
        ("2.5.4.3", "a.example"),
        ("1.2.840.113549.1.9.1", "c@a.example"),
    ]
    assert ours.issuer_attributes == [("2.5.4.6", "DE"), ("2.5.4.3", "Some CA")]
    assert not ours.is_self_issued
    assert ours.signature == theirs.signature
    assert ours.signature_algorithm == "1.2.840.10045.4.3.3"
    assert ours.signature_algorithm_name == "ecdsa-with-SHA384"


def test_names_of_all_kinds(ours: Certificate) -> None:
    assert ours.names == ["a.example", "192.0.2.1", "2001:db8::1"]
    assert ours.alternative_names == [
        ("dns", "a.example"),
        ("email", "b@a.example"),
        ("ip", "192.0.2.1"),
        ("ip", "2001:db8::1"),
        ("uri", "https://a.example/x"),
        ("dirname", "CN=Some CA,C=DE"),
        ("rid", "1.2.3.4"),
        ("othername", "1.2.3.5;0c0175"),
    ]
    assert ours.issuer_alternative_names == [("dns", "ca.example")]
    assert ours.email_addresses == ["b@a.example", "c@a.example"]
    assert ours.uris == ["https://a.example/x"]


def test_extensions(ours: Certificate, theirs: x509.Certificate) -> None:
    assert ours.extensions_fault is None
    assert [(one.oid, one.critical) for one in ours.extensions] == [
        (one.oid.dotted_string, one.critical) for one in theirs.extensions
    ]
    assert [one.value for one in ours.extensions] == [one.value.public_bytes() for one in theirs.extensions]
    assert [one.name for one in ours.extensions] == [
        "subjectAltName",
        "issuerAltName",
        "basicConstraints",
        "keyUsage",
        "extKeyUsage",
        "subjectKeyIdentifier",
        "authorityKeyIdentifier",
        "certificatePolicies",
        "cRLDistributionPoints",
        "authorityInfoAccess",
        "precertificatePoison",
    ]
    assert repr(ours.extensions[3]) == "Extension(keyUsage, critical)"


def test_constraints(ours: Certificate) -> None:
    assert ours.has_basic_constraints
    assert ours.is_ca
    assert ours.path_length == 2
    assert ours.key_usage == ["digitalSignature", "keyAgreement", "keyCertSign", "cRLSign", "decipherOnly"]
    assert ours.extended_key_usage == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.11129.2.4.4"]
    assert ours.is_precert_signing
    assert ours.is_precert
    assert (ours.subject_key_id, ours.authority_key_id) == (b"subject", b"authority")


def test_where_it_points(ours: Certificate) -> None:
    assert ours.policies == [("2.23.140.1.2.1", []), ("1.2.3", ["http://cps.example/"])]
    assert ours.crl_urls == ["http://crl.example/1"]
    assert ours.authority_info == [("ocsp", "http://ocsp.example"), ("ca_issuers", "http://ca.example/ca.der")]


@pytest.mark.parametrize(
    "key, expected",
    [
        (rsa.generate_private_key(65537, 1024), ("rsa", 1024, "")),
        (ec.derive_private_key(5, ec.SECP256R1()), ("ec", 256, "P-256")),
        (ec.derive_private_key(5, ec.SECP384R1()), ("ec", 384, "P-384")),
        (ec.derive_private_key(5, ec.SECP521R1()), ("ec", 521, "P-521")),
        (ec.derive_private_key(5, ec.SECP256K1()), ("ec", 256, "secp256k1")),
        (ec.derive_private_key(5, ec.BrainpoolP384R1()), ("ec", 384, "brainpoolP384r1")),
        (ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)), ("ed25519", 255, "")),
        (ed448.Ed448PrivateKey.from_private_bytes(bytes(57)), ("ed448", 448, "")),
        (x25519.X25519PrivateKey.from_private_bytes(bytes(32)), ("x25519", 255, "")),
        (x448.X448PrivateKey.from_private_bytes(bytes(56)), ("x448", 448, "")),
    ],
)
def test_keys(key: Any, expected: tuple[str, int, str]) -> None:
    public = key.public_key()
    certificate = Certificate.from_der(_built(public).public_bytes(Encoding.DER))
    assert (certificate.key_algorithm, certificate.key_bits, certificate.key_curve) == expected
    assert certificate.spki == public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_signature_algorithms() -> None:
    key = rsa.generate_private_key(65537, 1024)
    built = _built(key.public_key(), key, hashes.SHA256())
    assert Certificate.from_der(built.public_bytes(Encoding.DER)).signature_algorithm_name == "sha256WithRSAEncryption"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    built = _built(key.public_key(), key, hashes.SHA256(), rsa_padding=pss)
    assert Certificate.from_der(built.public_bytes(Encoding.DER)).signature_algorithm_name == "RSASSA-PSS-SHA256"
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    built = _built(key.public_key(), edwards)
    assert Certificate.from_der(built.public_bytes(Encoding.DER)).signature_algorithm_name == "Ed25519"


def test_a_certificate_without_extensions() -> None:
    certificate = Certificate.from_der(made_tbs([], subject=name(("2.5.4.3", b"Some CA"))))
    assert (certificate.extensions, certificate.scts) == ([], [])
    assert (certificate.alternative_names, certificate.issuer_alternative_names, certificate.uris) == ([], [], [])
    assert (certificate.policies, certificate.crl_urls, certificate.authority_info) == ([], [], [])
    assert (certificate.key_usage, certificate.extended_key_usage) == ([], [])
    assert (certificate.subject_key_id, certificate.authority_key_id, certificate.path_length) == (None, None, None)
    flags = (certificate.has_basic_constraints, certificate.is_ca, certificate.is_precert_signing)
    assert flags == (False, False, False)
    assert certificate.extensions_fault is None
    assert certificate.is_self_issued
    assert certificate.signature == b"", "a TBS alone has none"


def test_an_unknown_key() -> None:
    key = sequence(sequence(oid("1.2.3.4")), tlv(0x03, b"\0"))
    certificate = Certificate.from_der(made_tbs([], key=key))
    assert (certificate.key_algorithm, certificate.key_bits, certificate.key_curve) == ("1.2.3.4", 0, "")
    assert Certificate.from_der(made_tbs([], key=sequence())).key_algorithm == ""
    assert Certificate.from_der(made_tbs([])).spki == KEY


def test_a_fault_costs_no_more_than_what_is_broken() -> None:
    broken = sequence(oid("2.5.29.35"), tlv(0x0C, b"no octets"))
    usage = extension("2.5.29.15", b"\3\2\5\xa0")
    certificate = Certificate.from_der(
        made_tbs([broken, usage, extension("2.5.29.17", sequence(tlv(0x82, b"a.example")))])
    )
    at = certificate.der.index(tlv(0x0C, b"no octets"))
    assert certificate.extensions_fault == f"expected an extension's value (tag 0x04), found tag 0x0c at byte {at}"
    assert certificate.key_usage == ["digitalSignature", "keyEncipherment"]
    assert certificate.dns_names == ["a.example"]
    assert [one.oid for one in certificate.extensions] == ["2.5.29.15", "2.5.29.17"]


def test_names_behind_a_broken_frame_are_found() -> None:
    """The SANs' SEQUENCE says that it is longer than its OCTET STRING: what is there is a name all the same."""
    cut = b"\x30\x20" + tlv(0x82, b"one.example") + tlv(0x87, bytes([192, 0, 2, 7]))
    certificate = Certificate.from_der(made_tbs([extension("2.5.29.17", cut)]))
    assert certificate.names == ["cn.example", "one.example", "192.0.2.7"]
    assert certificate.dns_names == ["one.example"]
    assert certificate.ip_addresses == ["192.0.2.7"]
    assert certificate.fault is None
    assert certificate.extensions_fault is not None


def test_ten_thousand_names() -> None:
    sans = sequence(*(tlv(0x82, b"n%d.example" % number) for number in range(10_000)))
    certificate = Certificate.from_der(made_tbs([extension("2.5.29.17", sans)]))
    expected = [f"n{number}.example" for number in range(10_000)]
    assert certificate.names == [*expected, "cn.example"]
    assert certificate.alternative_names == [("dns", one) for one in expected]
