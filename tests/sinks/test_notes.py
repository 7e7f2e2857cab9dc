"""Records besides matches: kept in the state, in order, and no more than there may be."""

from __future__ import annotations

from pathlib import Path

from tests.sinks.test_outbox import opened

from certhia.sinks.notes import MOST, MOST_BYTES, PREFIX, Notes
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
