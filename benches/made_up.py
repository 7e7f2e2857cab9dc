"""Entries of the test world's CA as JSON lines, for machines without real ones: smaller, and all of one shape.

python benches/made_up.py FILE
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from itertools import islice
from pathlib import Path

from certhia.testing.names import wishes
from certhia.testing.world import World

COUNT = 500  # half of them precertificates


def main(path: Path) -> None:
    """Writes the file at once, when it is whole."""
    world = World()
    log = world.rfc6962("made-up")
    for number, wish in enumerate(islice(wishes(0), COUNT)):
        log.add(world.ca.issue(wish.names, wish.ips, precert=number % 2 == 1, organization=wish.organization))
    lines = [
        json.dumps(
            {"leaf_input": b64encode(entry.leaf_input).decode(), "extra_data": b64encode(entry.extra_data).decode()}
        )
        for entry in log.entries
    ]
    partial = path.with_suffix(".part")
    partial.write_text("\n".join(lines) + "\n")
    partial.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
