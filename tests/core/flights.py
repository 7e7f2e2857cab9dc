"""What a TLS server says, made byte by byte, so that it can be as wrong as needed."""

from __future__ import annotations

from collections.abc import Sequence

ALERT, HANDSHAKE = 21, 22
DONE = b"\x0e\0\0\0"


def vector(size: int, content: bytes) -> bytes:
    """With a length of `size` bytes in front."""
    return len(content).to_bytes(size, "big") + content


def record(kind: int, payload: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + version.to_bytes(2, "big") + vector(2, payload)


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


def extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + vector(2, body)


def server_hello(
    *extensions: bytes, version: int = 0x0303, cipher: int = 0xC02F, random: bytes = bytes(32), session: bytes = b""
) -> bytes:
    listed = vector(2, b"".join(extensions)) if extensions else b""
    body = version.to_bytes(2, "big") + random + vector(1, session) + cipher.to_bytes(2, "big") + b"\0" + listed
    return message(2, body)


def certificates(chain: Sequence[bytes]) -> bytes:
    return message(11, vector(3, b"".join(vector(3, one) for one in chain)))


def flight(*messages: bytes) -> bytes:
    """All of them in one record."""
    return record(HANDSHAKE, b"".join(messages))
