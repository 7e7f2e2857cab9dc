"""What may be stored, and what surely isn't."""

from __future__ import annotations

import random

from certhia.store.familiar import LEAST, Familiar


def test_nothing_that_was_added_is_missed_and_few_others_are_taken_for_it() -> None:
    chance = random.Random(1)
    digests = [chance.randbytes(32) for _ in range(20_000)]
    familiar = Familiar()
    for digest in digests[:10_000]:
        familiar.add(digest)
    familiar.complete = True
    assert all(map(familiar.may_have, digests[:10_000]))
    assert sum(map(familiar.may_have, digests[10_000:])) < 10


def test_until_it_is_complete_anything_may_be_stored() -> None:
    familiar = Familiar()
    assert familiar.may_have(b"anything")
    familiar.complete = True
    assert not familiar.may_have(b"anything")


def test_it_is_made_for_what_there_is() -> None:
    assert len(Familiar(0)._bits) * 8 == LEAST
    assert 48_000_000 <= len(Familiar(1_000_000)._bits) * 8 < 96_000_000
    assert len(Familiar(10**9)._bits) == 16 << 20
