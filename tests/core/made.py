"""Certificates made byte by byte, so that they can be as wrong as needed."""

from __future__ import annotations

from certhia.errors import Malformed

VERSION = bytes.fromhex("a003020102")
VALIDITY = bytes.fromhex("301e170d3235303130323033303430355a170d3330303130323033303430355a")
KEY = bytes.fromhex("3013300d06092a864886f70d0101010500030200ff")


def tlv(tag: int, content: bytes) -> bytes:
    """One DER element."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, b"".join(parts))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER. Raises Malformed for what is none."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    if first > 2:
        raise Malformed("an identifier that begins with 0, 1 or 2")
    content = b""
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return tlv(0x06, content)


def name(*attributes: tuple[str, bytes]) -> bytes:
    """A Name, one relative name for each (dotted identifier, UTF-8)."""
    return sequence(*(tlv(0x31, sequence(oid(dotted), tlv(0x0C, value))) for dotted, value in attributes))


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    return sequence(oid(dotted), b"\1\1\xff" if critical else b"", tlv(0x04, value))


def made_tbs(extensions: list[bytes], *, subject: bytes = name(("2.5.4.3", b"cn.example")), key: bytes = KEY) -> bytes:
    """A TBSCertificate, issued by "Some CA"."""
    fields = [
        VERSION,
        tlv(0x02, b"\1"),
        sequence(oid("1.2.840.10045.4.3.3")),
        name(("2.5.4.3", b"Some CA")),
        VALIDITY,
        subject,
        key,
    ]
    block = tlv(0xA3, sequence(*extensions)) if extensions else b""
    return sequence(*fields, block)
