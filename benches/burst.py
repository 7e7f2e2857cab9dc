"""Logs of real entries that stand still until they are told to grow, as fast or as slowly as is said.

    python benches/burst.py ENTRIES.jsonl COUNT PAGE

Prints the log list in one line of JSON. A line `RATE` on standard input has the logs grow by so many entries a second,
`all` by everything at once; each is answered by a line. Ends with standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from certhia.clock import Clock
from certhia.testing.entries import templates
from certhia.testing.feed import Bulk, read_entries
from certhia.testing.world import World

PAUSE = 0.1  # seconds between two heads while they grow


async def main(path: Path, count: int, page: int) -> None:
    """Serves until the end of standard input."""
    world, loop = World(Clock()), asyncio.get_running_loop()
    bulk = Bulk(world, templates(list(read_entries(path))), page + count, page)
    bulk.more(page)  # so that what comes is in whole pages, which are made ahead
    for log in bulk.logs:
        log.warm()
    async with world.serve(apart=True) as url, asyncio.TaskGroup() as tasks:
        say({"log_list": f"{url}log_list.json"})
        growing: asyncio.Task[None] | None = None
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            if growing is not None:
                growing.cancel()
            if line.strip() == "all":
                bulk.more(count)
                growing = None
            else:
                growing = tasks.create_task(grow(world.clock, bulk, float(line)))
            say({"size": bulk.shown})
        if growing is not None:
            growing.cancel()


async def grow(clock: Clock, bulk: Bulk, rate: float) -> None:
    """A little every so often, by the clock."""
    begun, first = clock.monotonic(), bulk.shown
    while True:
        await clock.sleep(PAUSE)
        bulk.more(first + rate * (clock.monotonic() - begun) - bulk.shown)


def say(line: dict[str, object]) -> None:
    """To whoever started this."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
