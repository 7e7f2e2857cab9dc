"""Protocols that speak in packets: LDAP, PostgreSQL, MySQL, RDP."""

from __future__ import annotations

import struct
from typing import Final

from certhia.scanner.conversation import Conversation, Tell
from certhia.scanner.failures import ScanFailure
from certhia.scanner.starttls.reading import MAX_GREETING, Reading, refused

# LDAPMessage 1 { ExtendedRequest { requestName 1.3.6.1.4.1.1466.20037 } } (RFC 4511 section 4.14.1)
_LDAP: Final = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
_POSTGRES: Final = struct.pack(">II", 8, 80877103)
# TPKT, X.224 Connection Request, RDP_NEG_REQ that offers TLS and CredSSP (MS-RDPBCGR section 2.2.1.1)
_RDP: Final = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"
_RDP_FAILURES: Final = {
    1: "TLS is required there, and not configured",
    2: "TLS is not allowed by the server",
    3: "the server has no certificate",
    4: "inconsistent flags",
    5: "CredSSP is required",
    6: "TLS with a client certificate is required",
}
_MYSQL_SSL: Final = 0x0800
# CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION; 16 MB packets; latin1
_MYSQL_ASK: Final = struct.pack("<IIIB23x", 32 | 1 << 24, 0x8A01, 1 << 24, 8)


def ldap(_: str) -> Conversation[None]:
    """StartTLS of RFC 4511 section 4.14."""
    answer = yield from Reading().until(_LDAP, _element)
    try:
        identified = _split(_inside(answer, 0x30))
        code, rest = _split(_inside(identified[1], 0x78))
        words = _split(_split(rest)[1])[0]
    except (ValueError, IndexError):
        raise refused(answer, "no answer of LDAP") from None
    if code != b"\x00":
        raise refused(words, f"LDAP result {int.from_bytes(code, 'big')}")


def postgres(_: str) -> Conversation[None]:
    """SSLRequest (PostgreSQL, Frontend/Backend Protocol, SSL Session Encryption)."""
    answer = yield from Reading().until(_POSTGRES, len)
    if answer[:1] == b"N":
        raise refused(b"", "the server has no TLS")
    if answer[:1] != b"S":
        raise refused(answer)


def mysql(_: str) -> Conversation[None]:
    """Protocol::HandshakeV10, then an SSLRequest (MySQL, Connection Phase)."""
    packet = yield from Reading().until(b"", _mysql_packet)
    payload = packet[4:]
    if payload[:1] == b"\xff":
        raise refused(payload[3:])
    end = payload.find(b"\0", 1)
    low = payload[end + 14 : end + 16]  # behind thread id, 8 bytes of the challenge and a zero
    if payload[:1] != b"\x0a" or end < 0 or len(low) < 2:
        raise refused(payload, "no greeting of MySQL")
    if not int.from_bytes(low, "little") & _MYSQL_SSL:
        raise refused(b"", "the server has no TLS")
    yield Tell(_MYSQL_ASK, "starttls")


def rdp(_: str) -> Conversation[None]:
    """X.224 negotiation (MS-RDPBCGR sections 2.2.1.1 and 2.2.1.2)."""
    answer = yield from Reading().until(_RDP, _tpkt)
    if answer[5:6] != b"\xd0":
        raise refused(answer, "no answer of RDP")
    negotiation = answer[11:]
    if negotiation[:1] == b"\x03" and len(negotiation) >= 8:
        code = int.from_bytes(negotiation[4:8], "little")
        raise refused(b"", _RDP_FAILURES.get(code, f"failure {code}"))
    if negotiation[:1] != b"\x02" or not negotiation[4:5].strip(b"\0"):
        raise refused(b"", "the server speaks standard RDP security alone")


def _element(held: bytes) -> int:
    """Where the first BER element ends; 0 while it is not all there.

    Raises:
        ScanFailure: it is none, or too large.
    """
    if len(held) < 2:
        return 0
    if held[0] != 0x30:
        return len(held)
    length, begins = _length(held)
    if length > MAX_GREETING:
        raise ScanFailure("too-large", "starttls", f"an LDAP message of {length} bytes")
    end = begins + length
    return end if begins and len(held) >= end else 0


def _length(held: bytes) -> tuple[int, int]:
    """(length, where the content begins) of a BER element; (0, 0) while that is not known."""
    first = held[1]
    if first < 0x80:
        return first, 2
    count = first & 0x7F
    if len(held) < 2 + count:
        return 0, 0
    return int.from_bytes(held[2 : 2 + count], "big"), 2 + count


def _split(held: bytes) -> tuple[bytes, bytes]:
    """(content of the first element, what is behind it). Raises IndexError, ValueError."""
    length, begins = _length(held)
    if not begins or len(held) < begins + length:
        raise ValueError(held)
    return held[begins : begins + length], held[begins + length :]


def _inside(held: bytes, tag: int) -> bytes:
    """Content of the first element, which has to have that tag. Raises IndexError, ValueError."""
    if held[0] != tag:
        raise ValueError(held)
    return _split(held)[0]


def _mysql_packet(held: bytes) -> int:
    """Where the first packet ends; 0 while it is not all there."""
    if len(held) < 4:
        return 0
    end = 4 + int.from_bytes(held[:3], "little")
    if end > MAX_GREETING:
        return len(held)
    return end if len(held) >= end else 0


def _tpkt(held: bytes) -> int:
    """Where the first TPKT ends (RFC 1006 section 6); 0 while it is not all there."""
    if held[:1] != b"\x03":
        return len(held)
    end = int.from_bytes(held[2:4], "big")
    return max(end, 7) if len(held) >= max(end, 7) else 0
