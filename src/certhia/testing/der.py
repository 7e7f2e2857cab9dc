"""Just enough DER to write certificates and to cut extensions out of them (X.690; RFC 5280 section 4.1).

Certificates are put together from bytes here, not by a library, so that a test can have any certificate it wants,
malformed ones too, and hundreds a second of them. What it makes is held against `cryptography` in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, UTF8 = 1, 2, 3, 4, 5, 6, 12
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31

POISON = "1.3.6.1.4.1.11129.2.4.3"
SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
PRECERT_SIGNING = "1.3.6.1.4.1.11129.2.4.4"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
COMMON_NAME, ORGANIZATION, COUNTRY = "2.5.4.3", "2.5.4.10", "2.5.4.6"
SUBJECT_KEY, KEY_USAGE, SUBJECT_ALT_NAME, BASIC_CONSTRAINTS = "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19"
AUTHORITY_KEY, EXTENDED_USAGE, SERVER_AUTH = "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.3.1"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: tag, definite length, contents."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of ready elements."""
    return tlv(SEQUENCE, *parts)


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (first * 40 + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(0x80 | arc & 0x7F)
        out += bytes(reversed(digits))
    return tlv(OID, bytes(out))


def time(seconds: float) -> bytes:
    """A Time: UTCTime until 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5)."""
    moment = datetime.fromtimestamp(int(seconds), UTC)
    if moment.year < 2050:
        return tlv(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())


def name(*attributes: tuple[str, str]) -> bytes:
    """A Name of single-valued RDNs: (dotted OID, text), text as UTF8String."""
    return sequence(*(tlv(SET, sequence(oid(kind), tlv(UTF8, text.encode()))) for kind, text in attributes))


def extension(kind: str, value: bytes, *, critical: bool = False) -> bytes:
    """An Extension whose OCTET STRING holds `value`."""
    return sequence(oid(kind), tlv(BOOLEAN, b"\xff") if critical else b"", tlv(OCTET_STRING, value))


def elements(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """The elements of data[start:end] one after another: (tag, where it begins, where its contents begin, its end).

    Raises ValueError where a length does not fit.
    """
    end = len(data) if end is None else end
    while start < end:
        if start + 2 > end:
            raise ValueError(f"DER element cut off at byte {start}")
        size, body = data[start + 1], start + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(data[start + 2 : body], "big")
        if body + size > end:
            raise ValueError(f"DER element at byte {start} is longer than what holds it")
        yield data[start], start, body, body + size
        start = body + size


def tbs_of(certificate: bytes) -> bytes:
    """The TBSCertificate of a certificate."""
    _, _, body, end = next(elements(certificate))
    _, start, _, stop = next(elements(certificate, body, end))
    return certificate[start:stop]


def with_extensions(tbs: bytes, *, drop: tuple[str, ...] = (), add: tuple[bytes, ...] = ()) -> bytes:
    """`tbs` without the extensions named in `drop`, and with those in `add` at the end of the list."""
    _, _, body, stop = next(elements(tbs))
    fields = list(elements(tbs, body, stop))
    tag, start, inner, _ = fields[-1]
    if tag != 0xA3:
        raise ValueError("the certificate has no extensions")
    unwanted = {oid(kind) for kind in drop}
    kept: list[bytes] = []
    _, _, first, last = next(elements(tbs, inner))
    for _, at, contents, after in elements(tbs, first, last):
        _, oid_at, _, oid_end = next(elements(tbs, contents, after))
        if tbs[oid_at:oid_end] not in unwanted:
            kept.append(tbs[at:after])
    return sequence(tbs[body:start], tlv(0xA3, sequence(*kept, *add)))


def serial_at(der: bytes, *, tbs: bool) -> int | None:
    """Where the last 6 bytes of the serial number begin in a certificate (or a TBS); None when it is too short."""
    try:
        _, _, body, end = next(elements(der))
        if not tbs:
            _, _, body, end = next(elements(der, body, end))
        tag, _, contents, stop = next(fields := elements(der, body, end))
        if tag == 0xA0:
            tag, _, contents, stop = next(fields)
    except (ValueError, StopIteration):
        return None
    return stop - 6 if tag == INTEGER and stop - contents >= 8 else None
