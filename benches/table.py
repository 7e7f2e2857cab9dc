"""The results as a table for people and as JSON for machines."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from feeds import ROOT
from rows import Figure, Row

HEADINGS = ("work", "feed", "figure", "median", "best", "unit", "x floor", "target", "")


def table(rows: Iterable[Row]) -> str:
    """Aligned columns."""
    cells = [HEADINGS, *(cell for row in rows for cell in _cells(row))]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    right = {3, 4, 6}
    lines = []
    for line in cells:
        padded = [
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join([lines[0], "-" * max(len(line) for line in lines), *lines[1:]])


def _cells(row: Row) -> list[Sequence[str]]:
    out: list[Sequence[str]] = []
    for number, figure in enumerate(row.figures):
        first = number == 0
        out.append(
            (
                row.work if first else "",
                row.feed if first else "",
                figure.name,
                _number(figure.value),
                _number(figure.best),
                figure.unit,
                f"{figure.value / figure.floor:.1f}" if figure.floor else "",
                _target(figure),
                {True: "met", False: "MISSED", None: ""}[figure.met],
            )
        )
    if row.peers:
        out.append(("", "", f"peers: {row.peers}", "", "", "", "", "", ""))
    return out


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'>=' if figure.at_least else '<='} {figure.target:,.10g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine() -> dict[str, object]:
    """What it ran on."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.platform(),
        "commit": commit.stdout.strip(),
    }


def write(path: Path, rows: Sequence[Row], **more: object) -> None:
    """All values, not only medians."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**more, "rows": [_row(row) for row in rows]}, indent=1) + "\n")


def _row(row: Row) -> dict[str, object]:
    figures = [
        {**asdict(figure), "median": figure.value, "met": figure.met, "multiple": _multiple(figure)}
        for figure in row.figures
    ]
    return {"work": row.work, "feed": row.feed, "peers": row.peers, "figures": figures}


def _multiple(figure: Figure) -> float | None:
    return figure.value / figure.floor if figure.floor else None
