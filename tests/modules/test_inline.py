"""Modules that a match waits for: enrichers annotate it, filters silence it, bad ones cost it nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.modules.hosts import hosted
from tests.modules.worlds import run

from certhia.clock import Clock
from certhia.modules.local import Local
from certhia.sinks.record import record
from certhia.sinks.sample import sample
from certhia.store.place import Place
from certhia.store.state import State

NOTES = """
from certhia import Match, module
from certhia.modules import Note

@module(inline=True)
def notes(match: Match) -> Note:
    return Note(0, {"first": match.names[0]})
"""
DROPS = """
from certhia import Match, module
from certhia.modules import Drop

@module(inline=True)
def drops(match: Match) -> Drop | None:
    return Drop(0, "of no interest") if match.names[0] == "host8.example.com" else None
"""
BAD = """
import os, time
from certhia.modules import Info, Note, Sees

class Bad:
    info = Info("bad", "1", "Bad", Sees.MATCHES, inline=True)

    def process(self, batch):
        {body}
"""
RULES = ("host7.example.com", "host8.example.com")


async def stored(tmp_path: Path) -> dict[str, str]:
    """Notes of the matches in the state, by their first name."""
    async with await State.open(Place(tmp_path / "state"), clock=Clock(), follow=False) as state:
        return {one.match.names[0]: one.match.notes for one in await state.matches()}


@pytest.mark.parametrize("trusted", [True, False])
async def test_noted_and_dropped(tmp_path: Path, trusted: bool) -> None:
    settings = {"modules.notes.trusted": trusted, "modules.drops.trusted": trusted}
    came = await run(tmp_path, {"notes": NOTES, "drops": DROPS}, rules=RULES, settings=settings)
    (told,) = came.sheet.told
    assert record(told)["modules"] == {"notes": {"first": "host7.example.com"}}
    assert [one["id"] for one in came.of("match.found")] == [told.match.key.hex()]
    kept = await stored(tmp_path)
    assert json.loads(kept["host8.example.com"]) == {
        "notes": {"first": "host8.example.com"},
        "drops": {"dropped": "of no interest"},
    }
    assert came.summary is not None
    assert came.summary.matches == 2


@pytest.mark.parametrize(
    "body, text",
    [
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("time.sleep(10)", "took longer than 0.2 s"),
        ("os._exit(5)", "exit status 5"),
        ("return [Note(0, {'a': 'b' * 20_000})]", "16,384 are the most"),
        ("return [Note(0, {'a': float('nan')})]", "noted what is no JSON"),
        ("return [Note(0, {'a': 1}), Note(99, {'a': 1})]", ""),
    ],
)
async def test_a_match_is_told_whatever_they_do(tmp_path: Path, body: str, text: str) -> None:
    settings = {"modules.bad.deadline": 0.2}
    came = await run(tmp_path, {"bad": BAD.format(body=body)}, settings=settings)
    (told,) = came.sheet.told
    assert told.match.notes == ("" if text else '{"bad": {"a": 1}}')
    assert came.texts("module bad: ", text) or not text


async def test_what_another_one_broke_is_no_fault_of_the_next(tmp_path: Path) -> None:
    """The process begins anew within the deadline of the second one, and takes longer than that."""
    modules = {"bad": BAD.format(body="os._exit(5)"), "notes": NOTES}
    came = await run(tmp_path, modules, settings={"modules.notes.deadline": 0.01})
    assert came.texts("module bad: ", "exit status 5")
    assert not came.texts("module notes: ")
    assert len(came.sheet.told) == 1


async def test_a_trusted_one_that_is_late_is_left_behind(tmp_path: Path) -> None:
    settings = {"modules.bad.deadline": 0.05, "modules.bad.trusted": True}
    came = await run(tmp_path, {"bad": BAD.format(body="time.sleep(0.5)")}, settings=settings)
    assert len(came.sheet.told) == 1
    assert came.texts("module bad: did not come back within 0.1 s: matches are told without it")


async def test_only(tmp_path: Path) -> None:
    settings = {"modules.notes.only": ["host8.example.com"]}
    await run(tmp_path, {"notes": NOTES}, rules=RULES, settings=settings)
    kept = await stored(tmp_path)
    assert (kept["host7.example.com"], kept["host8.example.com"] != "") == ("", True)


async def test_one_that_is_let_go_while_another_one_is_asked(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        one.write("drops", DROPS)
        one.write("notes", NOTES)
        await one.host.replace(one.settings(drops={"trusted": True}, notes={"trusted": True}))
        first, _ = one.host.seats
        assert isinstance(first.runner, Local)
        async with first.runner.lock:
            judging = asyncio.ensure_future(one.host.inline.judged([sample(1.0)]))
            await asyncio.sleep(0)
            await one.host.replace(one.settings(drops={"trusted": True}))
        ((judged, silenced),) = await judging
        assert (judged.notes, silenced, one.said) == ("", False, [])
