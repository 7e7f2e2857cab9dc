"""Private keys that follow from a name: a world made twice from one seed is the same world. Worthless as secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ECDSA = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@lru_cache(maxsize=256)
def p256(name: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 key of that name."""
    number = int.from_bytes(hashlib.sha512(name.encode()).digest(), "big")
    return ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1())


@lru_cache(maxsize=16)
def rsa2048(name: str) -> rsa.RSAPrivateKey:
    """The RSA key of 2048 bits of that name. Takes about half a second."""
    exponent = 65537
    numbers = draw(f"rsa {name}", 1024)
    p, q = _prime(numbers, exponent), _prime(numbers, exponent)
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    ).private_key()


def _prime(numbers: Iterator[int], exponent: int) -> int:
    """The next probable prime of 1024 bits with both top bits set."""
    small = [n for n in range(3, 2000, 2) if all(n % m for m in range(3, int(n**0.5) + 1, 2))]
    for number in numbers:
        n = number | 3 << 1022 | 1
        if n % exponent != 1 and all(n % m for m in small) and pow(2, n - 1, n) == pow(3, n - 1, n) == 1:
            return n
    raise AssertionError("draw never ends")


def draw(name: str, bits: int) -> Iterator[int]:
    """Numbers of up to `bits` bits that look random and follow from `name`, without end. `bits` is a multiple of 8."""
    count = 0
    while True:
        yield int.from_bytes(hashlib.shake_256(f"{name} {count}".encode()).digest(bits // 8), "big")
        count += 1


def sign(key: PrivateKey, message: bytes) -> bytes:
    """ECDSA (RFC 6979, so the same each time) or RSA PKCS #1 v1.5, with SHA-256."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, _ECDSA)
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def digitally_signed(key: PrivateKey, message: bytes) -> bytes:
    """A signature as TLS writes it: hash and signature algorithm, length, signature (RFC 5246 section 4.7)."""
    signature = sign(key, message)
    algorithm = 3 if isinstance(key, ec.EllipticCurvePrivateKey) else 1
    return bytes((4, algorithm)) + len(signature).to_bytes(2, "big") + signature


def spki(key: PrivateKey) -> bytes:
    """The SubjectPublicKeyInfo, DER."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_pem(key: PrivateKey) -> str:
    """The SubjectPublicKeyInfo, PEM."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(key: PrivateKey) -> bytes:
    """The private key, PKCS #8 PEM without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
