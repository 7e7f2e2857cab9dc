"""After a loss a log's rows are in doubt, until it shows an entry younger than the run."""

from __future__ import annotations

from tests.stream.histories import START, A, B, a_page

from certhia.stream import doubt
from certhia.stream.doubt import Doubt, Run
from certhia.stream.index import Index, Loss
from certhia.stream.packing import Reach
from certhia.stream.records import DOUBTFUL


def after(sound: int | None) -> Doubt:
    index = Index()
    index.reach({A.id: Reach(10)})
    return Doubt(index, Run(START, sound))


def test_nothing_is_in_doubt_where_nothing_was_lost() -> None:
    of = after(None)
    assert of.page(A.id, a_page(A, 10, 12)) == of.proof(A.id, 0) == 0


def test_until_an_entry_is_younger() -> None:
    of = after(5)
    late = START + doubt.SKEW + 1
    assert of.page(A.id, a_page(A, 10, 12)) == DOUBTFUL
    assert of.page(B.id, a_page(B, 10, 12)) == DOUBTFUL
    assert of.proof(A.id, 10) == DOUBTFUL
    assert of.page(A.id, a_page(A, 12, 14, at=late)) == 0
    assert of.page(A.id, a_page(A, 14, 16)) == 0  # it has been cleared
    assert (of.proof(A.id, 11), of.proof(A.id, 12)) == (DOUBTFUL, 0)
    assert of.page(B.id, a_page(B, 12, 14)) == DOUBTFUL


def test_a_log_with_a_slow_clock_is_not_in_doubt_for_ever() -> None:
    of = after(5)
    assert of.page(A.id, a_page(A, 10 + doubt.MOST - 1, 10 + doubt.MOST)) == DOUBTFUL
    assert of.page(A.id, a_page(A, 10 + doubt.MOST, 11 + doubt.MOST)) == 0


def test_a_loss_counts_once() -> None:
    index = Index()
    for _ in range(2):
        index.lose(Loss(3, 4, START))
    index.lose(Loss(3, 6, START + 1))
    assert index.losses == [Loss(3, 4, START), Loss(3, 6, START + 1)]
