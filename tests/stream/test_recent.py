"""The last pages: bounded, hashed when somebody asks, found by each hash."""

from __future__ import annotations

import hashlib

import pytest
from tests.stream.rig import Stage

from certhia.stream import recent
from certhia.stream.blocks import Sheet
from certhia.stream.recent import Recent, find, first
from certhia.testing import World


@pytest.fixture
def stage() -> Stage:
    return Stage(World())


async def sheets(stage: Stage, *counts: int) -> list[Sheet]:
    heard: list[Sheet] = []
    stage.hub.listeners.append(heard.append)
    for count in counts:
        await stage.feed(count)
    return heard


async def test_the_oldest_pages_go(stage: Stage) -> None:
    made = await sheets(stage, *[3] * 10)
    held = Recent(most=4 * made[0].page.nbytes)
    for sheet in made:
        held.hear(sheet)
        assert held._held == sum(one.sheet.page.nbytes for one in held.pages())
    assert held.entries in (9, 12)
    assert [one.sheet for one in held.pages()] == list(reversed(made))[: len(held.pages())]


async def test_one_page_is_kept_however_large(stage: Stage) -> None:
    (sheet,) = await sheets(stage, 5)
    held = Recent(most=1)
    held.hear(sheet)
    assert held.entries == 5


async def test_pages_are_hashed_once_and_only_for_those_who_ask(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    hashes = recent.hashes

    def counted(sheet: Sheet, position: int) -> tuple[bytes, ...]:
        hashed.append(position)
        return hashes(sheet, position)

    monkeypatch.setattr(recent, "hashes", counted)
    held = Recent()
    for sheet in await sheets(stage, 4, 4):
        held.hear(sheet)
    assert hashed == []
    for _ in range(3):
        assert first(find(held.pages(), bytes(32))) == []
    assert len(hashed) == 8


async def test_all_sightings_the_newest_first_and_not_too_many(stage: Stage) -> None:
    (sheet,) = await sheets(stage, 3)
    held = Recent()
    for _ in range(recent.SIGHTINGS + 5):
        held.hear(sheet)
    entry = sheet.page[1]
    for digest in (hashlib.sha256(entry.submitted).digest(), entry.certificate.tbs_sha256):
        found = first(find(held.pages(), digest))
        assert found == [(sheet, 1)] * recent.SIGHTINGS
