"""What a scan tells the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.library.test_scanning import HERE, results
from tests.scanner.tls_servers import context, tls_server

import certhia
from certhia.clock import Clock
from certhia.errors import StateError
from certhia.events.bus import Bus
from certhia.events.listening import Listeners
from certhia.library.reporting import EVERY, Distinct, Reporting
from certhia.scanner.records import Result, Served, Target
from certhia.testing import SimClock, in_simulated_time


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


async def test_a_scan_from_its_start_to_its_end(port: int) -> None:
    events = certhia.subscribe()
    await results(f"127.0.0.1:{port}", rules="example.com")
    events.close()
    told = [event async for event in events]
    assert [event.type for event in told][:1] == ["scan.started"]
    assert [event.type for event in told][-2:] == ["scan.progress", "scan.completed"]
    (scan_id,) = {event.correlation for event in told}
    assert {event.source for event in told} == {"scan"}
    by_type = {event.type: event.data for event in told}
    assert by_type["scan.started"] == {"scan_id": scan_id, "targets": [f"127.0.0.1:{port}"]}
    assert by_type["scan.progress"] == {
        "scan_id": scan_id,
        "progress": 1.0,
        "done": 1,
        "total": 1,
        "answered": 1,
        "domains_found": 2,
    }
    assert by_type["scan.completed"]["domains_found"] == 2
    assert by_type["scan.completed"]["stopped"] is False
    assert by_type["certificate.found"]["seen"] == f"127.0.0.1:{port}"
    names = [event.data["name"] for event in told if event.type == "domain.discovered"]
    assert names == ["www.example.com", "*.example.net"]
    wrong = [event.data for event in told if event.type == "vulnerability.detected"]
    assert {(one["kind"], one["severity"]) for one in wrong} >= {("untrusted", "high")}
    assert all(one["address"] == "127.0.0.1" and one["port"] == port for one in wrong)


async def test_a_scan_that_fails_says_so(port: int) -> None:
    events = certhia.subscribe("scan.*")
    with pytest.raises(certhia.ConfigError):
        await results("127.0.0.1", options=HERE.model_copy(update={"targets_from": ("/nowhere/at/all",)}))
    events.close()
    told = [event async for event in events]
    if told:  # it may fail before it begins
        assert [event.type for event in told] == ["scan.started", "scan.failed"]


def one(number: int) -> Result:
    return Result(Target("", None, None, f"192.0.2.{number}", 443), 0.0, 0.0, Served(0x0304, 0, None, None, ()))


@in_simulated_time
async def test_progress_while_anything_moves(certhia_clock: SimClock) -> None:
    bus = Bus(certhia_clock, everywhere=Listeners())
    events = bus.subscribe()
    reporting = Reporting(bus, "ab" * 16, ["192.0.2.0/24"], certhia_clock)
    reporting.total = lambda: 4
    async with reporting.running():
        reporting.take([one(1)])
        await certhia_clock.sleep(EVERY * 3.5)
        await asyncio.to_thread(reporting.take, [one(2), one(3)])
        await certhia_clock.sleep(EVERY)
    events.close()
    told = [event async for event in events]
    done = [(event.data["done"], event.data["progress"]) for event in told if event.type == "scan.progress"]
    assert done == [(1, 0.25), (3, 0.75), (3, 0.75)]
    assert told[-1].data == {
        "scan_id": "ab" * 16,
        "done": 3,
        "answered": 3,
        "domains_found": 0,
        "seconds": EVERY * 4.5,
        "stopped": False,
    }


@in_simulated_time
async def test_the_error_that_ended_it(certhia_clock: SimClock) -> None:
    bus = Bus(certhia_clock, everywhere=Listeners())
    events = bus.subscribe("scan.failed")
    reporting = Reporting(bus, "ab", [], certhia_clock)
    with pytest.raises(OSError, match="gone"):
        async with reporting.running():
            reporting.take([one(1)])
            raise OSError("gone")
    assert (await anext(events)).data == {"scan_id": "ab", "error": "OSError: gone", "done": 1}


async def test_of_several_errors_the_first_is_told_in_its_own_words() -> None:
    bus = Bus(everywhere=Listeners())
    events = bus.subscribe("scan.failed")
    reporting = Reporting(bus, "ab", [], Clock())
    with pytest.raises(ExceptionGroup):
        async with reporting.running():
            raise ExceptionGroup("several", [ExceptionGroup("inner", [StateError("x.jsonl: no room")])])
    assert (await anext(events)).data["error"] == "x.jsonl: no room"


async def test_one_that_was_gone_on_with_ends_at_its_end() -> None:
    bus = Bus(everywhere=Listeners())
    events = bus.subscribe(("scan.progress", "scan.completed"))
    reporting = Reporting(bus, "ab", [], Clock())
    reporting.before, reporting.total = 2, lambda: 4
    async with reporting.running():
        reporting.take([one(1), one(2)])
    progress, completed = await anext(events), await anext(events)
    assert (progress.data["progress"], progress.data["done"], progress.data["answered"]) == (1.0, 4, 2)
    assert completed.data["done"] == 4


def test_counting_names() -> None:
    few, many = Distinct(), Distinct(1 << 16)
    for number in range(20_000):
        few.add([f"host{number % 300}.example.com"])
        many.add([f"host{number}.example.com"])
    assert len(few) == pytest.approx(300, abs=2)
    assert len(many) == pytest.approx(20_000, rel=0.03)
