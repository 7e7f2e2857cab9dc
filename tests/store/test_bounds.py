"""What may wait for a sink, and the digest that has the rest."""

from __future__ import annotations

from dataclasses import replace

from tests.sinks.conftest import delivery

from certhia.model import RuleHit
from certhia.store.bounds import MOST_KEYS, NEWEST, OTHERS, Bounds, Digest, Waiting, row_digest, size_of


def test_a_queue_is_full_by_rows_or_by_bytes() -> None:
    waiting = Waiting(bounds=Bounds(rows=2, bytes=1000))
    waiting.add(100)
    assert (waiting.rows, waiting.full) == (1, False)
    waiting.add(100)
    assert (waiting.rows, waiting.full) == (2, True)
    waiting.take(1, 100)
    waiting.add(950)
    waiting.take(1, 0)
    assert (waiting.rows, waiting.full) == (1, True)


def test_a_digest_stays_open_until_half_is_free() -> None:
    waiting = Waiting(rows=10, bounds=Bounds(rows=10), open=Digest(11, "sink"))
    waiting.take(4, 0)
    assert waiting.close() is None
    waiting.take(1, 0)
    assert waiting.close() is waiting.closed[0]
    assert (waiting.open, waiting.full) == (None, False)
    assert waiting.close() is None


def test_a_digest_counts_and_is_bounded_and_comes_back_from_its_row() -> None:
    digest = Digest(7, "sink")
    for number in range(3 * MOST_KEYS):
        hit = RuleHit(f"rule{number}", f"name{number}", "san", "exact", f"programme{number % 3}")
        digest.add(replace(delivery(number % 200, hits=(hit,)).match, seen=float(number)))
    assert digest.count == 3 * MOST_KEYS
    assert (digest.since, digest.until) == (0.0, 3.0 * MOST_KEYS - 1)
    assert digest.programmes == {f"programme{number}": MOST_KEYS for number in range(3)}
    assert len(digest.rules) == MOST_KEYS + 1
    assert digest.rules[OTHERS] == 2 * MOST_KEYS
    assert digest.newest == [f"name{number}" for number in range(3 * MOST_KEYS - NEWEST, 3 * MOST_KEYS)]
    assert row_digest(digest.row(0)) == digest


def test_one_without_hits_or_names_counts_too() -> None:
    digest = Digest(1, "sink")
    digest.add(delivery(1, hits=(), names=()).match)
    assert (digest.count, digest.newest) == (1, [""])


def test_sizes_grow_with_what_is_told() -> None:
    small, large = delivery(1).match, delivery(1, names=tuple(f"host{n}.example" for n in range(1000))).match
    assert 500 < size_of(small) < 1500
    assert size_of(large) > 13_000
