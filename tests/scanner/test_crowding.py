from __future__ import annotations

from certhia.scanner.conversation import Connect, Conversation, Wait
from certhia.scanner.crowding import Crowding
from certhia.scanner.slots import Slot


def slot() -> Slot:
    def talk() -> Conversation[None]:
        yield Wait(1)

    return Slot("key", talk(), 0.0, 10.0)


def test_one_address_has_so_many_and_the_next_waits() -> None:
    crowding, one, two, three = Crowding(2), slot(), slot(), slot()
    where = Connect("192.0.2.1", 443)
    assert [crowding.enter(each, where) for each in (one, two, three)] == [True, True, False]
    assert crowding.waiting == 1
    assert crowding.enter(slot(), Connect("192.0.2.2", 443))
    assert crowding.leave(one) == [three]
    assert crowding.waiting == 0
    assert crowding.enter(three, where)


def test_a_name_is_counted_besides_its_addresses() -> None:
    crowding, one, two = Crowding(1), slot(), slot()
    assert crowding.enter(one, Connect("192.0.2.1", 443, "example.com"))
    assert not crowding.enter(two, Connect("192.0.2.2", 443, "example.com"))
    assert crowding.leave(one) == [two]


def test_who_gave_up_is_passed_over() -> None:
    crowding, one, gone, last = Crowding(1), slot(), slot(), slot()
    where = Connect("192.0.2.1", 443)
    assert [crowding.enter(each, where) for each in (one, gone, last)] == [True, False, False]
    gone.turn += 1
    assert crowding.leave(one) == [last]
