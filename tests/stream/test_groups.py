"""Groups of clients that want the same."""

from __future__ import annotations

from certhia._core import Filter
from certhia.stream.forms import Wanted
from certhia.stream.groups import Group, Plan, form_of, is_filtered
from certhia.testing import World


def test_a_shape_is_what_the_core_serialises() -> None:
    one, other = Group(Wanted("full", "calidog", True)), Group(Wanted("full", "calidog", True, framing="sse"))
    assert one.shape == other.shape == ("full", "calidog", True)
    assert type(form_of(one.shape)).__name__ == "Form"


def test_what_it_takes_is_asked_once() -> None:
    world = World()
    log = world.rfc6962("one", operator="Ops").model
    group = Group(Wanted(operators=("ops",)))
    assert group.takes(log)
    assert group.takes(log)
    assert not Group(Wanted(operators=("else",))).takes(log)


def test_who_sees_the_same_entries() -> None:
    few = Filter(kind="precert")
    one = Group(Wanted("full", framing="sse", filter=few, dedupe=True)), Group(Wanted(filter=few, dedupe=True))
    others = Group(Wanted(dedupe=True)), Group(Wanted(dedupe=True, logs=("a",))), Group(Wanted(filter=few))
    assert one[0].scope == one[1].scope
    assert len({group.scope for group in (*one, *others)}) == 4
    assert others[2].scope is None
    assert len(Plan((*one, *others)).scopes) == 3


def test_filters_and_orders() -> None:
    assert not is_filtered(Group(Wanted()))
    assert is_filtered(Group(Wanted(filter=Filter(kind="precert"))))


def test_a_plan_knows_who_wants_what() -> None:
    lite, proven = Group(Wanted()), Group(Wanted("full", order="proof", dedupe=True))
    few = Group(Wanted(filter=Filter(kind="precert")))
    plan = Plan((lite, proven, few), None, [[few]])
    assert plan.plain == {"arrival": (lite,), "proof": (proven,)}
    assert [sorted(one) for one in (plan.orders, plan.chosen, plan.fresh)] == [
        ["arrival", "proof"],
        ["arrival"],
        ["proof"],
    ]
    assert plan.chains
    empty = Plan()
    assert (empty.groups, empty.orders, empty.plain, empty.chains) == ((), frozenset(), {}, False)
