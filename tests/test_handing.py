"""Matches on their way to modules: each once, with certificates where they are needed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.modules.worlds import LOGS, run

from certhia.handing import Added, Handing
from certhia.library import modular
from certhia.modules.batch import Matches
from certhia.modules.failing import Off
from certhia.modules.host import Host
from certhia.sinks.refusals import Gone

NEEDS = """
from certhia.modules import Finding, Info, Sees

class Needs:
    info = Info("needs", "1", "Reads certificates", Sees.MATCHES, needs=("certificates",))

    def process(self, batch):
        for number, match in batch:
            certificate, issuer = batch.certificate(number), batch.issuer(number)
            yield Finding("read", f"{certificate.names[0]} by {issuer.subject}", position=number)
"""
SEES = """
from certhia import Match, module

@module
def sees(match: Match) -> str:
    return match.names[0]
"""
HOLDS = """
from certhia.modules import Finding, Info, Sees

class Holds:
    info = Info("holds", "1", "Tells at the end", Sees.MATCHES)

    def setup(self):
        self.held = []

    def process(self, batch):
        self.held += [match.names[0] for _, match in batch]

    def flush(self):
        return [Finding("held", name) for name in self.held]
"""


@pytest.mark.parametrize("trusted", [True, False])
async def test_what_is_held_back_of_the_last_matches_is_told(
    tmp_path: Path, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_of(added: Added, _: object) -> Callable[[], Coroutine[Any, Any, None]]:
        async def last() -> None:
            """One that comes when all else is told, as from logs that are followed until somebody ends it."""
            assert added.outbox is not None
            state, queue = added.outbox._state, added.sinks[0].name
            (row,) = await state.matches(limit=1)
            at = replace(row.match.sighting, index=1)
            state.writer.match(replace(row.match, key=b"another", names=("late.example",), sighting=at), [queue])

        return last

    monkeypatch.setattr(modular, "last_of", last_of)
    came = await run(tmp_path, {"holds": HOLDS}, settings={"modules.holds.trusted": trusted})
    assert came.found("holds") == ["host7.example.com", "late.example"]


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_module_gets_the_certificates_that_it_needs(tmp_path: Path, trusted: bool) -> None:
    came = await run(tmp_path, {"needs": NEEDS}, settings={"modules.needs.trusted": trusted})
    assert came.found("needs") == ["host7.example.com by CN=Certhia Test Intermediate,O=Certhia Test,C=XX"]
    finding = came.of("finding.reported")[0]
    assert finding["match"] == came.sheet.told[0].match.key.hex()
    assert finding["log"] == came.sheet.told[0].match.log.url


async def test_only_chooses_among_matches(tmp_path: Path) -> None:
    rules = ("host7.example.com", "host8.example.com")
    settings = {"modules.sees.only": ["host8.example.com"]}
    came = await run(tmp_path, {"sees": SEES}, rules=rules, settings=settings)
    assert came.found("sees") == ["host8.example.com"]
    assert len(came.sheet.told) == 2


async def test_each_match_once_over_two_runs(tmp_path: Path) -> None:
    first = await run(tmp_path, {"sees": SEES})
    again = await run(tmp_path, {"sees": SEES})
    assert (first.found("sees"), again.found("sees")) == (["host7.example.com"], [])
    assert first.summary is not None
    assert first.summary.sightings == LOGS - 1


class Without(Host):
    """A host without modules."""

    def __init__(self) -> None:
        self._seat({})


async def test_a_queue_whose_module_is_gone() -> None:
    host = Without()
    with pytest.raises(Off):
        await host.deliver("module:x", Matches([]))
    with pytest.raises(Gone, match="no longer in use"):
        await Handing("module:x", host).send([])
    assert (Added(host).sinks, Added(host).keeping(), Added(host).terms) == ([], [], {})
