"""Wishes for older entries: whose rules alone they are for."""

from __future__ import annotations

import pytest

from certhia.logs.wishes import MAX_OWNERS, owners_of, read, setting, written
from certhia.store.backfills import Backfill

OWNERS = frozenset({("Acme", "hackerone"), ("Beta", "mine")})


def test_there_and_back() -> None:
    assert read(written(OWNERS)) == sorted(OWNERS)
    assert read(None) == ()
    assert read("") == ()
    assert setting(Backfill(b"\x01" * 32, 7, "beginning", False, 0.0)) == f"backfill:{'01' * 32}:7"


def test_none_is_for_all() -> None:
    assert owners_of(None) == frozenset()
    assert owners_of([["Acme", "hackerone"], ["Beta", "mine"]]) == OWNERS


@pytest.mark.parametrize("asked", ["x", 5, {}, [["a"]], [5], [["a", "b"]] * (MAX_OWNERS + 1)])
def test_what_is_no_list_of_programmes(asked: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        owners_of(asked)
