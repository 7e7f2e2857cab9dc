"""Shapes of output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.scanner.report.conftest import MAKE

from certhia.errors import ConfigError
from certhia.scanner.records import Found, Result
from certhia.scanner.report import formats
from certhia.scanner.report.formats import STREAMED, Texts
from certhia.scanner.report.leaf import leaves


def test_each_result_is_a_line(make: MAKE, failed: Result) -> None:
    alone = failed._replace(target=failed.target._replace(origin="192.0.2.9:8443"))
    assert Texts("human", leaves()).of([make(), alone]).count("\n") == 2
    for name in ("jsonl", "csv"):
        text = Texts(name, leaves()).of([make(), failed])
        assert text.count("\n") == 2, name
    assert Texts("silent", leaves()).of([make()]) == ""
    shown = [json.loads(line) for line in Texts("jsonl", leaves()).of([make(), failed]).splitlines()]
    assert [one["ip"] for one in shown] == ["192.0.2.7", "192.0.2.9"]


def test_people_are_not_shown_where_nothing_is(make: MAKE, failed: Result) -> None:
    """Of a range, where that is nearly everywhere."""
    assert Texts("human", leaves()).of([failed, failed]) == ""


def test_each_name_once(make: MAKE) -> None:
    texts = Texts("domains", leaves())
    assert texts.of([make(), make()]) == "www.example.com\n*.example.org\n"
    assert texts.of([make(names=(Found("www.example.com", "csp"), Found("new.example", "csp")))]) == "new.example\n"


def test_names_are_not_remembered_for_ever(make: MAKE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "REMEMBERED", 1)
    texts = Texts("domains", leaves())
    texts.of([make()])
    assert texts.of([make(names=(Found("a.example", "san"),))]) == "a.example\n"
    assert texts.of([make(names=(Found("b.example", "san"),))]) == "b.example\n"
    assert texts.of([make(names=(Found("b.example", "san"),))]) == ""


def test_a_name_is_inert(make: MAKE) -> None:
    assert Texts("domains", leaves()).of([make(names=(Found("\x1b[2J\n", "san"),))]) == "\\x1b[2J\\n\n"


@pytest.mark.parametrize(
    "file, name",
    [("a.jsonl", "jsonl"), ("a.ndjson", "jsonl"), ("a.CSV", "csv"), ("a.txt", "domains"), ("a.json", "tlsxtractor")],
)
def test_by_the_name_of_a_file(file: str, name: str) -> None:
    assert formats.of(Path(file)) == name


def test_a_file_that_does_not_say() -> None:
    with pytest.raises(ConfigError, match=r"end it in \.jsonl"):
        formats.of(Path("results"))


def test_only_csv_has_a_header() -> None:
    assert [name for name in STREAMED if formats.header(name)] == ["csv"]
