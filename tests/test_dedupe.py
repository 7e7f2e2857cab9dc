"""What was seen before, in bounded memory."""

from __future__ import annotations

from certhia.clock import Clock
from certhia.dedupe import Seen


class Hand(Clock):
    """A clock moved by hand."""

    time = 0.0

    def monotonic(self) -> float:
        return self.time


def test_a_key_is_new_once() -> None:
    seen = Seen(10, 60, Hand())
    assert [seen.add(b"a"), seen.add(b"a"), seen.add(b"b")] == [True, False, True]
    assert seen.hit_rate == 1 / 3


def test_keys_are_forgotten_after_their_time_unless_they_keep_coming() -> None:
    clock = Hand()
    seen = Seen(10, 60, clock)
    seen.add(b"a")
    seen.add(b"b")
    clock.time = 50
    assert not seen.add(b"a")
    clock.time = 100
    assert not seen.add(b"a")
    assert seen.add(b"b")


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    seen = Seen(3, 60, Hand())
    for key in (b"a", b"b", b"c", b"a", b"d"):
        seen.add(key)
    assert len(seen) == 3
    assert not seen.add(b"a")
    assert seen.add(b"b")


def test_looking_changes_nothing() -> None:
    clock = Hand()
    seen = Seen(10, 60.0, clock)
    assert b"a" not in seen
    assert seen.add(b"a")
    assert b"a" in seen
    assert (seen.hits, seen.misses) == (0, 1)


def test_fewer_may_be_remembered_from_now_on() -> None:
    clock = Hand()
    seen = Seen(10, 60, clock)
    for key in (b"a", b"b", b"c"):
        seen.add(key)
    seen.resize(2, 5)
    assert (b"a" in seen, b"b" in seen, len(seen)) == (False, True, 2)
    clock.time = 6
    assert b"b" not in seen
