"""Whether one certificate was signed by another's key: here trust is decided, so `cryptography` does it.

What was checked once is remembered, bounded: the issuers of thousands of servers are a few dozen.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certhia._core import Certificate
from certhia.errors import Malformed, Unverified
from certhia.scanner import strictly
from certhia.scanner.der import signed

KEPT_KEYS: Final = 1024
KEPT_CHECKS: Final = 16_384
MAX_RSA_BITS: Final = 16_384  # a signature under a longer key takes ever longer to check

_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "MD5": hashes.MD5(),  # noqa: S303  (whether it holds is one question, whether that is worth anything another)
    "SHA1": hashes.SHA1(),  # noqa: S303
    "SHA224": hashes.SHA224(),
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
_RSA: Final = {
    **{f"{name.lower()}WithRSAEncryption": digest for name, digest in _DIGESTS.items()},
    "md5WithRSA": _DIGESTS["MD5"],
    "sha1WithRSASignature": _DIGESTS["SHA1"],
}
_ECDSA: Final = {f"ecdsa-with-{name}": ec.ECDSA(digest) for name, digest in _DIGESTS.items()}
_DSA: Final = {f"dsa-with-{name}": digest for name, digest in _DIGESTS.items()}
_PADDING: Final = padding.PKCS1v15()


class Signatures:
    """Checks signatures; remembers keys and what came of checks. Not safe to share between threads.

    `asked` counts questions, `checked` those that took a check.
    """

    def __init__(self, keys: int = KEPT_KEYS, checks: int = KEPT_CHECKS) -> None:
        self.asked = 0
        self.checked = 0
        self._most_keys = keys
        self._most_checks = checks
        self._keys: OrderedDict[bytes, PublicKeyTypes | None] = OrderedDict()
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def fault(self, issuer: Certificate, child: Certificate) -> str:
        """Why `child` was not signed by the key of `issuer`; "" where it was."""
        self.asked += 1
        pair = issuer.spki_sha256 + child.sha256
        known = self._known.get(pair)
        if known is not None:
            self._known.move_to_end(pair)
            return known
        self.checked += 1
        try:
            self.check(issuer, child)
            fault = ""
        except Unverified as error:
            fault = str(error)
        self._known[pair] = fault
        if len(self._known) > self._most_checks:
            self._known.popitem(last=False)
        return fault

    def check(self, issuer: Certificate, child: Certificate) -> None:
        """Raises Unverified where `child` was not signed by the key of `issuer`, or that can't be told."""
        try:
            cut = signed(child.der)
        except Malformed as error:
            raise Unverified(f"it can't be read strictly: {error}") from error
        verify(self.key(issuer), child, cut.tbs)

    def key(self, issuer: Certificate) -> PublicKeyTypes:
        """The key of a certificate. Raises Unverified where cryptography can't use it."""
        digest = issuer.spki_sha256
        if digest in self._keys:
            self._keys.move_to_end(digest)
            key = self._keys[digest]
        else:
            key = self._keys[digest] = public_key(issuer.spki)
            if len(self._keys) > self._most_keys:
                self._keys.popitem(last=False)
        if key is None:
            raise Unverified(f"the issuer's key ({issuer.key_algorithm}) is of a kind that can't be checked here")
        return key


def public_key(spki: bytes) -> PublicKeyTypes | None:
    """A key from its SubjectPublicKeyInfo; None where it can't be used."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return None if isinstance(key, rsa.RSAPublicKey) and key.key_size > MAX_RSA_BITS else key


def verify(key: PublicKeyTypes, child: Certificate, tbs: bytes) -> None:
    """Raises Unverified where the signature of `child` over `tbs` does not hold under `key`."""
    name = child.signature_algorithm_name
    try:
        if isinstance(key, rsa.RSAPublicKey) and name in _RSA:
            key.verify(child.signature, tbs, _PADDING, _RSA[name])
        elif isinstance(key, ec.EllipticCurvePublicKey) and name in _ECDSA:
            key.verify(child.signature, tbs, _ECDSA[name])
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey) and name in {"Ed25519", "Ed448"}:
            key.verify(child.signature, tbs)
        elif isinstance(key, dsa.DSAPublicKey) and name in _DSA:
            key.verify(child.signature, tbs, _DSA[name])
        elif isinstance(key, rsa.RSAPublicKey) and name.startswith("RSASSA-PSS"):
            _verify_pss(key, child, tbs)
        else:
            raise Unverified(f"signed with {name}, which the issuer's key does not make or can't be checked here")
    except InvalidSignature:
        raise Unverified(f"the signature ({name}) does not hold under the issuer's key") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unverified(f"the signature ({name}) can't be checked: {error}") from error


def _verify_pss(key: rsa.RSAPublicKey, child: Certificate, tbs: bytes) -> None:
    """Its parameters are in the certificate (RFC 4055): cryptography reads them."""
    parsed = strictly.certificate(child.der)
    parameters, digest = parsed.signature_algorithm_parameters, parsed.signature_hash_algorithm
    if not isinstance(parameters, padding.PSS) or digest is None:
        raise Unverified("signed with RSASSA-PSS of parameters that can't be checked here")
    key.verify(child.signature, tbs, parameters, digest)
