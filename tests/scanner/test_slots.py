from __future__ import annotations

import resource

from certhia.scanner.slots import MAX_TARGETS, START, Limit, file_limit


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[1]), before[1]))
        assert 1 <= file_limit() <= MAX_TARGETS
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_grows_to_the_most_and_no_further() -> None:
    limit = Limit(2000)
    assert limit.now == START
    for _ in range(10):
        limit.grow(0.0)
    assert limit.now == 2000


def test_what_was_asked_for_is_had_at_once() -> None:
    assert Limit(5000, fixed=True).now == 5000


def test_shrinks_when_nothing_is_left_and_is_careful_for_a_while() -> None:
    limit = Limit(2000, fixed=True)
    limit.shrink(100.0, 160)
    assert limit.now == 150
    limit.grow(105.0)
    assert limit.now == 150
    limit.grow(111.0)
    assert limit.now == 300
    limit.shrink(200.0, 0)
    assert limit.now == 1
