"""Whether an issuer's key signed a certificate, or a precertificate as submitted."""

from __future__ import annotations

import functools
import warnings
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.render import terminal

KEYS: Final = 256  # issuers' keys kept in memory; the busiest pages have a handful


def unsigned(der: bytes, issuer: bytes, what: str, whose: str) -> str:
    """Why it can't be believed that the key of `issuer` (DER) signed `der`; "" where it did. Names are not compared.

    `what` and `whose`: what people call the two."""
    try:
        _verify(der, _key(issuer))
    except InvalidSignature:
        return f"{whose} did not sign {what}"
    except (ValueError, TypeError, UnsupportedAlgorithm, Malformed) as error:
        return f"the signature of {what} can't be checked: {terminal(str(error))[:200] or type(error).__name__}"
    return ""


@functools.lru_cache(maxsize=KEYS)
def _key(issuer: bytes) -> PublicKeyTypes:
    return load_der_public_key(Certificate.from_der(issuer).spki)


def _verify(der: bytes, key: PublicKeyTypes) -> None:
    """Raises InvalidSignature; ValueError, TypeError or UnsupportedAlgorithm where that can't be known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of serial numbers and the like, which do not matter here
        signed = x509.load_der_x509_certificate(der)
        how = signed.signature_algorithm_parameters
    signature, tbs, digest = signed.signature, signed.tbs_certificate_bytes, signed.signature_hash_algorithm
    if isinstance(key, RSAPublicKey) and isinstance(how, PKCS1v15 | PSS) and digest is not None:
        key.verify(signature, tbs, how, digest)
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(how, ECDSA):
        key.verify(signature, tbs, how)
    elif isinstance(key, Ed25519PublicKey | Ed448PublicKey) and how is None:
        key.verify(signature, tbs)
    else:
        oid = signed.signature_algorithm_oid.dotted_string
        raise UnsupportedAlgorithm(f"algorithm {oid} with a key of the kind {type(key).__name__}")
