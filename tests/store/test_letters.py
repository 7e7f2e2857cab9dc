"""What waits, is held, dead or dropped: moved between these, counted, listed; checked by fsck throughout."""

from __future__ import annotations

from tests.sinks.test_outbox import match, opened
from tests.store.conftest import either

from certhia.logs.heads import check_head
from certhia.store import State
from certhia.store.fsck import check
from certhia.store.letters import NAMES, Wanted
from certhia.store.place import Place
from certhia.store.schema import DEAD, DONE, DROPPED, HELD, PENDING


async def states(state: State) -> list[tuple[int, str, str]]:
    await state.writer.durable()
    assert await check(state, check_head) == []
    letters = await state.letters(Wanted(states=NAMES))
    return [(letter.id, NAMES[letter.state], letter.error) for letter in letters]


@either
async def test_from_state_to_state(at: Place) -> None:
    async with opened(at) as state:
        writer = state.writer
        for index in range(5):
            writer.match(match(index), ["sink"])
        await writer.durable()
        assert writer.waiting("sink").rows == 5
        writer.aside([1], HELD, 50.0, "refused\0")
        writer.aside([2], DEAD, 10.0, "too old")
        writer.dropped([3], 10.0)
        writer.delivered("sink", [4])
        assert await states(state) == [
            (1, "held", "refused\\x00"),
            (2, "dead", "too old"),
            (3, "dropped", ""),
            (4, "delivered", ""),
            (5, "waiting", ""),
        ]
        assert writer.waiting("sink").rows == 2
        assert await state.letter_counts() == {"sink": {PENDING: 1, HELD: 1, DEAD: 1, DROPPED: 1}}
        assert await state.held_until("sink") == 50.0
        assert await state.held("sink", 49.0) is None
        found = await state.held("sink", 50.0)
        assert found is not None
        assert (found[0].id, found[0].repeat, found[1]) == (1, True, 1)
        writer.revived([1, 2, 3, 4, 5, 99])
        writer.aside([4], DEAD, 0.0, "is told already")
        assert [row[1] for row in await states(state)] == ["waiting", "waiting", "dropped", "delivered", "waiting"]
        assert writer.waiting("sink").rows == 3
        writer.delivered("sink", [1, 2, 5, 5])
        writer.aside([5], DEAD, 0.0, "late")
        assert [row[1] for row in await states(state)] == [NAMES[DONE]] * 2 + ["dropped"] + [NAMES[DONE]] * 2
        assert (writer.waiting("sink").rows, writer.waiting("sink").bytes) == (0, 0)


@either
async def test_what_is_asked_for(at: Place) -> None:
    async with opened(at) as state:
        for index in range(6):
            state.writer.match(match(index), ["one", "other"])
        await state.writer.durable()
        assert await state.letter_ids(Wanted("one")) == [1, 3, 5, 7, 9, 11]
        assert await state.letter_ids(Wanted("one", after=3, limit=2)) == [5, 7]
        assert await state.letter_ids(Wanted("one", ids=[1, 2, 11])) == [1, 11]
        assert await state.letter_ids(Wanted("one", states=[DEAD])) == []
        assert len(await state.letters(Wanted(limit=7))) == 7


@either
async def test_counts_come_back_with_the_state(at: Place) -> None:
    async with opened(at) as state:
        for index in range(4):
            state.writer.match(match(index), ["sink"])
        state.writer.delivered("sink", [1])
        await state.writer.durable()
        state.writer.aside([2], HELD, 50.0, "refused")
        state.writer.match(match(1), ["sink"])  # known: one more sighting of it
        await state.writer.durable()
        before = state.writer.waiting("sink")
    async with opened(at) as state:
        after = state.writer.waiting("sink")
        assert (after.rows, after.bytes) == (before.rows, before.bytes) == (3, before.bytes)
