"""What stands in JSON that anybody may have written."""

from __future__ import annotations

import json

import pytest

from certhia.rules.platforms.fields import MAX_LENGTH, Unreadable, at, check_some, first, number, rows, text

DOCUMENT = {"a": {"b": ["x"], "n": 5, "t": "word", "yes": True, "big": 10**30}, "long": "x" * 10_000}


def test_by_path() -> None:
    assert at(DOCUMENT, "a", "n") == 5
    assert at(DOCUMENT, "a", "x", "y") is None
    assert at([1], "a") is None
    assert at(None, "a") is None


@pytest.mark.parametrize("value", [1, "a", None, [], {}, True, 1.5])
def test_anything_may_stand_there(value: object) -> None:
    document = {"x": value}
    assert isinstance(text(document, "x"), str)
    assert isinstance(list(rows(document, "x")), list)
    assert number(document, "x") in (1, None)
    assert isinstance(first(document, "x", "y"), str)


def test_of_the_type_that_is_needed() -> None:
    assert text(DOCUMENT, "a", "t") == "word"
    assert text(DOCUMENT, "a", "n") == "5"
    assert text(DOCUMENT, "a", "yes") == ""
    assert text(DOCUMENT, "a", "big") == ""
    assert len(text(DOCUMENT, "long")) == MAX_LENGTH
    assert rows(DOCUMENT, "a", "b") == ["x"]
    assert first(DOCUMENT, "none", "long").startswith("xx")


def test_halves_of_characters() -> None:
    """JSON takes them; no URL, database or terminal does."""
    assert text(json.loads('{"a": "x\\ud800y \\u00e4"}'), "a") == "x\ufffdy \u00e4"


def test_rows_that_are_all_in_another_form() -> None:
    check_some([], lambda _: False, "x")
    check_some([None, {"id": 1}], lambda row: text(row, "id") != "", "x")
    with pytest.raises(Unreadable, match="x: none of 2 rows has in it what they had"):
        check_some([None, {"key": 1}], lambda row: text(row, "id") != "", "x")
