"""Weak keys and signatures, with the reason."""

from __future__ import annotations

import pytest

from certhia._core import Certificate
from certhia.scanner.records import Verdict
from certhia.scanner.weak import weak_key, weak_signature
from certhia.testing import der
from certhia.testing.authority import Authority

ROOT = Authority.root("Weak keys")
RSA = Authority.root("Weak keys, RSA", "rsa2048")


def with_key(spki: bytes) -> Certificate:
    """A certificate with this SubjectPublicKeyInfo: only read, never checked."""
    made = ROOT.leaf(["a.example"])
    parts = [made.der[start:end] for _, start, _, end in _fields(made.der)]
    return Certificate.from_der(der.sequence(der.sequence(*parts[:6], spki, *parts[7:]), *_rest(made.der)))


def _fields(certificate: bytes) -> list[tuple[int, int, int, int]]:
    _, _, body, end = next(der.elements(certificate))
    _, _, inner, stop = next(der.elements(certificate, body, end))
    return list(der.elements(certificate, inner, stop))


def _rest(certificate: bytes) -> list[bytes]:
    _, _, body, end = next(der.elements(certificate))
    return [certificate[start:stop] for _, start, _, stop in list(der.elements(certificate, body, end))[1:]]


def rsa(bits: int, exponent: int) -> bytes:
    key = der.sequence(der.integer(1 << (bits - 1) | 1), der.integer(exponent))
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.tlv(der.NULL))
    return der.sequence(algorithm, der.tlv(der.BIT_STRING, b"\0", key))


@pytest.mark.parametrize(
    "bits, exponent, severity",
    [
        (512, 65537, "critical"),
        (768, 65537, "critical"),
        (1023, 65537, "critical"),
        (1024, 65537, "high"),
        (2047, 65537, "high"),
        (2048, 65537, None),
        (4096, 65537, None),
        (2048, 3, "low"),
        (2048, 1, "critical"),
        (2048, 65536, "critical"),
        (2048, 17, None),
        (2048, 2**33 + 1, None),
    ],
)
def test_rsa(bits: int, exponent: int, severity: str | None) -> None:
    found = weak_key(with_key(rsa(bits, exponent)))
    assert (found.severity if found is not None else None) == severity
    if found is not None:
        assert str(exponent if bits == 2048 else bits) in found.detail


@pytest.mark.parametrize(
    "kind, word",
    [("p192", "192"), ("p224", None), ("p256", None), ("p384", None), ("ed25519", None), ("dsa1024", "DSA")],
)
def test_other_keys(kind: str, word: str | None) -> None:
    found = weak_key(Certificate.from_der(ROOT.leaf(["a.example"], kind).der), "who: ")
    assert (found is None) is (word is None)
    if found is not None and word is not None:
        assert found.detail.startswith("who: ")
        assert word in found.detail


def test_a_curve_that_is_written_out() -> None:
    parameters = der.sequence(der.integer(1), der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(23)))
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), parameters)
    found = weak_key(with_key(der.sequence(algorithm, der.tlv(der.BIT_STRING, b"\0\4" + bytes(64)))))
    assert found is not None
    assert found.severity == "medium"


@pytest.mark.parametrize(
    "digest, severity", [("sha256", None), ("sha1", "high"), ("md5", "critical")]
)  # fmt: skip
def test_signatures(digest: str, severity: str | None) -> None:
    found = weak_signature(Certificate.from_der(RSA.leaf(["a.example"], digest=digest).der))
    assert (found.severity if found is not None else None) == severity


@pytest.mark.parametrize(
    "oid, weak",
    [
        ("1.2.840.113549.1.1.2", True),  # MD2
        ("1.2.840.113549.1.1.14", False),  # SHA-224
        ("1.2.840.113549.1.1.16", False),  # SHA-512/256
        ("1.2.840.10040.4.3", True),  # DSA with SHA-1
        ("1.2.840.10045.4.1", True),  # ECDSA with SHA-1
        ("1.3.14.3.2.29", True),  # an old name of RSA with SHA-1
        ("2.16.840.1.101.3.4.3.12", False),  # ECDSA with SHA3-512
        ("2.16.840.1.101.3.4.3.17", False),  # ML-DSA-44
        ("2.16.840.1.101.3.4.3.26", False),  # SLH-DSA-SHAKE-128s
        ("1.2.3.4.5", False),  # nobody knows
    ],
)
def test_signatures_by_name(oid: str, weak: bool) -> None:
    made = ROOT.leaf(["a.example"])
    algorithm = der.sequence(der.oid(oid))
    parts = [made.der[start:end] for _, start, _, end in _fields(made.der)]
    tbs = der.sequence(*parts[:2], algorithm, *parts[3:])
    found = weak_signature(Certificate.from_der(der.sequence(tbs, algorithm, _rest(made.der)[1])))
    assert (found is not None) is weak
    assert isinstance(found, Verdict | None)
