"""Questions that are asked again."""

from __future__ import annotations

import pytest

from certhia.errors import BadAnswer, Lagging, Throttled
from certhia.logs.patience import TRIES, patiently
from certhia.testing import SimClock, World, in_simulated_time


@in_simulated_time
async def test_refusals_are_waited_for(certhia_world: World) -> None:
    answers: list[Exception | int] = [Throttled("later"), Lagging("not yet"), 7]

    async def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert isinstance(certhia_world.clock, SimClock)
    begun = certhia_world.clock.monotonic()
    assert await patiently(ask, certhia_world.clock) == 7
    assert certhia_world.clock.monotonic() - begun > 2


@in_simulated_time
async def test_not_for_ever_and_not_for_everything(certhia_world: World) -> None:
    asked: list[Exception] = []

    def failing(error: Exception) -> None:
        asked.append(error)
        raise error

    async def lags() -> None:
        failing(Lagging("not yet"))

    async def lies() -> None:
        failing(BadAnswer("nonsense"))

    with pytest.raises(Lagging):
        await patiently(lags, certhia_world.clock)
    assert len(asked) == TRIES
    with pytest.raises(BadAnswer):
        await patiently(lies, certhia_world.clock)
    assert len(asked) == TRIES + 1
