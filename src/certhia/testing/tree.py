"""A Merkle tree of RFC 6962 section 2.1 in plain Python: written to be plainly right and to share nothing with the
core that it checks."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf_input: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return sha256(b"\0" + leaf_input).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\1" + left + right).digest()


class Tree:
    """All hashes of the perfect subtrees over a growing list of leaves.

    `levels[k]` holds the hashes of all complete subtrees of 2**k leaves, one after another. Root and proofs for any
    size up to the present one take O(log^2 n).
    """

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self.levels: list[bytearray] = [bytearray()]
        self.extend(leaf_hashes)

    def __len__(self) -> int:
        return len(self.levels[0]) // 32

    def append(self, leaf: bytes) -> None:
        """Adds one leaf by its hash."""
        self.extend((leaf,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Adds leaves by their hashes, 32 bytes each."""
        self.levels[0] += b"".join(leaf_hashes)
        level = 0
        while len(below := self.levels[level]) >= 64:
            if level + 1 == len(self.levels):
                self.levels.append(bytearray())
            above = self.levels[level + 1]
            prefixed = (b"\1" + below[at : at + 64] for at in range(2 * len(above), len(below) - 63, 64))
            above += b"".join([sha256(node).digest() for node in prefixed])
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """The hash of the perfect subtree over leaves [index << level, (index + 1) << level)."""
        hashed = bytes(self.levels[level][index * 32 : index * 32 + 32]) if level < len(self.levels) else b""
        if not hashed:
            raise IndexError(f"no complete subtree {index} at level {level} of a tree of {len(self)}")
        return hashed

    def leaf(self, index: int) -> bytes:
        """The hash of one leaf."""
        return self.node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves, all of them by default."""
        size = self._checked(len(self) if size is None else size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D[size]) of section 2.1.1: the proof that leaf `index` is in the tree of `size` leaves."""
        if not 0 <= index < self._checked(size):
            raise ValueError(f"there is no leaf {index} in a tree of {size}")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """PROOF(first, D[second]) of section 2.1.2: the tree of `first` leaves is a prefix of that of `second`."""
        if not 0 < first <= self._checked(second):
            raise ValueError(f"there is no consistency proof from {first} to {second}")
        proof: list[bytes] = []
        start, end, whole = 0, second, True  # whole: the subtree of the old tree is one that the verifier knows
        while first != end:
            middle = start + _split(end - start)
            if first <= middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._subtree(start, end))
        return proof[::-1]

    def hashes(self, level: int, start: int, end: int) -> bytes:
        """The hashes [start, end) of a level, 32 bytes each: what a hash tile holds."""
        return bytes(self.levels[level][start * 32 : end * 32]) if level < len(self.levels) else b""

    def _checked(self, size: int) -> int:
        if not 0 <= size <= len(self):
            raise ValueError(f"the tree has {len(self)} leaves, not {size}")
        return size

    def _subtree(self, start: int, end: int) -> bytes:
        """MTH(D[start:end]) for a range that the recursion of section 2.1 meets."""
        width = end - start
        level = width.bit_length() - 1
        if width == 1 << level:
            return self.node(level, start >> level)
        middle = start + (1 << level)
        return node_hash(self._subtree(start, middle), self._subtree(middle, end))


def _split(width: int) -> int:
    """The largest power of two smaller than `width`."""
    return 1 << (width - 1).bit_length() - 1
