"""Certificates of every kind that a server should not show, and the authorities above them.

    root = Authority.root("Root")
    issuing = root.authority("Issuing", path_length=0)
    leaf = issuing.leaf(["www.example.com"], not_after=-1)     # expired a day ago

Times are in days from the clock's now. `CA` issues thousands of good ones a second; this one issues what a test wants.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa

from certhia.clock import Clock
from certhia.testing import der, keys
from certhia.testing.ca import pem

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey | ed25519.Ed25519PrivateKey

DAY: Final = 86400
CRL_URLS, AUTHORITY_INFO, NAME_CONSTRAINTS = "2.5.29.31", "1.3.6.1.5.5.7.1.1", "2.5.29.30"
OCSP, CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
OCSP_SIGNING, CLIENT_AUTH, ANY_PURPOSE = "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0"
CERTIFICATE_SIGNING: Final = b"\1\6"  # keyCertSign and cRLSign, as BIT STRING
DIGITAL_SIGNATURE: Final = b"\7\x80"

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
}
_ALGORITHMS: Final = {
    ("rsa", "md5"): "1.2.840.113549.1.1.4",
    ("rsa", "sha1"): "1.2.840.113549.1.1.5",
    ("rsa", "sha256"): "1.2.840.113549.1.1.11",
    ("ec", "sha1"): "1.2.840.10045.4.1",
    ("ec", "sha256"): "1.2.840.10045.4.3.2",
    ("dsa", "sha256"): "2.16.840.1.101.3.4.3.2",
    ("ed25519", "sha256"): "1.3.101.112",
}
_CURVES: Final = {"p192": ec.SECP192R1(), "p224": ec.SECP224R1(), "p256": ec.SECP256R1(), "p384": ec.SECP384R1()}


@lru_cache(maxsize=64)
def new_key(kind: str, name: str) -> Key:
    """A key of the kind ("p256", "p192", "rsa2048", "rsa1024", "dsa2048", "ed25519"...): the same for the same name, in
    one process. Of P-256 it follows from the name for ever."""
    if kind == "p256":
        return keys.p256(name)
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    family, bits = kind[:3], int(kind[3:])
    return dsa.generate_private_key(bits) if family == "dsa" else rsa.generate_private_key(65537, bits)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is written into a certificate. None leaves an extension out.

    Attributes:
        names: DNS names of the SAN, as they are.
        ips: its addresses.
        not_before: days from now.
        not_after: days from now.
        digest: "sha256", "sha1" or "md5".
        is_ca: the basic constraints.
        path_length: theirs.
        usage: the key usage, content of a BIT STRING.
        purposes: the extended key usage, dotted OIDs.
        permitted: name constraints: DNS names, or networks ("192.0.2.0/24").
        excluded: the same.
        crl: where its CRL is.
        ocsp: where its responder is.
        issuers: where its issuer's certificate is.
        key_ids: whether it says its key's and its issuer's identifier.
        version: 1 has no extensions at all.
        extensions: ready ones.
    """

    names: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    not_before: float = -30
    not_after: float = 60
    digest: str = "sha256"
    is_ca: bool | None = False
    path_length: int | None = None
    usage: bytes | None = DIGITAL_SIGNATURE
    purposes: tuple[str, ...] | None = (der.SERVER_AUTH,)
    permitted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    crl: str | None = None
    ocsp: str | None = None
    issuers: str | None = None
    key_ids: bool = True
    version: int = 3
    extensions: tuple[bytes, ...] = ()


CA: Final = Wish(is_ca=True, usage=CERTIFICATE_SIGNING, purposes=None, not_before=-365, not_after=3650)


@dataclass(frozen=True)
class Made:
    """A certificate and the key that is in it."""

    der: bytes
    key: Key
    subject: bytes  # the Name, DER
    serial: int
    wish: Wish

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return pem(self.der)

    @property
    def key_pem(self) -> bytes:
        """The private key as PKCS #8 PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


class Authority(Made):
    """A certificate that issues others."""

    @classmethod
    def root(cls, name: str, kind: str = "p256", *, clock: Clock | None = None, **changes: object) -> Authority:
        """A self-signed one. `changes` are fields of `Wish`."""
        key, subject = new_key(kind, f"authority {name}"), der.name((der.COMMON_NAME, name))
        wish = replace(CA, **changes)  # type: ignore[arg-type]
        return cls(*_certificate(wish, subject, key, subject, key, clock))

    def authority(
        self, name: str, kind: str = "p256", *, clock: Clock | None = None, key: Key | None = None, **changes: object
    ) -> Authority:
        """One below. Of the same name, it has the same key: that is how to cross-sign; `key` gives it another."""
        key = key or new_key(kind, f"authority {name}")
        wish = replace(CA, **changes)  # type: ignore[arg-type]
        return Authority(*_certificate(wish, der.name((der.COMMON_NAME, name)), key, self.subject, self.key, clock))

    def leaf(
        self,
        names: Sequence[str] = (),
        kind: str = "p256",
        *,
        common_name: str | None = None,
        clock: Clock | None = None,
        **changes: object,
    ) -> Made:
        """A server's certificate."""
        wish = replace(Wish(names=tuple(names)), **changes)  # type: ignore[arg-type]
        shown = common_name if common_name is not None else names[0] if names else "leaf"
        key = new_key(kind, f"leaf {shown}")
        return Made(*_certificate(wish, der.name((der.COMMON_NAME, shown)), key, self.subject, self.key, clock))


def self_signed(names: Sequence[str], kind: str = "p256", *, clock: Clock | None = None, **changes: object) -> Made:
    """A server's certificate that nobody but its own key has signed."""
    wish = replace(Wish(names=tuple(names)), **changes)  # type: ignore[arg-type]
    key, subject = new_key(kind, f"leaf {names[0]}"), der.name((der.COMMON_NAME, names[0]))
    return Made(*_certificate(wish, subject, key, subject, key, clock))


def sign(key: Key, message: bytes, digest: str = "sha256") -> bytes:
    """A signature as certificates have it."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    algorithm = _HASHES[digest]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), algorithm)
    if isinstance(key, dsa.DSAPrivateKey):
        return key.sign(message, algorithm)
    return key.sign(message, ec.ECDSA(algorithm, deterministic_signing=digest == "sha256"))


def algorithm_of(key: Key, digest: str = "sha256") -> bytes:
    """The AlgorithmIdentifier of such a signature."""
    kind = "ed25519"
    if isinstance(key, rsa.RSAPrivateKey | dsa.DSAPrivateKey):
        kind = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "dsa"
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        kind = "ec"
    return der.sequence(der.oid(_ALGORITHMS[kind, digest]), der.tlv(der.NULL) if kind == "rsa" else b"")


def spki_of(key: Key) -> bytes:
    """The SubjectPublicKeyInfo."""
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Key) -> bytes:
    """The key identifier that these authorities use: SHA-1 of the whole SubjectPublicKeyInfo."""
    return hashlib.sha1(spki_of(key), usedforsecurity=False).digest()


def _certificate(
    wish: Wish, subject: bytes, key: Key, issuer: bytes, issuer_key: Key, clock: Clock | None
) -> tuple[bytes, Key, bytes, int, Wish]:
    now = (clock or Clock()).now()
    period = tuple(der.time(now + days * DAY) for days in (wish.not_before, wish.not_after))
    seed = hashlib.sha256(repr((wish, subject, issuer)).encode() + spki_of(key) + spki_of(issuer_key)).digest()
    serial = int.from_bytes(seed[:15]) | 1 << 119
    algorithm = algorithm_of(issuer_key, wish.digest)
    parts = [der.integer(serial), algorithm, issuer, der.sequence(*period), subject, spki_of(key)]
    if wish.version > 1:
        version = der.tlv(0xA0, der.integer(wish.version - 1))
        parts = [version, *parts, der.tlv(0xA3, der.sequence(*_extensions(wish, key, issuer_key)))]
    tbs = der.sequence(*parts)
    signature = der.tlv(der.BIT_STRING, b"\0", sign(issuer_key, tbs, wish.digest))
    return der.sequence(tbs, algorithm, signature), key, subject, serial, wish


def _extensions(wish: Wish, key: Key, issuer_key: Key) -> list[bytes]:
    own = list(wish.extensions)
    if wish.is_ca is not None:
        length = der.integer(wish.path_length) if wish.path_length is not None else b""
        basic = der.sequence(der.tlv(der.BOOLEAN, b"\xff") if wish.is_ca else b"", length)
        own.append(der.extension(der.BASIC_CONSTRAINTS, basic, critical=True))
    if wish.usage is not None:
        own.append(der.extension(der.KEY_USAGE, der.tlv(der.BIT_STRING, wish.usage), critical=True))
    if wish.purposes is not None:
        own.append(der.extension(der.EXTENDED_USAGE, der.sequence(*(der.oid(one) for one in wish.purposes))))
    if wish.key_ids:
        own.append(der.extension(der.SUBJECT_KEY, der.tlv(der.OCTET_STRING, key_id(key))))
        own.append(der.extension(der.AUTHORITY_KEY, der.sequence(der.tlv(0x80, key_id(issuer_key)))))
    names = [der.tlv(0x82, name.encode()) for name in wish.names]
    names += [der.tlv(0x87, ipaddress.ip_address(ip).packed) for ip in wish.ips]
    if names:
        own.append(der.extension(der.SUBJECT_ALT_NAME, der.sequence(*names)))
    permitted, excluded = ([_subtree(one) for one in listed] for listed in (wish.permitted, wish.excluded))
    trees = [der.tlv(0xA0, *permitted)] if permitted else []
    trees += [der.tlv(0xA1, *excluded)] if excluded else []
    if trees:
        own.append(der.extension(NAME_CONSTRAINTS, der.sequence(*trees), critical=True))
    return own + _places(wish)


def _places(wish: Wish) -> list[bytes]:
    """Where else to ask."""
    own = []
    if wish.crl is not None:
        point = der.tlv(0xA0, der.tlv(0xA0, der.tlv(0x86, wish.crl.encode())))
        own.append(der.extension(CRL_URLS, der.sequence(der.sequence(point))))
    asked = {OCSP: wish.ocsp, CA_ISSUERS: wish.issuers}
    access = [der.sequence(der.oid(method), der.tlv(0x86, url.encode())) for method, url in asked.items() if url]
    if access:
        own.append(der.extension(AUTHORITY_INFO, der.sequence(*access)))
    return own


def _subtree(text: str) -> bytes:
    if "/" in text:
        network = ipaddress.ip_network(text)
        return der.sequence(der.tlv(0x87, network.network_address.packed + network.netmask.packed))
    return der.sequence(der.tlv(0x82, text.encode()))
