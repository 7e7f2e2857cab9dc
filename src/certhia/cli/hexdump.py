"""Bytes for people: offset, hex and text, and a mark under the one that matters."""

from __future__ import annotations

from collections.abc import Iterator

WIDTH = 16  # bytes a line


def dump(data: bytes, mark: int | None = None, *, first: int = 256, around: int = 64) -> Iterator[str]:
    """Lines for the `first` bytes, and for those `around` the offset `mark` where it lies behind them. The line below a
    mark points to it; one at the very end of the data points behind it."""
    shown = 0
    spans = [(0, min(first, len(data)))]
    if mark is not None and mark >= first:
        spans = [(0, min(around, len(data))), (max(mark - around, around), min(mark + around, len(data)))]
    for begin, end in spans:
        start = max(begin - begin % WIDTH, shown)
        if start > shown:
            yield f"          ... {start - shown} bytes"
        for at in range(start, end, WIDTH):
            row = data[at : min(at + WIDTH, len(data))]
            yield _line(at, row)
            shown = at + len(row)
            if mark is not None and at <= mark < at + WIDTH:
                yield " " * (10 + 3 * (mark - at)) + f"^^ byte {mark}"
    if mark is not None and mark >= len(data) and mark % WIDTH == 0:
        yield " " * 10 + f"^^ byte {mark}"
    if shown < len(data):
        yield f"          ... {len(data) - shown} bytes"


def _line(at: int, row: bytes) -> str:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    return f"{at:08x}  {row.hex(' '):<{3 * WIDTH - 1}}  |{text}|"
