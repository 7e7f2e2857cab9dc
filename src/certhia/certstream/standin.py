"""A certificate that stands in for the one that a message tells of but does not bring: what is said of it, in DER.

Rules and filters look at it as at any other: at names, issuer and organisation. It has no key, and its hashes are
nobody's but its own; the same for a precertificate and its certificate, as long as the same is said of both.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final

from certhia.certstream.entries import Written, entry, precert
from certhia.certstream.messages import Told, seconds_of, text_of
from certhia.clock import utc

DAY: Final = 86_400

_SEQUENCE, _SET, _OID, _UTF8, _GENERALIZED = 0x30, 0x31, 0x06, 0x0C, 0x18
_ATTRIBUTES: Final = (
    ("C", b"\x55\x04\x06"),
    ("ST", b"\x55\x04\x08"),
    ("L", b"\x55\x04\x07"),
    ("O", b"\x55\x04\x0a"),
    ("OU", b"\x55\x04\x0b"),
    ("CN", b"\x55\x04\x03"),
)
_ALGORITHM: Final = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256: something has to stand there
_NO_KEY: Final = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
_SAN: Final = b"\x55\x1d\x11"
_LAST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,80}")


def standin(told: Told, now: float) -> Written:
    """The entry of a certificate of which just that is known. `now`: Unix seconds; names alone stand for another
    certificate every day. Raises Malformed where that makes no certificate."""
    tbs = _tbs(told, now)
    if told.is_precert:
        return precert(tbs, told.timestamp)
    return entry(_tlv(_SEQUENCE, tbs, _ALGORITHM, _bits(b"")), (), told.timestamp)


def _tbs(told: Told, now: float) -> bytes:
    leaf = told.leaf
    serial = text_of(leaf.get("serial_number"))
    number = int(serial, 16) if _SERIAL.fullmatch(serial) else 0
    begun = seconds_of(leaf.get("not_before")) if leaf else now // DAY * DAY
    names = b"".join(map(_general_name, told.names))
    extension = _tlv(_SEQUENCE, _tlv(_OID, _SAN), _tlv(0x04, _tlv(_SEQUENCE, names)))
    return _tlv(
        _SEQUENCE,
        _tlv(0xA0, b"\x02\x01\x02"),
        _tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big")),
        _ALGORITHM,
        _name(leaf.get("issuer")),
        _tlv(_SEQUENCE, _time(begun), _time(seconds_of(leaf.get("not_after")))),
        _name(leaf.get("subject"), without="CN"),  # it is one of the names
        _tlv(_SEQUENCE, _NO_KEY, _bits(b"")),
        _tlv(0xA3, _tlv(_SEQUENCE, extension)) if names else b"",
    )


def _general_name(name: str) -> bytes:
    try:
        return _tlv(0x87, ipaddress.ip_address(name).packed)
    except ValueError:
        return _tlv(0x82, name.encode())


def _name(value: object, without: str = "") -> bytes:
    """A distinguished name, as messages have it: {"CN": …, "O": …}."""
    said: Mapping[str, Any] = value if isinstance(value, dict) else {}
    parts = []
    for key, oid in _ATTRIBUTES:
        text = text_of(said.get(key))
        if text and key != without:
            parts.append(_tlv(_SET, _tlv(_SEQUENCE, _tlv(_OID, oid), _tlv(_UTF8, text.encode()))))
    return _tlv(_SEQUENCE, *parts)


def _time(seconds: float) -> bytes:
    return _tlv(_GENERALIZED, utc(min(int(seconds), _LAST)).strftime("%Y%m%d%H%M%SZ").rjust(15, "0").encode())


def _bits(value: bytes) -> bytes:
    return _tlv(0x03, b"\0" + value)


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body
