"""What of a page that comes again was recorded before: compared by leaf hashes, so that nothing is sent twice, and what
differs is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from certhia._core import Page
from certhia.errors import Malformed
from certhia.stream import packing
from certhia.stream.index import Piece

_HASH: Final = 32  # bytes


def new(page: Page, pieces: Sequence[Piece], end: int) -> Page | None:
    """What of a page was not recorded with the same leaf hashes; None where all of it was. Reads the disk.

    `pieces`: what was recorded of it, in order; `end`: one past the last entry that may have been. The answer is one
    page: from the first entry that differs to the last.
    """
    same = [page.first, *(edge for piece in pieces for edge in _same(page, piece)), min(end, page.end)]
    differing = [(low, high) for low, high in list(pairwise(same))[::2] if low < high]
    if page.end > end:
        differing.append((max(end, page.first), page.end))
    return page.slice(differing[0][0], differing[-1][1]) if differing else None


def _same(page: Page, piece: Piece) -> tuple[int, int]:
    """The part of a piece that is as the page has it: from its beginning to the first entry that differs."""
    try:
        stored = load(piece)
    except (OSError, Malformed):
        return piece.start, piece.start
    ours, theirs = page.leaf_hashes, stored.leaf_hashes
    for index in range(piece.start, piece.end):
        at, there = _HASH * (index - page.first), _HASH * (index - stored.first)
        if ours[at : at + _HASH] != theirs[there : there + _HASH]:
            return piece.start, index
    return piece.start, piece.end


def load(piece: Piece) -> Page:
    """The page that a piece is of. Raises OSError, Malformed."""
    row = piece.stored.row
    page = packing.unpack_page(piece.stored.segment.read(row.offset, row.length))
    if (page.first, page.end) != (row.first, row.end):
        raise Malformed(f"a page of {page.first} to {page.end}, where {row.first} to {row.end} was recorded")
    return page
