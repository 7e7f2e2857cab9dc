from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from certhia.errors import ConfigError
from certhia.scanner import supply as supplying
from certhia.scanner.answers import Record, Unanswered
from certhia.scanner.dns import Resolver
from certhia.scanner.engine import DONE
from certhia.scanner.exclude import Excluded, read_excluded
from certhia.scanner.places import Places
from certhia.scanner.plan import Plan
from certhia.scanner.ports import Port, read_ports
from certhia.scanner.records import Failure, Target
from certhia.scanner.supply import RANGES, Supply

OPEN = Excluded(allow_private=True)
KEY = b"k" * 16


class World:
    """Names and their addresses; what is asked while `shut` waits."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): values for name, values in names.items()}
        self.pointers: dict[str, str] = {}
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def ask(self, name: str, kind: str) -> Sequence[Record]:
        self.asked.append(name)
        await self.open.wait()
        if kind == "PTR":
            return [Record(name, kind, value, 60) for key, value in self.pointers.items() if name.startswith(key)]
        if name not in self.names:
            raise Unanswered("NXDOMAIN")
        version = "AAAA" if kind == "AAAA" else "A"
        return [Record(name, version, one, 60) for one in self.names[name] if (":" in one) == (kind == "AAAA")]

    def resolver(self, *, every: bool = False) -> Resolver:
        return Resolver(self.ask, every=every)


async def drawn(supply: Supply) -> list[Any]:
    """All that it gives, as an engine pulls it."""
    items: list[Any] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        await pull_into(items, supply)
    return items


async def pull_into(items: list[Any], supply: Supply, most: int = 1 << 30) -> None:
    while len(items) < most and (item := supply.pull()) is not DONE:
        if item is not None:
            items.append(item)
        else:
            await asyncio.sleep(0)


def addresses(items: Sequence[Any]) -> list[tuple[str, int]]:
    return [(item.address, item.port) for item in items if isinstance(item, Target)]


async def test_everything_in_one_list() -> None:
    world = World(www_example_com=["192.0.2.1", "2001:db8::1"], mail_example_com=["192.0.2.25"])
    texts = [
        "www.example.com",
        "mail.example.com:25",
        "https://www.example.com:8443/a",
        "198.51.100.0/31",
        "203.0.113.9:993",
        "https://203.0.113.10/x",
        "none.example",
        "a b",
    ]
    told: list[str] = []
    plan = Plan(texts, ports=read_ports("443,8443"), excluded=OPEN)
    items = await drawn(Supply(plan, world.resolver(), complain=told.append))
    targets = [item for item in items if isinstance(item, Target)]
    assert sorted((one.host or "", one.address, one.port, str(one.starttls), one.path or "") for one in targets) == [
        ("", "198.51.100.0", 443, "None", ""),
        ("", "198.51.100.0", 8443, "None", ""),
        ("", "198.51.100.1", 443, "None", ""),
        ("", "198.51.100.1", 8443, "None", ""),
        ("", "203.0.113.10", 443, "", "/x"),
        ("", "203.0.113.9", 993, "None", ""),
        ("mail.example.com", "192.0.2.25", 25, "None", ""),
        ("www.example.com", "192.0.2.1", 443, "None", ""),
        ("www.example.com", "192.0.2.1", 8443, "", "/a"),
        ("www.example.com", "192.0.2.1", 8443, "None", ""),
    ]
    assert {one.origin for one in targets} == set(texts) - {"none.example", "a b"}
    ((lost, failure),) = [item for item in items if isinstance(item, tuple) and not isinstance(item, Target)]
    assert (lost.host, lost.address, lost.port, failure) == ("none.example", "", 443, Failure("dns", "", "NXDOMAIN"))
    assert len(told) == 1
    assert told[0].startswith('the target "a b" has a space in it')


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


@pytest.mark.parametrize("every", [False, True])
async def test_names_that_lead_inwards_are_refused(every: bool) -> None:
    world = World(
        in_example=["10.0.0.1", "127.0.0.1"],
        half_example=["169.254.169.254", "8.8.8.8"],
        six_example=["::ffff:10.0.0.1"],
    )
    plan = Plan(["in.example", "half.example", "six.example"], every=every)
    items = await drawn(Supply(plan, world.resolver(every=every)))
    assert addresses(items) == [("8.8.8.8", 443)]
    refused = [(target.host, failure) for target, failure in (one for one in items if not isinstance(one, Target))]
    expected = [
        ("in.example", Failure("policy", "", "10.0.0.1: private, RFC 1918")),
        ("in.example", Failure("policy", "", "127.0.0.1: loopback")),
        ("half.example", Failure("policy", "", "169.254.169.254: a cloud's metadata service")),
        ("six.example", Failure("policy", "", "::ffff:10.0.0.1: IPv4-mapped 10.0.0.1: private, RFC 1918")),
    ]
    assert refused == (expected if every else [expected[0], expected[3]])


async def test_what_is_excluded_is_not_even_looked_up() -> None:
    world = World(a_example=["8.8.8.8"], b_example=["9.9.9.9"])
    plan = Plan(["www.a.example", "b.example", "9.9.8.0/23"], excluded=read_excluded(["a.example,9.9.9.0/24"]))
    told: list[str] = []
    items = await drawn(Supply(plan, world.resolver(), complain=told.append))
    assert len(addresses(items)) == 256
    assert all(address.startswith("9.9.8.") for address, _ in addresses(items))
    failures = {failure.detail for _, failure in (one for one in items if not isinstance(one, Target))}
    assert failures == {"www.a.example: excluded", "9.9.9.9: excluded"}
    assert world.asked == ["b.example"]
    assert told == ['"9.9.8.0/23" is scanned without 256 of its 512 addresses (excluded)']


async def test_private_ranges_are_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("8.8.8.8\n10.0.0.0/8\n192.168.0.1\n")
    told: list[str] = []
    items = await drawn(Supply(Plan(files=[str(path)]), World().resolver(), complain=told.append))
    assert addresses(items) == [("8.8.8.8", 443)]
    assert told == [
        'line 2: "10.0.0.0/8" is left out (private, RFC 1918)',
        'line 3: "192.168.0.1" is left out (private, RFC 1918)',
    ]


async def test_an_address_with_a_line_of_its_own_is_judged_as_well() -> None:
    items = await drawn(Supply(Plan(["10.0.0.1:8443", "https://127.0.0.1/x"]), World().resolver()))
    assert [failure.detail for _, failure in items] == ["10.0.0.1: private, RFC 1918", "127.0.0.1: loopback"]
    assert [(target.address, target.port) for target, _ in items] == [("10.0.0.1", 8443), ("127.0.0.1", 443)]


async def test_all_addresses_of_a_name_at_all_ports() -> None:
    world = World(www_example=["8.8.8.8", "2001:4860::8", "8.8.4.4"])
    plan = Plan(["www.example"], ports=read_ports("443,8443"), every=True)
    items = await drawn(Supply(plan, world.resolver(every=True)))
    assert set(addresses(items)) == {
        (address, port) for address in ("8.8.8.8", "8.8.4.4", "2001:4860::8") for port in (443, 8443)
    }


async def test_the_names_that_are_asked_for() -> None:
    world = World(www_example=["8.8.8.8"])
    plan = Plan(["www.example", "9.9.9.9"], server_names=("a.example", None), starttls="smtp")
    items = await drawn(Supply(plan, world.resolver()))
    assert {(item.address, item.server_name, item.starttls) for item in items} == {
        (address, name, "smtp") for address in ("8.8.8.8", "9.9.9.9") for name in ("a.example", None)
    }


async def test_names_of_addresses_are_asked_for_when_wanted() -> None:
    world = World(www_example=["8.8.8.8"])
    world.pointers = {"8.8.8.8": "dns.example", "1.9.9.9": "nine.example"}
    plan = Plan(["www.example", "9.9.9.0/30"], pointed=True)
    items = await drawn(Supply(plan, world.resolver()))
    assert {item.address: item.server_name for item in items} == {
        "8.8.8.8": "dns.example",
        "9.9.9.0": None,
        "9.9.9.1": "nine.example",
        "9.9.9.2": None,
        "9.9.9.3": None,
    }


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
    assert holes | set(hosts) == set(range(61 * 2 * supplying._SLOTS))
    assert sorted(set(whole) - set(hosts)) == list(range(RANGES, RANGES + (128 + 16) * 2 + 16))
    assert supply.complete

    for cut in (0, 1, 7, 60, len(whole) - 1, len(whole)):
        before = sorted(whole)[::2][:cut]
        done = Places(0, [(place, place + 1) for place in before])
        again = await drawn(Supply(mixed(tmp_path), world.resolver(every=True), done=done))
        assert sorted([*before, *map(place_of, again)]) == sorted(whole)
        assert all(item == whole[place_of(item)] for item in again)


async def test_what_is_done_is_not_looked_up_again(tmp_path: Path) -> None:
    world = World()
    supply = Supply(Plan(["a.example", "b.example"], excluded=OPEN), world.resolver(), done=Places(1))
    items = await drawn(supply)
    assert world.asked == ["b.example"]
    assert [target.place for target, _ in items] == [1]


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


async def test_an_unknown_port_is_not_made_up() -> None:
    items = await drawn(Supply(Plan(["8.8.8.8"], ports=(Port(1), Port(65535))), World().resolver()))
    assert sorted(addresses(items)) == [("8.8.8.8", 1), ("8.8.8.8", 65535)]
