"""What the two ways to run a module have in common."""

from __future__ import annotations

from certhia.modules.crew import Member
from certhia.modules.local import Local
from certhia.modules.runner import Done, Runner


def test_both_ways_are_one() -> None:
    wanted = {name for name in vars(Runner) if not name.startswith("_")}
    assert wanted <= {*dir(Local), "info", "has", "keys"}
    assert {name for name in wanted if callable(getattr(Runner, name))} <= {*dir(Member)}


def test_a_call_that_was_in_time() -> None:
    assert not Done([], 0.1).late
