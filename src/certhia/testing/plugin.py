"""The pytest plugin: fixtures `certhia_clock`, `certhia_world`, `certhia_ca` and `simulated`.

It is loaded into every test run on a machine that has Certhia, so it imports nothing until a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from certhia.testing import CA, SimClock, World

T = TypeVar("T")


@pytest.fixture
def certhia_clock() -> SimClock:
    """A simulated clock that stands at `certhia.testing.START`."""
    from certhia.testing.simulated import SimClock  # noqa: PLC0415

    return SimClock()


@pytest.fixture
def certhia_world(certhia_clock: SimClock) -> World:
    """An empty `World` on `certhia_clock`, the same each time."""
    from certhia.testing.world import World  # noqa: PLC0415

    return World(certhia_clock)


@pytest.fixture
def certhia_ca(certhia_world: World) -> CA:
    """The CA of `certhia_world`."""
    return certhia_world.ca


@pytest.fixture
def simulated(certhia_clock: SimClock) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Runs a coroutine in simulated time by `certhia_clock`: `simulated(main())`."""
    from certhia.testing.simulated import run_simulated  # noqa: PLC0415

    def run(main: Coroutine[Any, Any, T]) -> T:
        return run_simulated(main, clock=certhia_clock)

    return run
