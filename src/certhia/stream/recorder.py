"""Writes the newest file of the history. Everything here blocks, and is called by one thread at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from certhia._core import Issuers, Page
from certhia.model import Log
from certhia.stream import packing, records, segments
from certhia.stream.records import HEAD, Kind
from certhia.stream.rows import Row
from certhia.stream.segments import Opened, Segment

_MODE: Final = 0o600
VOUCHER: Final = "recorded"  # the file that says whether everything that was sent is
CLEAN: Final = "all"  # what it says when a run ended in order
PROBLEMS: Final = 10  # that are told of what is found at the start


class Draft(NamedTuple):
    """A row to be written."""

    kind: Kind
    flags: int
    log_id: bytes
    first: int
    end: int
    seen: float
    page: Page | None = None  # without it, a proof


class Written(NamedTuple):
    """What was written: rows, where issuers stand, and the size of the file now."""

    rows: list[Row]
    issuers: list[tuple[int, int]]
    size: int


class Recorder:
    """The newest file, open for writing. A failed write leaves it as it was, or as good as that."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: int | None = None
        self._known: set[bytes] = set()  # fingerprints of the issuers that stand in it

    def begin(self, segment: Segment) -> int:
        """Makes the file of a segment, and writes to it from now on; gives its size. Raises OSError."""
        self.let_go()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._file = os.open(segment.path, flags, _MODE)
        data = segments.begin(segment)
        try:
            _pwrite(self._file, data, 0)
        except OSError:
            self.let_go()
            with suppress(OSError):  # else it is found to be none, and told of
                segment.path.unlink()
            raise
        return len(data)

    def append(self, segment: Segment, logs: Sequence[Log], drafts: Sequence[Draft], issuers: Issuers) -> Written:
        """Writes logs that the file doesn't know and rows, before each page those of its issuers that the file doesn't
        have. Raises OSError."""
        parts, rows, places = [segments.describe(segment, log) for log in logs], list[Row](), list[tuple[int, int]]()
        fresh, at = set[bytes](), segment.size + sum(map(len, parts))
        for draft in drafts:
            if draft.page is not None and (found := self._issuers(draft.page, issuers, fresh)):
                parts.append(records.encode(segment.mark, Kind.ISSUERS, found))
                places.append((at + HEAD, len(found)))
                at += len(parts[-1])
            payload = b"" if draft.page is None else packing.pack_page(draft.page)
            kind, flags, log_id, first, end, seen, _ = draft
            numbers = {"log_id": log_id, "first": first, "end": end, "seen": seen, "flags": flags}
            parts.append(records.encode(segment.mark, kind, payload, **numbers))  # type: ignore[arg-type]
            rows.append(Row(kind, flags, log_id, at + HEAD, len(payload), first, end, seen))
            at += len(parts[-1])
        self.write(b"".join(parts), segment.size)
        self._known |= fresh
        return Written(rows, places, at)

    def _issuers(self, page: Page, issuers: Issuers, fresh: set[bytes]) -> bytes:
        """Those that the file doesn't have, packed; what nobody has yet is tried again with the next page."""
        wanted = [one for one in page.issuers if one not in self._known and one not in fresh]
        found = {one: der for one in wanted if (der := issuers.get(one)) is not None}
        fresh.update(found)
        return packing.pack_issuers(found.values()) if found else b""

    def write(self, data: bytes, offset: int) -> None:
        """Writes at an offset; what can't be written whole is taken back. Raises OSError."""
        assert self._file is not None
        try:
            _pwrite(self._file, data, offset)
        except OSError:
            with suppress(OSError):  # else a scan finds out that it is not whole
                os.ftruncate(self._file, offset)
            raise

    def end(self) -> None:
        """Says that everything is recorded, once it is safe from a power cut. Raises OSError."""
        if self._file is not None:
            os.fsync(self._file)
        self.let_go()
        vouch(self._directory, CLEAN)

    def let_go(self) -> None:
        """Closes the file. Idempotent."""
        file, self._file = self._file, None
        self._known.clear()
        if file is not None:
            with suppress(OSError):  # it is written no more
                os.close(file)


def _pwrite(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(file, view, offset)
        view, offset = view[count:], offset + count


def vouch(directory: Path, text: str | None) -> None:
    """Says that everything that is sent is recorded, until the machine goes down (`text` is what its boot is called) or
    for good (CLEAN); or, with None, that this can't be said any more. Raises OSError."""
    path = directory / VOUCHER
    if text is None:
        path.unlink(missing_ok=True)
        return
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)  # one of a killed process may be readable by others
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE), "wb") as file:
        file.write(text.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _vouched(directory: Path) -> str:
    try:
        return (directory / VOUCHER).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def remove(path: Path) -> None:
    """Deletes a file of the history; one that is gone already is no error. Raises OSError."""
    path.unlink(missing_ok=True)


class Found(NamedTuple):
    """What a directory holds.

    Attributes:
        segments: its files, in order.
        sound: the number behind the last row before anything that was lost; None where nothing was.
        damages: the numbers behind which rows are missing in the files.
        problems: what there is to tell.
    """

    segments: list[Segment]
    sound: int | None
    damages: list[int]
    problems: list[str]


def find(directory: Path, boot: str) -> Found:
    """Reads the index of all files of a history, and cuts what is torn off the last one. `boot`: see `vouch`.

    Raises OSError.
    """
    said = _vouched(directory) if directory.exists() else CLEAN
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened, problems, damages = list[Opened](), list[str](), list[int]()
    paths = sorted(directory.glob(f"*{segments.SUFFIX}"))
    for path in paths:
        end = opened[-1].segment.end if opened else 1
        try:
            one = segments.load(path, whole=path == paths[-1])
            if one.segment.first < end:
                raise segments.Damaged("it begins before the one before it ends")
        except segments.Damaged as error:
            problems.append(f"{path}: left out, as {error}; clients are told what is missing")
            damages.append(end)
            continue
        opened.append(one)
        if one.lost:
            problems.append(f"{path}: {one.lost:,} bytes in it are damaged: clients are told what is missing")
            damages.append(one.segment.first + one.sound)
    torn = bool(opened) and opened[-1].whole < opened[-1].segment.size
    # A record that a killed process didn't finish was not sent; one that is torn after an end in order was.
    vouched = {boot} if torn else {boot, CLEAN}
    sound = damages[0] if damages else None
    if sound is None and (not said or said not in vouched):
        sound = opened[-1].segment.end if opened else 1
    if torn:
        problems.append(_cut(opened[-1]))
    more = len(problems) - PROBLEMS
    told = [*problems[:PROBLEMS], *([f"{directory}: {more} more of its files are damaged"] if more > 0 else [])]
    found = [one.segment for one in opened]
    return Found(found, sound, damages, told)


def _cut(last: Opened) -> str:
    """Cuts what is torn off a file; says so."""
    segment = last.segment
    torn, segment.size = segment.size - last.whole, last.whole
    os.truncate(segment.path, last.whole)
    return f"{segment.path}: {torn:,} bytes at its end were no whole record: cut off, as after a crash"
