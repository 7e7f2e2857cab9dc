"""How long what is not told yet has waited."""

from __future__ import annotations

from certhia.alarms.waiting import MOST, Queues, Waiting


def test_by_the_look_that_saw_it_first() -> None:
    waiting = Waiting()
    assert waiting.look(Queues(0, {}), 0.0) == {}
    assert waiting.look(Queues(5, {"a": 3}), 60.0) == {"a": 0.0}
    assert waiting.look(Queues(9, {"a": 3, "b": 7}), 120.0) == {"a": 60.0, "b": 0.0}
    assert waiting.look(Queues(9, {"a": 8, "b": 7}), 180.0) == {"a": 60.0, "b": 60.0}
    assert waiting.look(Queues(9, {}), 240.0) == {}


def test_what_an_earlier_run_left_waits_since_the_first_look() -> None:
    waiting = Waiting()
    waiting.look(Queues(500, {"a": 12}), 10.0)
    assert waiting.look(Queues(500, {"a": 12}), 400.0) == {"a": 390.0}


def test_few_looks_are_remembered() -> None:
    waiting = Waiting()
    waited = [waiting.look(Queues(1, {"a": 1}), float(look)) for look in range(3 * MOST)]
    assert waited[-1] == {"a": MOST - 1.0}
