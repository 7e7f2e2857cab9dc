from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from certhia.cli import collector


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_searches_are_seldom_while_starting_and_usual_afterwards() -> None:
    usual = gc.get_threshold()
    collector.begin()
    assert gc.get_threshold()[0] == collector.SELDOM
    collector.settle()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > 1000


def test_a_process_of_somebody_else_is_left_alone() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    collector.settle()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_searches_stay_seldom_where_nothing_is_fetched() -> None:
    collector.begin()
    collector.settle(fetching=False)
    assert gc.get_threshold()[0] == collector.SELDOM
    assert gc.get_freeze_count() > 1000
