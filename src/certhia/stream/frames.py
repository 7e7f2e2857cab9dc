"""WebSocket frames (RFC 6455 section 5) without I/O: what clients send, held to the letter; the few that are ours."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
INVALID_DATA: Final = 1007
POLICY: Final = 1008
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
TRY_AGAIN_LATER: Final = 1013

MAX_MESSAGE: Final = 64 << 10  # bytes of a client's message, inflated
MAX_FRAGMENTS: Final = 1024  # frames of one message, which may be empty ones
MAX_REASON: Final = 123  # bytes of text in a close frame (section 5.5)

_CONTROL = 8
_FIN, _RSV1, _RSV23, _MASKED = 0x80, 0x40, 0x30, 0x80
# What an endpoint may send (section 7.4 and the IANA registry); 3000 to 4999 are free to use.
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class Violation(Exception):
    """A client broke the protocol, or a bound: the connection is closed with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Received(NamedTuple):
    """A whole message (TEXT, BINARY) or a control frame. The payload of a CLOSE is its code and reason as sent."""

    opcode: int
    payload: bytes


class _Header(NamedTuple):
    opcode: int
    fin: bool
    deflated: bool
    size: int  # of the header itself
    length: int  # of the payload


class Reader:
    """From a client's bytes to its messages. Holds at most one message of MAX_MESSAGE and one frame's header."""

    def __init__(self, *, deflate: bool = False) -> None:
        """`deflate`: permessage-deflate was agreed on, without context takeover (RFC 7692)."""
        self._deflate = deflate
        self._data = bytearray()
        self._whole = bytearray()  # of the message so far: fragments may be many and small
        self._fragments = 0
        self._opcode = 0  # of that message; 0 between messages
        self._deflated = False

    def feed(self, data: bytes) -> Iterator[Received]:
        """What `data` completes. Raises Violation; then nothing more may be fed."""
        self._data += data
        while (header := self._header()) is not None:
            end = header.size + header.length
            if len(self._data) < end:
                return
            mask = bytes(self._data[header.size - 4 : header.size])
            payload = _unmasked(self._data[header.size : end], mask)
            del self._data[:end]
            if header.opcode >= _CONTROL:
                yield _control(header.opcode, payload)
            elif (message := self._take(header, payload)) is not None:
                yield message

    def _header(self) -> _Header | None:
        """The next frame's header once it is whole, checked before any of its payload is waited for."""
        data = self._data
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        opcode, length, size = first & 0x0F, second & 0x7F, 6
        self._check(first, second)
        if length >= 126:
            size = 8 if length == 126 else 14
            if len(data) < size - 4:
                return None
            length = int.from_bytes(data[2 : size - 4], "big")
            if length < 126 or (size == 14 and length < 1 << 16) or length >> 63:
                raise Violation(PROTOCOL_ERROR, "a frame's length is not written in the fewest bytes")
        if opcode < _CONTROL and len(self._whole) + length > MAX_MESSAGE:
            raise Violation(TOO_BIG, f"messages to this server have at most {MAX_MESSAGE >> 10} KiB")
        if len(data) < size:
            return None
        return _Header(opcode, bool(first & _FIN), bool(first & _RSV1), size, length)

    def _check(self, first: int, second: int) -> None:
        """What two bytes say against a frame."""
        opcode = first & 0x0F
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Violation(PROTOCOL_ERROR, f"there is no opcode {opcode}")
        if first & _RSV23 or (first & _RSV1 and not (self._deflate and opcode in (TEXT, BINARY))):
            raise Violation(PROTOCOL_ERROR, "reserved bits are set that nothing was agreed on for")
        if not second & _MASKED:
            raise Violation(PROTOCOL_ERROR, "frames of clients must be masked")
        if opcode >= _CONTROL and not first & _FIN:
            raise Violation(PROTOCOL_ERROR, "control frames must not be fragmented")
        if opcode >= _CONTROL and second & 0x7F > 125:
            raise Violation(PROTOCOL_ERROR, "control frames have at most 125 bytes")
        if opcode == CONTINUATION and not self._opcode:
            raise Violation(PROTOCOL_ERROR, "a message begins with a continuation")
        if opcode in (TEXT, BINARY) and self._opcode:
            raise Violation(PROTOCOL_ERROR, "a message begins before the last one ended")

    def _take(self, header: _Header, payload: bytes) -> Received | None:
        if header.opcode != CONTINUATION:
            self._opcode, self._deflated = header.opcode, header.deflated
        self._whole += payload
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            raise Violation(TOO_BIG, f"messages to this server have at most {MAX_FRAGMENTS} fragments")
        if not header.fin:
            return None
        whole, opcode = bytes(self._whole), self._opcode
        self._whole, self._fragments, self._opcode = bytearray(), 0, 0
        if self._deflated:
            whole = _inflated(whole)
        if opcode == TEXT:
            _check_text(whole)
        return Received(opcode, whole)


def frame(opcode: int, payload: bytes = b"") -> bytes:
    """One whole frame of ours; those of certificates come framed from the core."""
    length = len(payload)
    if length < 126:
        return struct.pack("!BB", _FIN | opcode, length) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", _FIN | opcode, 126, length) + payload
    return struct.pack("!BBQ", _FIN | opcode, 127, length) + payload


def closing(code: int, reason: str = "") -> bytes:
    """A close frame; of a long reason as much as there is room for, in whole characters."""
    text = reason.encode()[:MAX_REASON].decode(errors="ignore").encode()
    return frame(CLOSE, struct.pack("!H", code) + text)


def _unmasked(payload: bytearray, mask: bytes) -> bytes:
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(length, "little")


def _control(opcode: int, payload: bytes) -> Received:
    if opcode == CLOSE and payload:
        code = int.from_bytes(payload[:2], "big")
        if len(payload) == 1 or not (code in _CLOSE_CODES or 3000 <= code <= 4999):
            raise Violation(PROTOCOL_ERROR, "a close frame has a code that must not be sent")
        _check_text(payload[2:])
    return Received(opcode, payload)


def _check_text(payload: bytes) -> None:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Violation(INVALID_DATA, "a text is not UTF-8") from None


def _inflated(payload: bytes) -> bytes:
    """RFC 7692 section 7.2.2, of a message that was compressed alone."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        whole = inflate.decompress(payload + b"\0\0\xff\xff", MAX_MESSAGE + 1)
    except zlib.error:
        raise Violation(INVALID_DATA, "a message can't be inflated") from None
    if len(whole) > MAX_MESSAGE:
        raise Violation(TOO_BIG, f"messages to this server have at most {MAX_MESSAGE >> 10} KiB")
    return whole
