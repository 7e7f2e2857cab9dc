"""Loading lists again is shown by tests/test_pipeline.py as well, with a whole pipeline around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from certhia.clock import utc
from certhia.errors import RemoteError
from certhia.logs.lists import Loaded
from certhia.logs.select import Choice
from certhia.quantity import Point
from certhia.refreshing import Refreshing
from certhia.testing import SimClock, in_simulated_time

LOADED = Loaded((), (), complete=True, as_of=utc(0))


@dataclass
class Lists:
    """Sources that know nothing, or fail."""

    error: Exception | None = None
    loads: int = 0

    async def load(self) -> Loaded:
        self.loads += 1
        if self.error is not None:
            raise self.error
        return LOADED


@dataclass
class Rig:
    clock: SimClock
    sources: Lists = field(default_factory=Lists)
    applied: list[Loaded] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    adopted: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts = SimpleNamespace(
            clock=self.clock,
            sources=self.sources,
            refresh=100.0,
            choice=Choice(),
            origin=Point("now"),
            tell=lambda text, *, level="info": self.told.append(f"{level}: {text}"),
        )
        roster = SimpleNamespace(adopt=lambda choice, origin: self.adopted.append((choice, origin)))
        self.refreshing = Refreshing(cast("Any", self.parts), cast("Any", roster), self.apply)

    async def apply(self, loaded: Loaded) -> None:
        self.applied.append(loaded)


@in_simulated_time
async def test_lists_are_loaded_again_as_often_as_is_asked(certhia_clock: SimClock) -> None:
    rig = Rig(certhia_clock)
    with pytest.raises(TimeoutError):
        async with certhia_clock.deadline(250):
            await rig.refreshing.keep(0)
    assert rig.sources.loads == len(rig.applied) == 2


@in_simulated_time
async def test_lists_that_cant_be_had_change_nothing(certhia_clock: SimClock) -> None:
    rig = Rig(certhia_clock, Lists(RemoteError("gone")))
    with pytest.raises(TimeoutError):
        async with certhia_clock.deadline(50):
            await rig.refreshing.keep(1)
    assert rig.applied == []
    assert rig.told == ["warning: the log lists could not be loaded, the last ones stay in use: gone"]


@in_simulated_time
async def test_a_fault_costs_one_load(certhia_clock: SimClock) -> None:
    rig = Rig(certhia_clock, Lists(LookupError("ours")))
    with pytest.raises(RemoteError, match="LookupError: ours"):
        await rig.refreshing.now()


@in_simulated_time
async def test_other_lists(certhia_clock: SimClock) -> None:
    rig, other, choice = Rig(certhia_clock), Lists(), Choice(deny=("x",))
    await rig.refreshing.relist(cast("Any", other), choice, Point("beginning"), LOADED)
    assert rig.parts.sources is other
    assert rig.adopted == [(choice, Point("beginning"))]
    assert rig.applied == [LOADED]
    await rig.refreshing.now()
    assert (other.loads, rig.sources.loads) == (1, 0)
