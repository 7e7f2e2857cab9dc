"""Patterns with * and ? that strangers write: matched without going back, and nothing of them is kept."""

from __future__ import annotations


def fits(name: str, glob: str) -> bool:
    """Whether the whole of `name` is what `glob` says: * for anything, ? for any one character.

    Each piece between two stars is taken where it is found first: that is as good as any place further on.
    """
    first, *others = glob.split("*")
    if not _is_at(name, 0, first):
        return False
    if not others:
        return len(name) == len(first)
    *middle, last = others
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        if (at := _found(name, at, piece)) < 0:
            return False
    return at <= end and _is_at(name, end, last)


def _found(name: str, at: int, piece: str) -> int:
    """Where the first such piece ends, from `at` on; -1 for none."""
    if "?" not in piece:
        found = name.find(piece, at)
        return found + len(piece) if found >= 0 else -1
    starts = range(at, len(name) - len(piece) + 1)
    return next((start + len(piece) for start in starts if _is_at(name, start, piece)), -1)


def _is_at(name: str, at: int, piece: str) -> bool:
    if "?" not in piece:
        return name.startswith(piece, at)
    there = name[at : at + len(piece)]
    return len(there) == len(piece) and all(one in ("?", other) for one, other in zip(piece, there, strict=True))
