"""Listens to the Pub/Sub channel of a Redis in a process of its own, and says how old matches are when they come.

    python benches/redis_reader.py PORT CHANNEL

Prints a line when it listens, then for each line on standard input one of JSON: how many came since the last line, and
their ages in milliseconds (p50, p99, the oldest).
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time

import redis

SEEN = re.compile(rb'"seen_unix":([0-9.e+]+)')


def main(port: int, channel: str) -> None:
    """Until standard input ends."""
    ages: list[float] = []
    heard = redis.Redis(port=port).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    heard.subscribe(channel)
    heard.get_message(timeout=5)

    def listen() -> None:
        for message in heard.listen():
            found = SEEN.search(message["data"])
            ages.append(1000 * (time.time() - float(found[1])) if found else 0.0)

    threading.Thread(target=listen, daemon=True).start()
    print("listening", flush=True)
    for _ in sys.stdin:
        had, ages[:] = sorted(ages), []
        told = {"count": len(had), "p50": 0.0, "p99": 0.0, "most": 0.0}
        if had:
            told |= {"p50": had[len(had) // 2], "p99": had[int(len(had) * 0.99)], "most": had[-1]}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
