"""Certificates of the corpus against `cryptography`, and all hostile bytes survived."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tests.core.archives import members

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.testing import World

FIELDS = [name for name, value in vars(Certificate).items() if not name.startswith("_") and not callable(value)]


def _plain(text: str) -> str:
    """As the core gives it: controls and backslashes escaped."""
    return "".join(
        "".join(f"\\x{byte:02x}" for byte in character.encode())
        if ord(character) < 32 or character in "\\\x7f"
        else character
        for character in text
    )


def _sans(certificate: x509.Certificate) -> tuple[list[str], list[str]] | None:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [], []
    except ValueError:
        return None
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return [_plain(name) for name in names.get_values_for_type(x509.DNSName)], addresses


def _compare(ours: Certificate, theirs: x509.Certificate) -> None:
    assert int(ours.serial, 16) == abs(theirs.serial_number)
    assert ours.not_before == int(theirs.not_valid_before_utc.timestamp())
    assert ours.not_after == int(theirs.not_valid_after_utc.timestamp())
    assert ours.signature_algorithm == theirs.signature_algorithm_oid.dotted_string
    sans = _sans(theirs)
    if sans is not None:
        assert (ours.dns_names, ours.ip_addresses) == sans
    common = theirs.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert ours.common_name == (_plain(str(common[0].value)) if common else None)
    organisation = theirs.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert ours.issuer_attribute("2.5.4.10") == (_plain(str(organisation[0].value)) if organisation else None)
    if all(
        " " <= character < "\x7f" for name in (theirs.subject, theirs.issuer) for character in name.rfc4514_string()
    ):
        assert ours.subject == theirs.subject.rfc4514_string()
        assert ours.issuer == theirs.issuer.rfc4514_string()


def test_real_certificates_as_cryptography_reads_them(corpus: Path) -> None:
    compared = 0
    for name, der in members(corpus / "certificates.tar.zst"):
        if name.split("/")[1] not in {"public-leaf", "public-precert"}:
            continue
        ours = Certificate.from_der(der)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of certificates that it reads
            try:
                theirs = x509.load_der_x509_certificate(der)
            except ValueError:
                continue
            _compare(ours, theirs)
        assert ours.is_precert == (name.split("/")[1] == "public-precert")
        compared += 1
    assert compared > 2300


def _read_all(der: bytes) -> Malformed | None:
    try:
        certificate = Certificate.from_der(der)
    except Malformed as fault:
        return fault
    for field in FIELDS:
        getattr(certificate, field)
    if certificate.extensions_fault is not None:
        reason, _, offset = certificate.extensions_fault.rpartition(" at byte ")
        assert reason
        assert 0 <= int(offset) <= len(der)
    return None


@pytest.mark.parametrize("archive", ["certificates.tar.zst", "hostile.tar.zst"])
def test_everything_is_a_certificate_or_a_named_error(corpus: Path, archive: str) -> None:
    read = refused = 0
    for _, der in members(corpus / archive):
        fault = _read_all(der)
        if fault is None:
            read += 1
        else:
            assert fault.reason
            assert 0 <= fault.offset <= len(der)
            refused += 1
    assert read > 5000
    assert refused < 22_000


def test_what_cryptography_reads_we_read(corpus: Path) -> None:
    """No certificate of the wild is refused that a stricter reader accepts."""
    refused = [(name, der) for name, der in members(corpus / "certificates.tar.zst") if _read_all(der) is not None]
    assert {name.split("/")[1] for name, _ in refused} == {"lint-testdata", "other-testdata", "pcap-unverified"}
    for _, der in refused:
        with pytest.raises(ValueError, match=r"."):
            x509.load_der_x509_certificate(der)


def test_attributes_by_identifier(corpus: Path) -> None:
    der = next(der for name, der in members(corpus / "certificates.tar.zst") if "/public-leaf/" in name)
    certificate = Certificate.from_der(der)
    assert certificate.subject_attribute("2.5.4.3") == certificate.common_name
    assert certificate.subject_attribute("1.2.3.4") is None
    with pytest.raises(Malformed, match="dotted object identifier"):
        certificate.subject_attribute("CN")


@pytest.mark.parametrize(
    "bytes_", [b"", b"\x30", b"\x30\x80", b"0\x82\xff\xff", b"-----BEGIN CERTIFICATE-----", b"\x30\x00"]
)
def test_no_certificate(bytes_: bytes) -> None:
    with pytest.raises(Malformed):
        Certificate.from_der(bytes_)


def test_what_a_log_signs_is_what_the_hash_is_of(certhia_world: World) -> None:
    precert, final = certhia_world.ca.pair(["www.example.com"])
    read = [Certificate.from_der(one.der) for one in (precert, final)]
    assert read[0].logged_tbs == read[1].logged_tbs == precert.tbs
    assert all(hashlib.sha256(one.logged_tbs).digest() == one.tbs_sha256 for one in read)
