"""What is old goes, and fsck finds nothing missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from certhia.logs.heads import check_head
from certhia.model import Alarm, Quarantined
from certhia.store import State, upkeep
from certhia.store.alarms import stored
from certhia.store.bounds import Digest
from certhia.store.fsck import check
from certhia.store.retention import Gone, Kept
from certhia.store.schema import DEAD, digests
from certhia.testing import SimClock, in_simulated_time

if TYPE_CHECKING:
    from tests.store.conftest import Book

DAY = 86400.0


@in_simulated_time
async def test_what_is_old_goes(
    certhia_clock: SimClock, tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    now = certhia_clock.now()
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        writer = state.writer
        writer.log(book.log)
        writer.step(book.anchor(0, 30))
        for index in range(8):
            at = now - (8 - index) * DAY
            writer.match(replace(book.match(index * 2), seen=at), ["a"] if index == 1 else [])
            writer.quarantine(Quarantined(book.log.id, index * 2 + 1, "why", bytes(32), b"leaf" * (index != 2), at))
        writer.step(book.step(15, 30, quarantined=7, at=now))
        writer.resolve(book.log.id, [1])
        await writer.durable()
        assert await writer.keep(Kept()) == Gone()
        gone = await writer.keep(Kept(matches=3.5 * DAY, leaves=4.5 * DAY))
        assert gone == Gone(matches=4, leaves=3)
        assert str(gone).startswith(
            "let go of 4 old matches, 0 dead letters, 0 alarms, 0 certificates and the bytes of 3 "
        )
        left = [stored.match.sighting.index for stored in await state.matches()]
        assert left == [14, 12, 10, 2], "whom somebody is still to be told of stays"
        assert [bool(one.leaf_input) async for one in state.quarantined()] == [False] * 4 + [True] * 4
        assert await writer.keep(Kept(most=1)) == Gone(matches=3)
        assert await check(state, check_head) == []


@pytest.mark.parametrize("wrong", ['{"most": "all"}', '{"matches": [1]}', '{"most": null}', "[]", "{", '{"rows": 1}'])
def test_what_makes_no_sense(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"numbers|fields|Expecting"):
        Kept.read(wrong)


def test_as_it_is_asked_for() -> None:
    assert Kept.read('{"most": 3, "matches": null, "leaves": 1.5}') == Kept(3, None, 1.5)


@in_simulated_time
async def test_dead_letters_are_buried(certhia_clock: SimClock, tmp_path: Path, book: Book) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        writer, now = state.writer, certhia_clock.now()
        writer.log(book.log)
        for index in range(4):
            writer.match(book.match(index), ["a"])
        await writer.durable()
        writer.aside([1], DEAD, now - 31 * DAY, "it said 500")
        writer.dropped([2], now - 31 * DAY)
        writer.aside([3], DEAD, now - DAY, "it said 500")
        for number, until in ((5, now - 31 * DAY), (6, now)):
            writer.digested(Digest(number, "a", until=until))
        await writer.durable()
        assert await writer.keep(Kept(letters=None)) == Gone()
        assert await writer.keep(Kept()) == Gone(letters=2)
        assert [one.id for one in await state.pending("a")] == [4]
        assert [row["id"] async for row in state.stream(select(digests))] == [6]
        assert (await state.totals())["matches"] == 4
        assert await check(state, check_head) == []


@in_simulated_time
async def test_alarms_that_are_long_over_go(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        writer, now = state.writer, certhia_clock.now()
        writer.alarm(Alarm("disk:/", "full", now - 200 * DAY), now - 100 * DAY)
        writer.alarm(Alarm("disk:/", "full", now - 50 * DAY), now - 40 * DAY)
        writer.alarm(Alarm("list", "old", now - 300 * DAY))
        await writer.durable()
        assert await writer.keep(Kept(alarms=None)) == Gone()
        assert await writer.keep(Kept()) == Gone(alarms=1)
        assert await writer.keep(Kept()) == Gone()
        assert [one.alarm.key async for one in stored(state)] == ["disk:/", "list"], "one that is not over stays"
