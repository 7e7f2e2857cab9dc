"""Run as a program: records pages of a made-up log in a directory until it is killed; prints the end of each once it
may be sent."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.stream.histories import ISSUERS, A, Kept, sheet


async def main(directory: Path) -> None:
    history = await Kept(directory).start()
    reach = history.index.reaches.get(A.id)
    first = reach.end if reach is not None else 0
    while True:
        await history.record([sheet(A, first, first + 7)], ISSUERS)
        first += 7
        sys.stdout.write(f"{first}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
