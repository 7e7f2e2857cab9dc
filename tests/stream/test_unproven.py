"""Nothing is sent twice of a log that goes back, but what differs; and little memory is kept for that."""

from __future__ import annotations

from tests.stream.histories import A, B, a_page

from certhia._core import Page
from certhia.stream.unproven import Unproven


def spans(pages: list[Page]) -> list[tuple[int, int]]:
    return [(page.first, page.end) for page in pages]


def test_what_comes_again_is_new_where_it_differs() -> None:
    unproven = Unproven()
    assert spans(unproven.fresh(A.id, a_page(A, 10, 20))) == [(10, 20)]
    assert spans(unproven.fresh(A.id, a_page(A, 20, 30))) == [(20, 30)]
    assert spans(unproven.fresh(A.id, a_page(A, 10, 30))) == []
    other = a_page(A, 5, 35, version=lambda index: int(index in {12, 13, 29}))
    assert spans(unproven.fresh(A.id, other)) == [(5, 10), (12, 14), (29, 35)]
    assert spans(unproven.fresh(A.id, a_page(A, 10, 35))) == [(12, 14), (29, 30)]
    assert spans(unproven.fresh(B.id, a_page(B, 10, 30))) == [(10, 30)]


def test_what_is_proven_is_forgotten() -> None:
    unproven = Unproven()
    unproven.fresh(A.id, a_page(A, 0, 20))
    unproven.proven(A.id, 15)
    unproven.proven(B.id, 15)
    assert unproven._held == 5 * 32
    assert spans(unproven.fresh(A.id, a_page(A, 15, 25))) == [(20, 25)]
    unproven.proven(A.id, 99)
    assert unproven._held == 0
    assert spans(unproven.fresh(A.id, a_page(A, 99, 100))) == [(99, 100)]
    unproven.forget(A.id)
    assert spans(unproven.fresh(A.id, a_page(A, 99, 100))) == [(99, 100)]


def test_it_is_bounded() -> None:
    unproven = Unproven(100 * 32)
    for first in range(0, 400, 20):
        for log in (A, B):
            unproven.fresh(log.id, a_page(log, first, first + 20))
            assert unproven._held <= 100 * 32
    assert spans(unproven.fresh(A.id, a_page(A, 390, 401))) == [(400, 401)]
    assert spans(unproven.fresh(A.id, a_page(A, 0, 5))) == [(0, 5)]
    assert spans(unproven.fresh(A.id, a_page(A, 900, 905))) == [(900, 905)]
