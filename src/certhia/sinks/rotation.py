"""Files that are put aside: when they are as large or as old as they may get, and what becomes of them."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Final

from certhia.clock import Clock, utc
from certhia.model import Tell

PART: Final = ".part"  # a file that is still being compressed
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file is put aside, as `NAME-20261121T044800Z.SUFFIX` beside it.

    Attributes:
        clock: tells the time.
        tell: hears what could not be compressed or removed: it is tried again at the next rotation.
        size: bytes that a file may hold; 0: any number.
        every: seconds; a file holds matches of one such part of time, counted from 1970 in UTC; 0: of any.
        keep: how many of those put aside stay, the newest; 0: all.
        compress: whether they are compressed, with `.gz` behind their name.
    """

    clock: Clock
    tell: Tell
    size: int = 0
    every: float = 0.0
    keep: int = 0
    compress: bool = False

    def is_due(self, size: int, written: float, more: int) -> bool:
        """Whether a file of `size` bytes, last written at `written` (Unix seconds), is to be put aside before `more`
        bytes are added."""
        full = bool(self.size) and size + more > self.size
        old = bool(self.every) and written // self.every != self.clock.now() // self.every
        return size > 0 and (full or old)

    def put_aside(self, path: Path) -> Path:
        """Renames it. Raises OSError."""
        stamp = utc(self.clock.now()).strftime("%Y%m%dT%H%M%SZ")
        number = max((number for when, number in map(_age, asides(path)) if when == stamp), default=0) + 1
        aside = path.with_name(f"{path.stem}-{stamp}{f'-{number}' if number > 1 else ''}{path.suffix}")
        path.rename(aside)
        return aside

    def tidy(self, path: Path) -> None:
        """Compresses what was put aside and is not yet, also what a crash has left so, and removes the oldest."""
        try:
            self._tidy(path)
        except OSError as error:
            self.tell(f"{error.filename or path}: put aside, and can't be tidied: {error.strerror}", level="warning")

    def _tidy(self, path: Path) -> None:
        for part in path.parent.glob(f"{escape(path.stem)}-*{escape(path.suffix)}.gz{PART}"):
            part.unlink(missing_ok=True)
        if self.compress:
            for aside in [one for one in asides(path) if one.suffix != ".gz"]:
                _compress(aside)
        if self.keep:
            for old in sorted(asides(path), key=_age, reverse=True)[self.keep :]:
                old.unlink(missing_ok=True)


def asides(path: Path) -> Iterator[Path]:
    """What was put aside of a file, compressed or not."""
    name = re.compile(rf"{re.escape(path.stem)}-\d{{8}}T\d{{6}}Z(-\d+)?{re.escape(path.suffix)}(\.gz)?", re.ASCII)
    return (one for one in path.parent.iterdir() if name.fullmatch(one.name))


def _age(aside: Path) -> tuple[str, int]:
    """Compares by the time in the name, and by the number behind it."""
    found = re.search(r"-(\d{8}T\d{6}Z)(?:-(\d+))?", aside.name, re.ASCII)
    assert found is not None
    return found[1], int(found[2] or 1)


def _compressed(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


def _compress(path: Path) -> None:
    """Either the one is there or the other, whenever it is broken off."""
    part = path.with_name(f"{path.name}.gz{PART}")
    with path.open("rb") as source, part.open("wb") as raw:
        with gzip.GzipFile(path.name, "wb", 6, raw) as target:
            shutil.copyfileobj(source, target, _BLOCK)
        raw.flush()
        os.fsync(raw.fileno())
    part.replace(_compressed(path))
    path.unlink()
