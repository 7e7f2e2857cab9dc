from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from certhia.scanner import dns
from certhia.scanner.answers import Record, Unanswered
from certhia.scanner.dns import (
    ABSENT,
    FAILED,
    LONGEST,
    MAX_ADDRESSES,
    MAX_ALIASES,
    MAX_POINTERS,
    PATIENCE,
    SHORTEST,
    Resolver,
)
from certhia.testing import SimClock, in_simulated_time


class Said:
    """What servers say, and what they were asked."""

    def __init__(self, *records: Record, seconds: float = 0.0, clock: SimClock | None = None) -> None:
        self.records = list(records)
        self.faults: dict[tuple[str, str], str] = {}
        self.asked: list[tuple[str, str]] = []
        self.most = self.open = 0
        self.seconds = seconds
        self.clock = clock

    async def ask(self, name: str, kind: str) -> Sequence[Record]:
        self.asked.append((name, kind))
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if self.clock is not None:
                await self.clock.sleep(self.seconds)
        finally:
            self.open -= 1
        if fault := self.faults.get((name, kind)):
            raise Unanswered(fault)
        return [one for one in self.records if one.kind in {kind, "CNAME"}]


def a(owner: str, value: str, ttl: int = 300) -> Record:
    return Record(owner, "AAAA" if ":" in value else "A", value, ttl)


def cname(owner: str, value: str, ttl: int = 300) -> Record:
    return Record(owner, "CNAME", value, ttl)


async def test_the_second_version_is_only_asked_for_where_the_first_has_none() -> None:
    said = Said(a("x.example", "192.0.2.1"), a("x.example", "2001:db8::1"), a("y.example", "2001:db8::2"))
    resolver = Resolver(said.ask)
    assert (await resolver.resolve("x.example")).addresses == ("192.0.2.1",)
    assert said.asked == [("x.example", "A")]
    assert (await resolver.resolve("y.example")).addresses == ("2001:db8::2",)
    six = Resolver(said.ask, versions=(6, 4))
    assert (await six.resolve("x.example")).addresses == ("2001:db8::1",)
    only = Resolver(said.ask, versions=(4,))
    assert await only.resolve("y.example") == dns.Addresses("y.example", (), (), "no address")


async def test_all_addresses_come_by_turns_the_preferred_version_first() -> None:
    said = Said(*(a("x.example", value) for value in ("2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3")))
    found = await Resolver(said.ask, every=True).resolve("x.example")
    assert found.addresses == ("192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3")
    found = await Resolver(said.ask, every=True, versions=(6, 4)).resolve("x.example")
    assert found.addresses == ("2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3")


@pytest.mark.parametrize("ttl, kept", [(0, SHORTEST), (3, SHORTEST), (60, 60), (3600, LONGEST), (86400 * 365, LONGEST)])
@in_simulated_time
async def test_answers_are_kept_as_long_as_they_say_within_bounds(
    ttl: int, kept: float, certhia_clock: SimClock
) -> None:
    said = Said(a("x.example", "192.0.2.1", ttl))
    resolver = Resolver(said.ask, clock=certhia_clock)
    await resolver.resolve("x.example")
    certhia_clock.advance(kept - 0.1)
    assert (await resolver.resolve("x.example")).addresses == ("192.0.2.1",)
    assert resolver.known("x.example") is not None
    assert len(said.asked) == 1
    certhia_clock.advance(0.2)
    assert resolver.known("x.example") is None
    said.records = [a("x.example", "192.0.2.9", ttl)]
    assert (await resolver.resolve("x.example")).addresses == ("192.0.2.9",)


@in_simulated_time
async def test_the_least_ttl_on_the_way_counts(certhia_clock: SimClock) -> None:
    said = Said(cname("x.example", "y.example", 20), a("y.example", "192.0.2.1", 300))
    resolver = Resolver(said.ask, clock=certhia_clock)
    assert (await resolver.resolve("x.example")).aliases == ("y.example",)
    certhia_clock.advance(21)
    assert resolver.known("x.example") is None


@pytest.mark.parametrize(
    "fault, kept, told",
    [("NXDOMAIN", ABSENT, "NXDOMAIN"), ("NODATA", ABSENT, "no address"), ("SERVFAIL", FAILED, "SERVFAIL")],
)
@in_simulated_time
async def test_that_there_is_nothing_is_kept_too(fault: str, kept: float, told: str, certhia_clock: SimClock) -> None:
    said = Said()
    said.faults = {("x.example", "A"): fault, ("x.example", "AAAA"): fault}
    resolver = Resolver(said.ask, clock=certhia_clock)
    assert (await resolver.resolve("x.example")).fault == told
    asked = len(said.asked)
    certhia_clock.advance(kept - 0.1)
    assert (await resolver.resolve("x.example")).fault == told
    assert len(said.asked) == asked
    certhia_clock.advance(0.2)
    await resolver.resolve("x.example")
    assert len(said.asked) == 2 * asked


async def test_a_name_that_does_not_exist_is_asked_for_once() -> None:
    said = Said()
    said.faults = {("x.example", "A"): "NXDOMAIN"}
    await Resolver(said.ask).resolve("x.example")
    assert said.asked == [("x.example", "A")]


async def test_one_version_may_fail_while_the_other_is_there() -> None:
    said = Said(a("x.example", "2001:db8::1"))
    said.faults = {("x.example", "A"): "SERVFAIL"}
    found = await Resolver(said.ask).resolve("x.example")
    assert (found.addresses, found.fault) == (("2001:db8::1",), "")
    said.faults["x.example", "AAAA"] = "NODATA"
    assert (await Resolver(said.ask).resolve("x.example")).fault == "SERVFAIL"


async def test_aliases_are_followed_and_asked_on_where_they_are_left_open() -> None:
    said = Said(cname("a.example", "b.example"), cname("c.example", "d.example"), a("d.example", "192.0.2.1"))
    found = await Resolver(said.ask).resolve("a.example")
    assert found.addresses == ()
    said.records.append(cname("b.example", "c.example"))
    found = await Resolver(said.ask).resolve("a.example")
    assert (found.addresses, found.aliases) == (("192.0.2.1",), ("b.example", "c.example", "d.example"))

    async def bare(name: str, kind: str) -> Sequence[Record]:
        said.asked.append((name, kind))
        return [one for one in said.records if one.owner == name]

    said.asked.clear()
    found = await Resolver(bare).resolve("a.example")
    assert (found.addresses, found.aliases) == (("192.0.2.1",), ("b.example", "c.example", "d.example"))
    assert said.asked == [(name, "A") for name in ("a.example", "b.example", "c.example", "d.example")]


async def test_records_of_others_count_for_nothing() -> None:
    said = Said(a("other.example", "192.0.2.66"), a("x.example", "192.0.2.1"))
    assert (await Resolver(said.ask).resolve("x.example")).addresses == ("192.0.2.1",)


@pytest.mark.parametrize("bare", [False, True])
async def test_aliases_that_go_on_and_on_are_given_up(bare: bool) -> None:
    links = [cname(f"n{number}.example", f"n{number + 1}.example") for number in range(50)]
    asked = 0

    async def ask(name: str, kind: str) -> Sequence[Record]:
        nonlocal asked
        asked += 1
        loop = [cname("l.example", "m.example"), cname("m.example", "l.example")]
        return [one for one in (*links, *loop) if not bare or one.owner == name]

    for name in ("n0.example", "l.example"):
        found = await Resolver(ask, versions=(4,)).resolve(name)
        assert found.fault == f"more than {MAX_ALIASES} aliases"
    assert asked <= 2 * (MAX_ALIASES + 1)


@in_simulated_time
async def test_aliases_that_take_their_time_are_given_up(certhia_clock: SimClock) -> None:
    async def ask(name: str, kind: str) -> Sequence[Record]:
        await certhia_clock.sleep(6)
        return [cname(name, f"x{name}")]

    found = await Resolver(ask, versions=(4,), clock=certhia_clock).resolve("n.example")
    assert found.fault == "no answer in time"
    assert certhia_clock.monotonic() < PATIENCE + 2 * 6 + 1


async def test_as_many_aliases_as_allowed_are_followed() -> None:
    links = [cname(f"n{number}.example", f"n{number + 1}.example") for number in range(MAX_ALIASES)]
    said = Said(*links, a(f"n{MAX_ALIASES}.example", "192.0.2.1"))
    assert (await Resolver(said.ask).resolve("n0.example")).addresses == ("192.0.2.1",)


async def test_addresses_of_a_name_are_bounded() -> None:
    said = Said(*(a("x.example", f"192.0.{number >> 8}.{number & 255}") for number in range(1000)))
    assert len((await Resolver(said.ask).resolve("x.example")).addresses) == MAX_ADDRESSES


@in_simulated_time
async def test_the_same_name_at_once_is_asked_for_once(certhia_clock: SimClock) -> None:
    said = Said(a("x.example", "192.0.2.1"), seconds=1, clock=certhia_clock)
    resolver = Resolver(said.ask, clock=certhia_clock)
    found = await asyncio.gather(*(resolver.resolve("x.example") for _ in range(100)))
    assert {one.addresses for one in found} == {("192.0.2.1",)}
    assert said.asked == [("x.example", "A")]


@in_simulated_time
async def test_who_asked_first_may_go_and_another_asks(certhia_clock: SimClock) -> None:
    said = Said(a("x.example", "192.0.2.1"), seconds=1, clock=certhia_clock)
    resolver = Resolver(said.ask, clock=certhia_clock)
    async with asyncio.TaskGroup() as group:
        first, second, third = (group.create_task(resolver.resolve("x.example")) for _ in range(3))
        await certhia_clock.sleep(0.5)
        first.cancel()
        third.cancel()
    assert second.result().addresses == ("192.0.2.1",)
    assert len(said.asked) == 2


@in_simulated_time
async def test_questions_under_way_are_bounded(certhia_clock: SimClock) -> None:
    said = Said(seconds=1, clock=certhia_clock)
    resolver = Resolver(said.ask, at_once=5, clock=certhia_clock)
    await asyncio.gather(*(resolver.resolve(f"n{number}.example") for number in range(40)))
    assert said.most == 5


@in_simulated_time
async def test_who_waits_for_a_turn_may_go(certhia_clock: SimClock) -> None:
    said = Said(seconds=1, clock=certhia_clock)
    resolver = Resolver(said.ask, versions=(4,), at_once=1, clock=certhia_clock)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(resolver.resolve(f"n{number}.example")) for number in range(6)]
        await certhia_clock.sleep(0.5)
        for number in (1, 2, 4):
            tasks[number].cancel()
    assert [task.cancelled() for task in tasks] == [False, True, True, False, True, False]
    assert [name for name, _ in said.asked] == ["n0.example", "n3.example", "n5.example"]
    assert said.most == 1


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "MAX_CACHED", 100)
    said = Said()
    resolver = Resolver(said.ask)
    for number in range(300):
        await resolver.resolve(f"n{number}.example")
        await resolver.pointers(f"192.0.2.{number & 255}")
        assert len(resolver._names) <= 100
        assert len(resolver._pointers) <= 100


async def test_fixed_names_are_asked_of_nobody() -> None:
    said = Said()
    fixed = {"lab.example": ("2001:db8::7", "10.0.0.7")}
    resolver = Resolver(said.ask, fixed=fixed)
    assert (await resolver.resolve("lab.example")).addresses == ("10.0.0.7", "2001:db8::7")
    assert (await Resolver(said.ask, fixed={"x": ("::1",)}, versions=(4,)).resolve("x")).fault == "no address"
    assert said.asked == []


async def test_pointers_are_names_or_left_out() -> None:
    reverse = "1.2.0.192.in-addr.arpa"
    values = ["www.example.com", "x\\027.y", "a b", "192.0.2.1", *(f"n{number}.example" for number in range(99))]
    said = Said(*(Record(reverse, "PTR", value, 300) for value in values))
    resolver = Resolver(said.ask)
    found = await resolver.pointers("192.0.2.1")
    assert found.names[:2] == ("www.example.com", "n0.example")
    assert len(found.names) == MAX_POINTERS
    assert await resolver.pointers("192.0.2.1") is found
    assert said.asked == [(reverse, "PTR")]
    assert (await resolver.pointers("2001:db8::1")).fault == "NODATA"
