"""Matches that are told are probed when their time comes, by whichever process is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.library.probed_servers import LOCAL, looking, match_of
from tests.rig import LIST, Rig, Sheet
from tests.scanner.tls_servers import authority, context, tls_server
from tests.store.conftest import Book

from certhia.clock import iso
from certhia.config import load
from certhia.library import probing as module
from certhia.library.assembly import Given, assemble
from certhia.library.looking import Looked, Looking
from certhia.library.probed import STAGES
from certhia.library.probing import Probing, names_of
from certhia.model import Delivery, Match, RuleHit, SinkClosed
from certhia.pipeline import Pipeline
from certhia.quantity import Point
from certhia.rules.watchlist import Watchlist
from certhia.sinks.message import noted
from certhia.store import State, probes
from certhia.store.place import Place
from certhia.store.probes import Probe
from certhia.testing import SimClock, World, in_simulated_time

NAME = "www.example.com"


class Notes(Sheet):
    """A sink that takes records."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.noted: list[dict[str, Any]] = []
        self.error = error

    async def note(self, record: Mapping[str, object]) -> None:
        if self.error is not None:
            raise self.error
        self.noted.append(dict(record))


class Bench:
    """A state with matches, and what probes them: one process after another."""

    def __init__(self, folder: Path, clock: SimClock, port: int, stages: Sequence[str] = tuple(STAGES)) -> None:
        self.folder, self.clock, self.port, self.stages = folder, clock, port, stages
        self.names: dict[str, list[str]] = {NAME: [LOCAL]}
        self.notes = Notes()
        self.said: list[str] = []
        self.looking: Looking = looking(clock, self.names)
        self.state: State
        self.probing: Probing
        self.task: asyncio.Task[None]

    async def __aenter__(self) -> Bench:
        self.state = await State.open(self.folder, clock=self.clock, follow=True)
        say = lambda text, **_: self.said.append(text)  # noqa: E731
        self.probing = Probing(
            self.state, self.looking, self.stages, [self.notes], clock=self.clock, tell=say, port=self.port
        )
        (work,) = self.probing.works().values()
        self.task = asyncio.get_running_loop().create_task(self._run(work))
        return self

    async def _run(self, work: Any) -> None:
        await work(0)

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.probing.close()
        await self.state.close()

    async def tell(self, *matches: Match) -> None:
        """As the outbox does."""
        self.state.writer.log(Book().log)
        for match in matches:
            self.state.writer.match(match, [self.probing.name])
        await self.state.writer.durable()
        await self.probing.send(await self.state.pending(self.probing.name))

    def outcomes(self) -> list[tuple[str, str]]:
        return [(one["stage"], one["outcome"]) for one in self.notes.noted]


@in_simulated_time
async def test_it_is_asked_at_each_moment_and_told(certhia_clock: SimClock, tmp_path: Path) -> None:
    _, issued = authority()
    begun = certhia_clock.now()
    with tls_server(context()) as port:
        async with Bench(tmp_path, certhia_clock, port) as bench:
            bench.names.clear()  # not in the DNS yet
            await bench.tell(match_of([NAME], at=begun))
            await certhia_clock.sleep(100)
            assert bench.outcomes() == [("now", "unresolved")]
            bench.names[NAME] = [LOCAL]
            await certhia_clock.sleep(86_400)
            found = await probes.findings(bench.state, 1)
    assert bench.outcomes() == [("now", "unresolved"), ("5m", "served"), ("1h", "served"), ("1d", "served")]
    assert [(probe.stage, one.outcome) for probe, one in found] == [
        (STAGES[stage], outcome) for stage, outcome in bench.outcomes()
    ]
    last = bench.notes.noted[-1]
    assert last["event"] == "probe"
    assert (last["name"], last["port"], last["address"], last["sha256"]) == (NAME, port, LOCAL, issued.sha256.hex())
    assert (last["id"], last["at"]) == (match_of([NAME]).key.hex(), iso(begun + 86_400))
    assert bench.said[0] == f"probe: {NAME}:{port} does not resolve (NXDOMAIN)"
    assert bench.said[1] == f"probe: {NAME}:{port} serves this certificate at {LOCAL}, 5m after it was logged"


@in_simulated_time
async def test_moments_that_are_over_are_one(certhia_clock: SimClock, tmp_path: Path) -> None:
    now = certhia_clock.now()
    with tls_server(context()) as port:
        async with Bench(tmp_path, certhia_clock, port) as bench:
            await bench.tell(match_of([NAME], 0, at=now - 3700), match_of([NAME], 1, at=now + 1e12))
            await certhia_clock.sleep(90_000)
    stages = [stage for stage, _ in bench.outcomes()]
    assert sorted(stages) == ["1d", "1d", "1h", "1h", "5m", "now"]


@in_simulated_time
async def test_what_waits_goes_on_after_a_restart(certhia_clock: SimClock, tmp_path: Path) -> None:
    with tls_server(context()) as port:
        async with Bench(tmp_path, certhia_clock, port, ["5m", "1h"]) as bench:
            await bench.tell(match_of([NAME], at=certhia_clock.now()))
        await certhia_clock.sleep(1000)  # nobody is there
        async with Bench(tmp_path, certhia_clock, port) as bench:
            await certhia_clock.sleep(3600)
            assert bench.outcomes() == [("5m", "served"), ("1h", "served")]
            await bench.probing.send(await bench.state.pending("probe"))  # as a repeat
            assert await probes.waiting(bench.state) == 1  # a moment that was not asked for before


@in_simulated_time
async def test_an_address_is_asked_once_a_minute_by_the_next_process_too(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    begun = certhia_clock.now()
    with tls_server(context()) as port:
        async with Bench(tmp_path, certhia_clock, port, ["now"]) as bench:
            bench.names["a.example.org"] = [LOCAL]
            await bench.tell(match_of([NAME, "a.example.org"], at=begun))
            await certhia_clock.sleep(10)
            assert [one["name"] for one in bench.notes.noted] == [NAME]
        async with Bench(tmp_path, certhia_clock, port) as bench:
            bench.names["a.example.org"] = [LOCAL]
            await bench.tell(match_of([NAME], 1, at=certhia_clock.now()))
            await certhia_clock.sleep(30)
            assert bench.notes.noted == []
            await certhia_clock.sleep(300)
            times = sorted({one["at"] for one in bench.notes.noted})
    assert len(times) == len(bench.notes.noted) >= 2
    assert times[0] >= iso(begun + 60)


class Killed(Looking):
    """Looks, and is cut off before anything is written down."""

    async def look(self, probes: Sequence[Probe]) -> Looked:
        await super().look(probes)
        raise asyncio.CancelledError


@in_simulated_time
async def test_a_kill_in_the_middle_loses_none(certhia_clock: SimClock, tmp_path: Path) -> None:
    with tls_server(context()) as port:
        bench = Bench(tmp_path, certhia_clock, port, ["now"])
        bench.looking.__class__ = Killed
        async with bench:
            await bench.tell(match_of([NAME], at=certhia_clock.now()))
            await asyncio.wait([bench.task])
            assert (bench.outcomes(), await probes.waiting(bench.state)) == ([], 1)
        async with Bench(tmp_path, certhia_clock, port) as bench:
            await certhia_clock.sleep(5)
            assert bench.outcomes() == [("now", "served")]


@pytest.mark.parametrize("error", [SinkClosed(), OSError(28, "No space left on device")])
@in_simulated_time
async def test_a_sink_that_fails_costs_no_finding(certhia_clock: SimClock, tmp_path: Path, error: Exception) -> None:
    with tls_server(context()) as port:
        async with Bench(tmp_path, certhia_clock, port, ["now"]) as bench:
            bench.notes.error = error
            await bench.tell(match_of([NAME], at=certhia_clock.now()))
            await certhia_clock.sleep(5)
            assert len(await probes.findings(bench.state, 1)) == 1
    assert any("kept in the state alone" in text for text in bench.said) == isinstance(error, OSError)


@in_simulated_time
async def test_what_gives_way_is_told(certhia_clock: SimClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MAX_WAITING", 3)
    async with Bench(tmp_path, certhia_clock, 443, ["1h", "1d"]) as bench:
        await bench.tell(*(match_of([NAME], index, at=certhia_clock.now()) for index in range(3)))
    assert bench.said == [
        "3 probes gave way to others: more than 3 wait; give --probe fewer moments, or watch for less"
    ]


@in_simulated_time
async def test_the_end_of_a_run_waits_for_what_is_due_and_says_what_is_left(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    with tls_server(context()) as port:
        async with Bench(tmp_path, certhia_clock, port, ["now", "1h"]) as bench:
            begun, logged = certhia_clock.monotonic(), certhia_clock.now()
            await bench.tell(match_of([NAME], at=logged))
            await bench.probing.finish()
            assert bench.outcomes() == [("now", "served")]
            assert certhia_clock.monotonic() < begun + 60
            await bench.probing.finish()  # there is nothing to wait for
            await bench.probing.farewell()
    assert bench.said[-1] == (
        f"1 probe still waits, until {iso(logged + 3600)[:19].replace('T', ' ')} or later, for a run with --probe: "
        "`certhia probes --waiting` shows what for"
    )


@in_simulated_time
async def test_the_end_of_a_run_has_a_minute(certhia_clock: SimClock, tmp_path: Path) -> None:
    async def never(_: Sequence[Probe]) -> Looked:
        await certhia_clock.sleep(1e6)
        return Looked([], [])

    async with Bench(tmp_path, certhia_clock, 443, ["now"]) as bench:
        bench.looking.look = never  # type: ignore[method-assign, assignment]
        begun = certhia_clock.monotonic()
        await bench.tell(match_of([NAME], at=certhia_clock.now()))
        await bench.probing.finish()
        assert certhia_clock.monotonic() == begun + module.LAST
        await bench.probing.farewell()
    assert bench.said[-1].startswith("1 probe still waits, until ")


def test_names_that_can_be_asked() -> None:
    match = match_of(["*.b.example", "a.example", "A.example.", "*", "f*.example", "192.0.2.1"])
    hits = (RuleHit("r", "CN=x", "issuer", "issuer"), RuleHit("r", "a.example", "san", "exact"))
    assert names_of(replace(match, hits=hits)) == ["a.example", "b.example", "192.0.2.1"]
    assert names_of(replace(match, hits=(), names=("a" * 254, "b" * 253))) == ["b" * 253]


@in_simulated_time
async def test_names_of_one_certificate_are_bounded(certhia_clock: SimClock, tmp_path: Path) -> None:
    async with Bench(tmp_path, certhia_clock, 443, ["1h"]) as bench:
        await bench.tell(match_of([f"{number}.example.com" for number in range(100)], at=certhia_clock.now()))
        assert await probes.waiting(bench.state) == module.MAX_NAMES


class Probed(Rig):
    """A pipeline that probes what it tells."""

    port = 443

    def build(self, state: State) -> Pipeline:
        names = {f"host{number}.example.com": [LOCAL] for number in range(2)}
        looks, self.notes = looking(self.clock, names), Notes()
        self.probing = Probing(state, looks, ["now"], [self.notes], clock=self.clock, tell=self.say, port=self.port)
        self.sinks = [self.sheet, self.probing]
        self.works, self.last = self.probing.works(), self.probing.finish
        return super().build(state)


@in_simulated_time
async def test_a_pipeline_that_probes(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.static("one")
    certhia_world.grow(2)
    rig = Probed(certhia_world, tmp_path)
    with tls_server(context()) as rig.port:
        await rig.run(100)
    await rig.check()
    assert {one["name"]: one["outcome"] for one in rig.notes.noted} == {
        "host0.example.com": "other",
        "host1.example.com": "other",
    }


@in_simulated_time
async def test_a_run_that_ends_by_itself_asks_what_is_due(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.static("one")
    certhia_world.grow(2)
    rig = Probed(certhia_world, tmp_path)
    with tls_server(context()) as rig.port:
        rig.reading = replace(rig.reading, until=Point("now"))
        await rig.run(100)
    assert [one["outcome"] for one in rig.notes.noted] == ["other"]  # one address, one ask a minute
    assert {one["name"] for one in rig.notes.noted} <= {"host0.example.com", "host1.example.com"}


@in_simulated_time
async def test_the_settings_turn_it_on_and_it_never_looks_inwards(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(certhia_world.ca.issue([], [LOCAL, "10.0.0.7"]))
    log.publish()
    values = {"logs.log_list": [LIST], "read.from": "0", "watch.probe": ["now"], "scan.allow_private": True}
    file = tmp_path / "certhia.toml"
    sink = f'type = "file"\npath = "{tmp_path}/found.jsonl"\n'
    file.write_text(f'[sinks.found]\n{sink}events = ["probe"]\n')
    sheet = Notes()
    given = Given(
        rules=lambda: Watchlist.load(["127.0.0.0/8"]),
        sinks=[sheet],
        stream=lambda _: None,
        place=Place(tmp_path / "state"),
        clock=certhia_world.clock,
        tell=lambda *_, **__: None,
        transport=certhia_world.transport(latency=0.01),
    )
    async with AsyncExitStack() as stack:
        pipeline = await assemble(load(values, file, {"HOME": str(tmp_path)}), given, stack)
        async with asyncio.TaskGroup() as group:
            group.create_task(pipeline.run())
            await certhia_world.clock.sleep(60)
            pipeline.stop()
    assert {one["name"]: one["outcome"] for one in sheet.noted} == {LOCAL: "policy", "10.0.0.7": "policy"}
    assert all(isinstance(one, Delivery) for one in sheet.told)
    found = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert {(one["type"], one["name"], one["outcome"]) for one in found} == {
        ("probe", LOCAL, "policy"),
        ("probe", "10.0.0.7", "policy"),
    }
    assert len({noted(one).id for one in found}) == 2, "each has an id of its own"
    assert all("is not asked" in one["text"] for one in found)
