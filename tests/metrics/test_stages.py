"""How long the core's threads work."""

from __future__ import annotations

from threading import Event

import pytest

from certhia.clock import Clock, Spent
from certhia.metrics.stages import Workers


def test_calls_are_counted_also_those_that_fail() -> None:
    spent = Spent()
    with Workers(2, spent, Clock()) as workers:
        assert workers.submit(divmod, 7, 2).result() == (3, 1)
        with pytest.raises(ZeroDivisionError):
            workers.submit(divmod, 1, 0).result()
    assert spent.times == 2
    assert spent.seconds >= 0.0


def test_what_waits() -> None:
    go, begun = Event(), Event()

    def work() -> None:
        begun.set()
        go.wait()

    with Workers(1, Spent(), Clock()) as workers:
        workers.submit(work)
        begun.wait()
        workers.submit(go.wait)
        assert workers.waiting == 1
        go.set()
