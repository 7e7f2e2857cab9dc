"""Keeps a log's entries in Parquet files: python examples/follow.py 'argon2026h2' out/ --start -100000"""

import argparse
import asyncio
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import certhia


async def main() -> None:
    """Writes a file for each page of verified entries, and goes on behind the last file there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", help="URL or description of a log")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--start", default="now", help="where to begin the first time: now, beginning, -1000, ...")
    parser.add_argument("--until", help="where to end, in the same words")
    parser.add_argument("--log-list", action="append", default=[], help="a log list of your own, file or URL")
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)

    ends = [int(path.stem.split("-")[1]) for path in given.folder.glob("*-*.parquet")]
    start = max(ends, default=given.start)
    async for page in certhia.follow(given.log, start=start, until=given.until, log_lists=given.log_list):
        path = given.folder / f"{page.first:012}-{page.end:012}.parquet"
        unfinished = path.with_suffix(".part")
        pq.write_table(pa.table(pa.record_batch(page.batch)), unfinished)
        unfinished.replace(path)
        print(f"{path}: {len(page)} entries", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
