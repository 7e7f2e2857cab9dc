"""What targets cost before anything is sent: reading them, finding their addresses, visiting ranges.

python benches/resolving.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import aiodns
from rows import Figure, Row
from table import table

from certhia._core import Ranges
from certhia.scanner.dns import Resolver
from certhia.scanner.engine import DONE
from certhia.scanner.exclude import Excluded
from certhia.scanner.nameservers import Nameservers
from certhia.scanner.plan import Plan
from certhia.scanner.ports import Port
from certhia.scanner.reading import read_file
from certhia.scanner.supply import Supply
from certhia.scanner.targets import Block, read_target
from certhia.scanner.visiting import Knock, Part
from certhia.testing import FakeDns

NAMES = 1000  # of each round
AT_ONCE = 64
LINES = 200_000
VISITED = 200_000

_FRESH = count()


def rows(rounds: int) -> Iterator[Row]:
    """Every row about targets and names."""
    yield _lines(rounds)
    yield _ranges(rounds)
    yield _supply(rounds)
    with _server() as address:
        yield asyncio.run(_names(address, 10 * rounds))


def _lines(rounds: int) -> Row:
    """Half of them hosts, half addresses."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "targets"
        hosts = (f"www{number}.example.com\n10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in count())
        path.write_text("".join(f"{next(hosts)}\n" for _ in range(LINES // 2)))
        before = _peak()
        spent = []
        for _ in range(rounds):
            begun = time.process_time()
            found = sum(len(piece.targets) for piece in read_file(str(path)))
            spent.append((time.process_time() - begun) / found * 1e6)
        grown = _peak() - before
    return Row(f"reading {LINES:,} lines", "file", [Figure("CPU", "us/line", spent), Figure("RSS more", "MB", [grown])])


def _ranges(rounds: int) -> Row:
    """The first of 2^24 addresses, and as many of 2^10."""
    figures = []
    for text in ("10.0.0.0/8", "10.0.0.0/22"):
        block = read_target(text)
        assert isinstance(block, Block)
        before, spent = _peak(), []
        part = Part([block], (Knock(Port(443)),), Ranges(), b"k" * 16)
        for _ in range(rounds):
            begun, most = time.process_time(), min(VISITED, part.count)
            done = sum(len(part.visit(at, 256)) for at in range(0, most, 256))
            spent.append((time.process_time() - begun) / done * 1e6)
        figures += [
            Figure(f"CPU, of {part.count:,}", "us/target", spent),
            Figure(f"RSS more, of {part.count:,}", "MB", [_peak() - before]),
        ]
    return Row("visiting ranges in their order", "core", figures)


def _supply(rounds: int) -> Row:
    """As the engine pulls them."""
    plan = Plan(["10.0.0.0/8"], excluded=Excluded(allow_private=True))
    spent = [asyncio.run(_pulled(plan)) for _ in range(rounds)]
    return Row("supplying targets of ranges", "core", [Figure("CPU", "us/target", spent)])


async def _pulled(plan: Plan) -> float:
    async with Nameservers(["127.0.0.1:9"]) as servers:
        supply = Supply(plan, Resolver(servers.ask))
        await supply.run()
        begun = time.process_time()
        for _ in range(VISITED):
            assert supply.pull() is not DONE
        return (time.process_time() - begun) / VISITED * 1e6


async def _names(address: str, rounds: int) -> Row:
    """By turns, since the machine is not ours alone; each has its channel for all rounds."""
    alone, misses, hits = [], [], []
    bare = aiodns.DNSResolver([address], timeout=2.0, tries=2)
    async with Nameservers([address]) as servers:
        resolver = Resolver(servers.ask)
        for number in range(rounds + 1):
            theirs = await _driven(lambda name: bare.query_dns(name, "A"), _fresh())
            names = _fresh()
            ours, again = await _driven(resolver.resolve, names), await _driven(resolver.resolve, names)
            if number:  # what is made once was made in the first round
                alone.append(theirs)
                misses.append(ours)
                hits.append(again)
    await bare.close()
    ratio = [ours / theirs for ours, theirs in zip(misses, alone, strict=True)]
    figures = [
        Figure("aiodns alone", "us/name", alone),
        Figure("a miss", "us/name", misses),
        Figure("a miss, times aiodns alone", "", ratio, 1.1),
        Figure("a hit", "us/name", hits, 5),
    ]
    return Row(f"names to addresses, {AT_ONCE} at once", "loopback", figures)


async def _driven(find: Callable[[str], Awaitable[object]], names: Sequence[str]) -> float:
    """Microseconds of our own CPU for each."""
    left = iter(names)

    async def one() -> None:
        for name in left:
            await find(name)

    begun = time.process_time()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return (time.process_time() - begun) / len(names) * 1e6


def _fresh() -> list[str]:
    """Names that nobody was asked for: c-ares remembers them too."""
    return [f"n{next(_FRESH)}.example" for _ in range(NAMES)]


@contextmanager
def _server() -> Iterator[str]:
    """A name server in a process of its own, so that its work is not counted."""
    process = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


async def _serve() -> None:
    async with FakeDns(others=["192.0.2.1"]).serve() as address:
        print(address, flush=True)
        await asyncio.Event().wait()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(_serve())
    else:
        print(f"load {os.getloadavg()[0]:.1f}")
        print(table(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
