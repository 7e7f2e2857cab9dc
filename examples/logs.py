"""Counts the world's logs by operator and state: python examples/logs.py [--log-list FILE-OR-URL]"""

import argparse
import asyncio
from collections import Counter

import certhia


async def main() -> None:
    """Prints how many logs of which state each operator runs, and the notices of the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log-list", help="a log list of your own, file or URL, instead of Google's")
    parser.add_argument("--offline", action="store_true", help="the list that was shipped with Certhia")
    given = parser.parse_args()

    listed = certhia.LogList.shipped() if given.offline else await certhia.LogList.load(given.log_list)
    print(f"list {listed.version} of {listed.timestamp}, {'signed' if listed.signed else 'not signed'}")
    for notice in listed.notices:
        print(f"  {notice!a}")
    counts = Counter((log.operator, log.state or "no state", log.protocol.value) for log in listed.logs)
    for (operator, state, protocol), count in sorted(counts.items()):
        print(f"{operator:<20} {state:<12} {protocol:<8} {count}")


if __name__ == "__main__":
    asyncio.run(main())
