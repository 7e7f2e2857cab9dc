"""Blocks: perfect subtrees of a log's tree, each proven to a signed head by itself, in whatever order they came.

Where following goes forward, an edge carries what was proven so far. What is read later, of what stood before, has no
edge to lean on: its entries are hashed to the root of an aligned block of 2**level of them, and the block's sibling
path leads from there to the root of a signed head. The tree above the blocks is a Merkle tree whose leaves are the
blocks: the proof is one of inclusion (RFC 9162 section 2.1.3), without its lowest `level` hashes. Two blocks that are
siblings are one block again, so that few rows say a lot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from certhia._core import node_hash, verify_inclusion
from certhia.errors import StateError, Unverified
from certhia.model import Head
from certhia.store import codec
from certhia.store.spans import without

HASH = 32  # bytes
HIGHEST = 62  # level: indices have 63 bits


@dataclass(frozen=True, slots=True)
class Block:
    """Entries [index << level, (index + 1) << level) of a log, whose root `path` leads to `head`."""

    log_id: bytes
    level: int
    index: int  # of the block among those of its level
    root: bytes
    path: tuple[bytes, ...]  # sibling hashes, from the block's own up
    head: Head
    quarantined: int
    at: float  # Unix seconds
    merged: int = 1  # blocks that were made one

    @property
    def start(self) -> int:
        """Its first entry."""
        return self.index << self.level

    @property
    def end(self) -> int:
        """One past its last entry."""
        return (self.index + 1) << self.level

    def holds(self) -> bool:
        """Whether the path leads from the root to that of the head."""
        if not 0 <= self.level <= HIGHEST or self.index < 0 or self.end > self.head.size:
            return False
        count = ((self.head.size - 1) >> self.level) + 1  # blocks of that level, the last one perhaps cut off
        return verify_inclusion(self.root, self.index, count, self.path, self.head.root)

    def joined(self, other: Block) -> Block | None:
        """This block, just proven, and the `other` that was before as one; None where they are no siblings.

        Raises Unverified where this one's path has another root in the place of the other: then the two heads that
        they are proven to contradict each other.
        """
        whole = ((self.index >> 1) + 1) << (self.level + 1)
        if self.level != other.level or self.index ^ 1 != other.index or whole > self.head.size:
            return None
        if not self.path or self.path[0] != other.root:
            raise Unverified(
                f"entries {other.start} to {other.end - 1} are proven to the signed head of size {other.head.size}, "
                f"and are others by the one of size {self.head.size}: the two heads contradict each other"
            )
        left, right = sorted((self, other), key=lambda one: one.index)
        return replace(
            self,
            level=self.level + 1,
            index=self.index >> 1,
            root=node_hash(left.root, right.root),
            path=self.path[1:],
            quarantined=self.quarantined + other.quarantined,
            merged=self.merged + other.merged,
        )


def block_row(log: int, block: Block) -> dict[str, Any]:
    """A row of `blocks`."""
    row: dict[str, Any] = {
        "log": log,
        "start": block.start,
        "level": block.level,
        "root": block.root,
        "path": b"".join(block.path),
        "head_size": block.head.size,
        "head_root": block.head.root,
        "head_timestamp": block.head.timestamp,
        "head_raw": block.head.raw,
        "quarantined": block.quarantined,
        "merged": block.merged,
        "at": float(block.at),
    }
    row["mark"] = codec.mark("blocks", codec.BLOCK_COLUMNS, row)
    return row


def row_block(row: Mapping[str, Any], log_id: bytes) -> Block:
    """The block that a row stands for."""
    path = row["path"]
    return Block(
        log_id=log_id,
        level=row["level"],
        index=row["start"] >> row["level"] if 0 <= row["level"] <= HIGHEST else -1,
        root=row["root"],
        path=tuple(path[at : at + HASH] for at in range(0, len(path), HASH)),
        head=Head(row["head_size"], row["head_root"], row["head_timestamp"], row["head_raw"]),
        quarantined=row["quarantined"],
        at=row["at"],
        merged=row["merged"],
    )


def place(blocks: dict[int, Block], block: Block) -> tuple[list[int], Block]:
    """Puts a block that was just proven among those of its log, by their starts; siblings become one.

    Gives the starts of those that are no longer there, and the block that stands for them and this one. Raises
    Unverified, and changes nothing, where a sibling contradicts it; StateError where its entries were proven before.
    """
    if without((block.start, block.end), [(one.start, one.end) for one in blocks.values()]) != [
        (block.start, block.end)
    ]:
        raise StateError(f"entries {block.start} to {block.end - 1} were proven twice (a bug: report it)")
    gone: list[int] = []
    while (other := blocks.get((block.index ^ 1) << block.level)) is not None:
        whole = block.joined(other)
        if whole is None:
            break
        gone.append(other.start)
        block = whole
    for start in gone:
        del blocks[start]
    blocks[block.start] = block
    return gone, block
