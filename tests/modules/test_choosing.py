"""Which matches a module gets: by its rules, whatever they are about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.modules.worlds import run

from certhia.model import RuleHit
from certhia.modules import choosing
from certhia.modules.choosing import Choosing
from certhia.rules.watchlist import Watchlist
from certhia.testing import CA
from certhia.testing.modules import match_of, page_of

PAGE = page_of(CA(organization="Some CA").issue(["a.example"], organization="Acme Inc"), "b.example")
MODULE = """
from certhia import Match, module
from certhia.modules import Note

@module{how}
def mine(match: Match):
    return {gives}
"""


def seat(*rules: str) -> Any:
    return SimpleNamespace(only=Watchlist(*rules) if rules else None)


@pytest.mark.parametrize("rule", ["a.example", "issuer:Some CA", "org:Acme Inc", "issuer:O=Some CA", "kw:example"])
def test_rules_of_all_kinds(rule: str) -> None:
    one, other = seat(rule), seat("issuer:Nobody", "c.example")
    of = Choosing(lambda: [one, other, seat()])
    match = match_of(PAGE, 0)
    of.read(match, PAGE[0])
    assert of.wants(one, match)
    assert not of.wants(other, match)
    assert of.wants(seat(), match)


def test_what_is_excluded() -> None:
    one = seat("issuer:Some CA", "!a.example")
    of, match = Choosing(lambda: [one]), match_of(PAGE, 0)
    of.read(match, PAGE[0])
    assert of.wants(one, match) == bool(one.only.match(PAGE[0].certificate))


def test_one_that_was_never_read_is_told_by_its_names() -> None:
    one, streamed = seat("a.example", "issuer:Some CA"), match_of(PAGE, 0)
    of = Choosing(lambda: [one])
    assert of.wants(one, streamed)
    of.read(replace(streamed, hits=(RuleHit(".", "a.example", "san", "everything"),)), PAGE[0])
    assert not of._known


def test_only_so_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "HELD", 1)
    one = seat("issuer:Certhia", "issuer:Some CA")
    of = Choosing(lambda: [one])
    for position in range(2):
        of.read(match_of(PAGE, position), PAGE[position])
    assert [*of._known] == [match_of(PAGE, 1).key]


async def test_a_run(tmp_path: Path) -> None:
    finds, notes = "match.names[0]", "Note(0, {'seen': True})"
    texts = {
        "mine": MODULE.format(how="", gives=finds),
        "none": MODULE.format(how="", gives=finds),
        "notes": MODULE.format(how="(inline=True)", gives=notes),
    }
    only = {"mine": {"only": ["issuer:Certhia Test"]}, "none": {"only": ["issuer:Nobody"]}}
    came = await run(tmp_path, texts, tables={**only, "notes": {"only": ["issuer:Certhia Test"]}})
    assert came.found("mine") == ["host7.example.com"]
    assert not came.found("none")
    assert [delivery.match.notes for delivery in came.sheet.told] == ['{"notes": {"seen": true}}']
