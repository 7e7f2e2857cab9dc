"""A terminal's picture as SVG, from what `tmux capture-pane -p -e` recorded.

python scripts/picture.py <RECORDED >PICTURE
"""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.text import Text


def main() -> None:
    """Reads the recording from standard input, writes SVG to standard output."""
    lines = [Text.from_ansi(line) for line in sys.stdin.read().rstrip("\n").split("\n")]
    width = max(line.cell_len for line in lines)
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, highlight=False)
    for line in lines:
        console.print(line, soft_wrap=True)
    # No fonts are fetched: the picture is the same without a network.
    svg = console.export_svg(title="certhia demo")
    while (begin := svg.find("@font-face")) >= 0:
        svg = svg[:begin] + svg[svg.index("}", begin) + 1 :]
    sys.stdout.write("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")


if __name__ == "__main__":
    main()
