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
    assert len(cache) == 0
    assert cache.get("b") is None


def test_the_one_put_first_makes_room() -> None:
    cache: Cache[int] = Cache(2, SimClock())
    cache.put("a", 1, 5)
    cache.put("b", 2, 5)
    cache.put("a", 3, 5)
    cache.put("c", 4, 5)
    assert [cache.get(key) for key in "abc"] == [3, None, 4]
    assert len(cache) == 2
