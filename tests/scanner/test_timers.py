from __future__ import annotations

from certhia.scanner.conversation import Conversation, Wait
from certhia.scanner.slots import OVER, Slot
from certhia.scanner.timers import EXPIRE, LATE, WAKE, Timers


def slot() -> Slot:
    def talk() -> Conversation[None]:
        yield Wait(1)

    return Slot("key", talk(), 0.0, 10.0)


def test_in_order_and_not_before_their_time() -> None:
    timers, first, second = Timers(), slot(), slot()
    assert timers.next() is None
    timers.set(3.0, second, WAKE)
    timers.set(2.0, first, LATE)
    assert timers.next() == 2.0
    assert list(timers.due(1.9)) == []
    assert list(timers.due(5.0)) == [(first, LATE), (second, WAKE)]


def test_what_no_longer_means_anything_is_left_out() -> None:
    timers, moved, over = Timers(), slot(), slot()
    timers.set(1.0, moved, LATE)
    timers.set(1.0, moved, EXPIRE)
    timers.set(1.0, over, EXPIRE)
    moved.turn += 1
    over.state = OVER
    assert list(timers.due(2.0)) == [(moved, EXPIRE)]
