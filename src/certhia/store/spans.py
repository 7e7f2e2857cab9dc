"""Ranges of entries [start, end): what is left of them, and which of them touch."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]


def within(index: int, spans: Iterable[Span]) -> bool:
    """Whether an entry is in one of the ranges."""
    return any(start <= index < end for start, end in spans)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same entries in as few ranges as there can be, in order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a range when others are taken from it, in order."""
    out: list[Span] = []
    at, last = span
    for start, end in joined(taken):
        if start >= last:
            break
        if start > at:
            out.append((at, start))
        at = max(at, end)
    if at < last:
        out.append((at, last))
    return out
