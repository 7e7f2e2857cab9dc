"""Tells of every new certificate for some domains: python examples/watch.py example.com '*.example.org'"""

import argparse
import asyncio
import logging

import certhia


async def main() -> None:
    """Prints a line for each certificate until interrupted, and goes on where it left off at the next start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="+", help="what to watch: example.com, *.example.com, =www.example.com, ...")
    parser.add_argument("--state", default="example", help="a name or a directory: where positions are kept")
    parser.add_argument("--start", default="now", help="where to begin the first time: now, -1000, 2026-11-01, ...")
    parser.add_argument("--until", help="where to end, in the same words")
    parser.add_argument("--log-list", action="append", default=[], help="a log list of your own, file or URL")
    given = parser.parse_args()
    logging.basicConfig(format="%(levelname)s %(message)s")  # what is wrong with logs goes to standard error

    matches = certhia.watch(
        given.rules, state=given.state, start=given.start, until=given.until, log_lists=given.log_list
    )
    async for match in matches:
        why = ", ".join(f"{hit.name!a} ({hit.why} {hit.rule})" for hit in match.hits)
        print(f"{match.log.description} #{match.sighting.index}: {why}, issued by {match.issuer!a}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
