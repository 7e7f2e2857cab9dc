"""Faults L09 to L17: times, sizes, bodies and answers of nowhere, and logs that say stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.faults.memory import at_most
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.logs.client import UNPACKED
from certhia.logs.evidence import decode, encode
from certhia.logs.judging import Verdict, judge
from certhia.logs.reading import Origin, Reading
from certhia.model import Health, Protocol
from certhia.net import Http, Response
from certhia.quantity import Point
from certhia.testing import Answer, FakeLog, Fault, RateLimit, Request, World, fail, in_simulated_time
from certhia.testing.false_heads import HEADS, frozen, giant_tree, time_travel
from certhia.testing.hostile import bomb, gone_partials, packed_404, page_of_html, redirected
from certhia.testing.wire import cut, endless, throttle

PAGES = r"get-entries|tile/data"
MINUTE = 60.0
HOUR = 60 * MINUTE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [86400, -40 * 86400])
@in_simulated_time
async def test_l09_time_travel(certhia_world: World, kind: Protocol, seconds: float) -> None:
    """What a head from another time covers is kept, no age is negative, and an old one is told."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    log.hooks.append(time_travel(seconds))
    bench = Bench(certhia_world, log, reading=Reading(patience=0, poll_static=300, poll_rfc6962=300))
    async with bench.following():
        await bench.clock.sleep(HOUR)
        bench.check()
        assert bench.status.lag_seconds(bench.clock.now()) >= 0
        assert any("into the future" in text for text in bench.texts) is (seconds > 0)
        await bench.clock.sleep(86400 + HOUR)
    assert "signed no head for" in bench.status.stale


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l10_frozen_log(certhia_world: World, kind: Protocol) -> None:
    """The same head for ever: told when the log's promise is broken; one request for it in each interval, no page."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    reading = Reading(patience=0)
    bench = Bench(certhia_world, log, reading=reading)
    async with bench.following():
        await bench.clock.sleep(MINUTE)
        log.hooks.append(frozen(log))
        fill(certhia_world, log, 10)
        before, pages = len(bench.wire.asked), bench.wire.count(PAGES)
        static = kind is Protocol.STATIC
        limit = (60 + 600) if static else (86400 + 3600)
        poll = reading.poll_static if static else reading.poll_rfc6962
        await bench.clock.sleep(limit - 2 * MINUTE)
        assert bench.status.stale == ""
        assert len(bench.wire.asked) - before <= (limit - 2 * MINUTE) / (0.8 * poll) + 1
        await bench.clock.sleep(3 * MINUTE)
        assert bench.wire.count(PAGES) == pages
        told = str(bench.status.stale)
    assert told
    assert bench.status.health is Health.DEGRADED


def made_up(world: World, log: FakeLog, count: int) -> Fault:
    """A giant head, and `count` entries behind the log's own that will never be in it."""
    twin = FakeLog(log.name, log.protocol, world.clock, log.settings, seed=1)
    fill(world, twin, log.size + count)
    giant = giant_tree(10**9)

    def act(request: Request) -> Response | Answer | None:
        return giant.act(request) if request.endpoint in HEADS else twin.serve(replace(request, log=twin))

    return Fault(act, HEADS | {"get-entries", "tile/data"})


SIZES = [(1 << 63) - 1, 1 << 41, 1 << 39, 10**9]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
@in_simulated_time
async def test_l11_giant_tree(certhia_world: World, kind: Protocol, size: int) -> None:
    """No memory by what a head announces; nothing is proven by that head, and what comes after it is."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(MINUTE)
        with at_most(16 << 20):
            log.hooks.append(giant_tree(size))
            fill(certhia_world, log, 10)
            await bench.clock.sleep(10 * MINUTE)
        assert bench.status.verified == 300
        assert bench.status.trouble
        log.hooks.clear()
        await bench.clock.sleep(5 * MINUTE)
        for _ in range(10):  # it takes that head back, and grows as before
            fill(certhia_world, log, 10)
            await bench.clock.sleep(MINUTE)
        bench.check()
        assert (bench.status.lag, bench.status.trouble, bench.rewinds) == (0, "", 0)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l11_what_is_taken_back_is_an_alarm_when_its_time_is_over(certhia_world: World, kind: Protocol) -> None:
    """The log signed for it: once, with both heads as evidence. Others of the kind cost neither memory nor words."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(MINUTE)
        for number in range(10):
            giant = giant_tree(10**9 + number)
            log.hooks.append(giant)
            await bench.clock.sleep(3 * MINUTE)
            log.hooks.remove(giant)
            fill(certhia_world, log, 10)
            await bench.clock.sleep(6 * MINUTE)
        assert bench.status.verified == log.size
        assert bool(bench.status.alarms) is (kind is Protocol.STATIC), "by its MMD"
        await bench.clock.sleep(26 * HOUR)
        bench.check()
    (alarm,) = bench.status.alarms
    assert alarm.startswith("signed a head of 1000000000 entries (root ")
    assert "took it back: " in alarm
    assert alarm.endswith("; evidence: evidence/kept.json, for `certhia verify-evidence`")
    (evidence,) = bench.kept
    finding = judge(decode(encode(evidence)))
    assert finding.verdict is Verdict.OBSERVATION
    assert finding.heads[0].size == 10**9
    assert "it took the larger one back, as far as we saw" in finding.because
    assert bench.freezes == []


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l11_entries_behind_a_head_that_is_taken_back_are_let_go(certhia_world: World, kind: Protocol) -> None:
    """What was read beyond all heads that came later is read again from the verified position."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(MINUTE)
        fault = made_up(certhia_world, log, 400)
        log.hooks.append(fault)
        await bench.clock.sleep(5 * MINUTE)
        assert bench.status.position > 400
        log.hooks.clear()
        fill(certhia_world, log, 10)
        await bench.clock.sleep(HOUR)
        bench.check()
    assert bench.rewinds == 1


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_l11_a_log_that_is_begun_at_a_giant_head_is_begun_anew(certhia_world: World, kind: Protocol) -> None:
    """ "Now" was nowhere: where the log has taken that head back, it is followed from its real end."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 300)
    log.hooks.append(giant_tree(10**9))
    bench = Bench(certhia_world, log, Origin(Point("now")), reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(2 * HOUR)
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
        fill(certhia_world, log, 10)
        await bench.clock.sleep(HOUR)
        bench.check(300)


WIRES = [endless(), throttle(1), cut(1000)]


@pytest.mark.parametrize("fault", WIRES, ids=["endless", "drip", "cut"])
@in_simulated_time
async def test_l12_endless_body(certhia_world: World, fault: Fault) -> None:
    """A body that never ends, drips or breaks is an error of that request; nothing of it is kept."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 300)
    fault.endpoints = frozenset({"get-entries"})
    log.hooks.append(fault)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(10 * MINUTE)
        assert (bench.read(), bool(bench.status.trouble)) == ([], True)
        assert bench.budget.used <= 64 << 20
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
    bench.check()


async def test_l12_endless_body_on_a_real_wire(certhia_world: World) -> None:
    """It is cut off at the cap, however fast it comes: no more is held than that."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 300)
    log.hooks.append(endless())
    async with certhia_world.serve():
        http = Http(clock=Clock(), user_agent="test")
        with pytest.raises(RemoteError, match="more than the"):
            await http.get(f"{log.url}ct/v1/get-entries?start=0&end=63", cap=4 << 20, timeout=30)
        assert http.bytes_in <= 6 << 20
        await http.close()


@pytest.mark.parametrize("nested", [False, True])
@in_simulated_time
async def test_l13_gzip_bomb(certhia_world: World, nested: bool) -> None:
    """Unpacked bytes are counted while they come: no more than the cap is held, and 1 MiB for all else."""
    log = make(certhia_world, Protocol.STATIC)
    fill(certhia_world, log, 512)
    log.hooks.append(bomb(1 << 30, nested=nested))
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        with at_most(UNPACKED + (1 << 20)):
            await bench.clock.sleep(10 * MINUTE)
        assert (bench.read(), bench.status.health) == ([], Health.FAILED)
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
    bench.check()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make_fault", [page_of_html, packed_404], ids=["html", "packed 404"])
@in_simulated_time
async def test_l14_lying_headers(certhia_world: World, kind: Protocol, make_fault: Callable[[], Fault]) -> None:
    """An error, told with at most 200 characters of what came, and tried again."""
    log = make(certhia_world, kind)
    fill(certhia_world, log, 512)
    log.hooks.append(make_fault())
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(20 * MINUTE)
        assert bench.read() == []
        assert bench.status.trouble.isprintable()
        assert len(bench.status.trouble) < 600
        log.hooks.clear()
        await bench.clock.sleep(3 * HOUR)
    bench.check()


@pytest.mark.parametrize("header", ["", "1000000000", "-1", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"])
@in_simulated_time
async def test_l15_throttled(certhia_world: World, header: str) -> None:
    """Whatever the refusal says about when: the log is read at 90 % of what it allows, with at most 2 % refusals.

    Who asks for years of silence is left alone for ten minutes each time, and so is read slower."""
    log = make(certhia_world, Protocol.RFC6962, max_get_entries=8)
    limit = RateLimit(certhia_world.clock, rate=2, burst=4, retry_after=header)
    fill(certhia_world, log, 8 * 2 * 2400)
    log.hooks.append(limit)
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(1000)
        refused, allowed = limit.refused, limit.allowed
        await bench.clock.sleep(1000)
    assert (limit.allowed - allowed) / (2 * 1000) >= (0.9 if header != "1000000000" else 0.0)
    assert (limit.refused - refused) / max(limit.allowed - allowed, 50) <= 0.02
    assert bench.status.health is Health.HEALTHY


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://169.254.169.254/", "https://elsewhere.test/"])
@in_simulated_time
async def test_l16_redirected(certhia_world: World, target: str) -> None:
    """Not followed: nobody else is asked anything."""
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 100)
    log.hooks.append(redirected(target))
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(10 * MINUTE)
        assert all(url.startswith(log.url) for url in bench.wire.asked)
        assert bench.status.health is Health.FAILED
        log.hooks.clear()
        await bench.clock.sleep(2 * HOUR)
    bench.check()


@in_simulated_time
async def test_l17_gone_partial(certhia_world: World) -> None:
    """A partial tile that is gone is had from the full one; a log that stands still is asked for no tile at all."""
    log = make(certhia_world, Protocol.STATIC, drop_partials=True)
    fill(certhia_world, log, 300)
    log.hooks.append(gone_partials(log))
    bench = Bench(certhia_world, log, reading=Reading(patience=0))
    async with bench.following():
        await bench.clock.sleep(5 * MINUTE)
        fill(certhia_world, log, 400)
        await bench.clock.sleep(HOUR)
        bench.check()
        tiles = bench.wire.count("tile/")
        await bench.clock.sleep(HOUR)
        assert bench.wire.count("tile/") == tiles


@in_simulated_time
async def test_l15_errors_that_count_against_the_limit(certhia_world: World) -> None:
    """5xx between the refusals are failures of their requests, not reasons to ask faster."""
    log = make(certhia_world, Protocol.RFC6962, max_get_entries=32)
    limit = RateLimit(certhia_world.clock, rate=4, burst=4)
    fill(certhia_world, log, 32 * 4 * 600)
    log.hooks += [limit, fail(503, every=10, endpoints=["get-entries"])]
    bench = Bench(certhia_world, log)
    async with bench.following():
        await bench.clock.sleep(1800)
    assert limit.refused / limit.allowed <= 0.05
    assert bench.read() == list(range(len(bench.read())))
    assert len(bench.read()) > 32 * 4 * 300
