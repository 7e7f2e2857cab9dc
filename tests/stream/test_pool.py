"""What waits for all clients together."""

from __future__ import annotations

from tests.stream.test_client import block

from certhia.stream.pool import Pool


def test_a_block_counts_once_however_many_wait_for_it() -> None:
    one, other = block(0), block(0)
    pool = Pool(len(one.data))
    assert pool.fits(one)
    pool.hold(one)
    pool.hold(one)
    assert pool.held == len(one.data)
    assert pool.fits(one)
    assert not pool.fits(other), "of the same bytes, yet another one"
    pool.give(one)
    assert pool.held == len(one.data)
    pool.give(one)
    assert pool.held == 0
    assert pool.fits(other)
