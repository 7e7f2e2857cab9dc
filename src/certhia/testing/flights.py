"""What a TLS server says in the clear before 1.3, byte by byte, right or wrong: RFC 5246 sections 6.2.1 and 7.

flight([leaf.der, issuer.der])           # ServerHello, Certificate, ServerKeyExchange, ServerHelloDone
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23  # kinds of records
HELLO_REQUEST, SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, HELLO_DONE = 0, 2, 11, 12, 14  # kinds of messages
WARNING, FATAL = 1, 2
RECORD: Final = 16_384  # the most that a record may hold
TLS_1_2: Final = 0x0303
ECDHE_RSA: Final = 0xC02F


def record(kind: int, body: bytes, version: int = TLS_1_2) -> bytes:
    """One record; it may be longer than is allowed, up to 65,535 bytes."""
    return bytes((kind,)) + version.to_bytes(2) + len(body).to_bytes(2) + body


def records(body: bytes, version: int = TLS_1_2, size: int = RECORD) -> bytes:
    """Handshake messages in as many records as it takes."""
    return b"".join(record(HANDSHAKE, body[at : at + size], version) for at in range(0, len(body), size))


def message(kind: int, body: bytes = b"") -> bytes:
    """One handshake message, of at most 16,777,215 bytes."""
    return bytes((kind,)) + len(body).to_bytes(3) + body


def alert(code: int, level: int = FATAL) -> bytes:
    """A record with one alert."""
    return record(ALERT, bytes((level, code)))


def server_hello(version: int = TLS_1_2, cipher: int = ECDHE_RSA, extensions: bytes = b"") -> bytes:
    """The message. `extensions` without the length of all of them."""
    said = len(extensions).to_bytes(2) + extensions if extensions else b""
    return message(SERVER_HELLO, version.to_bytes(2) + bytes(32) + b"\0" + cipher.to_bytes(2) + b"\0" + said)


def certificates(ders: Sequence[bytes]) -> bytes:
    """The message."""
    listed = b"".join(len(der).to_bytes(3) + der for der in ders)
    return message(CERTIFICATE, len(listed).to_bytes(3) + listed)


def key_exchange() -> bytes:
    """An ephemeral key of P-256 with a signature that holds for nothing."""
    return message(KEY_EXCHANGE, b"\3\0\x17\x41\4" + bytes(64) + b"\4\1" + (256).to_bytes(2) + bytes(256))


def flight(ders: Sequence[bytes], version: int = TLS_1_2, cipher: int = ECDHE_RSA) -> bytes:
    """All of it, up to ServerHelloDone."""
    hello = server_hello(version, cipher)
    return records(hello + certificates(ders) + key_exchange() + message(HELLO_DONE), version)
