"""Names that lead a scan inside: no packet goes there; and those that lead it to one address again and again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence

import pytest

from certhia.scanner.addresses import inward
from certhia.scanner.budget import ALLOWANCE, INTERVAL, Budget
from certhia.scanner.conversation import Connect, Conversation
from certhia.scanner.dns import Resolver
from certhia.scanner.engine import Engine
from certhia.scanner.exclude import Excluded
from certhia.scanner.failures import ScanFailure
from certhia.scanner.nameservers import Nameservers
from certhia.scanner.plan import Plan
from certhia.scanner.ports import Port
from certhia.scanner.records import Failure, Target
from certhia.scanner.supply import Supply
from certhia.scanner.talks import Outcome
from certhia.testing import FakeDns, SimClock

# Ways to write or to carry an address that is nobody's business.
INWARDS = (
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
    *("168.63.129.16", "100.100.100.200", "192.0.0.192", "224.0.0.1", "255.255.255.255", "198.18.0.1", "240.0.0.1"),
    *("::1", "::", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::"),
    *("2001:0:7f00:1::", "2001:0:808:808::80ff:fffe", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
    "2606:4700::5efe:7f00:1",
)
WRITTEN = ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "１２７.0.0.1", "http://0x7f.1/")


class Listening:
    """A port of ours on loopback, and how many connections it got."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def taken(self) -> int:
        count = 0
        while True:
            try:
                self._socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listening() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.close()


def knock(target: Target, connected: list[str]) -> Conversation[str]:
    connected.append(target.address)
    yield Connect(target.address, target.port)
    return "open"


def refused(failure: Failure) -> Conversation[str]:
    yield from ()
    raise ScanFailure(*failure)


async def scanned(plan: Plan, dns: FakeDns) -> tuple[list[str], list[tuple[str | None, str]]]:
    """Addresses that were connected to, and (host, failure) of the rest, by the real engine."""
    connected: list[str] = []
    failed: list[tuple[str | None, str]] = []

    def source() -> object | None:
        item = supply.pull()
        if isinstance(item, Target):
            return item, knock(item, connected)
        if isinstance(item, tuple):
            return item[0], refused(item[1])
        return item

    def deliver(outcomes: Sequence[Outcome]) -> None:
        failed.extend((one.key.host, str(one.failure)) for one in outcomes if one.failure is not None)

    async with dns.serve() as address, Nameservers([address]) as servers:
        supply = Supply(plan, Resolver(servers.ask, every=plan.every), wake=lambda: engine.wake())  # noqa: PLW0108  (it comes next)
        engine = Engine(source, deliver, timeout=5)
        engine.start()
        await supply.run()
        await asyncio.to_thread(engine.join)
    return connected, failed


@pytest.mark.parametrize("every", [False, True])
async def test_t03_inward_scan_names_that_lead_inwards_get_no_packet(every: bool, listening: Listening) -> None:
    """Names that resolve to closed addresses, in every way to carry one: failure "policy" with address and reason, no
    connection; with private addresses allowed the same scan connects."""
    dns = FakeDns()
    ports = (Port(listening.port),)
    for number, address in enumerate(INWARDS):
        dns.add(f"n{number}.example", address)
    dns.alias("alias.example", "n0.example")
    dns.add("both.example", "127.0.0.1", "::1", "10.0.0.7")
    dns.rebind("rebind.example", "127.0.0.1", "127.0.0.2")
    names = [*(f"n{number}.example" for number in range(len(INWARDS))), "alias.example", "both.example"]
    names += ["rebind.example", "localhost"]
    dns.add("localhost", "127.0.0.1")
    connected, failed = await scanned(Plan(names, ports=ports, every=every), dns)
    assert (connected, listening.taken()) == ([], 0)
    assert {host for host, _ in failed} == set(names)
    assert all(text.startswith("policy: ") for _, text in failed)
    reasons = dict(failed)
    for number, address in enumerate(INWARDS):
        assert reasons[f"n{number}.example"] == f"policy: {address}: {inward(address)}"
    connected, _ = await scanned(Plan(["n0.example"], ports=ports, excluded=Excluded(allow_private=True)), dns)
    assert (connected, listening.taken()) == (["127.0.0.1"], 1)


async def test_t03_inward_scan_an_answer_that_changes_is_judged_again() -> None:
    """A name that is public when it is first asked for and loopback later: the connection goes to what was judged."""
    dns = FakeDns()
    dns.rebind("rebind.example", "192.0.2.1", "127.0.0.1", ttl=0)
    excluded = Excluded(allow_private=False)
    async with dns.serve() as address, Nameservers([address]) as servers:
        resolver = Resolver(servers.ask)
        first = await resolver.resolve("rebind.example")
        again = await resolver.resolve("rebind.example")
        assert first is again
        assert len(dns.asked) == 1
    connected, failed = await scanned(Plan(["rebind.example"], ports=(Port(9),), excluded=excluded), dns)
    assert connected == []
    assert failed == [("rebind.example", "policy: 127.0.0.1: loopback")]


async def test_t03_inward_scan_addresses_in_disguise_are_no_targets() -> None:
    """Decimal, octal, hexadecimal and short forms are no targets, private ranges are left out: nothing is asked."""
    told: list[str] = []
    dns = FakeDns()
    texts = [*WRITTEN, "127.0.0.0/8", "10.0.0.1-10.0.0.9", "::ffff:127.0.0.1", "64:ff9b::7f00:0/104", "[::1]:443"]
    async with dns.serve() as address, Nameservers([address]) as servers:
        supply = Supply(Plan(texts), Resolver(servers.ask), complain=told.append)
        await supply.run()
        left = []
        while isinstance(item := supply.pull(), tuple):
            left.append(item)
    assert len(told) == len(texts) - 2
    assert [failure.detail for _, failure in left] == ["127.0.0.1: loopback", "::1: loopback"]
    assert dns.asked == []


def test_t03_inward_scan_many_names_of_one_address_are_one_probe_a_minute() -> None:
    """10,000 names that lead to one address, 10,000 below one domain: one probe an address and minute, an allowance a
    domain and hour."""
    clock = SimClock()
    budget = Budget(clock=clock)
    probes = 0
    for minute in range(10):
        probes += sum(budget.take("192.0.2.1", f"www.d{minute}x{number}.example") for number in range(1000))
        clock.advance(INTERVAL)
    assert probes == 10
    one_domain = sum(budget.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", f"h{n}.example.com") for n in range(10_000))
    assert one_domain == ALLOWANCE
