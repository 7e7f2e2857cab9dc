"""A queue's schedule, dead letters, what is held back, what is gone, digests and rates: in simulated time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.sinks.test_outbox import Listing, match, opened

from certhia.concerning import certificate
from certhia.errors import RemoteError, Throttled
from certhia.model import Delivery
from certhia.sinks.asked import Asked
from certhia.sinks.outbox import Outbox
from certhia.sinks.refusals import Gone, Refused
from certhia.sinks.terms import Terms
from certhia.store import State
from certhia.store.bounds import Bounds
from certhia.store.letters import Wanted
from certhia.store.schema import DEAD, HELD
from certhia.testing import SimClock, in_simulated_time

HOUR = 3600.0


class Noted(Listing):
    """One that takes records besides, and refuses matches as it is told to."""

    def __init__(self, name: str = "list", errors: Sequence[Exception] = ()) -> None:
        super().__init__(name, errors)
        self.notes: list[Mapping[str, Any]] = []
        self.refuses: set[int] = set()

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        if refused := self.refuses.intersection(one.match.sighting.index for one in deliveries):
            self.calls.append(list(deliveries))
            self.times.append(self.clock.monotonic())
            raise Refused(f"400: not {sorted(refused)}")
        await super().send(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.notes.append(record)


class Desk:
    """A state, a sink and the outbox at work."""

    def __init__(self, state: State, outbox: Outbox, clock: SimClock, notices: list[str]) -> None:
        self.state = state
        self.outbox = outbox
        self.clock = clock
        self.notices = notices

    async def tell(self, *indices: int, seen: float | None = None) -> None:
        from dataclasses import replace

        for index in indices:
            one = replace(match(index), seen=self.clock.now() if seen is None else seen)
            self.state.writer.match(one, [queue.sink.name for queue in self.outbox.queues])
        await self.state.writer.durable()

    async def counts(self) -> dict[str, dict[int, int]]:
        await self.state.writer.durable()
        return await self.state.letter_counts()


@asynccontextmanager
async def desk(clock: SimClock, path: Path, *sinks: Listing, terms: Terms) -> AsyncIterator[Desk]:
    notices: list[str] = []
    async with opened(path, clock) as state:
        by_name = {sink.name: terms for sink in sinks}
        for sink in sinks:
            sink.clock = clock
        outbox = Outbox(state, sinks, clock, notice=lambda sink, text: notices.append(f"{sink}: {text}"), terms=by_name)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            yield Desk(state, outbox, clock, notices)
            for task in tasks:
                task.cancel()


@in_simulated_time
async def test_what_waited_too_long_while_the_sink_failed_is_a_dead_letter(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    sink = Noted(errors=[OSError("down")] * 11)
    terms = Terms(batch=2, pauses=(HOUR, 10 * HOUR), dead_after=75 * HOUR)
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(1, 2, 3)
        await certhia_clock.sleep(70 * HOUR)
        await at.tell(4)
        assert await at.counts() == {"list": {0: 4}}
        await certhia_clock.sleep(15 * HOUR)
        assert await at.counts() == {"list": {0: 1, DEAD: 3}}, "those behind it, too; not the young one"
        await certhia_clock.sleep(60 * HOUR)
        assert sink.indices == [4]
        letters = await at.state.letters(Wanted(states=[DEAD]))
        assert [(one.match.sighting.index, one.error) for one in letters] == [(n, "OSError: down") for n in (1, 2, 3)]
        assert any("3 matches waited too long and are dead letters" in text for text in at.notices)
        assert await at.outbox.take(Asked("retry", "list").payload()) == "list: 3 deliveries to be tried again"
        assert await at.outbox.drain(HOUR)
        assert sink.indices == [4, 1, 2, 3]
        assert await at.counts() == {}
        assert at.state.writer.waiting("list").rows == 0


@in_simulated_time
async def test_what_is_dead_is_not_tried_any_more(certhia_clock: SimClock, tmp_path: Path) -> None:
    """Also where it was read already: it would be told, and be a dead letter all the same."""
    sink = Noted(errors=[OSError("down")] * 4)
    terms = Terms(batch=1, pauses=(HOUR,), dead_after=3 * HOUR)
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(1, 2, 3)
        await certhia_clock.sleep(10 * HOUR)
        assert await at.counts() == {"list": {DEAD: 3}}
        assert sink.indices == []


@in_simulated_time
async def test_what_is_revived_has_its_time_again(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted(errors=[OSError("down")] * 12)
    terms = Terms(batch=1, pauses=(HOUR,), dead_after=3 * HOUR)
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(1)
        await certhia_clock.sleep(10 * HOUR)
        await at.tell(2)
        await at.outbox.take(Asked("retry", "list").payload())
        await certhia_clock.sleep(1.0)
        assert await at.counts() == {"list": {0: 2}}, "one more failure does not end it"
        sink.errors.clear()
        assert await at.outbox.drain(2 * HOUR)
        assert sink.indices == [1, 2]


@in_simulated_time
async def test_many_that_are_held_back_keep_no_others_waiting(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted()
    sink.refuses = {*range(20)}
    terms = Terms(batch=1, pauses=(HOUR,), dead_after=100 * HOUR)
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(*range(20))
        await certhia_clock.sleep(1.3 * HOUR)
        before = len(sink.calls)
        await at.tell(30)
        while not sink.indices:  # noqa: ASYNC110  (a list sets no event)
            await asyncio.sleep(0)
        assert len(sink.calls) - before < 5


@in_simulated_time
async def test_a_refused_match_is_held_back_and_the_others_go_on(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted()
    sink.refuses = {2}
    terms = Terms(batch=4, pauses=(10.0, 100.0), dead_after=HOUR)
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(1, 2, 3, 4)
        await certhia_clock.sleep(1)
        assert sink.indices == [1, 3, 4], "each of them alone"
        assert await at.counts() == {"list": {HELD: 1}}
        await at.tell(5)
        await certhia_clock.sleep(1)
        assert sink.indices == [1, 3, 4, 5]
        await certhia_clock.sleep(300)
        assert await at.counts() == {"list": {DEAD: 1}}, "the schedule is at its end"
        tried = [call for call in sink.calls if [one.match.sighting.index for one in call] == [2]]
        assert len(tried) == 3
        assert [call[0].repeat for call in tried] == [False, True, True]
        sink.refuses = set()
        await at.outbox.take(Asked("retry", "list").payload())
        assert await at.outbox.drain(10)
        assert sink.indices == [1, 3, 4, 5, 2]


@in_simulated_time
async def test_what_is_held_back_outlives_a_restart(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink, terms = Noted(), Terms(pauses=(100.0,), dead_after=HOUR)
    sink.refuses = {1}
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(1)
        await certhia_clock.sleep(1)
    again = Noted()
    async with desk(certhia_clock, tmp_path, again, terms=terms) as at:
        assert at.state.writer.waiting("list").rows == 1
        await certhia_clock.sleep(50)
        assert again.told == []
        await certhia_clock.sleep(100)
        assert [(one.match.sighting.index, one.repeat) for one in again.told] == [(1, True)]
        assert at.state.writer.waiting("list").rows == 0


@in_simulated_time
async def test_a_sink_that_is_gone_is_left_alone_until_somebody_asks(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted(errors=[Gone("410")])
    async with desk(certhia_clock, tmp_path, sink, terms=Terms(pauses=(1.0,))) as at:
        await at.tell(1)
        await certhia_clock.sleep(1000 * HOUR)
        assert len(sink.calls) == 1
        assert at.outbox.failing() == {"list": "410"}
        assert at.notices == ["list: wants no more, tried again until you ask for it: certhia outbox retry: 410"]
        assert at.outbox.standing()["list"]["gone"] is True
        assert await at.outbox.take(Asked("retry", "list").payload()) == "list: 0 deliveries to be tried again"
        assert await at.outbox.drain(10)
        assert sink.indices == [1]


@in_simulated_time
async def test_a_receiver_may_ask_for_a_pause(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted(errors=[Throttled("429", 42.0), Throttled("429", 1e9), RemoteError("500")])
    async with desk(certhia_clock, tmp_path, sink, terms=Terms(pauses=(10.0, 20.0, 30.0))) as at:
        await at.tell(1)
        assert await at.outbox.drain(100 * HOUR)
        pauses = [after - before for before, after in zip(sink.times, sink.times[1:], strict=False)]
        assert pauses[0] == pytest.approx(42)
        assert pauses[1] == pytest.approx(24 * HOUR), "not for ever"
        assert pauses[2] == pytest.approx(30, rel=0.11)


@in_simulated_time
async def test_a_queue_past_its_bound_is_told_as_a_digest_in_its_place(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted(errors=[OSError("down")])
    terms = Terms(batch=3, pauses=(10.0,), bounds=Bounds(rows=6))
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await at.tell(*range(1, 7))
        await at.tell(*range(7, 100))
        assert await at.counts() == {"list": {0: 6}}
        assert at.outbox.standing()["list"]["too_many"] == 93
        await certhia_clock.sleep(20)
        await at.tell(100, 101)
        assert await at.outbox.drain(10)
        assert sink.indices == [1, 2, 3, 4, 5, 6, 100, 101]
        (note,) = sink.notes
        assert (note["type"], note["count"], note["rules"]) == ("digest", 93, {"": 93})
        assert note["newest"] == ["a" * 200 + ".example"] * 20
        assert any("93 matches were too many: told as a digest" in text for text in at.notices)
        assert (await at.state.totals())["matches"] == 101, "all are stored"


class Csv(Noted):
    """One that has no place for what is no match."""

    async def note(self, record: Mapping[str, object]) -> None:
        raise Refused("no place")


@in_simulated_time
async def test_who_takes_no_digests_is_not_said_to_have_one(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with desk(certhia_clock, tmp_path, Csv(), terms=Terms(bounds=Bounds(rows=2))) as at:
        await at.tell(*range(9))
        assert await at.outbox.drain(10)
        assert at.notices == ["list: 7 matches were too many: it takes no digests; `certhia matches` shows them"]


@in_simulated_time
async def test_a_digest_outlives_a_kill_with_its_number(certhia_clock: SimClock, tmp_path: Path) -> None:
    terms = Terms(pauses=(10.0,), bounds=Bounds(bytes=1))
    async with desk(certhia_clock, tmp_path, Noted(errors=[OSError("down")] * 99), terms=terms) as at:
        await at.tell(1, 2, 3)
        before = at.state.writer.waiting("list").open
        assert before is not None
        at.state._writer = None  # killed
    sink = Noted()
    async with desk(certhia_clock, tmp_path, sink, terms=terms) as at:
        await certhia_clock.sleep(1)
        await at.tell(4)
        assert await at.outbox.drain(10)
    assert sink.indices == [1, 4]
    assert [(note["id"], note["count"]) for note in sink.notes] == [(f"digest:list:{before.id}", 2)]


@in_simulated_time
async def test_matches_are_gathered_into_one_message(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted()
    async with desk(certhia_clock, tmp_path, sink, terms=Terms(batch=1000, digest=HOUR)) as at:
        await at.tell(1)
        await certhia_clock.sleep(HOUR / 2)
        await at.tell(2, 3)
        await certhia_clock.sleep(HOUR / 4)
        assert sink.calls == []
        await certhia_clock.sleep(HOUR / 2)
        assert [[one.match.sighting.index for one in call] for call in sink.calls] == [[1, 2, 3]]


@in_simulated_time
async def test_what_was_gathered_before_a_restart_is_not_gathered_anew(certhia_clock: SimClock, tmp_path: Path) -> None:
    """Else what is started again more often than that would never tell it."""
    sink = Noted()
    for at_once in ((1,), (2,), ()):
        async with desk(certhia_clock, tmp_path, sink, terms=Terms(batch=1000, digest=HOUR)) as at:
            await at.tell(*at_once)
            await certhia_clock.sleep(HOUR / 2)
    assert sink.indices == [1, 2]


@in_simulated_time
async def test_a_rate_is_kept(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted()
    async with desk(certhia_clock, tmp_path, sink, terms=Terms(batch=2, rate=0.5)) as at:
        await at.tell(*range(8))
        assert await at.outbox.drain(60)
        assert [round(time - sink.times[0]) for time in sink.times] == [0, 2, 4, 6]


@in_simulated_time
async def test_ten_thousand_matches_to_a_receiver_that_fails_one_time_in_three(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    """Half of the failures come after it took them: those are told again, with the same id."""
    taken: Counter[str] = Counter()
    order: list[str] = []

    class Flaky(Noted):
        count = 0

        async def send(self, deliveries: Sequence[Delivery]) -> None:
            self.count += 1
            fails, after = self.count % 3 == 0, self.count % 2 == 0
            if not fails or after:
                order.extend(one.key for one in deliveries if one.key not in taken)
                taken.update(one.key for one in deliveries)
            if fails:
                raise RemoteError("500")

    async with desk(certhia_clock, tmp_path, Flaky(), terms=Terms(batch=10, pauses=(1.0, 5.0))) as at:
        for start in range(0, 10_000, 500):
            await at.tell(*range(start, start + 500))
        assert await at.outbox.drain(100 * HOUR)
    assert len(taken) == 10_000
    assert order == [match(index).key.hex() for index in range(10_000)]
    assert 1000 < sum(taken.values()) - 10_000 < 4000


@in_simulated_time
async def test_messages_about_one_match_carry_its_id(certhia_clock: SimClock, tmp_path: Path) -> None:
    said: list[str] = []
    sink = Noted()
    sink.clock, sink.refuses = certhia_clock, {2}
    async with opened(tmp_path, certhia_clock) as state:
        outbox = Outbox(state, [sink], certhia_clock, notice=lambda _sink, _text: said.append(certificate()))
        for index in (1, 2, 3):
            state.writer.match(match(index), ["list"])
        tasks = [asyncio.get_running_loop().create_task(one) for one in (state.writer.run(), outbox.run())]
        await certhia_clock.sleep(5.0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert said == [match(2).key.hex()]
    assert certificate() == ""


@in_simulated_time
async def test_at_the_end_nothing_is_gathered_any_more(certhia_clock: SimClock, tmp_path: Path) -> None:
    sink = Noted()
    async with desk(certhia_clock, tmp_path, sink, terms=Terms(spacing=60.0)) as at:
        await at.tell(1)
        await certhia_clock.sleep(1)
        await at.tell(2)
        await certhia_clock.sleep(1)
        assert sink.indices == [1], "the second one waits for more"
        assert await at.outbox.drain(0.5)
        await at.tell(3)
        assert await at.outbox.drain(0.5)
        assert sink.indices == [1, 2, 3]
