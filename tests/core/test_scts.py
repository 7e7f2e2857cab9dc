"""Lists of signed certificate timestamps, real ones and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from tests.core.archives import members
from tests.core.made import extension, made_tbs, tlv

from certhia._core import Certificate, Sct

SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"


def _vector(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content


def _sct(version: int = 0, extensions: bytes = b"", signature: bytes = b"signature") -> bytes:
    return (
        bytes([version])
        + b"\7" * 32
        + (1_700_000_000_123).to_bytes(8, "big")
        + _vector(extensions)
        + b"\4\3"
        + _vector(signature)
    )


def _read(content: bytes) -> Certificate:
    """A certificate whose SCT list is `content`."""
    return Certificate.from_der(made_tbs([extension(SCT_LIST, tlv(0x04, content))]))


def test_real_ones(corpus: Path) -> None:
    read = 0
    for name, der in members(corpus / "certificates.tar.zst"):
        if "/public-leaf/" not in name:
            continue
        certificate = Certificate.from_der(der)
        lists = [extension.value for extension in certificate.extensions if extension.oid == SCT_LIST]
        if not lists:
            assert certificate.scts == []
            continue
        again = tlv(0x04, _vector(b"".join(_vector(sct.raw) for sct in certificate.scts)))
        assert [again] == lists
        assert all(
            (sct.version, sct.hash_algorithm, len(sct.log_id)) == (0, 4, 32) and sct.signature_algorithm in {1, 3}
            for sct in certificate.scts
        )
        read += len(certificate.scts)
    assert read > 500


def test_as_cryptography_reads_them(corpus: Path) -> None:
    der = next(
        der
        for name, der in members(corpus / "certificates.tar.zst")
        if "/public-leaf/" in name and Certificate.from_der(der).scts
    )
    theirs = (
        x509.load_der_x509_certificate(der)
        .extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps)
        .value
    )
    for ours, sct in zip(Certificate.from_der(der).scts, theirs, strict=True):
        assert ours.log_id == sct.log_id
        assert ours.timestamp == round(sct.timestamp.timestamp() * 1000)
        assert ours.signature == sct.signature
        assert ours.extensions == sct.extension_bytes


def _fields(sct: Sct) -> tuple[object, ...]:
    return (
        sct.version,
        sct.log_id,
        sct.timestamp,
        sct.extensions,
        sct.hash_algorithm,
        sct.signature_algorithm,
        sct.signature,
    )


def test_fields() -> None:
    raw, strange = _sct(extensions=b"\0\0\5index"), _sct(version=1)
    certificate = _read(_vector(_vector(raw) + _vector(strange)))
    first, second = certificate.scts
    assert _fields(first) == (0, b"\7" * 32, 1_700_000_000_123, b"\0\0\5index", 4, 3, b"signature")
    assert first.raw == raw
    assert _fields(second) == (1, b"", 0, b"", 0, 0, b"")
    assert second.raw == strange
    assert certificate.extensions_fault is None
    assert repr(first) == "Sct(version=0, timestamp=1700000000123)"


@pytest.mark.parametrize(
    "content, count, fault",
    [
        (b"", 0, "the length of the list of SCTs is cut off"),
        (b"\0", 0, "the length of the list of SCTs is cut off"),
        (_vector(b"\0\0"), 0, "an SCT's version is cut off"),
        (_vector(b"\0\0" + _vector(_sct())), 1, "an SCT's version is cut off"),
        (_vector(_vector(_sct()) + b"\xff\xff" + _sct()), 1, "an SCT is cut off"),
        (_vector(_vector(_sct()) + _vector(_sct()[:-1]) + _vector(_sct())), 2, "an SCT's signature is cut off"),
        (_vector(_vector(_sct() + b"!") + _vector(_sct())), 1, "expected the SCT's end"),
        (_vector(_vector(_sct())) + b"!", 1, "expected a list of 59 bytes of SCTs, found one of 58"),
        (b"\xff\xff" + _vector(_sct()), 1, "expected a list of 58 bytes of SCTs, found one of 65535"),
        (_vector(b"\0\1\1" * 2000), 1024, "at most 1024 SCTs"),
    ],
    ids=range(10),
)
def test_hostile_lists_are_read_as_far_as_they_go(content: bytes, count: int, fault: str) -> None:
    certificate = _read(content)
    assert len(certificate.scts) == count
    told, _, offset = (certificate.extensions_fault or "").rpartition(" at byte ")
    assert told == fault
    assert certificate.der.index(content) <= int(offset) <= len(certificate.der)


def test_no_list() -> None:
    certificate = Certificate.from_der(made_tbs([extension(SCT_LIST, _vector(_vector(_sct())))]))
    assert certificate.scts == []
    assert "expected an OCTET STRING with a list of SCTs" in (certificate.extensions_fault or "")
