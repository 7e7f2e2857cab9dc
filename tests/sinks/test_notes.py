"""Records besides matches: kept in the state, in order, and no more than there may be."""

from __future__ import annotations

from pathlib import Path

from tests.sinks.test_outbox import Listing, opened
from tests.sinks.test_queue import HOUR, Noted, desk

from certhia.sinks.asked import Asked
from certhia.sinks.notes import MOST, MOST_BYTES, PREFIX, Notes
from certhia.sinks.refusals import Refused
from certhia.sinks.terms import Terms
from certhia.store.bounds import Bounds
from certhia.store.schema import DEAD
from certhia.testing import SimClock, in_simulated_time


@in_simulated_time
async def test_they_are_kept_until_they_are_told_each_for_its_sink(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with opened(tmp_path, certhia_clock) as state:
        notes, other = Notes(state, "a:b", certhia_clock), Notes(state, "b", certhia_clock)
        for key in ("one\n\x1b[31m", "two"):
            notes.add({"key": key})
        other.add({"key": "else"})
        await certhia_clock.sleep(5.0)
        again = Notes(state, "a:b", certhia_clock)
        again.add({"key": "three"})
        await again.recall()
        told = []
        while (first := again.first) is not None:
            told.append((first[1]["key"], round(again.age(first[0]), 3)))
            again.done(first[0])
        assert told == [("one\n\x1b[31m", 5.0), ("two", 5.0), ("three", 0.0)]
        await state.writer.durable()
        assert len(await state.recalled(PREFIX)) == 1, "that of the other sink"


@in_simulated_time
async def test_what_somebody_drops_is_not_told(certhia_clock: SimClock, tmp_path: Path) -> None:
    """Also the one that is being tried; and a digest that was dropped is not tried on."""
    sink = Noted(errors=[OSError("down")] * 99)
    terms = Terms(pauses=(HOUR,), bounds=Bounds(rows=1))
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        for key in ("one", "two"):
            at.outbox.note("list", {"type": "alarm", "key": key})
        await certhia_clock.sleep(1.0)
        await at.tell(1, 2)
        dropped = await at.outbox.take(Asked("drop", "list", waiting=True).payload())
        assert dropped == "list: 4 deliveries dropped", "the match, its digest, both alarms"
        sink.errors.clear()
        at.outbox.note("list", {"type": "alarm", "key": "three"})
        assert await at.outbox.drain(3 * HOUR)
    assert [note["key"] for note in sink.notes] == ["three"]
    assert sink.indices == []


@in_simulated_time
async def test_the_oldest_give_way(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with opened(tmp_path, certhia_clock) as state:
        notes = Notes(state, "list", certhia_clock)
        for number in range(MOST + 2):
            notes.add({"number": number})
        assert notes.lost == 2
        assert notes.first is not None
        assert notes.first[1] == {"number": 2}
        await state.writer.durable()
        assert len(await state.recalled(PREFIX)) == MOST
        large = "x" * (MOST_BYTES // 2)
        for number in range(3):
            notes.add({"number": number, "text": large})
        await state.writer.durable()
        assert notes.first is not None
        assert notes.first[1]["number"] == 2
        assert len(await state.recalled(PREFIX)) == 1, "their bytes are bounded, too"


@in_simulated_time
async def test_a_record_besides_that_can_not_be_told_lets_matches_grow_old(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    sink = Noted(errors=[OSError("down")] * 90)
    terms = Terms(batch=2, pauses=(HOUR,), dead_after=3 * HOUR)
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        at.outbox.note("list", {"type": "alarm", "key": "disk"})
        await certhia_clock.sleep(1.0)
        await at.tell(1, 2)
        await certhia_clock.sleep(8 * HOUR)
        assert await at.counts() == {"list": {DEAD: 2}}
        assert any("2 matches waited too long" in text for text in at.notices)
        assert any("a record that is no match waited too long, and is dropped: down" in text for text in at.notices)
        sink.errors.clear()
        at.outbox.note("list", {"type": "alarm", "key": "other"})
        await at.tell(3)
        await certhia_clock.sleep(8 * HOUR)
        assert sink.indices == [3]
        assert [note["key"] for note in sink.notes] == ["other"]


@in_simulated_time
async def test_records_besides_outlive_a_restart(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted(errors=[OSError("down")] * 2)
    terms = Terms(pauses=(HOUR,))
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        for key in ("one", "two"):
            at.outbox.note("list", {"type": "alarm", "key": key})
        await at.state.writer.durable()
        await certhia_clock.sleep(1.0)
    assert sink.notes == []
    later = Noted()
    async with desk(certhia_clock, tmp_path, later, terms=terms) as at:
        at.outbox.note("list", {"type": "alarm", "key": "three"})
        assert await at.outbox.drain(HOUR)
    assert [note["key"] for note in later.notes] == ["one", "two", "three"]
    async with desk(certhia_clock, tmp_path, later, terms=terms) as at:
        assert await at.outbox.drain(HOUR)
    assert len(later.notes) == 3, "and are told once"


@in_simulated_time
async def test_records_besides_are_sent_between_and_a_refused_one_is_dropped(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    sink = Noted(errors=[OSError("down"), Refused("400")])
    plain = Listing("plain")
    async with desk(certhia_clock, tmp_path, sink, plain, terms=Terms(pauses=(1.0,))) as at:
        at.outbox.note("list", {"type": "alarm", "n": 1})
        at.outbox.note("list", {"type": "alarm", "n": 2})
        at.outbox.note("plain", {"type": "alarm", "n": 1})
        await certhia_clock.sleep(10)
        await at.tell(1)
        assert await at.outbox.drain(10)
        assert [note["n"] for note in sink.notes] == [2]
        assert any("refuses what is no match" in text for text in at.notices)
        assert plain.indices == [1]
