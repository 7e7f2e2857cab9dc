"""Just enough DER to cut a certificate where a signature was made (X.690; RFC 5280 section 4.1).

The core reads certificates; this only finds the bytes that cryptography has to be given.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from certhia.errors import Malformed

SEQUENCE: Final = 0x30
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04


class Element(NamedTuple):
    """One element: where it starts, where its contents start, and where both end."""

    tag: int
    start: int
    body: int
    end: int


class Signed(NamedTuple):
    """A certificate or CRL as what was signed, and by which algorithm.

    Attributes:
        tbs: DER of what was signed.
        algorithm: DER of the AlgorithmIdentifier beside the signature.
    """

    tbs: bytes
    algorithm: bytes


def element(data: bytes, at: int, end: int | None = None) -> Element:
    """The element at `at`. Raises Malformed where it does not fit in what holds it, or has a tag or length of a form
    that DER has no use for here."""
    body, stop = _span(data, at, len(data) if end is None else end)
    return Element(data[at], at, body, stop)


def _span(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the contents of the element at `at` start, and where they end."""
    if at + 2 > end:
        raise Malformed("DER: an element is cut off", at)
    size, body = data[at + 1], at + 2
    if data[at] & 0x1F == 0x1F:
        raise Malformed("DER: a tag of more than one byte", at)
    if size >= 0x80:
        more = size & 0x7F
        if not 1 <= more <= 4 or body + more > end:
            raise Malformed("DER: a length that makes no sense", at)
        size = int.from_bytes(data[body : body + more])
        body += more
    if body + size > end:
        raise Malformed("DER: an element is longer than what holds it", at)
    return body, body + size


def signed(certificate: bytes) -> Signed:
    """What was signed of a certificate, and by which algorithm.

    Raises Malformed where the two places that name the algorithm differ (RFC 5280 section 4.1.1.2): a signature of such
    a certificate means nothing.
    """
    start, end = _span(certificate, 0, len(certificate))
    body, stop = _span(certificate, start, end)
    algorithm = certificate[stop : _span(certificate, stop, end)[1]]
    inner = body
    if certificate[inner] == 0xA0:  # the version; then the serial number
        inner = _span(certificate, inner, stop)[1]
    inner = _span(certificate, inner, stop)[1]
    if certificate[inner : inner + len(algorithm)] != algorithm or inner + len(algorithm) > stop:
        raise Malformed("a certificate names two algorithms of its signature", inner)
    return Signed(certificate[start:stop], algorithm)


def rsa_exponent(spki: bytes) -> int | None:
    """The public exponent of an RSA key's SubjectPublicKeyInfo (RFC 8017 appendix A.1.1); None where there is none."""
    try:
        whole = element(spki, 0)
        bits = element(spki, element(spki, whole.body, whole.end).end, whole.end)
        key = element(spki, bits.body + 1, bits.end)
        number = element(spki, element(spki, key.body, key.end).end, key.end)
    except Malformed:
        return None
    return int.from_bytes(spki[number.body : number.end])
