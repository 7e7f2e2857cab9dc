from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.scanner.supplied import OPEN, World, addresses, drawn

from certhia.scanner.budget import BESIDE, Budget
from certhia.scanner.exclude import read_excluded
from certhia.scanner.finding import Finder
from certhia.scanner.places import Places
from certhia.scanner.plan import Plan
from certhia.scanner.ports import Port, read_ports
from certhia.scanner.records import Failure, Target
from certhia.scanner.supply import Supply
from certhia.scanner.targets import Name
from certhia.testing import SimClock, in_simulated_time


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
    assert told == ['the target "9.9.8.0/23" is scanned without 256 of its 512 addresses (excluded)']


async def test_an_address_with_a_line_of_its_own_is_judged_as_well() -> None:
    items = await drawn(Supply(Plan(["10.0.0.1:8443", "https://127.0.0.1/x", "10.0.0.2"]), World().resolver()))
    assert [failure.detail for _, failure in items] == [
        "10.0.0.1: private, RFC 1918",
        "127.0.0.1: loopback",
        "10.0.0.2: private, RFC 1918",
    ]
    assert [(target.address, target.port) for target, _ in items] == [
        ("10.0.0.1", 8443),
        ("127.0.0.1", 443),
        ("10.0.0.2", 443),
    ]


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


async def test_what_is_done_is_not_looked_up_again(tmp_path: Path) -> None:
    world = World()
    supply = Supply(Plan(["a.example", "b.example"], excluded=OPEN), world.resolver(), done=Places(1))
    items = await drawn(supply)
    assert world.asked == ["b.example"]
    assert [target.place for target, _ in items] == [1]


async def test_an_unknown_port_is_not_made_up() -> None:
    items = await drawn(Supply(Plan(["8.8.8.8"], ports=(Port(1), Port(65535))), World().resolver()))
    assert sorted(addresses(items)) == [("8.8.8.8", 1), ("8.8.8.8", 65535)]


async def test_where_servers_lead_nobody_inside_is_asked_whatever_the_plan_allows() -> None:
    world = World(in_example=["10.0.0.1"], half_example=["8.8.8.8", "169.254.169.254"], out_example=["8.8.4.4"])
    plan = Plan(["in.example"], excluded=OPEN, ports=read_ports("8443"), every=True)
    finder = Finder(plan, world.resolver(every=True), Places(), Budget())
    led = [
        await finder.offered(Name("x", None, f"{name}.example", Port(443, ""), "/")) for name in ("in", "half", "out")
    ]
    assert [[_told(one) for _, items in found for one in items] for found in led] == [
        ["10.0.0.1: private, RFC 1918"],
        ["169.254.169.254: a cloud's metadata service"],
        ["8.8.4.4:443/"],
    ]
    ((_, (named,)),) = await finder.offered(Name("x", None, "in.example"))
    assert _told(named) == "10.0.0.1:8443"


async def test_a_redirect_leads_to_an_address_once_a_minute() -> None:
    world = World(a_example=["8.8.8.8"], b_example=["8.8.8.8"])
    finder = Finder(Plan(["a.example"]), world.resolver(), Places(), Budget())
    led = [await finder.offered(Name("x", None, f"{name}.example", Port(443, ""), "/")) for name in "ab"]
    assert [[_told(one) for _, items in found for one in items] for found in led] == [
        ["8.8.8.8:443/"],
        ["8.8.8.8: asked a short while ago, or its domain often enough"],
    ]


async def test_hosts_in_scope_have_turns_at_each_of_their_addresses() -> None:
    world = World(a_example=["8.8.8.8", "8.8.4.4"], b_example=["8.8.8.8"], c_example=["8.8.8.8"])
    clock = SimClock()
    plan = Plan(["a.example"], ports=read_ports("443,8443"), every=True)
    finder = Finder(plan, world.resolver(every=True), Places(), Budget(clock=clock), clock=clock)
    begun = clock.monotonic()
    found = [one for host in "abc" for one in await finder.offered(Name("x", None, f"{host}.example"))]
    assert [(moment - begun, [*map(_told, items)]) for moment, items in found] == [
        (0, ["8.8.4.4:443", "8.8.4.4:8443"]),
        (0, ["8.8.8.8:443", "8.8.8.8:8443"]),
        (BESIDE, ["8.8.8.8:443", "8.8.8.8:8443"]),
        (2 * BESIDE, ["8.8.8.8:443", "8.8.8.8:8443"]),
    ]


async def test_hosts_that_a_page_names() -> None:
    world = World(in_example=["10.0.0.1"], out_example=["8.8.4.4"], shut_example=["8.8.8.8"])
    plan = Plan(["in.example"], excluded=read_excluded(["8.8.8.8"], allow_private=True))
    finder = Finder(plan, world.resolver(), Places(), Budget())
    found = {name: await finder.beside(f"{name}.example") for name in ("in", "out", "shut", "none")}
    assert found == {"in": None, "out": "8.8.4.4", "shut": None, "none": None}


@in_simulated_time
async def test_pages_that_name_one_host_ask_it_in_turn(certhia_clock: SimClock) -> None:
    world = World(static_example=["8.8.4.4", "8.8.8.8"], in_example=["10.0.0.1", "8.8.4.4"])
    plan, begun = Plan(["in.example"]), certhia_clock.monotonic()
    finder = Finder(plan, world.resolver(), Places(), Budget(clock=certhia_clock), clock=certhia_clock)
    found = await asyncio.gather(*(finder.beside("static.example") for _ in range(3)))
    assert (found, certhia_clock.monotonic()) == (["8.8.4.4"] * 3, begun + 2 * BESIDE)
    assert await finder.beside("static.example", "8.8.8.8") == "8.8.8.8", "where the page itself is"
    assert await finder.beside("in.example", "8.8.4.4") is None
    bounded = Finder(
        plan, world.resolver(), Places(), Budget(), beside=Budget(interval=0, clock=certhia_clock), clock=certhia_clock
    )
    begun = certhia_clock.monotonic()
    await asyncio.gather(*(bounded.beside("static.example") for _ in range(3)))
    assert certhia_clock.monotonic() == begun


def _told(item: object) -> str:
    if isinstance(item, Target):
        return f"{item.address}:{item.port}{item.path or ''}"
    assert isinstance(item, tuple)
    return str(item[1].detail)
