from __future__ import annotations

from certhia.testing.cache import Cache


def test_keeps_what_fits_and_drops_what_was_unused_longest() -> None:
    cache = Cache(10)
    cache.put("a", b"1234")
    cache.put("b", b"1234")
    assert cache.get("a") == b"1234"
    cache.put("c", b"1234")
    assert (cache.get("a"), cache.get("b"), cache.get("c"), cache.nbytes) == (b"1234", None, b"1234", 8)


def test_a_key_is_counted_once() -> None:
    cache = Cache(10)
    cache.put("a", b"12345678")
    cache.put("a", b"12")
    assert (cache.get("a"), cache.nbytes) == (b"12", 2)


def test_what_is_too_large_is_given_back_and_not_kept() -> None:
    cache = Cache(3)
    assert cache.put("a", b"1234") == b"1234"
    assert (cache.get("a"), cache.nbytes) == (None, 0)
