"""Keys and signatures that don't hold what they should (NIST SP 800-57 part 1; RFC 9155)."""

from __future__ import annotations

from typing import Final

from certhia._core import Certificate
from certhia.scanner.der import rsa_exponent
from certhia.scanner.records import Severity, Verdict

RSA_BITS: Final = 2048
BROKEN_RSA_BITS: Final = 1024  # within reach of those who can pay; smaller ones of anybody's
EC_BITS: Final = 224
_USUAL_EXPONENT: Final = b"\x02\x03\x01\x00\x01"  # 65537, where a key's SubjectPublicKeyInfo ends

_BROKEN: Final = ("md2", "md4", "md5")
_WEAK: Final = ("sha1", "shawithrsa", "ripemd160")
_SOUND: Final = frozenset(
    (
        "sha256WithRSAEncryption",
        "sha384WithRSAEncryption",
        "sha512WithRSAEncryption",
        "ecdsa-with-SHA256",
        "ecdsa-with-SHA384",
        "ecdsa-with-SHA512",
        "Ed25519",
    )
)
_SOUND_CURVES: Final = frozenset(("P-256", "P-384", "P-521"))


def weak_key(certificate: Certificate, whose: str = "") -> Verdict | None:
    """What is wrong with the certificate's key; `whose` is said first."""
    algorithm = certificate.key_algorithm
    if algorithm == "ec":
        if (curve := certificate.key_curve) in _SOUND_CURVES:
            return None
        return _weak_curve(certificate, curve, whose)
    if algorithm in {"rsa", "rsassa-pss"}:
        return _weak_rsa(certificate, whose)
    if algorithm == "dsa":
        return _key("high", f"{whose}DSA of {certificate.key_bits} bits, which TLS clients gave up (RFC 9155)")
    return None


def _weak_curve(certificate: Certificate, curve: str, whose: str) -> Verdict | None:
    if curve == "explicit":
        text = "an EC key whose curve is written out, not named (RFC 5480 section 2.1.1 forbids it)"
        return _key("medium", whose + text)
    bits = certificate.key_bits
    if 0 < bits < EC_BITS:
        return _key("high", f"{whose}EC of {bits} bits ({curve}), where {EC_BITS} are the least")
    return None


def _weak_rsa(certificate: Certificate, whose: str) -> Verdict | None:
    bits = certificate.key_bits
    if 0 < bits < RSA_BITS:
        severity: Severity = "critical" if bits < BROKEN_RSA_BITS else "high"
        return _key(severity, f"{whose}RSA of {bits} bits, where {RSA_BITS} are the least")
    spki = certificate.spki
    if spki.endswith(_USUAL_EXPONENT):
        return None
    exponent = rsa_exponent(spki)
    if exponent is not None and (exponent < 3 or not exponent & 1):
        return _key("critical", f"{whose}RSA with the exponent {exponent}: anybody can sign with it")
    if exponent == 3:
        return _key("low", f"{whose}RSA with the exponent 3, which careless checks can be deceived with")
    return None


def weak_signature(certificate: Certificate, whose: str = "") -> Verdict | None:
    """What is wrong with the algorithm that signed it. Not to be asked of a root: nobody goes by its signature."""
    name = certificate.signature_algorithm_name
    if name in _SOUND:
        return None
    plain = name.lower().replace("-", "")
    if any(word in plain for word in _BROKEN):
        return Verdict("weak-signature", "critical", f"{whose}signed with {name}: forged before")
    if any(word in plain for word in _WEAK):
        return Verdict("weak-signature", "high", f"{whose}signed with {name}: collisions can be bought")
    return None


def _key(severity: Severity, detail: str) -> Verdict:
    return Verdict("weak-key", severity, detail)
