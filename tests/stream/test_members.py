"""Who wants what, and when that counts."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Audience, Filter
from certhia.errors import ConfigError
from certhia.stream.client import Client, Limits
from certhia.stream.forms import Wanted
from certhia.stream.members import Members
from certhia.stream.room import Room
from certhia.stream.sse import Events
from certhia.testing import SimClock

LITE, FULL = Wanted("lite"), Wanted("full")
FILTERED = Wanted(filter=Filter([("tree", "example.com")]))
OTHER = Wanted(filter=Filter([("tree", "example.org")]))


@pytest.fixture
def members() -> Members:
    return Members()


def client() -> Client:
    return Client(Events(), Limits(), SimClock())


def compile_all(members: Members) -> None:
    members.changed.clear()
    filters = members.filters()
    members.compiled(Audience(list(filters)), filters)
    members.settle()


def shown(members: Members) -> dict[Wanted, int]:
    return {group.wanted: len(group.clients) for group in members.plan.groups}


def test_changes_count_once_they_are_settled(members: Members) -> None:
    one, two = client(), client()
    members.want(one, LITE)
    members.want(two, LITE)
    assert (shown(members), len(members)) == ({}, 0)
    assert members.wants("arrival")
    assert not members.wants("proof")
    members.settle()
    assert (shown(members), len(members)) == ({LITE: 2}, 2)
    members.want(two, FULL)
    assert shown(members) == {LITE: 2}
    members.settle()
    assert shown(members) == {LITE: 1, FULL: 1}
    assert members.wants_chains
    members.leave(two)
    members.leave(one)
    assert all(not group.clients for group in members.plan.groups), "no client is sent anything from now on"
    members.settle()
    assert shown(members) == {}
    assert not members.wants("arrival")


def test_who_leaves_before_it_is_settled_was_never_there(members: Members) -> None:
    one = client()
    members.want(one, FILTERED)
    members.leave(one)
    members.settle()
    assert (shown(members), members.filters()) == ({}, {})


def test_filters_count_once_they_are_compiled(members: Members) -> None:
    plain, filtered = client(), client()
    members.want(plain, LITE)
    members.want(filtered, FILTERED)
    assert members.changed.is_set()
    members.settle()
    assert shown(members) == {LITE: 1}
    compile_all(members)
    assert shown(members) == {LITE: 1, FILTERED: 1}
    assert [[group.wanted for group in groups] for groups in members.plan.filtered] == [[FILTERED]]
    another = client()
    members.want(another, FILTERED)
    assert not members.changed.is_set(), "the same filter needs no new table"
    members.settle()
    assert shown(members) == {LITE: 1, FILTERED: 2}


def test_a_client_keeps_what_it_has_until_its_new_filter_is_there(members: Members) -> None:
    one = client()
    members.want(one, FILTERED)
    compile_all(members)
    members.want(one, OTHER)
    members.settle()
    assert shown(members) == {FILTERED: 1}
    compile_all(members)
    assert shown(members) == {OTHER: 1}
    assert members.changed.is_set(), "the old filter is compiled away"


def test_a_filter_that_is_wanted_again_while_the_table_without_it_is_made(members: Members) -> None:
    one, two = client(), client()
    members.want(one, FILTERED)
    compile_all(members)
    members.want(two, OTHER)
    members.leave(one)
    members.changed.clear()
    filters = members.filters()
    assert list(filters) == [OTHER.filter]
    members.want(one, FILTERED)
    members.settle()
    assert shown(members) == {FILTERED: 1}
    members.compiled(Audience(list(filters)), filters)
    members.settle()
    assert shown(members) == {FILTERED: 1}, "the table that lacks it is not taken"
    assert members.changed.is_set()
    compile_all(members)
    assert shown(members) == {FILTERED: 1, OTHER: 1}


def test_all_that_leave_leave_no_table(members: Members) -> None:
    one = client()
    members.want(one, FILTERED)
    compile_all(members)
    members.leave(one)
    assert members.filters() == {}
    members.compiled(None, {})
    members.settle()
    assert members.plan.audience is None


async def test_a_condition_is_looked_at_when_it_counts(members: Members) -> None:
    one, reached = client(), 1
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    members.want(one, LITE, lambda: reached == 2, answer)
    members.settle()
    assert (await answer, shown(members)) == (False, {})
    reached = 2
    again: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    members.want(one, LITE, lambda: reached == 2, again)
    members.settle()
    assert (await again, shown(members)) == (True, {LITE: 1})


async def test_who_leaves_hears_so(members: Members) -> None:
    one = client()
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    members.want(one, LITE, lambda: True, answer)
    members.leave(one)
    assert await answer is False


HEAVY, HEAVIER = (Wanted(filter=Filter([("regex", rf"\\w{{20}}c{number}")])) for number in range(2))


def test_what_clients_ask_for_has_room_or_is_refused(members: Members) -> None:
    """A client's old filter counts until the new one is compiled; one that is read from the history has its place."""
    assert HEAVY.filter is not None
    size = HEAVY.filter.compiled
    members.room = Room(size * 3 // 2)
    one, two = client(), client()
    members.ask(one, HEAVY)
    assert members.room.held == size
    with pytest.raises(ConfigError, match="no room"):
        members.ask(two, HEAVIER)
    members.ask(two, FILTERED)
    members.want(one, HEAVY)
    compile_all(members)
    with pytest.raises(ConfigError, match="no room"):
        members.ask(one, HEAVIER)
    members.ask(one, LITE)
    members.want(one, LITE)
    assert members.room.held == size, "its table is still there"
    members.settle()
    assert members.room.held == 0
    members.ask(two, HEAVIER)
    members.want(two, HEAVIER)
    members.leave(one)
    members.leave(two)
    assert (members.room.held, members.room.parts) == (0, 0)


def test_who_is_served_is_served_on_when_a_filter_is_too_much(members: Members) -> None:
    clients = [client() for _ in range(4)]
    members.want(clients[0], FILTERED)
    compile_all(members)
    wanted = [Wanted(filter=Filter([("tree", f"{number}.example")])) for number in range(3)]
    for one, new in zip(clients[1:], wanted, strict=True):
        members.want(one, new)
    filters = members.filters()
    assert list(filters) == [FILTERED.filter, *(one.filter for one in wanted)]
    assert members.refuse(filters, 2) == [clients[2]], "the one that is named"
    assert filters == {FILTERED.filter: 0, wanted[0].filter: 1, wanted[2].filter: 2}
    assert members.refuse(filters, 0) == [clients[3]], "not one that is served: the last that isn't"
    members.compiled(Audience(list(filters)), filters)
    members.settle()
    assert shown(members) == {FILTERED: 1, wanted[0]: 1}
    assert members.refuse(filters, 99) == [clients[1]], "where nobody knows which, and all were served, the last"
    assert members.refuse(filters, 0) == [clients[0]]
    assert filters == {}
    assert members.room.parts == 0


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["ask", "want", "leave", "settle", "compile"])))


@given(STEPS, st.data())
def test_room_is_held_by_what_is_wanted_and_nothing_else(steps: list[tuple[int, str]], data: st.DataObject) -> None:
    members, clients = Members(), [client() for _ in range(4)]
    for number, step in steps:
        wanted = data.draw(st.sampled_from([LITE, FULL, FILTERED, OTHER, HEAVY]))
        if step == "ask":
            members.ask(clients[number], wanted)
        elif step == "want":
            members.want(clients[number], wanted)
        elif step == "leave":
            members.leave(clients[number])
        elif step == "settle":
            members.settle()
        else:
            compile_all(members)
        held = {*members.filters(), *members._asked.values()}
        assert members.room.parts == sum(1 + len(one) for one in held)
        assert members.room.held == sum(one.compiled for one in held)
    for one in clients:
        members.leave(one)
    assert (members.room.parts, members.room.held) == (0, 0)
