"""One module in use: what it did, and whether it still may."""

from __future__ import annotations

from typing import Any

import pytest

from certhia.config.modules import ModuleSection
from certhia.modules.api import Info, Sees
from certhia.modules.batch import Handed
from certhia.modules.configured import Spec
from certhia.modules.failing import Failed, Fault, Off
from certhia.modules.finding import Finding, Result
from certhia.modules.places import Place
from certhia.modules.runner import Done
from certhia.modules.seat import AT_ONCE, DEADLINE, Seat
from certhia.testing import SimClock, entries_of


class Scripted:
    """A runner that does what it is told to, call by call."""

    has = frozenset(("process", "flush"))
    begins = False
    keys: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, *calls: list[Result] | Failed, late: bool = False, inline: bool = False) -> None:
        self.info = Info("mine", "1", "Mine", Sees.MATCHES if inline else Sees.ENTRIES, inline=inline)
        self.calls = list(calls)
        self.late = late

    async def process(self, batch: object, deadline: float) -> Done:
        del batch, deadline
        call = self.calls.pop(0)
        if isinstance(call, Failed):
            raise call
        return Done(call, 0.5, self.late)

    async def flush(self, deadline: float) -> Done:
        return await self.process(None, deadline)

    async def reconfigure(self, spec: Spec) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""


class Seated:
    """A seat, and what came of it."""

    def __init__(self, runner: Scripted, clock: SimClock, section: ModuleSection | None = None) -> None:
        self.said: list[str] = []
        self.disabled: list[str] = []
        self.seat = Seat(
            Spec(Place("mine", "file", "/mine.py")),
            section or ModuleSection(),
            runner,
            None,
            clock=clock,
            tell=lambda text, **_: self.said.append(text),
            disabled=lambda seat: self.disabled.append(seat.off),
        )


BATCH: Handed = entries_of("a.example", "b.example")
ONE: Result = Finding("seen", "one")


async def test_what_it_did_is_counted(certhia_clock: SimClock) -> None:
    one = Seated(Scripted([ONE, ONE], [], [ONE]), certhia_clock)
    assert await one.seat.process(BATCH) == [ONE, ONE]
    assert await one.seat.process(BATCH) == []
    assert await one.seat.flush() == [ONE]
    done = one.seat.figures
    assert (done.calls, done.entries, done.findings, done.errors, done.seconds) == (3, 4, 3, 0, 1.5)


async def test_three_failures_switch_it_off(certhia_clock: SimClock) -> None:
    one = Seated(Scripted(*(Failed(Fault.RAISED, f"number {number}") for number in range(3))), certhia_clock)
    for _ in range(3):
        with pytest.raises(Failed):
            await one.seat.process(BATCH)
    with pytest.raises(Off, match="number 2"):
        await one.seat.process(BATCH)
    assert await one.seat.flush() == []
    assert (one.disabled, one.seat.figures.errors) == (["number 2"], 3)
    assert one.said[:3] == ["module mine: number 0", "module mine: number 1", "module mine: number 2"]
    assert one.said[3].startswith("module mine is switched off after three failures: number 2; ")


async def test_results_that_make_no_sense_are_a_failure(certhia_clock: SimClock) -> None:
    one = Seated(Scripted([Finding("a", "b", position=-1)]), certhia_clock)
    with pytest.raises(Failed, match="gave what is no result: a position is a number from 0"):
        await one.seat.process(BATCH)


async def test_being_late_counts_though_what_was_found_does_too(certhia_clock: SimClock) -> None:
    one = Seated(Scripted([ONE], [ONE], [ONE], late=True), certhia_clock)
    for _ in range(3):
        assert await one.seat.process(BATCH) == [ONE]
    assert len(one.disabled) == 1


def test_deadlines(certhia_clock: SimClock) -> None:
    assert Seated(Scripted(), certhia_clock).seat.deadline == DEADLINE
    assert Seated(Scripted(inline=True), certhia_clock).seat.deadline == AT_ONCE
    assert Seated(Scripted(), certhia_clock, ModuleSection(deadline=9.0)).seat.deadline == 9.0


def test_what_is_built_in_is_trusted(certhia_clock: SimClock) -> None:
    one = Seated(Scripted(), certhia_clock).seat
    assert not one.trusted
    one.spec = Spec(Place("mine", "built in", "x:Y"))
    assert (one.trusted, one.name) == (True, "mine")


@pytest.mark.parametrize("given", [{"names": None}, {"data": {"share": float("nan")}}, {"text": b"bytes"}])
async def test_what_a_trusted_one_gives_is_looked_at_too(certhia_clock: SimClock, given: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"kind": "kind", "text": "text"}
    one = Seated(Scripted([Finding(**{**fields, **given})]), certhia_clock)
    with pytest.raises(Failed, match="gave what is no result") as failed:
        await one.seat.process(entries_of("a.example"))
    assert failed.value.fault is Fault.RAISED
