"""The index of one file of the history, in memory: 40 bytes for each page and each proof, in the order of sending."""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from certhia.errors import Malformed
from certhia.stream.packing import Reach
from certhia.stream.records import Kind

LOGS: Final = 1 << 16  # in one file, at most

_COUNTS: Final = struct.Struct("<II")
_TYPES: Final = "BBHIIQQd"  # kind, flags, log, offset, length, first, end, seen
_SIZES: Final = (1, 1, 2, 4, 4, 8, 8, 8)


class Row(NamedTuple):
    """A page or a proof. `offset` and `length` are those of its payload in the file; `seen` is in Unix seconds."""

    kind: int
    flags: int
    log_id: bytes
    offset: int
    length: int
    first: int
    end: int
    seen: float


class Rows:
    """Rows by number, from 0; those of a log in order. Only grows."""

    def __init__(self) -> None:
        self._columns: list[array[Any]] = [array(kind) for kind in _TYPES]
        self._ids: list[bytes] = []
        self._by_log: dict[bytes, tuple[int, array[int]]] = {}  # the log's number here, its rows

    def __len__(self) -> int:
        return len(self._columns[0])

    def __getitem__(self, number: int) -> Row:
        kind, flags, log, *rest = (column[number] for column in self._columns)
        return Row(kind, flags, self._ids[log], *rest)

    def add(self, row: Row) -> None:
        """Appends a row."""
        if row.log_id not in self._by_log:
            self._by_log[row.log_id] = len(self._ids), array("I")
            self._ids.append(row.log_id)
        number, rows = self._by_log[row.log_id]
        rows.append(len(self))
        for column, value in zip(self._columns, (*row[:2], number, *row[3:]), strict=True):
            column.append(value)

    def seen(self, number: int) -> float:
        """When that row came."""
        return float(self._columns[7][number])

    def since(self, moment: float) -> int:
        """The number of the first row that came at or after a moment; they count as sorted by time."""
        return bisect_left(self._columns[7], moment)

    @property
    def logs(self) -> tuple[bytes, ...]:
        """Ids of the logs that have rows."""
        return tuple(self._ids)

    def of(self, log_id: bytes, *, backwards: bool = False, before: int | None = None) -> Iterator[tuple[int, Row]]:
        """The rows of a log with their numbers, those below `before`."""
        _, rows = self._by_log.get(log_id, (0, array("I")))
        for at in range(len(rows) - 1, -1, -1) if backwards else range(len(rows)):
            if before is None or rows[at] < before:
                yield rows[at], self[rows[at]]

    def reaches(self, at_start: Mapping[bytes, Reach], before: int | None = None) -> dict[bytes, Reach]:
        """How far logs have come when the rows below `before` are sent, all unless given."""
        ends = {log_id: [reach.end, reach.proven] for log_id, reach in at_start.items()}
        kinds, _, logs, _, _, _, reached, _ = self._columns
        for number in range(len(self) if before is None else before):
            end = reached[number]
            log_id = self._ids[logs[number]]
            one = ends.setdefault(log_id, [0, None])
            if kinds[number] == Kind.PAGE:
                one[0] = max(one[0] or 0, end)
            else:
                one[1] = max(one[1] or 0, end)
        return {log_id: Reach(end or 0, proven) for log_id, (end, proven) in ends.items()}

    # --- on disk ---

    def dump(self) -> bytes:
        """As `load` reads it."""
        columns = [column[:] for column in self._columns]
        if sys.byteorder == "big":
            for column in columns:
                column.byteswap()
        parts = (column.tobytes() for column in columns)
        return b"".join((_COUNTS.pack(len(self), len(self._ids)), *self._ids, *parts))

    @classmethod
    def load(cls, data: bytes, size: int) -> Rows:
        """Of a file of `size` bytes. Raises Malformed."""
        if len(data) < _COUNTS.size:
            raise Malformed("an index that breaks off")
        count, logs = _COUNTS.unpack_from(data)
        if len(data) != _COUNTS.size + 32 * logs + sum(_SIZES) * count or logs > LOGS:
            raise Malformed(f"an index of {len(data)} bytes with {count} rows of {logs} logs")
        rows, at = cls(), _COUNTS.size
        ids = [data[at + 32 * number : at + 32 * (number + 1)] for number in range(logs)]
        at += 32 * logs
        columns = []
        for kind, width in zip(_TYPES, _SIZES, strict=True):
            column = array(kind, data[at : at + width * count])
            if sys.byteorder == "big":
                column.byteswap()
            columns.append(column)
            at += width * count
        for kind, flags, log, offset, length, first, end, seen in zip(*columns, strict=True):
            if log >= logs or offset + length > size:
                raise Malformed(f"an index that names log {log} of {logs}, or bytes behind the end of the file")
            rows.add(Row(kind, flags, ids[log], offset, length, first, end, seen))
        return rows
