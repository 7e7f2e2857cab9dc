"""Shapes of output."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from tests.core.archives import members
from tests.scanner.report.conftest import MAKE

from certhia.errors import ConfigError
from certhia.scanner.records import Found, Result, Served
from certhia.scanner.report import formats
from certhia.scanner.report.formats import STREAMED, Texts
from certhia.scanner.report.leaf import leaves
from certhia.scanner.report.page import page
from certhia.scanner.report.tlsxtractor import connection

CORPUS = Path(os.environ.get("CERTHIA_CORPUS", Path(__file__).resolve().parents[3].parent / "shared" / "corpus"))


def corpus() -> Iterator[tuple[str, bytes]]:
    found = False
    for archive in ("certificates.tar.zst", "hostile.tar.zst"):
        if (CORPUS / archive).exists():
            found = True
            for number, (name, der) in enumerate(islice(members(CORPUS / archive), 6000)):
                if number % 20 == 0 and len(der) <= 100_000:
                    yield name, der
    if not found:
        pytest.skip("the corpus is not there")


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


@pytest.mark.parametrize("origin", ["https://192.0.2.9/a-b", "192.0.2.9:2525/smtp", "192.0.2.9/32", "192.0.2.9-9"])
def test_one_address_is_shown_however_it_is_written(failed: Result, origin: str) -> None:
    alone = failed._replace(target=failed.target._replace(origin=origin))
    assert "refused" in Texts("human", leaves()).of([alone])


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


def test_certificates_of_all_kinds_can_be_told_in_every_format(make: MAKE) -> None:
    """Some of the corpus, hostile ones too."""
    leaf = leaves()
    forms = [Texts(name, leaf) for name in STREAMED]
    for name, der in corpus():
        result = make(served=Served(0x0303, 0xC02F, None, None, (der, der[:100])))
        for form in forms:
            assert all(line.isprintable() for line in form.of([result]).splitlines()), name
        assert json.dumps(connection(result)), name
        assert all(line.isprintable() for line in page(result).splitlines()), name


def test_only_csv_has_a_header() -> None:
    assert [name for name in STREAMED if formats.header(name)] == ["csv"]
