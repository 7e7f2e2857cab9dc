from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from certhia.scanner.conversation import Conversation, Extend, Wait
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.polling import poller
from certhia.scanner.slots import Limit
from certhia.scanner.talks import Talks
from certhia.scanner.timers import Timers
from certhia.scanner.wires import Wires


@pytest.fixture
def talks() -> Iterator[Talks]:
    polled, timers = poller(), Timers()
    yield Talks(Wires(polled, timers, Limit(10), None, None, lambda _: None), timers, 10.0)
    polled.close()


def pause(seconds: float) -> Conversation[str]:
    yield Wait(seconds)
    return "done"


def endless() -> Conversation[str]:
    while True:
        yield Wait(0.0)


def test_counts_and_knows_what_comes_next(talks: Talks) -> None:
    talks.now = 100.0
    assert (len(talks), talks.next()) == (0, None)
    talks.begin("a", pause(3.0))
    talks.begin("b", pause(30.0))
    assert (len(talks), talks.next()) == (2, 103.0)
    talks.now = 103.0
    talks.see_to_waiting()
    assert [(outcome.key, outcome.value, outcome.seconds) for outcome in talks.outcomes] == [("a", "done", 3.0)]
    assert (len(talks), talks.next(), talks.done) == (1, 110.0, 1)


def test_deadlines_end_what_waits_too_long(talks: Talks) -> None:
    talks.begin("a", pause(30.0))
    talks.now = 10.0
    talks.see_to_waiting()
    assert str(talks.outcomes[0].failure) == "timeout at connect"
    assert len(talks) == 0


def test_a_deadline_can_begin_anew(talks: Talks) -> None:
    def long() -> Conversation[str]:
        yield Wait(8.0)
        yield Extend()
        yield Wait(8.0)
        yield Wait(8.0)
        return "never"

    talks.begin("a", long())
    for moment in (8.0, 16.0):
        talks.now = moment
        talks.see_to_waiting()
        assert talks.outcomes == []
    talks.now = 18.0
    talks.see_to_waiting()
    assert str(talks.outcomes[0].failure) == "timeout at connect"


def test_something_else_may_begin_where_a_deadline_ended(talks: Talks) -> None:
    """What was found until then is kept."""

    def parts() -> Conversation[list[str]]:
        told = []
        for part in ("page", "prints"):
            yield Extend()
            try:
                yield Wait(30.0)
            except Expired:
                told.append(part)
        return told

    talks.begin("a", parts())
    for moment in (10.0, 20.0):
        assert talks.outcomes == []
        talks.now = moment
        talks.see_to_waiting()
    assert [(one.value, one.failure) for one in talks.outcomes] == [(["page", "prints"], None)]
    assert len(talks) == 0


def test_one_that_says_much_lets_others_speak(talks: Talks) -> None:
    """A conversation that never waits goes on in the next turn, and its deadline holds."""

    def chatter() -> Conversation[None]:
        while True:
            try:
                yield "no step"  # type: ignore[misc]
            except ScanFailure as failure:
                if failure.kind != "defect":
                    raise

    talks.now = 1.0
    talks.begin("a", chatter())
    assert talks.next() == 1.0
    talks.now = 12.0
    talks.see_to_waiting()
    talks.see_to_waiting()
    assert [outcome.failure and outcome.failure.kind for outcome in talks.outcomes] == ["timeout"]


def test_a_failure_leaves_nothing_for_the_garbage_collector(talks: Talks) -> None:
    class Held:
        pass

    held = weakref.WeakValueDictionary[int, Held]()

    def failing(number: int) -> Conversation[None]:
        here = held[number] = Held()
        try:
            yield Wait(100.0)
        except ScanFailure as failure:
            del here
            raise ScanFailure("closed") from failure

    gc.disable()
    try:
        for number in range(3):
            talks.begin(number, failing(number))
        talks.now = 11.0
        talks.see_to_waiting()
        assert [str(outcome.failure) for outcome in talks.outcomes] == ["closed"] * 3
        assert len(held) == 0
    finally:
        gc.enable()


def test_all_are_cut_off_at_once(talks: Talks) -> None:
    def clinging() -> Conversation[None]:
        try:
            yield Wait(5.0)
        finally:
            raise ZeroDivisionError

    talks.begin("a", endless())
    talks.begin("b", clinging())
    talks.cut_all()
    kinds = {outcome.key: outcome.failure.kind for outcome in talks.outcomes if outcome.failure}
    assert kinds == {"a": "stopped", "b": "defect"}
    talks.see_to_waiting()
    assert len(talks.outcomes) == 2
