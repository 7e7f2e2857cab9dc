"""Events that a process adds to a file which another one follows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store import State
from certhia.store.eventrow import EventRow, add
from certhia.store.events import kept


def row(number: int) -> EventRow:
    return EventRow(f"{number:08d}", "a.b", float(number), "test \ud800", "ab", 1, {"n": number, "text": "\ud800é"})


async def test_beside_the_follower(tmp_path: Path) -> None:
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        state.writer.event(row(1), 5)
        await state.writer.durable()
        add(tmp_path / "state.db", [row(number) for number in range(2, 10)], {"a.b": 5})
        told = [one async for one in kept(state)]
        assert [one.at for one in told] == [5.0, 6.0, 7.0, 8.0, 9.0]
        assert told[0].data == {"n": 5, "text": "\ud800é"}


def test_files_that_are_no_state(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="unable to open"):
        add(tmp_path / "state.db", [], {})
    with closing(sqlite3.connect(tmp_path / "state.db")) as hand:
        hand.execute("CREATE TABLE matches (id INTEGER)")
    with pytest.raises(StateError, match="of an older Certhia: `certhia watch` brings it up to date"):
        add(tmp_path / "state.db", [row(1)], {})


async def test_a_type_of_odd_characters_is_trimmed_as_it_is_stored(tmp_path: Path) -> None:
    odd = [replace(row(number), type="a.\ud800\0") for number in range(9)]
    async with await State.open(tmp_path, clock=Clock(), follow=True) as state:
        add(tmp_path / "state.db", odd, {odd[0].type: 5})
        assert [one.type async for one in kept(state)] == [r"a.\ud800\x00"] * 5


@pytest.mark.parametrize("value", [object(), {1}, float("nan"), {b"x": 1}])
def test_what_json_cannot_say_is_refused_before_it_is_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        replace(row(1), data={"x": value}).values()
