"""Pages that wait to be proven: cut where the proof ends, bounded, forgotten where they come again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.stream.rig import arrival

from certhia._core import Issuers, Source
from certhia.stream import notices
from certhia.stream.blocks import Sheet
from certhia.stream.waiting import Lost, Waiting
from certhia.testing import World


@pytest.fixture
def sheets() -> list[Sheet]:
    """Entries 0 to 9, 10 to 19 and 20 to 29 of a log."""
    world = World()
    log = world.rfc6962("one")
    world.grow(30)
    source, issuers = Source(log.id, "one", log.url, "rfc6962"), Issuers()
    pages = [arrival(world, log, start, start + 10, issuers).page for start in (0, 10, 20)]
    return [Sheet(log.model, source, page, 1.0, 0) for page in pages]


def spans(sheets: list[Sheet]) -> list[tuple[int, int]]:
    return [(one.page.first, one.page.end) for one in sheets]


def test_what_is_proven_comes_in_order_cut_where_the_proof_ends(sheets: list[Sheet]) -> None:
    waiting = Waiting(1 << 30, list[Lost]().append)
    for sheet in sheets:
        waiting.add(sheet)
    log_id = sheets[0].log.id
    assert waiting.proven(b"other", 100) == []
    first = waiting.proven(log_id, 15)
    assert spans(first) == [(0, 10), (10, 15)]
    assert {(one.order, one.verified) for one in first} == {("proof", 15)}
    assert waiting.proven(log_id, 15) == []
    assert spans(waiting.proven(log_id, 40)) == [(15, 20), (20, 30)]
    assert waiting.held == 0


def test_beyond_the_bound_the_oldest_are_let_go(sheets: list[Sheet]) -> None:
    lost: list[Lost] = []
    waiting = Waiting(sum(one.page.nbytes for one in sheets[1:]), lost.append)
    for sheet in sheets:
        waiting.add(sheet)
    log_id = sheets[0].log.id
    assert spans([one.sheet for one in lost]) == [(0, 10)]
    assert spans(waiting.proven(log_id, 30)) == [(10, 20), (20, 30)]


@dataclass
class Counting:
    """A page of one entry that counts how often it is asked for its size."""

    first: int
    asked: list[int]

    @property
    def end(self) -> int:
        return self.first + 1

    @property
    def nbytes(self) -> int:
        self.asked.append(self.first)
        return 1000


def test_a_page_that_is_let_go_costs_the_same_however_many_wait(sheets: list[Sheet]) -> None:
    """Counted are looks at sizes of pages: two for each page, one when it comes and one when it goes."""
    for most in (10, 1000):
        lost: list[Lost] = []
        waiting, asked = Waiting(most * 1000, lost.append), list[int]()
        for number in range(most + 50):
            log = replace(sheets[0].log, id=bytes([number % 3]) * 32)
            page: Any = Counting(number, asked)
            waiting.add(replace(sheets[0], log=log, page=page))
        assert len(lost) == 50
        assert len(asked) == most + 50 + 50
        assert waiting.held == most * 1000


def test_one_page_larger_than_all(sheets: list[Sheet]) -> None:
    lost: list[Lost] = []
    waiting = Waiting(1, lost.append)
    waiting.add(sheets[0])
    assert (len(lost), waiting.held) == (1, 0)
    assert waiting.proven(sheets[0].log.id, 10) == []


def test_logs_that_prove_nothing_are_not_waited_for(sheets: list[Sheet]) -> None:
    waiting = Waiting(1 << 30, list[Lost]().append)
    waiting.add(sheets[0])
    waiting.unprovable(sheets[0].log.id)
    waiting.add(sheets[1])
    assert waiting.held == 0
    assert waiting.proven(sheets[0].log.id, 0) == []
    waiting.add(sheets[0])
    assert spans(waiting.proven(sheets[0].log.id, 30)) == [(0, 10)]


def test_what_comes_again_is_forgotten(sheets: list[Sheet]) -> None:
    waiting = Waiting(1 << 30, list[Lost]().append)
    waiting.add(sheets[0])
    waiting.rewound(sheets[0].log.id)
    waiting.rewound(b"other")
    assert waiting.held == 0
    waiting.add(sheets[1])
    assert spans(waiting.proven(sheets[0].log.id, 30)) == [(10, 20)]


def test_a_frozen_log_is_not_waited_for_and_that_is_told(sheets: list[Sheet]) -> None:
    lost: list[Lost] = []
    waiting, log_id = Waiting(1 << 30, lost.append), sheets[0].log.id
    waiting.add(sheets[0])
    waiting.frozen(log_id)
    waiting.add(sheets[1])
    assert spans([one.sheet for one in lost]) == [(0, 10), (10, 20)]
    assert {one.reason for one in lost} == {notices.FROZEN}
    assert waiting.held == 0
    waiting.rewound(log_id)
    waiting.add(sheets[0])
    assert (waiting.held, len(lost)) == (0, 3)
    waiting.thawed(log_id)
    for sheet in sheets:
        waiting.add(sheet)
    assert spans(waiting.proven(log_id, 30)) == spans(sheets)
    assert len(lost) == 3
