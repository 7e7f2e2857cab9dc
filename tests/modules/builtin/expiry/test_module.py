"""The module `expiry`: what it tells as time goes by, over restarts, by what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.modules.builtin.expiry.cases import DAY, START, match
from tests.modules.builtin.matching import Around, kinds
from tests.store.conftest import Book, both

from certhia.config.modules.expiry import ExpirySection
from certhia.model import Match
from certhia.modules.batch import Matches
from certhia.modules.builtin.aside import REPORTED
from certhia.modules.builtin.expiry.module import Expiry
from certhia.store import State
from certhia.testing import SimClock, in_simulated_time


def at(certhia_clock: SimClock, day: float) -> None:
    certhia_clock.step(START + day * DAY - certhia_clock.now())


@asynccontextmanager
async def expiry(around: Around, **settings: object) -> AsyncIterator[Expiry]:
    module = Expiry()
    await module.setup(ExpirySection.model_validate(settings), around.outside)
    try:
        yield module
    finally:
        await module.close()


def reported(around: Around) -> list[Any]:
    """What came aside since this was asked last."""
    found = [data for kind, data in around.published if kind == REPORTED]
    around.published.clear()
    return found


def texts(around: Around) -> list[str]:
    return [one["text"] for one in reported(around)]


@in_simulated_time
async def test_it_tells_as_the_end_comes_near(tmp_path: Path, certhia_clock: SimClock) -> None:
    around = Around(tmp_path, certhia_clock)
    at(certhia_clock, 50)
    async with expiry(around) as module:
        one = match(1, "www.example.com", "example.com", ends=90)
        assert await module.process(Matches([one])) == []
        await certhia_clock.sleep(9.5 * DAY)
        assert reported(around) == []
        await certhia_clock.sleep(DAY)
        (data,) = reported(around)
        assert data == {
            "module": "expiry",
            "kind": "expires",
            "severity": "low",
            "text": "www.example.com and 1 more: the certificate of Some CA runs out in 30 days, on 2027-04-15; "
            "no successor was seen",
            "names": ("www.example.com", "example.com"),
            "log": one.log.url,
            "index": 1,
            "match": one.key.hex(),
            "data": {
                "match": one.key.hex(),
                "issuer": "Some CA",
                "not_after": one.not_after,
                "names": 2,
                "before": 30.0 * DAY,
            },
        }
        await certhia_clock.sleep(29 * DAY)
        found = reported(around)
        assert [(each["data"]["before"] / DAY, each["severity"]) for each in found] == [
            *((14, "low"), (7, "medium"), (1, "high"))
        ]
        await certhia_clock.sleep(2 * DAY)
        (data,) = reported(around)
        assert (data["kind"], data["severity"]) == ("expired", "high")
        assert "the certificate of Some CA ran out on 2027-04-15; no successor was seen" in data["text"]


@in_simulated_time
async def test_a_successor_is_told_and_then_all_is_quiet(tmp_path: Path, certhia_clock: SimClock) -> None:
    around = Around(tmp_path, certhia_clock)
    at(certhia_clock, 59.99)
    async with expiry(around) as module:
        await module.process(Matches([match(1, "www.example.com", "example.com", ends=90)]))
        await certhia_clock.sleep(DAY)
        assert len(reported(around)) == 1
        others = [match(5, "other.example.com", ends=150), match(2, "www.example.com", ends=150, issuer="Another CA")]
        (found,) = await module.process(Matches(others))
        assert found.text == "www.example.com: a successor was seen, of Another CA, until 2027-06-14"
        assert (found.kind, found.severity, found.position, found.names) == ("renewed", "info", 1, ("www.example.com",))
        assert await module.process(Matches(others)) == [], "the same once more"
        await certhia_clock.sleep(20 * DAY)
        assert [one["names"] for one in reported(around)] == [("example.com",)], "which still has none"


@in_simulated_time
async def test_nothing_is_told_twice_over_a_restart(tmp_path: Path, certhia_clock: SimClock) -> None:
    around = Around(tmp_path, certhia_clock)
    at(certhia_clock, 61)
    one = match(1, "www.example.com", ends=90)
    for expected in (["expires"], []):
        async with expiry(around) as module:
            await module.process(Matches([one]))
            await certhia_clock.sleep(DAY)
            assert [each["kind"] for each in reported(around)] == expected


async def _stored(state: State, book: Book, matches: Sequence[Match]) -> None:
    state.writer.log(book.log)
    for one in matches:
        state.writer.match(replace(one, sighting=replace(one.sighting, log_id=book.log.id)), [])
    await state.writer.durable()


@both
async def test_it_learns_from_the_state(tmp_path: Path, state: State, book: Book) -> None:
    clock = SimClock()
    at(clock, 61)
    around = Around(tmp_path, clock, state)
    old = [match(number, f"n{number}.example.com", ends=90, book=book) for number in range(250)]
    await _stored(state, book, old)
    async with expiry(around) as module:
        clock.advance(601)
        module.look()
        assert len(reported(around)) == 250
    successor = match(900, "n7.example.com", ends=150, book=book)
    await _stored(state, book, [successor])
    async with expiry(around) as module:  # it came while nobody looked
        clock.advance(601)
        module.look()
        assert texts(around) == ["n7.example.com: a successor was seen, of Some CA, until 2027-06-14"]
    async with expiry(around, history=1) as module:
        assert len(module.ledger) == 1


@in_simulated_time
async def test_settings_change(tmp_path: Path, certhia_clock: SimClock) -> None:
    around = Around(tmp_path, certhia_clock)
    at(certhia_clock, 50)
    async with expiry(around) as module:
        await module.process(Matches([match(1, "www.example.com", ends=90, lives=300)]))
        await certhia_clock.sleep(DAY)
        assert reported(around) == []
        await module.reconfigure(ExpirySection.model_validate({"before": ["60d", "1d"]}))
        await certhia_clock.sleep(DAY)
        assert [one["data"]["before"] / DAY for one in reported(around)] == [60]


async def test_findings_are_told_in_batches_too(tmp_path: Path) -> None:
    clock = SimClock()
    at(clock, 61)
    async with expiry(Around(tmp_path, clock)) as module:
        await module.process(Matches([match(1, "www.example.com", ends=90)]))
        clock.advance(601)
        module.look()
        assert kinds(await module.process(Matches([match(2, "*.example.com", ends=150)]))) == ["renewed"]
