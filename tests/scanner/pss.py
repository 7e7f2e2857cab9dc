"""A root and a leaf signed with RSASSA-PSS, by cryptography: our own authority does not make any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding


def pss() -> tuple[bytes, bytes]:
    """DER of both."""
    key = rsa.generate_private_key(65537, 2048)
    root, leaf = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("PSS", "leaf"))
    now = datetime.now(UTC)
    found = []
    for subject in (root, leaf):
        builder = x509.CertificateBuilder(
            root, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        scheme = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
        found.append(builder.sign(key, SHA256(), rsa_padding=scheme).public_bytes(Encoding.DER))
    return found[0], found[1]
