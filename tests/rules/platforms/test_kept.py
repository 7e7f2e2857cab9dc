"""The last scopes that were good, as the state has them."""

from __future__ import annotations

import pytest

from certhia.rules.platforms.kept import Kept, read, write
from certhia.rules.platforms.records import Ruled, Scope

KEPT = Kept(
    {
        "a": Scope("a", "Acme", (Ruled("below", "acme.example"),), (Ruled("exact", "x.acme.example"),)),
        "b": Scope("b", "Beta \u00fc", platform="other"),
    },
    5.5,
    emptied=True,
)


def test_there_and_back() -> None:
    assert read(write(KEPT)) == KEPT
    assert KEPT.count == 2


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "null",
        "[]",
        "{}",
        "x",
        '{"version": 2}',
        '{"version": 1, "at": 1, "emptied": false, "scopes": [5]}',
        write(KEPT).replace('"below"', '"regex"'),
        write(KEPT).replace('"below"', '"all"'),
        "[" * 100_000,
    ],
)
def test_what_is_not_ours_is_none(text: str | None) -> None:
    assert read(text) is None
