from __future__ import annotations

from certhia.scanner.cache import Cache
from certhia.testing import SimClock


def test_what_was_put_is_there_until_its_time() -> None:
    clock = SimClock()
    cache: Cache[int] = Cache(10, clock)
    cache.put("a", 1, 5)
    clock.advance(4.9)
    assert cache.get("a") == 1
    clock.advance(0.2)
    assert cache.get("a") is None
    assert cache.get("b") is None


def test_what_was_put_first_makes_room() -> None:
    cache: Cache[int] = Cache(4, SimClock())
    for number, key in enumerate("abab"):
        cache.put(key, number, 5)
    assert [cache.get(key) for key in "ab"] == [2, 3]
    for number, key in enumerate("cde"):
        cache.put(key, number, 5)
    assert [cache.get(key) for key in "abcde"] == [None, None, 0, 1, 2]
    assert len(cache) <= 4


def test_what_is_put_again_is_the_new_value() -> None:
    cache: Cache[int] = Cache(4, SimClock())
    for key, value in (("a", 1), ("b", 2), ("c", 3), ("a", 4)):
        cache.put(key, value, 5)
    assert cache.get("a") == 4


def test_never_more_than_so_many() -> None:
    cache: Cache[int] = Cache(100, SimClock())
    for number in range(1000):
        cache.put(str(number), number, 5)
        assert 50 <= len(cache) <= 100 or number < 50
        assert cache.get(str(number)) == number
