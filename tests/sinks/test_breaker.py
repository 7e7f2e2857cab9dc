"""A breaker opens after some failures in a row, lets one through after a while, and closes with an answer."""

from __future__ import annotations

import pytest

from certhia.errors import Throttled
from certhia.sinks.breaker import FAILURES, FIRST, LONGEST, Breaker, Breakers
from certhia.testing import SimClock


def opened(clock: SimClock) -> Breaker:
    breaker = Breakers().of("a.example:443", clock)
    for number in range(FAILURES):
        assert breaker.circuit.state == "closed"
        breaker.enter()
        breaker.failed(f"reason {number}")
    return breaker


def test_open_half_open_closed() -> None:
    clock = SimClock()
    breaker = opened(clock)
    assert breaker.circuit.state == "open"
    assert breaker.circuit.since == pytest.approx(clock.now())
    with pytest.raises(
        Throttled, match=r"a\.example:443 is not asked for .*: it failed 5 times in a row.*reason 4"
    ) as e:
        breaker.enter()
    assert e.value.retry_after == pytest.approx(FIRST, rel=0.11)
    clock.advance(1.2 * FIRST)
    assert breaker.circuit.state == "half-open"
    breaker.enter()
    with pytest.raises(Throttled):
        breaker.enter()  # one is enough
    breaker.done()
    assert breaker.circuit == Breaker("a.example:443", clock).circuit
    breaker.enter()


def test_the_pause_doubles_to_a_bound_and_who_leaves_lets_another_try() -> None:
    clock = SimClock()
    breaker = opened(clock)
    pause = FIRST
    for _ in range(8):
        clock.advance(1.2 * pause)
        breaker.enter()
        breaker.left()
        breaker.enter()
        breaker.failed("still")
        pause = min(2 * pause, LONGEST)
        with pytest.raises(Throttled) as caught:
            breaker.enter()
        assert caught.value.retry_after == pytest.approx(pause, rel=0.11)


def test_each_host_has_one() -> None:
    clock, breakers = SimClock(), Breakers()
    assert breakers.of("b:1", clock) is breakers.of("b:1", clock) is not breakers.of("a:1", clock)
    assert [circuit.host for circuit in breakers.circuits] == ["a:1", "b:1"]
