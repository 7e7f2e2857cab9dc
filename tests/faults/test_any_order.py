"""Faults in any order, over several logs at once: each promise (I1 to I9) holds after each step.

`HYPOTHESIS_PROFILE=soak pytest tests/faults/test_any_order.py` takes an hour over it, other sequences each time.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from tests.faults import promises
from tests.faults.memory import Peak
from tests.faults.scene import ILL, KINDS, UNPACKED, WELL, Scene, Truth

from certhia.model import Protocol
from certhia.testing import hostile
from certhia.testing.faults import FAULTS, NamedFault, find
from certhia.testing.installs import Heal

CONTRADICTING = [fault for fault in FAULTS if fault.id in {"L04", "L05", "L08", "L11"}]
PASSING = [fault for fault in FAULTS if fault.heals]
LASTING = [fault for fault in FAULTS if not fault.heals and fault not in CONTRADICTING and fault.how is not None]
FALSE = ("argon", "tuscolo")  # those that may contradict themselves: the other one is to be read whole
MINUTE = 60.0
HEALING = 4200.0  # seconds after which a log that is well again is read: an hour is the longest pause between tries
MANY_NAMES = 500  # of a certificate: ten thousand are D02's own test


class AnyOrder(RuleBasedStateMachine):
    """Four logs and what succeeds them, followed by a whole pipeline, in simulated time."""

    faults: Bundle[tuple[Truth, Heal]] = Bundle("faults")

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.peak = Peak()
        self.heals: list[tuple[Truth, Heal]] = []
        self.before: dict[str, promises.Asked] = {}
        self.passed = 0.0

    @initialize()
    def begin(self) -> None:
        self.scene.begin()
        self.scene.passes(3 * MINUTE)

    # --- what befalls logs ---

    @rule(target=faults, name=st.sampled_from(ILL), some=st.lists(st.sampled_from(PASSING), min_size=1, max_size=3))
    def falls_ill(self, name: str, some: list[NamedFault]) -> Any:
        return multiple(*(had for fault in some if (had := self.has(name, fault)) is not None))

    def has(self, name: str, fault: NamedFault) -> tuple[Truth, Heal] | None:
        scene, truth = self.scene, self.scene.truth[name]
        if truth.log.protocol not in fault.kinds or (fault.id == "L21" and scene.list_ill_since is not None):
            return None
        first = len(truth.log.entries)
        heal = fault.install(scene.world, truth.log)
        assert heal is not None
        truth.watched.update(range(first, len(truth.log.entries)))
        truth.ill += 1
        if fault.id == "L21":
            scene.list_ill_since = scene.clock.monotonic()
            heal = self._list_is_well_again(heal)
        self.heals.append((truth, heal))
        return self.heals[-1]

    def _list_is_well_again(self, heal: Heal) -> Heal:
        def back() -> None:
            self.scene.list_ill_since = None
            heal()

        return back

    @rule(name=st.sampled_from(ILL), fault=st.sampled_from(LASTING))
    def takes_in(self, name: str, fault: NamedFault) -> None:
        world, truth = self.scene.world, self.scene.truth[name]
        log, first = truth.log, len(truth.log.entries)
        if log.final is not None:
            return
        if fault.id == "L18":
            hostile.huge(log, size=UNPACKED // 4, count=5)
            log.publish()
        elif fault.id == "D02":
            log.add(world.ca.issue([f"host{number}.example.com" for number in range(MANY_NAMES)]))
            log.publish()
        else:
            fault.install(world, log)
        self._note(truth, fault, first)

    def _note(self, truth: Truth, fault: NamedFault, first: int) -> None:
        """What is true of a log now that it has taken in entries from `first` on."""
        taken = range(first, len(truth.log.entries))
        if fault.id in {"L18", "L19", "D01"}:
            truth.unreadable.update(taken)
            if fault.id != "D01" and truth.log.protocol is not Protocol.RFC6962:  # those of its tile are hidden by it
                truth.unreadable.update(range(first - first % 256, taken.stop + 256))
        elif fault.id in {"D02", "D03"}:
            truth.watched.update(taken)
        elif fault.id == "L23":
            self.scene.adopt(self.scene.world.logs[f"{truth.log.name}-next"]).watched.add(0)

    @rule(fault=st.sampled_from(CONTRADICTING))
    def contradicts_itself(self, fault: NamedFault) -> None:
        truth = next((self.scene.truth[name] for name in FALSE if not self.scene.truth[name].false), None)
        if truth is not None and truth.log.protocol in fault.kinds:
            fault.install(self.scene.world, truth.log)
            truth.false = True

    @rule(had=consumes(faults))
    def is_well_again(self, had: tuple[Truth, Heal]) -> None:
        self._heal(*had)

    def _heal(self, truth: Truth, heal: Heal) -> None:
        self.heals.remove((truth, heal))
        heal()
        truth.ill -= 1

    @rule(name=st.sampled_from(tuple(KINDS)), count=st.integers(1, 400))
    def grows(self, name: str, count: int) -> None:
        self.scene.grow(name, count)

    # --- what befalls us ---

    @rule(times=st.integers(1, 2))
    def panics(self, times: int) -> None:
        """D05, as it comes out of the core: whichever ill log's page is next."""
        assert self.scene.rig.broken is not None
        self.scene.rig.broken.times = times

    @rule(refuses=st.booleans())
    def sink_refuses(self, refuses: bool) -> None:
        self.scene.sheet.refuses = refuses

    @rule()
    def starts_again(self) -> None:
        self.scene.stop()
        self.scene.begin()

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.scene.run(self.scene.settle())
        self.before, self.passed = promises.asked(self.scene), minutes * MINUTE
        self.scene.passes(self.passed)

    # --- what holds ---

    @invariant()
    def every_promise_holds(self) -> None:
        if self.scene.running:
            self.scene.run(self._holds())
            promises.i5_bounded(self.scene, self.peak)
        self.before, self.passed = {}, 0.0

    async def _holds(self) -> None:
        seen = await promises.look(self.scene)
        seen.before, seen.passed = self.before, self.passed
        for promise in promises.AFTER_EACH:
            await promise(self.scene, seen)
        for beside in promises.BESIDE:
            beside(self.scene, seen)

    def teardown(self) -> None:
        scene = self.scene
        try:
            if scene.running:
                for truth, heal in list(self.heals):
                    self._heal(truth, heal)
                scene.sheet.refuses = False
                scene.passes(HEALING)
                for name in list(scene.truth):
                    scene.grow(name, 1)
                scene.passes(HEALING)
                scene.run(promises.at_last(scene))
        finally:
            scene.close()


def test_each_of_them_beside_others() -> None:
    """All there are, four at a time, dealt out to the logs; then all heal."""
    machine = AnyOrder()
    try:
        machine.begin()
        bomb = machine.has("tuscolo", find("L13"))  # alone: nothing else answers in its place
        machine.grows("tuscolo", 300)
        machine.time_passes(12)
        machine.every_promise_holds()
        assert bomb is not None
        machine._heal(*bomb)
        for number, fault in enumerate(PASSING + LASTING):
            fits = [name for name in ILL if machine.scene.truth[name].log.protocol in fault.kinds]
            name = "hetu" if fault.id == "L23" else fits[number % len(fits)]  # it ends there
            if fault in PASSING:
                machine.has(name, fault)
            else:
                machine.takes_in(name, fault)
            machine.grows(name, 260)
            if number % 4 == 3:
                machine.panics(1)
                machine.sink_refuses(number % 8 == 3)
                machine.grows(WELL, 20)
                machine.time_passes(12)
                machine.every_promise_holds()
                for had in machine.heals[:-2]:
                    machine._heal(*had)
        for had in list(machine.heals):
            machine._heal(*had)
        machine.time_passes(40)
        for fault in CONTRADICTING:
            machine.contradicts_itself(fault)
            machine.grows("argon", 20)
            machine.time_passes(5)
            machine.every_promise_holds()
    finally:
        machine.teardown()


HOUSE = os.environ.get("HYPOTHESIS_PROFILE", "house") == "house"
TestAnyOrder = AnyOrder.TestCase
PHASES = (Phase.explicit, Phase.generate)  # to make a failing sequence shorter takes many minutes
if HOUSE:
    TestAnyOrder.settings = settings(max_examples=3, stateful_step_count=12, phases=PHASES)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 if HOUSE else 0)]
