"""Results as CSV."""

from __future__ import annotations

import csv
import io

from tests.scanner.report.conftest import MAKE

from certhia.model import RuleHit
from certhia.scanner.records import Failure, Found, Result, Target
from certhia.scanner.report.csv import COLUMNS, HEADER, row
from certhia.scanner.report.leaf import leaves


def cells(result: Result) -> dict[str, str]:
    leaf = leaves()(result.served.certificates[0]) if result.served is not None else None
    (read,) = csv.DictReader(io.StringIO(HEADER + row(result, leaf)))
    assert [*read] == [*COLUMNS]
    return read


def test_a_row(everything: Result) -> None:
    shown = cells(everything)
    assert shown["timestamp"] == "2025-10-09T08:53:20.500Z"
    assert shown["names"] == "www.example.com;*.example.org"
    assert shown["verdicts"] == "mismatched:high;wildcard:info"
    assert (shown["error"], shown["step"], shown["version"], shown["chain"]) == ("timeout", "http", "TLS 1.2", "1")
    assert (shown["subject"], shown["key"], shown["rules"]) == ("www.example.com", "ec P-256", "example.com")


def test_a_target_that_showed_nothing(failed: Result) -> None:
    shown = cells(failed)
    assert (shown["target"], shown["ip"], shown["port"], shown["error"]) == (
        "192.0.2.0/24",
        "192.0.2.9",
        "8443",
        "refused",
    )
    assert (shown["sha256"], shown["names"], shown["chain"]) == ("", "", "")


def test_no_formula_and_no_further_line(make: MAKE) -> None:
    hostile = "=cmd|'/c calc'!A1\n\x1b[2J"
    text = row(
        make(
            target=Target(hostile, None, None, "192.0.2.7", 1),
            names=(Found(hostile, "san"),),
            failure=Failure("alert", "", hostile),
        ),
        None,
    )
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert ",=" not in text


def test_a_name_stays_one_name(make: MAKE) -> None:
    names = (Found("a.example;b.example", "san"), Found("c.example", "san"), Found("c.example", "cn"))
    hit = RuleHit("/a;b/", "a.example;b.example", "san", "regex")
    shown = cells(make(names=names, failure=Failure("alert"), hits=(hit,)))
    assert shown["names"] == r"a.example\x3bb.example;c.example"
    assert shown["rules"] == r"/a\x3bb/"
