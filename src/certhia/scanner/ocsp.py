"""OCSP (RFC 6960): what is asked, and whether an answer is one: about this certificate, signed by who may, of now."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certhia.clock import iso
from certhia.errors import Unverified
from certhia.scanner.strictly import UNREADABLE, quiet

MAX_ANSWER: Final = 64 << 10  # bytes
MAX_SINGLE: Final = 64  # certificates that one answer may be about
SKEW: Final = 300.0  # seconds that a responder's clock may be ahead
OLDEST: Final = 7 * 86400.0  # seconds that an answer without an end counts
LONGEST_GET: Final = 255  # characters of a request in a URL (RFC 5019 section 5)
RESPONDER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.9")
_HASHES: Final = (SHA1, SHA256)


class Status(NamedTuple):
    """What is known of a certificate's revocation.

    Attributes:
        state: "good", "revoked", "unknown" (the responder does not know it) or "unavailable".
        source: "staple", "ocsp" or "crl"; "" where nothing was to be had.
        detail: why it is unavailable, or where the answer is from; inert.
        reason: of a revocation, as RFC 5280 names it ("keyCompromise"); "" where none is given.
        at: since when it is revoked, Unix seconds; 0 where it is not.
        produced: from when the answer is, Unix seconds.
        until: until when it counts.
    """

    state: str
    source: str = ""
    detail: str = ""
    reason: str = ""
    at: float = 0.0
    produced: float = 0.0
    until: float = 0.0


def request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The question, DER. Names are hashed by SHA-1, as responders want it (RFC 5019 section 2.1.1); there is no nonce,
    so that they may answer from a cache."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)


def get_url(url: str, question: bytes) -> str | None:
    """Where to GET the answer (RFC 6960 appendix A.1); None where it would be too long, and a POST is wanted."""
    text = base64.b64encode(question).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return f"{url.removesuffix('/')}/{text}" if len(text) <= LONGEST_GET else None


@quiet
def read(answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: float, source: str) -> Status:
    """What an answer says about a certificate. Raises Unverified, with the reason, for one that does not count."""
    if len(answer) > MAX_ANSWER:
        raise Unverified(f"an answer of {len(answer)} bytes, where at most {MAX_ANSWER} are read")
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Unverified(f"the responder says {response.response_status.name.lower().replace('_', ' ')}")
        single = _about(response, certificate, issuer)
        _check_signature(response, issuer, now)
        return _status(single, now, source)
    except UNREADABLE as error:
        raise Unverified(f"an answer that can't be read ({type(error).__name__})") from error


def _about(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    """The part of an answer that is about the certificate."""
    wanted = {
        (one.hash_algorithm.name, one.issuer_name_hash, one.issuer_key_hash)
        for one in (ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, kind()).build() for kind in _HASHES)
    }
    for count, single in enumerate(response.responses):
        if count == MAX_SINGLE:
            break
        key = (single.hash_algorithm.name, single.issuer_name_hash, single.issuer_key_hash)
        if single.serial_number == certificate.serial_number and key in wanted:
            return single
    raise Unverified("an answer about another certificate")


def _status(single: ocsp.OCSPSingleResponse, now: float, source: str) -> Status:
    produced, until = _seconds(single.this_update_utc), _seconds(single.next_update_utc)
    if produced > now + SKEW:
        raise Unverified(f"an answer of the future ({iso(produced)})")
    end = until or produced + OLDEST
    if now > end + SKEW:
        raise Unverified(f"an answer that counted until {iso(end)}")
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        reason = single.revocation_reason.value if single.revocation_reason is not None else ""
        return Status("revoked", source, "", reason, _seconds(single.revocation_time_utc), produced, end)
    state = "good" if single.certificate_status is ocsp.OCSPCertStatus.GOOD else "unknown"
    return Status(state, source, "", "", 0.0, produced, end)


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> None:
    """The issuer signs, or who it has appointed (RFC 6960 section 4.2.2.2). Raises Unverified."""
    for signer in _signers(response, issuer):
        if signer is not issuer:
            _check_appointment(signer, issuer, now)
        try:
            verify(signer.public_key(), response.signature, response.tbs_response_bytes, response)
        except InvalidSignature:
            raise Unverified("the signature of the answer does not hold under the responder's key") from None
        return
    raise Unverified("the answer is signed by nobody that it shows")


def _signers(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> Iterator[x509.Certificate]:
    """Whom the answer says it is signed by."""
    name, key_hash = response.responder_name, response.responder_key_hash
    for one in (issuer, *response.certificates[:8]):
        if name == one.subject if name is not None else key_hash == _key_hash(one):
            yield one


def _check_appointment(signer: x509.Certificate, issuer: x509.Certificate, now: float) -> None:
    try:
        signer.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE) as error:
        raise Unverified("the responder's certificate is not from the issuer") from error
    if not _seconds(signer.not_valid_before_utc) <= now <= _seconds(signer.not_valid_after_utc):
        raise Unverified("the responder's certificate is not valid now")
    try:
        purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        purposes = x509.ExtendedKeyUsage([])
    if RESPONDER not in purposes:
        raise Unverified("the responder's certificate is for other things (extended key usage)")


def verify(
    key: CertificatePublicKeyTypes,
    signature: bytes,
    signed: bytes,
    algorithm: ocsp.OCSPResponse | x509.CertificateRevocationList,
) -> None:
    """Raises InvalidSignature where the signature does not hold, UnsupportedAlgorithm where that can't be told."""
    digest = algorithm.signature_hash_algorithm
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, signed)
    elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
        key.verify(signature, signed, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey) and digest is not None:
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    else:
        raise UnsupportedAlgorithm("a signature of a kind that can't be checked here")


def _key_hash(certificate: x509.Certificate) -> bytes:
    """SHA-1 of the key's bits (RFC 6960 section 4.2.1): what a key identifier is as a rule, but nobody promises."""
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def _scts(response: ocsp.OCSPResponse) -> bytes:
    try:
        listed = response.single_extensions.get_extension_for_class(x509.SignedCertificateTimestamps).value
    except UNREADABLE:
        return b""
    return listed.public_bytes()


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0


@quiet
def staple_scts(answer: bytes) -> bytes:
    """The SCTs that come with an answer, a SignedCertificateTimestampList (RFC 6962 section 3.3) in DER; b"" without.
    The answer is not checked: they are signed for themselves."""
    try:
        response = ocsp.load_der_ocsp_response(answer[: MAX_ANSWER + 1])
        successful = response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
        return _scts(response) if successful else b""
    except UNREADABLE:
        return b""
