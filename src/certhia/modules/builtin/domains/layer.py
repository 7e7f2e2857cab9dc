"""One layer of the set of seen domains: a file, mapped into memory.

    offset 0    "certhia seen 1\\n" and a zero byte
           16   key of the hash, 16 bytes
           32   number of the layer, 4 bytes       (all little-endian)
           36   4 bytes of nothing
           40   blocks of 64 bytes, 8 bytes
           48   domains that it is made for, 8 bytes
           56   the error rate that it has with these, 8 bytes, IEEE 754
           64   when it was made, Unix seconds, 8 bytes, IEEE 754
           72   SHA-256 of all before it
         4096   the blocks (`certhia._core.novel_domains`)

A file is made under another name, all its bytes taken on disk, and renamed: it is there whole or not at all. After that
only bits of its blocks are ever set.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certhia._core import seen_fill
from certhia.errors import ConfigError

MAGIC: Final = b"certhia seen 1\n\0"
HEADER: Final = 4096
BLOCK: Final = 64
WORDS: Final = 8
_FIXED: Final = struct.Struct("<16s16sI4xQQdd")
_SHA256: Final = 32


class BrokenLayer(Exception):
    """A file that is no layer, or not the one that belongs there: why."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a layer is made for."""

    number: int
    key: bytes
    blocks: int
    capacity: int
    error_rate: float
    made: float

    @property
    def nbytes(self) -> int:
        """Of the file."""
        return HEADER + BLOCK * self.blocks

    def header(self) -> bytes:
        """The file's beginning."""
        fixed = _FIXED.pack(MAGIC, self.key, self.number, self.blocks, self.capacity, self.error_rate, self.made)
        return (fixed + hashlib.sha256(fixed).digest()).ljust(HEADER, b"\0")

    @classmethod
    def read(cls, raw: bytes) -> Shape:
        """What `header` gave. Raises BrokenLayer."""
        fixed = raw[: _FIXED.size]
        if len(raw) < HEADER or not fixed.startswith(MAGIC):
            raise BrokenLayer("does not begin as one of them does")
        if hashlib.sha256(fixed).digest() != raw[_FIXED.size : _FIXED.size + _SHA256]:
            raise BrokenLayer("has a damaged beginning")
        _, key, number, blocks, capacity, rate, made = _FIXED.unpack(fixed)
        return cls(number, key, blocks, capacity, rate, made)


class Layer:
    """A layer in use.

    Attributes:
        shape: what it is made for.
        path: its file.
        blocks: its memory, for the core.
    """

    def __init__(self, path: Path) -> None:
        """Opens a file. Raises BrokenLayer for what is none, OSError."""
        self._file = path.open("r+b")
        try:
            self.shape = Shape.read(self._file.read(HEADER))
            size = os.fstat(self._file.fileno()).st_size
            if size != self.shape.nbytes:
                raise BrokenLayer(f"has {size:,} bytes, where {self.shape.nbytes:,} belong")
            self._mapped = mmap.mmap(self._file.fileno(), 0)
        except BaseException:
            self._file.close()
            raise
        self.path = path
        self._whole = memoryview(self._mapped)
        self.blocks = self._whole[HEADER:]

    def fill(self) -> tuple[float, float]:
        """How many domains are likely to be in it, and its error rate as it is: by its bits. Reads all of it."""
        return seen_fill(self.blocks)

    def close(self) -> None:
        """Writes all of it to the disk, for good."""
        self.blocks.release()
        self._whole.release()
        try:
            if sys.platform == "linux":  # where it takes what is mapped along, and nobody waits for it meanwhile
                os.fsync(self._file.fileno())
            else:
                self._mapped.flush()
        finally:
            self._mapped.close()
            self._file.close()


def make(path: Path, shape: Shape) -> None:
    """Makes a file. Raises ConfigError where there is no room for it, OSError."""
    made = path.with_suffix(".new")
    try:
        with made.open("wb") as file:
            _take(file.fileno(), shape.nbytes)
            file.write(shape.header())
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise ConfigError(
            f"{path}: {shape.nbytes / 1e6:,.0f} MB for seen domains cannot be had: {error.strerror or error}; make "
            "room, or set modules.domains.capacity lower"
        ) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take(descriptor: int, size: int) -> None:
    """Takes room on the disk: later a full one would be told by a signal, which ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    zeros = bytes(1 << 20)
    for _ in range(size // len(zeros)):
        os.write(descriptor, zeros)
    os.write(descriptor, zeros[: size % len(zeros)])
    os.lseek(descriptor, 0, os.SEEK_SET)


def blocks_for(capacity: int, error_rate: float) -> int:
    """How many blocks keep to an error rate with so many domains in them."""
    low, high = 1e-6, 300.0  # domains of a block; with more it would claim all
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rate_of(middle) <= error_rate else (low, middle)
    return max(1, math.ceil(capacity / low))


def rate_of(load: float) -> float:
    """The error rate with so many domains a block on average. How many a block has is by Poisson; of a domain that is
    in none a bit of each word must happen to be set."""
    most = int(load + 12 * math.sqrt(load) + 24)
    total, chance = 0.0, math.exp(-load)
    for many in range(most):
        total += chance * (1 - (63 / 64) ** many) ** WORDS
        chance *= load / (many + 1)
    return total
