"""Many logs of many entries at full speed, half of them RFC 6962 and half static, until standard input is closed.

python benches/many.py ENTRIES.jsonl LOGS COUNT
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from certhia.clock import Clock
from certhia.testing.entries import templates
from certhia.testing.feed import read_entries
from certhia.testing.world import World


async def main(path: Path, logs: int, count: int) -> None:
    """Serves until the end of standard input."""
    world = World(Clock())
    sources = templates(list(read_entries(path)))
    for number in range(logs):
        if number % 2:
            log = world.static(f"static{number}", cache=1 << 30)
        else:
            log = world.rfc6962(f"rfc{number}", max_get_entries=1024, cache=1 << 30)
        log.extend_raw(sources, count, timestamp=int(world.clock.now() * 1000) - 86_400_000)
        log.publish()
        log.warm()
    async with world.serve(apart=True) as url:
        sys.stdout.write(json.dumps({"log_list": f"{url}log_list.json"}) + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
