from __future__ import annotations

import asyncio
import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scanner.supplied import KEY, OPEN, World, addresses, drawn, pull_into

from certhia.errors import ConfigError
from certhia.scanner import supply as supplying
from certhia.scanner.engine import DONE
from certhia.scanner.exclude import read_excluded
from certhia.scanner.finding import SLOTS
from certhia.scanner.places import Places
from certhia.scanner.plan import Plan
from certhia.scanner.ports import read_ports
from certhia.scanner.records import Failure, Target
from certhia.scanner.resume import Done
from certhia.scanner.supply import RANGES, Supply
from certhia.testing import SimClock, in_simulated_time


async def test_hosts_come_first_and_ranges_fill_what_is_free() -> None:
    world = World(www_example=["192.0.2.1"])
    world.open.clear()
    supply = Supply(Plan(["www.example", "198.51.100.0/30"], excluded=OPEN), world.resolver())
    items: list[Any] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        await pull_into(items, supply, 2)
        assert {address[:11] for address, _ in addresses(items)} == {"198.51.100."}
        assert world.asked == ["www.example"]
        world.open.set()
        while not supply._ready:  # noqa: ASYNC110  (the next turns of the loop)
            await asyncio.sleep(0)
        await pull_into(items, supply)
    assert [item.host for item in items] == [None, None, "www.example", None, None]


async def test_private_ranges_are_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("8.8.8.8\n10.0.0.0/8\n192.168.0.1\n")
    told: list[str] = []
    items = await drawn(Supply(Plan(files=[str(path)]), World().resolver(), complain=told.append))
    assert addresses(items) == [("8.8.8.8", 443)]
    assert told == [f'{path}:2: the target "10.0.0.0/8" is left out (private, RFC 1918; --allow-private scans it)']
    (lost,) = [item for item in items if not isinstance(item, Target)]
    assert lost[1] == Failure("policy", "", "192.168.0.1: private, RFC 1918")


@pytest.mark.parametrize("text", ["0.0.0.0/0", "2001:db8::/64"])
async def test_a_scan_of_everything_wants_to_know_whom_not_to_ask(text: str) -> None:
    """A slip of a finger is not the whole internet; as with masscan, who excludes somebody means it."""
    items: list[Any] = []
    supply = Supply(Plan([text], excluded=OPEN), World().resolver())
    with pytest.raises(ConfigError, match=r"addresses: that may be a slip\. Name with --exclude whom not"):
        await supply.run()
    meant = Supply(Plan([text], excluded=read_excluded(["192.0.2.1"], allow_private=True)), World().resolver())
    async with asyncio.TaskGroup() as group:
        group.create_task(meant.run())
        await pull_into(items, meant, 3)
        meant.stop()
    assert len(items) >= 3


async def test_every_address_there_is_is_too_much() -> None:
    supply = Supply(Plan(["0.0.0.0/0", "::/0"], excluded=OPEN), World().resolver())
    with pytest.raises(ConfigError, match="every address there is; name less"):
        await supply.run()


def place_of(item: Any) -> int:
    place = item.place if isinstance(item, Target) else item[0].place
    assert isinstance(place, int)
    return place


def mixed(tmp_path: Path, hosts: int = 60) -> Plan:
    path = tmp_path / "hosts.txt"
    lines = [f"h{number}.example" for number in range(hosts)] + ["9.9.0.0/25", "8.8.8.8:25", "9.9.8.0/28:smtp"]
    path.write_text("\n".join(lines))
    return Plan(["1.1.1.0/28"], [str(path)], ports=read_ports("443,8443"), every=True, key=KEY)


async def test_places_are_the_same_in_each_run_and_each_is_asked_once(tmp_path: Path) -> None:
    world = World(**{f"h{number}_example": ["8.8.4.4", f"7.7.7.{number}"][: number % 3] for number in range(60)})
    whole: dict[int, Any] = {}
    skipped: list[range] = []
    supply = Supply(mixed(tmp_path), world.resolver(every=True), skip=skipped.append)
    for item in await drawn(supply):
        assert place_of(item) not in whole
        whole[place_of(item)] = item
    assert not any(place in whole for places in skipped for place in places)
    hosts = sorted(place for place in whole if place < RANGES)
    holes = {place for places in skipped for place in places}
    assert holes | set(hosts) == set(range(61 * 2 * SLOTS))
    assert sorted(set(whole) - set(hosts)) == list(range(RANGES, RANGES + (128 + 16) * 2 + 16))
    assert supply.complete

    for cut in (0, 1, 7, 60, len(whole) - 1, len(whole)):
        before = sorted(whole)[::2][:cut]
        done = Places(0, [(place, place + 1) for place in before])
        again = await drawn(Supply(mixed(tmp_path), world.resolver(every=True), done=done))
        assert sorted([*before, *map(place_of, again)]) == sorted(whole)
        assert all(item == whole[place_of(item)] for item in again)


def killed(plan: Plan, world: World, done: Done, draws: Sequence[int]) -> list[int]:
    """Runs until the draws are used up, some targets being asked at that time; the places that were finished."""

    async def run() -> list[int]:
        left = list(draws)
        open_: list[int] = []
        finished: list[int] = []
        supply = Supply(plan, world.resolver(every=plan.every), done=Places(0, done.spans()), skip=done.skip)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(supply.run())
            while left and (item := supply.pull()) is not DONE:
                if item is None:
                    await asyncio.sleep(0)
                    continue
                open_.append(place_of(item))
                if draw := left.pop():  # else one more at once
                    place = open_.pop(draw % len(open_))
                    done.add(place)
                    finished.append(place)
            running.cancel()
        return finished

    return asyncio.run(run())


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=120), max_size=4), st.booleans())
def test_however_often_it_is_killed_each_target_is_finished_once(runs: list[list[int]], every: bool) -> None:
    texts = ["9.9.0.0/27", "8.8.8.8:25", "10.0.0.1", "9.9.8.0/29:smtp", *(f"h{number}.example" for number in range(9))]
    plan = Plan(texts, ports=read_ports("443,8443"), every=every, key=KEY)

    def world() -> World:
        return World(**{f"h{number}_example": ["8.8.4.4", "10.0.0.9", "7.7.7.7"][: number % 4] for number in range(8)})

    whole = killed(plan, world(), Done(RANGES), [1] * 1000)
    done = Done(RANGES)
    finished: list[int] = []
    for draws in [*runs, [1] * 1000]:
        done = Done(RANGES, done.spans())
        finished += killed(plan, world(), done, draws)
    assert sorted(finished) == sorted(whole)
    assert killed(plan, world(), Done(RANGES, done.spans()), [1] * 1000) == []


async def test_a_long_way_that_is_done_is_jumped() -> None:
    count = 1 << 24
    plan = Plan(["10.0.0.0/8"], excluded=OPEN, key=KEY)
    done = Places(0, [(RANGES, RANGES + count - 3)])
    items = await drawn(Supply(plan, World().resolver(), done=done))
    assert [item.place for item in items] == [RANGES + count - 3 + number for number in range(3)]


async def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplying, "MAX_READY", 64)
    path = tmp_path / "hosts.txt"
    path.write_text("".join(f"h{number}.example\n" for number in range(5000)))
    world = World(**{f"h{number}_example": ["8.8.8.8"] for number in range(5000)})
    supply = Supply(Plan(files=[str(path)]), world.resolver())
    items: list[Any] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        while len(items) < 5000:
            for _ in range(200):
                await asyncio.sleep(0)
            assert len(supply._ready) < 64 + supplying.MAX_RESOLVING
            assert len(world.asked) <= len(items) + 64 + supplying.MAX_RESOLVING
            await pull_into(items, supply, len(items) + 40)
        await pull_into(items, supply)
    assert len(items) == len({item.host for item in items}) == 5000
    assert world.asked.count("h7.example") == 1


async def test_parts_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplying, "MAX_BLOCKS", 4)
    path = tmp_path / "hosts.txt"
    path.write_text("".join(f"9.9.{number}.7\n" for number in range(200)))
    supply = Supply(Plan(files=[str(path)]), World().resolver())
    items: list[Any] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        while len(items) < 200:
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(supply._parts) <= 2
            await pull_into(items, supply, len(items) + 1)
        await pull_into(items, supply)
    assert sorted(item.place for item in items) == list(range(RANGES, RANGES + 200))
    assert supply.known == 200


async def test_a_pipe_is_scanned_as_it_fills(tmp_path: Path) -> None:
    before = os.dup(0)
    reading, writing = os.pipe()
    try:
        os.dup2(reading, 0)
        supply = Supply(Plan(files=["-"], excluded=OPEN), World(a_example=["8.8.8.8"]).resolver())
        items: list[Any] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(supply.run())
            for number, line in enumerate((b"a.example\n", b"9.9.9.9\n", b"a.example:25\n"), 1):
                os.write(writing, line)
                await pull_into(items, supply, number)
            assert not supply.complete
            os.close(writing)
            await pull_into(items, supply)
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)
    assert addresses(items) == [("8.8.8.8", 443), ("9.9.9.9", 443), ("8.8.8.8", 25)]


async def test_stopping_ends_it_while_a_pipe_says_nothing(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    number = os.open(pipe, os.O_RDWR)
    supply = Supply(Plan(files=[str(pipe)]), World().resolver())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(supply.run())
        await asyncio.sleep(0)
        supply.stop()
        await task
    os.close(number)
    assert supply.pull() is DONE


async def test_a_file_that_cannot_be_read_ends_it_before_it_begins(tmp_path: Path) -> None:
    supply = Supply(Plan(["8.8.8.8"], [str(tmp_path / "none.txt")]), World().resolver())
    with pytest.raises(ConfigError, match="No such file"):
        await supply.run()
    assert supply.pull() is DONE


async def test_a_file_that_turns_out_to_be_no_text_ends_it_with_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "utf16.txt"
    path.write_text("8.8.4.4", encoding="utf-16")
    supply = Supply(Plan(["8.8.8.8"], [str(path)]), World().resolver())
    with pytest.raises(ConfigError, match="UTF-16"):
        await supply.run()
    assert isinstance(target := supply.pull(), Target)
    assert target.address == "8.8.8.8"
    assert supply.pull() is DONE


async def test_bad_lines_are_told_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplying, "MAX_COMPLAINTS", 5)
    path = tmp_path / "hosts.txt"
    path.write_text("a b\n" * 40 + "10.0.0.1\n")
    told: list[str] = []
    await drawn(Supply(Plan(files=[str(path)]), World().resolver(), complain=told.append))
    assert [text.partition(" ")[0] for text in told[:5]] == [f"{path}:{number}:" for number in range(1, 6)]
    assert told[5:] == ["35 more lines are no targets"]


async def test_who_pulls_is_woken_when_there_is_something_again() -> None:
    world = World(a_example=["8.8.8.8"])
    world.open.clear()
    woken: list[None] = []
    supply = Supply(Plan(["a.example"]), world.resolver(), wake=lambda: woken.append(None))
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        await asyncio.sleep(0)
        assert (supply.pull(), woken) == (None, [])
        world.open.set()
        while not woken:  # noqa: ASYNC110  (the next turns of the loop)
            await asyncio.sleep(0)
        assert isinstance(supply.pull(), Target)
    assert len(woken) == 2  # the second time because it is over
    assert supply.pull() is DONE


@in_simulated_time
async def test_hosts_found_while_scanning_are_asked_too(certhia_clock: SimClock) -> None:
    """A tree of names, each found at the one before: the supply ends when the last one is done with."""
    names = {f"n{number}_example": [f"8.8.8.{number}"] for number in range(12)}
    world = World(**names, in_example=["10.0.0.1"], same_example=["8.8.8.3"])
    handled = 0
    plan = Plan(["n0.example"], ports=read_ports("443,8443"))
    supply = Supply(plan, world.resolver(), handled=lambda: handled, clock=certhia_clock)
    items: list[Any] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        while (item := supply.pull()) is not DONE:
            if item is None:
                await certhia_clock.sleep(0.001)
                continue
            items.append(item)
            if isinstance(item, Target) and item.port == 443 and str(item.host).startswith("n"):
                number = int(str(item.host)[1:].partition(".")[0]) + 1
                assert supply.offer(f"n{number}.example", str(item.host))
                if number == 5:
                    assert supply.offer("in.example", "x")
                    assert supply.offer("same.example", "x")
            handled += 1
    there = [one for one in items if isinstance(one, Target)]
    assert [(one.host, one.port) for one in there if one.host != "same.example"] == [
        (f"n{number}.example", port) for number in range(12) for port in (443, 8443)
    ]
    assert [(one.address, one.port) for one in there if one.host == "same.example"] == [
        ("8.8.8.3", 443),
        ("8.8.8.3", 8443),
    ]
    assert {item.place for item in there} == {0, 1, None}
    assert items[2].origin == "n0.example"
    failures = {target.host: failure for target, failure in (one for one in items if not isinstance(one, Target))}
    assert failures == {
        "in.example": Failure("policy", "", "10.0.0.1: private, RFC 1918"),
        "n12.example": Failure("dns", "", "NXDOMAIN"),
    }


@pytest.mark.parametrize("crowded", [False, True])
@in_simulated_time
async def test_ten_thousand_names_of_one_address_take_turns(
    certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch, crowded: bool
) -> None:
    """All that may wait are asked, one a second; others, and where `--per-host` bounds connections, at once."""
    monkeypatch.setattr(supplying, "MAX_OFFERED", 500)
    names = {f"d{number}_test": ["9.9.9.9"] for number in range(600)}
    world = World(first_example=["8.8.8.8"], other_example=["8.8.4.4"], **names)
    handled, told = 0, list[str]()
    supply = Supply(
        Plan(["first.example"]),
        world.resolver(),
        handled=lambda: handled,
        complain=told.append,
        crowded=crowded,
        clock=certhia_clock,
    )
    moments: dict[str, float] = {}
    begun = certhia_clock.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        while (item := supply.pull()) is not DONE:
            if item is None:
                await certhia_clock.sleep(0.1)
                continue
            assert isinstance(item, Target)
            moments[str(item.host)] = certhia_clock.monotonic() - begun
            if item.host == "first.example":
                assert [supply.offer(f"d{number}.test", "x") for number in range(600)].count(False) == 100
            if item.host == "d1.test":
                assert supply.offer("other.example", "x")
            handled += 1
    assert {*moments} == {"first.example", "other.example", *(f"d{number}.test" for number in range(500))}
    assert moments["other.example"] < 2
    turns = sorted(moment for host, moment in moments.items() if host.startswith("d"))
    if crowded:
        assert (turns[-1] < 1, told) == (True, [])
    else:
        assert turns == pytest.approx([float(number) for number in range(500)], abs=0.5)
        assert [text[:45] for text in told] == ["hosts that certificates name share an address"]


async def test_memory_does_not_follow_the_number_of_targets() -> None:
    async def peak(text: str) -> int:
        tracemalloc.start()
        supply = Supply(Plan([text], excluded=OPEN), World().resolver())
        await supply.run()
        for _ in range(1000):
            assert supply.pull() is not DONE
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few = max([await peak("10.0.0.0/22") for _ in range(2)])
    assert await peak("10.0.0.0/8") <= few + 64_000


async def test_hosts_that_pages_name_are_looked_up_for_another_thread() -> None:
    world = World(first_example=["8.8.8.8"], page_example=["8.8.4.4"])
    supply = Supply(Plan(["first.example"]), world.resolver())
    assert len(await drawn(supply)) == 1
    found = await asyncio.to_thread(lambda: supply.look_up("page.example").result(20))
    assert found == "8.8.4.4"


def test_nothing_is_looked_up_when_all_is_over() -> None:
    supply = Supply(Plan(["8.8.8.8"]), World().resolver())
    asyncio.run(drawn(supply))
    assert supply.look_up("page.example").cancelled()
