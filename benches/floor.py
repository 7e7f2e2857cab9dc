"""What the parts of the work cost alone, on one core: nanoseconds an entry, as JSON on standard output.

python benches/floor.py ENTRIES.jsonl RULES
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from certhia._core import Edge, Issuers, Page, build_info, floor
from certhia.rules.watchlist import Watchlist

PAGE = 256
ROUNDS = 7


def main(entries: Path, rules: Path) -> None:
    """Prints the parts."""
    read = [json.loads(line) for line in entries.read_bytes().splitlines()]
    served = [{name: entry[name] for name in ("leaf_input", "extra_data")} for entry in read]
    pages = [served[at : at + PAGE] for at in range(0, len(served) - PAGE + 1, PAGE)]
    bodies = [json.dumps({"entries": page}, separators=(",", ":")).encode() for page in pages]
    parts = floor(bodies, Watchlist.load([], [rules]).matcher, ROUNDS)
    parts["edge"] = _edge(bodies)
    print(json.dumps({"parts": parts, "entries": PAGE * len(pages), "core": build_info}))


def _edge(bodies: list[bytes]) -> float:
    """Appending leaf hashes to the right edge of a tree."""
    issuers, best = Issuers(), float("inf")
    pages = [Page.from_get_entries([body], PAGE * number, issuers) for number, body in enumerate(bodies)]
    for _ in range(ROUNDS):
        edge, begun = Edge(), time.perf_counter_ns()
        for page in pages:
            edge.append_page(page)
        edge.root()
        best = min(best, (time.perf_counter_ns() - begun) / edge.size)
    return best


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
