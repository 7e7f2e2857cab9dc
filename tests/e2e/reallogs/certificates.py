"""A CA for real logs, made with `cryptography` alone: other people's code wrote what Certhia reads here."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from dataclasses import dataclass
from itertools import count

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CT_SIGNING = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.4")
SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Pair:
    """What a precertificate and its certificate have in common, and the precertificate."""

    names: tuple[str, ...]
    builder: x509.CertificateBuilder  # of the certificate, without SCTs
    precertificate: bytes
    chain: tuple[bytes, ...]  # of the precertificate, without the root


def new_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def sec1_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """As TesseraCT reads it."""
    return key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def sha256(der: bytes) -> str:
    """Fingerprint in hex."""
    return hashlib.sha256(der).hexdigest()


class CA:
    """Root, intermediate, and a Precertificate Signing Certificate (RFC 6962 section 3.1) below the intermediate."""

    def __init__(self) -> None:
        self._now = dt.datetime.now(dt.UTC)
        self._numbers = count()
        self._root_key, self._key, self._signer_key, self._leaf_key = (new_key() for _ in range(4))
        self.root = self._authority("Root", self._root_key, "Root", self._root_key)
        self.intermediate = self._authority("Intermediate", self._key, "Root", self._root_key)
        self.signer = self._authority("Precert Signer", self._signer_key, "Intermediate", self._key, CT_SIGNING)

    @property
    def root_pem(self) -> bytes:
        """What the logs accept."""
        return self.root.public_bytes(PEM)

    def issue(self) -> Pair:
        """The next precertificate; every tenth is signed by the precertificate signer."""
        number = next(self._numbers)
        names = _names(number)
        builder = self._leaf(number, names, "Intermediate", self._key)
        if number % 10 != 9:
            signed = builder.add_extension(x509.PrecertPoison(), critical=True).sign(self._key, hashes.SHA256())
            chain: tuple[x509.Certificate, ...] = (self.intermediate,)
        else:
            # Same serial number, other issuer: the log puts the final issuer back (section 3.2).
            serial = builder._serial_number
            assert serial is not None
            by_signer = self._leaf(number, names, "Precert Signer", self._signer_key, serial)
            by_signer = by_signer.add_extension(x509.PrecertPoison(), critical=True)
            signed, chain = by_signer.sign(self._signer_key, hashes.SHA256()), (self.signer, self.intermediate)
        der = signed.public_bytes(DER)
        texts = tuple(str(name.value) for name in names)
        return Pair(texts, builder, der, tuple(each.public_bytes(DER) for each in chain))

    def finish(self, pair: Pair, scts: list[bytes]) -> tuple[bytes, tuple[bytes, ...]]:
        """The certificate with these SCTs, and its chain."""
        listed = b"".join(len(sct).to_bytes(2, "big") + sct for sct in scts)
        inner = len(listed).to_bytes(2, "big") + listed
        assert 128 <= len(inner) < 65536
        size = bytes([0x81, len(inner)]) if len(inner) < 256 else b"\x82" + len(inner).to_bytes(2, "big")
        builder = pair.builder.add_extension(
            x509.UnrecognizedExtension(SCT_LIST, b"\x04" + size + inner), critical=False
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(DER), (self.intermediate.public_bytes(DER),)

    def _leaf(
        self,
        number: int,
        names: list[x509.GeneralName],
        issuer: str,
        key: ec.EllipticCurvePrivateKey,
        serial: int | None = None,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(f"leaf {number}"))
            .issuer_name(_name(issuer))
            .public_key(self._leaf_key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(self._now - dt.timedelta(hours=1))
            .not_valid_after(self._now + dt.timedelta(days=90))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )

    def _authority(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        issuer_key: ec.EllipticCurvePrivateKey,
        usage: ObjectIdentifier | None = None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - dt.timedelta(days=1))
            .not_valid_after(self._now + dt.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                    key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )  # fmt: skip
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, "Certhia test"), (NameOID.COMMON_NAME, f"Test {common}"))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])


def _names(number: int) -> list[x509.GeneralName]:
    """In turn: a name, a wildcard, an A-label, addresses of both kinds, a hundred names."""
    match number % 5:
        case 0:
            return [x509.DNSName(f"host{number}.certhia.test")]
        case 1:
            return [x509.DNSName(f"*.w{number}.certhia.test"), x509.DNSName(f"w{number}.certhia.test")]
        case 2:
            return [x509.DNSName(f"xn--bcher-kva.n{number}.certhia.test")]
        case 3:
            addresses = (f"192.0.2.{number % 256}", f"2001:db8::{number % 65536:x}")
            named = x509.DNSName(f"ip{number}.certhia.test")
            return [named, *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
        case _:
            return [x509.DNSName(f"n{place}.many{number}.certhia.test") for place in range(100)]
