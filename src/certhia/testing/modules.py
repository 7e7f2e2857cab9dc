"""For the tests of modules: pages and matches of certificates, and a module run over them.

def test_short() -> None:
    batch = entries_of(CA().issue(["a.example"], days=6), "b.example")
    assert [found.text for found in results_of(short, batch)] == ["a.example lives for 6 days"]
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from certhia._core import Issuers, Page
from certhia.clock import Clock
from certhia.config.modules import Own
from certhia.decode import match
from certhia.model import Log, Protocol, RuleHit
from certhia.modules.api import Outside
from certhia.modules.batch import Entries, Handed, Matches
from certhia.modules.configured import Spec, configured
from certhia.modules.finding import Result
from certhia.modules.places import Place
from certhia.modules.plugged import Plugged
from certhia.modules.running import Running
from certhia.modules.simple import Simple
from certhia.rules.watchlist import Watchlist
from certhia.testing.ca import CA, Issued
from certhia.testing.entries import Entry, Submission
from certhia.testing.simulated import START, SimClock

LOG = Log(bytes(32), b"", "A log of tests", "Nobody", Protocol.RFC6962, "https://ct.example/", "https://ct.example/")


def page_of(*issued: Issued | str, first: int = 0) -> Page:
    """A page of these certificates; a name stands for one of its own."""
    ca = CA(clock=SimClock())
    several = [ca.issue([one]) if isinstance(one, str) else one for one in issued]
    entries = [
        Entry(first + number, int(START.timestamp() * 1000), Submission.of(one)).json
        for number, one in enumerate(several)
    ]
    return Page.from_get_entries([b'{"entries":[%b]}' % b",".join(entries)], first, Issuers())


def entries_of(*issued: Issued | str, first: int = 0) -> Entries:
    """What a module is handed that sees entries."""
    log = match_of(page_of("a.example"), 0).log
    return Entries.of(log, page_of(*issued, first=first))


def matches_of(*issued: Issued | str) -> Matches:
    """What a module is handed that sees matches; with certificates, as where it needs them."""
    page = page_of(*issued)
    found = [match_of(page, position) for position in range(len(page))]
    der = {one.key: page[position].submitted for position, one in enumerate(found)}
    chains = {one.key: issue.chain[0] for one, issue in zip(found, issued, strict=True) if isinstance(issue, Issued)}
    return Matches(found, lambda one: der.get(one.key), lambda one: chains.get(one.key))


def match_of(page: Page, position: int) -> Any:
    """A match of an entry's first name."""
    entry = page[position]
    names = entry.certificate.names or [""]
    return match(LOG, entry, (RuleHit(names[0], names[0], "san", "exact"),), verified=True, seen=START.timestamp())


def results_of(
    module: object, batch: Handed, *, config: Mapping[str, Any] | None = None, rules: tuple[str, ...] = ()
) -> list[Result]:
    """What a module gives for a batch, and what it held back: set up, asked once, flushed and closed.

    `config`: its own keys; `rules`: watch rules. Raises whatever it raises.
    """

    async def run(directory: Path) -> list[Result]:
        if isinstance(module, Simple):
            module.called(module.__name__.replace("_", "-"))
        running, clock = Running(Plugged(module), clock=Clock()), Clock()
        info = running.plugged.info
        spec = Spec(Place(info.name, "file", ""), {key: Own(value) for key, value in (config or {}).items()})
        watched = Watchlist(*rules or ("example.com",))
        outside = Outside(clock, _silent, directory, lambda: watched, lambda *_a, **_k: None)
        await running.setup(configured(spec, info), outside)
        found = [*await running.process(batch), *await running.flush()]
        await running.close()
        return found

    with TemporaryDirectory() as directory:
        return asyncio.run(run(Path(directory)))


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    """Says nothing."""
    del text, level, log
