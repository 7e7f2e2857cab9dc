"""Who may come in: in all, of an address, of an address a second."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from certhia.stream import gate
from certhia.stream.gate import Bounds, Gate, Slot
from certhia.testing import SimClock

ONE, OTHER = ip_address("192.0.2.1"), ip_address("192.0.2.2")


def entered(one: Slot | str) -> Slot:
    assert isinstance(one, Slot), one
    return one


def test_in_all() -> None:
    at = Gate(Bounds(total=2), SimClock())
    first = entered(at.enter(ONE))
    entered(at.enter(None))
    assert at.enter(OTHER) == gate.TOTAL
    at.leave(first)
    at.leave(first)
    entered(at.enter(OTHER))
    assert (at.inside, dict(at.refused)) == (2, {"total": 1})


def test_of_an_address() -> None:
    at = Gate(Bounds(per_address=2), SimClock())
    first = entered(at.enter(ONE))
    entered(at.enter(ONE))
    assert at.enter(ONE) == gate.ADDRESS
    entered(at.enter(OTHER))
    at.leave(first)
    entered(at.enter(ONE))


def test_a_network_of_ipv6_is_one_address() -> None:
    at = Gate(Bounds(per_address=1), SimClock())
    entered(at.enter(ip_address("2001:db8::1")))
    assert at.enter(ip_address("2001:db8::ffff")) == gate.ADDRESS
    entered(at.enter(ip_address("2001:db8:0:1::1")))


def test_of_an_address_a_second() -> None:
    clock = SimClock()
    at = Gate(Bounds(rate=2.0, burst=3), clock)

    def comes() -> bool:
        slot = at.enter(ONE)
        if isinstance(slot, Slot):
            at.leave(slot)
        return isinstance(slot, Slot)

    assert [comes() for _ in range(5)] == [True, True, True, False, False]
    clock.advance(0.5)
    assert [comes(), comes()] == [True, False]
    clock.advance(60.0)
    assert [comes() for _ in range(4)] == [True, True, True, False]
    assert at.inside == 0


def test_who_is_exempt_counts_for_the_total_alone() -> None:
    at = Gate(Bounds(total=5, per_address=1, rate=0.1, burst=1, exempt=(ip_network("192.0.2.0/24"),)), SimClock())
    slots = [entered(at.enter(ONE)) for _ in range(5)]
    assert at.enter(ONE) == gate.TOTAL
    for slot in slots:
        at.leave(slot)
    assert at.inside == 0


def test_who_comes_by_a_proxy_is_counted_for_its_own_address() -> None:
    at = Gate(Bounds(total=1, per_address=1), SimClock())
    entered(at.enter(None))
    slot = entered(at.enter(ONE, forwarded=True))
    assert at.enter(ONE, forwarded=True) == gate.ADDRESS
    at.leave(slot)
    assert at.inside == 1


def test_what_is_remembered_is_bounded() -> None:
    clock = SimClock()
    at = Gate(Bounds(total=1 << 30, rate=0.001, burst=2), clock)
    for number in range(gate.MAX_REMEMBERED + 100):
        at.leave(entered(at.enter(ip_address(number))))
    assert len(at._free_at) == gate.MAX_REMEMBERED
    clock.advance(5000.0)
    at.leave(entered(at.enter(ONE)))
    assert len(at._free_at) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_all_places_are_given_back(moves: list[tuple[int, bool]]) -> None:
    at, inside = Gate(Bounds(total=6, per_address=2, rate=1e6), SimClock()), list[Slot]()
    for number, comes in moves:
        if comes:
            slot = at.enter(ip_address(f"192.0.2.{number}"))
            inside += [slot] if isinstance(slot, Slot) else []
        elif inside:
            at.leave(inside.pop(number % len(inside)))
        assert at.inside == len(inside) <= 6
    for slot in inside:
        at.leave(slot)
    assert (at.inside, at._of) == (0, {})


def test_other_bounds_send_nobody_away() -> None:
    at = Gate(Bounds(total=2), SimClock())
    first, _ = entered(at.enter(ONE)), entered(at.enter(ONE))
    at.adopt(Bounds(total=1))
    assert at.inside == 2
    at.leave(first)
    assert at.enter(ONE) == gate.TOTAL
    at.adopt(Bounds(total=2, per_address=1))
    assert at.enter(ONE) == gate.ADDRESS
