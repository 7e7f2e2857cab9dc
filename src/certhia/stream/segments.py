"""One file of the history: written at its end, read anywhere, found again after whatever happened to the process.

    preamble  BEGIN  LOG*  (LOG? ISSUERS? PAGE | PROVEN)*  [INDEX  trailer]

INDEX is written when it is full; a file without one is read to its end when it is opened.

Everything here blocks: it is called in threads. Errors are OSError, with the path.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from certhia.errors import Malformed
from certhia.model import Log
from certhia.stream import packing, records
from certhia.stream.packing import Reach
from certhia.stream.records import HEAD, PREAMBLE, Found, Head, Kind
from certhia.stream.rows import Row, Rows

SUFFIX: Final = ".history"
LISTED: Final = 1 << 16  # records of issuers in one file that are remembered

_TRAILER: Final = struct.Struct("<8sQ")  # the magic, and where INDEX stands
_OFFSETS: Final = struct.Struct("<II")


class Damaged(Exception):
    """A file that can't be read as one of the history's; the text says why."""


@dataclass(slots=True)
class Segment:
    """A file of the history, and what is known of it.

    Attributes:
        first: the sequence number of its first row.
        began: Unix seconds when the run began that wrote it.
        sound: the number behind the last row before anything that was lost before that run; None where nothing was.
        size: bytes.
        reaches: how far each log had come before it.
        rows: its pages and proofs.
        issuers: where its records of issuers stand: offset and length of the payloads.
        logs: the logs that it describes, those of files before it among them; of a full file that was found: none.
    """

    path: Path
    mark: bytes
    first: int
    began: float
    sound: int | None
    size: int
    reaches: dict[bytes, Reach]
    rows: Rows = field(default_factory=Rows)
    issuers: list[tuple[int, int]] = field(default_factory=list)
    logs: dict[bytes, Log] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """One past the sequence number of its last row."""
        return self.first + len(self.rows)

    def read(self, offset: int, length: int) -> bytes:
        """The payload of a record; b"" where it is not what was written. Raises OSError."""
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = pread(file, HEAD + length, offset - HEAD)
        finally:
            os.close(file)
        head = records.decode(self.mark, data)
        payload = data[HEAD:]
        return payload if head is not None and head.holds(payload) else b""


def name(first: int) -> str:
    """What a file is called; names sort as their numbers do."""
    return f"{first:016x}{SUFFIX}"


def begin(segment: Segment) -> bytes:
    """The first bytes of a new file: preamble, BEGIN, and the logs that are known."""
    payload = packing.pack_reaches(segment.reaches)
    sound = segment.sound or 0  # rows are numbered from 1
    head = records.encode(segment.mark, Kind.BEGIN, payload, first=segment.first, end=sound, seen=segment.began)
    return records.SIGNATURE + segment.mark + head + b"".join(describe(segment, log) for log in segment.logs.values())


def describe(segment: Segment, log: Log) -> bytes:
    """The record of a log."""
    return records.encode(segment.mark, Kind.LOG, packing.pack_log(log), log_id=log.id)


def finish(segment: Segment) -> bytes:
    """The last bytes of a full file: INDEX and the trailer that leads to it."""
    listed = segment.issuers[:LISTED]
    places = b"".join(_OFFSETS.pack(*one) for one in listed)
    payload = _OFFSETS.pack(len(listed), segment.size) + places + segment.rows.dump()
    return records.encode(segment.mark, Kind.INDEX, payload) + _TRAILER.pack(segment.mark, segment.size)


def pread(file: int, count: int, offset: int) -> bytes:
    """So many bytes; fewer at the end of the file."""
    data = os.pread(file, count, offset)
    while len(data) < count and (more := os.pread(file, count - len(data), offset + len(data))):
        data += more
    return data


# --- found again ---


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found in a file.

    Attributes:
        whole: its bytes up to the end of the last whole record.
        lost: bytes before that which are no whole records.
        sound: how many of its rows stand before the first of these.
    """

    segment: Segment
    whole: int
    lost: int
    sound: int


def load(path: Path, *, whole: bool) -> Opened:
    """Reads a file's index; all of it where it has none, or `whole` asks for it. Raises Damaged, OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(file).st_size
        mark = records.magic(pread(file, PREAMBLE, 0))
        if mark is None:
            raise Damaged("it does not begin as a file of the history does")
        head = records.decode(mark, pread(file, HEAD, PREAMBLE))
        payload = pread(file, head.length, PREAMBLE + HEAD) if head is not None else b""
        if head is None or head.kind != Kind.BEGIN or not head.holds(payload):
            raise Damaged("its first record can't be read")
        segment = _of(path, mark, head, payload, size)
        if not whole and _indexed(file, segment):
            return Opened(segment, size, lost=0, sound=len(segment.rows))
        return _scanned(file, segment)
    finally:
        os.close(file)


def _of(path: Path, mark: bytes, head: Head, payload: bytes, size: int) -> Segment:
    return Segment(path, mark, head.first, head.seen, head.end or None, size, packing.unpack_reaches(payload))


def _indexed(file: int, segment: Segment) -> bool:
    """Takes over the index of a full file; False where it has none that can be read."""
    trailer = pread(file, _TRAILER.size, max(segment.size - _TRAILER.size, 0))
    if len(trailer) < _TRAILER.size:
        return False
    mark, offset = _TRAILER.unpack(trailer)
    if mark != segment.mark or offset > segment.size:
        return False
    head = records.decode(mark, pread(file, HEAD, offset))
    if head is None or head.kind != Kind.INDEX:
        return False
    payload = pread(file, head.length, offset + HEAD)
    if not head.holds(payload) or len(payload) < _OFFSETS.size:
        return False
    listed, _ = _OFFSETS.unpack_from(payload)
    at = _OFFSETS.size * (1 + listed)
    try:
        segment.rows = Rows.load(payload[at:], segment.size)
    except Malformed:
        return False
    segment.issuers = list(_OFFSETS.iter_unpack(payload[_OFFSETS.size : at]))
    return True


def _scanned(file: int, segment: Segment) -> Opened:
    """Goes through all records: what is damaged is passed over, what stands behind the last whole one left out."""
    whole, lost, sound = PREAMBLE, 0, 0
    for found in records.scan(segment.mark, lambda count, offset: pread(file, count, offset), segment.size):
        if found.payload is None and found.end > segment.size:
            break  # torn off
        # Of a row whose payload is damaged it is known at least that it was there.
        sound = sound if lost else len(segment.rows)
        lost, whole = lost + found.offset - whole, found.end
        _take(segment, found)
    return Opened(segment, whole, lost, sound if lost else len(segment.rows))


def _take(segment: Segment, found: Found) -> None:
    head, offset = found.head, found.offset + HEAD
    if head.kind in (Kind.PAGE, Kind.PROVEN):
        row = Row(head.kind, head.flags, head.log_id, offset, head.length, head.first, head.end, head.seen)
        segment.rows.add(row)
    elif head.kind == Kind.ISSUERS:
        segment.issuers.append((offset, head.length))
    elif head.kind == Kind.LOG:
        with suppress(Malformed):  # a later version's: it is known once it shows entries
            segment.logs[head.log_id] = packing.unpack_log(head.log_id, found.payload or b"")
