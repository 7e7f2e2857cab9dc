"""What a client may ask for in a while."""

from __future__ import annotations

from certhia.stream.budget import Budget
from certhia.testing import SimClock, run_simulated


def test_some_at_once_then_one_a_second() -> None:
    async def main(clock: SimClock) -> None:
        budget, began, at = Budget(clock, 3, 1.0), clock.monotonic(), list[float]()
        for _ in range(6):
            await budget.spend()
            at.append(clock.monotonic() - began)
        assert at == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]
        await clock.sleep(100.0)
        began = clock.monotonic()
        for _ in range(4):
            await budget.spend()
        assert clock.monotonic() - began == 1.0

    clock = SimClock()
    run_simulated(main(clock), clock=clock)
