"""Records of the history on disk: a head of fixed size and the payload that it announces, each with its checksum.

    magic  kind  flags  -   log id   first   end    seen   length   crc of payload   crc of all this
    8      1     1      2   32       8       8      8      4        4                4               = 80 bytes

Integers are little-endian, checksums CRC-32. A file begins with its signature and its magic, 8 random bytes: where a
record is damaged the next one is found by it, and no certificate can hold what looks like a record. What payloads hold
stands in `packing`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from zlib import crc32

SIGNATURE: Final = b"certhia history1"  # a file of the first version
LARGEST: Final = 128 << 20  # bytes, packed: more than an entry of the largest size takes
NOBODY: Final = bytes(32)  # the log id of records that are of no single log
DOUBTFUL: Final = 1  # a flag: it may have been sent by an earlier run, whose last records were lost

MARK: Final = 8  # bytes of a magic
PREAMBLE: Final = len(SIGNATURE) + MARK
_HEAD: Final = struct.Struct("<8sBBH32sQQdII")
_CHECK: Final = struct.Struct("<I")
HEAD: Final = _HEAD.size + _CHECK.size
_WINDOW: Final = 1 << 20  # bytes that are looked through at once

Reads = Callable[[int, int], bytes]
"""So many bytes of a file from an offset on; fewer at its end. Raises OSError."""


class Kind(IntEnum):
    """What a record is."""

    BEGIN = 1  # of a file: how far each log was recorded before it
    PAGE = 2  # entries [first, end) of a log
    PROVEN = 3  # entries [first, end) of a log belong to a signed head
    ISSUERS = 4  # chain certificates that pages behind it name
    INDEX = 5  # of a file that is full: all its pages and proofs
    LOG = 6  # what messages say of a log


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a record; `first`, `end` and `seen` (Unix seconds) are 0 where they mean nothing."""

    kind: int
    flags: int
    log_id: bytes
    first: int
    end: int
    seen: float
    length: int  # bytes of the payload
    crc: int

    def holds(self, payload: bytes) -> bool:
        """Whether this is the payload that was written."""
        return len(payload) == self.length and crc32(payload) == self.crc


@dataclass(frozen=True, slots=True)
class Found:
    """A record where a scan found it. `payload` is None where it is not what its checksum says."""

    offset: int
    head: Head
    payload: bytes | None

    @property
    def end(self) -> int:
        """Where the next one stands."""
        return self.offset + HEAD + self.head.length


def magic(data: bytes) -> bytes | None:
    """The magic of a file that begins with `data`; None where it is none of ours."""
    return data[len(SIGNATURE) : PREAMBLE] if len(data) >= PREAMBLE and data.startswith(SIGNATURE) else None


def encode(
    mark: bytes,
    kind: Kind,
    payload: bytes = b"",
    *,
    log_id: bytes = NOBODY,
    first: int = 0,
    end: int = 0,
    seen: float = 0.0,
    flags: int = 0,
) -> bytes:
    """A record as it stands in the file with the magic `mark`."""
    head = _HEAD.pack(mark, kind, flags, 0, log_id, first, end, seen, len(payload), crc32(payload))
    return b"".join((head, _CHECK.pack(crc32(head)), payload))


def decode(mark: bytes, data: bytes) -> Head | None:
    """The head that these bytes begin with; None where they are none."""
    if len(data) < HEAD or not data.startswith(mark):
        return None
    if _CHECK.unpack_from(data, _HEAD.size)[0] != crc32(data[: _HEAD.size]):
        return None
    _, kind, flags, _, log_id, first, end, seen, length, crc = _HEAD.unpack_from(data)
    return Head(kind, flags, log_id, first, end, seen, length, crc) if length <= LARGEST else None


def scan(mark: bytes, read: Reads, size: int, offset: int = PREAMBLE) -> Iterator[Found]:
    """All records of a file of `size` bytes whose heads are whole; what stands between them is passed over.

    The last one may be torn off. Raises OSError.
    """
    at: int | None = offset
    while at is not None and at + HEAD <= size:
        head = decode(mark, read(HEAD, at))
        if head is None:
            at = _next(mark, read, at + 1, size)
            continue
        payload = read(head.length, at + HEAD)
        yield Found(at, head, payload if head.holds(payload) else None)
        at += HEAD + head.length


def _next(mark: bytes, read: Reads, offset: int, size: int) -> int | None:
    while offset < size:
        window = read(_WINDOW, offset)
        at = window.find(mark)
        if at >= 0:
            return offset + at
        if len(window) <= len(mark):
            return None
        offset += len(window) - len(mark) + 1
    return None
