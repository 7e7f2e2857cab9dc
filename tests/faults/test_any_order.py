"""Faults in any order, over several logs at once: what is promised holds after each step.

`HYPOTHESIS_PROFILE=soak pytest tests/faults/test_any_order.py` takes an hour over it, other sequences each time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from tests.logs.bench import Bench, fill, make

from certhia._core import Edge
from certhia.logs.reading import Reading
from certhia.model import Protocol
from certhia.testing import FakeLog, SimClock, SimulatedLoop, World
from certhia.testing.faults import FAULTS, NamedFault
from certhia.testing.installs import Heal

# What is not here is the list's (L21 to L23), takes more memory than a sequence of them should (L13, L18), or is no
# server's doing (D05).
ELSEWHERE = {"L13", "L18", "L21", "L22", "L23", "D02", "D05"}
PASSING = [fault for fault in FAULTS if fault.heals and fault.id not in ELSEWHERE]
CONTRADICTING = [fault for fault in FAULTS if fault.id in {"L04", "L05", "L08", "L11"}]
LASTING = [fault for fault in FAULTS if not fault.heals and fault not in CONTRADICTING and fault.id not in ELSEWHERE]
KINDS = {"argon": Protocol.RFC6962, "tuscolo": Protocol.STATIC, "hetu": Protocol.HYBRID, "willow": Protocol.STATIC}
FALSE = "argon"
WELL = "willow"  # nothing ever happens to it: what the others have must cost it nothing
ILL = tuple(name for name in KINDS if name != WELL)
MEMORY = 64_000_000
READING = Reading(patience=0, poll_static=60, poll_rfc6962=60, verify_entries=64)
MINUTE = 60.0
HEALING = 5 * 3600.0  # seconds after which a log that is well again is read: an hour is the longest pause between tries
REQUESTS = 0.5  # a second, over an hour, that a log is asked at most, whatever it answers


class AnyOrder(RuleBasedStateMachine):
    """Four logs, each with its follower, in simulated time."""

    faults: Bundle[tuple[FakeLog, NamedFault, Heal]] = Bundle("faults")

    def __init__(self) -> None:
        super().__init__()
        self.clock = SimClock()
        self.loop = SimulatedLoop(self.clock)
        self.world = World(self.clock)
        self.benches: dict[str, Bench] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.heals: list[Heal] = []
        self.false: set[str] = set()  # logs that contradict themselves, or may
        for name, kind in KINDS.items():
            log = make(self.world, kind, name)
            fill(self.world, log, 300)
            self.benches[name] = Bench(self.world, log, reading=READING, memory=MEMORY)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    def passes(self, seconds: float) -> None:
        self.run(self.clock.sleep(seconds))

    @initialize()
    def begin(self) -> None:
        for name, bench in self.benches.items():
            self.tasks[name] = self.loop.create_task(bench.follower.run())
        self.passes(MINUTE)

    @rule(target=faults, name=st.sampled_from(ILL), fault=st.sampled_from(PASSING))
    def falls_ill(self, name: str, fault: NamedFault) -> Any:
        log = self.world.logs[name]
        if log.protocol not in fault.kinds:
            return multiple()
        heal = fault.install(self.world, log)
        assert heal is not None
        self.heals.append(heal)
        return log, fault, heal

    @rule(name=st.sampled_from(ILL), fault=st.sampled_from(LASTING))
    def takes_in(self, name: str, fault: NamedFault) -> None:
        fault.install(self.world, self.world.logs[name])

    @rule(fault=st.sampled_from(CONTRADICTING))
    def contradicts_itself(self, fault: NamedFault) -> None:
        name = FALSE if FALSE not in self.false else "tuscolo"
        log = self.world.logs[name]
        if log.protocol in fault.kinds:
            fault.install(self.world, log)
            self.false.add(name)

    @rule(had=consumes(faults))
    def is_well_again(self, had: tuple[FakeLog, NamedFault, Heal]) -> None:
        self._heal(had[2])

    def _heal(self, heal: Heal) -> None:
        self.heals.remove(heal)
        heal()

    @rule(name=st.sampled_from(tuple(KINDS)), count=st.integers(1, 400))
    def grows(self, name: str, count: int) -> None:
        fill(self.world, self.world.logs[name], count)

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        before = {name: len(bench.wire.asked) for name, bench in self.benches.items()}
        self.passes(minutes * MINUTE)
        for name, bench in self.benches.items():  # I7
            asked = len(bench.wire.asked) - before[name]
            assert asked <= REQUESTS * max(minutes * MINUTE, 3600.0), f"{name}: {asked} requests in {minutes} min"

    @invariant()
    def nothing_is_trusted_unverified(self) -> None:
        for bench in self.benches.values():
            end = None
            for step in bench.steps:  # I2, and I1 of what is proven: no gap, no overlap
                assert end is None or step.start == end
                end = step.end
                assert step.end <= step.head.size
                assert Edge(step.end, step.edge).root() == bench.log.tree.root(step.end)
                assert step.head.root == bench.log.tree.root(step.head.size)
            assert bench.status.verified == (end or 0)
            assert bench.status.verified <= bench.status.position or bench.status.start is None
            read = bench.read()
            assert read == list(range(len(read)))  # I1: each once, in order

    @invariant()
    def everything_is_bounded_and_alive(self) -> None:
        for bench in self.benches.values():
            assert bench.budget.used <= MEMORY  # I5
        for name, task in self.tasks.items():
            assert not task.done(), f"{name}: {task}"  # I9
        if self.tasks:
            well = self.benches[WELL]
            assert well.status.failures == 0  # I6
            assert well.status.alarms == []

    def teardown(self) -> None:
        try:
            for heal in list(self.heals):
                self._heal(heal)
            if self.tasks:
                self.passes(HEALING)
                for bench in self.benches.values():
                    fill(self.world, bench.log, 1)
                self.passes(HEALING)
                self.nothing_is_trusted_unverified()
                for name, bench in self.benches.items():  # I1: all of it, after all
                    if name not in self.false:
                        assert bench.status.verified == bench.log.size, f"{name}: {bench.status.trouble}"
                        assert bench.read() == list(range(bench.log.size))
                        assert bench.status.frozen == ""
        finally:
            for task in self.tasks.values():
                task.cancel()
            self.run(self._ended())
            self.loop.close()

    async def _ended(self) -> None:
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


HOUSE = os.environ.get("HYPOTHESIS_PROFILE", "house") == "house"
TestAnyOrder = AnyOrder.TestCase
if HOUSE:
    TestAnyOrder.settings = settings(max_examples=12, stateful_step_count=12)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 if HOUSE else 0)]
