"""What the built-in modules that see entries cost for each: domains, typosquat, the second watch list; and expiry.

python benches/module_entries.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from core_pages import material
from feeds import entries
from module_matches import _matches
from rows import Figure, Row
from table import table

from certhia._core import Page
from certhia.clock import Clock
from certhia.config.modules.domains import DomainsSection
from certhia.config.modules.expiry import ExpirySection
from certhia.config.modules.typosquat import TyposquatSection
from certhia.config.modules.watch import WatchSection
from certhia.model import LogName
from certhia.modules.api import Outside
from certhia.modules.batch import Entries, Matches
from certhia.modules.builtin.domains.module import Domains
from certhia.modules.builtin.expiry.module import Expiry
from certhia.modules.builtin.typosquat.module import Typosquat
from certhia.modules.builtin.watch import Watch
from certhia.modules.finding import JSON
from certhia.rules.watchlist import Watchlist

FEED = "pages of 256"
LOG = LogName(bytes(32), "https://log.example/", "a log", "Nobody")
BRANDS = ("paypal.com", "microsoft.com", "sparkasse.de", "amazon.com", "google.com")
REPEATS = 3  # of each piece of work in a round: the fastest counts

Process = Callable[[Entries], Iterable[object]]


def rows(rounds: int) -> Iterator[Row]:
    """Every row about modules that see entries, and expiry's."""
    pages = material(entries().path).pages
    with tempfile.TemporaryDirectory() as folder:
        for title, values, target in asyncio.run(_measured(pages, rounds, Path(folder))):
            yield Row(title, FEED, [Figure("each", "us", values, target)])


async def _measured(pages: list[Page], rounds: int, folder: Path) -> list[tuple[str, list[float], float | None]]:
    outside = Outside(Clock(), _silent, folder, lambda: Watchlist("example.com"), _unheard)
    found: list[tuple[str, list[float], float | None]] = []
    domains, watch, typosquat, expiry = Domains(), Watch(), Typosquat(), Expiry()
    domains.setup(DomainsSection(), outside)
    found.append(("domains, an entry", _each(domains.process, pages, rounds), 1.5))
    domains.close()
    for title, rules in (("domains", ("acme.example", "*.example.com")), ("keywords", ("kw:acme", "kw:paypal"))):
        watch.setup(WatchSection(rules=rules), outside)
        found.append((f"watch, two {title}, an entry", _each(watch.process, pages, rounds), None))
    for many in (1, len(BRANDS)):
        await typosquat.setup(TyposquatSection(domains=BRANDS[:many], context=False), outside)
        title = f"typosquat, {many} {'domain' if many == 1 else 'domains'}, an entry"
        found.append((title, _each(typosquat.process, pages, rounds), None))
        await typosquat.close()
    matches = Matches([match for match, _ in _matches(6400, LOG)])
    values = []
    for _ in range(rounds):
        await expiry.setup(ExpirySection(), outside)
        begun = time.thread_time_ns()
        await expiry.process(matches)
        values.append((time.thread_time_ns() - begun) / 1000 / len(matches))
        await expiry.close()
    found.append(("expiry, a match", values, 50.0))
    return found


def _each(process: Process, pages: list[Page], rounds: int) -> list[float]:
    """Microseconds of CPU of this thread for an entry, with the walk over a page's names."""
    count, values = sum(map(len, pages)), []
    for _ in range(rounds):
        best = float("inf")
        for _ in range(REPEATS):
            batches = [Entries.of(LOG, page) for page in pages]  # that know nothing of what rules found before
            begun = time.thread_time_ns()
            for batch in batches:
                list(process(batch))
            best = min(best, (time.thread_time_ns() - begun) / 1000 / count)
        values.append(best)
    return values


def _unheard(type: str, data: Mapping[str, JSON], *, correlation: str = "") -> None:  # noqa: A002
    del type, data, correlation


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    del text, level, log


if __name__ == "__main__":
    print(table(list(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3))))
