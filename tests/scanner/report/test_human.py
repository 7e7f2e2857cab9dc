"""Results for people."""

from __future__ import annotations

import re

from tests.scanner.report.conftest import MAKE

from certhia.model import RuleHit
from certhia.scanner.records import Failure, Found, Result, Target, Verdict
from certhia.scanner.report.human import line
from certhia.scanner.report.leaf import Leaf, leaves


def of(result: Result, *, color: bool = False) -> str:
    leaf = leaves()(result.served.certificates[0]) if result.served is not None else None
    return line(result, leaf, color=color)


def test_a_server(make: MAKE) -> None:
    assert (
        of(make()) == "192.0.2.7:443          www.example.com  TLS 1.2  www.example.com, *.example.org  Certhia Test\n"
    )


def test_with_verdicts_and_rules(everything: Result) -> None:
    text = of(everything)
    assert text.endswith("timeout at http  mismatched  wildcard  example.com\n")


def test_nothing_there(failed: Result) -> None:
    assert of(failed) == "192.0.2.9:8443         refused at connect\n"


def test_a_name_without_an_address(failed: Result) -> None:
    target = Target("gone.example", None, "gone.example", "", 443)
    text = of(failed._replace(target=target, failure=Failure("dns", "", "NXDOMAIN")))
    assert text == "(none):443             gone.example  dns: NXDOMAIN\n"


def test_an_ipv6_address_has_brackets(make: MAKE) -> None:
    assert of(make(target=Target("x", None, None, "2001:db8::7", 443))).startswith("[2001:db8::7]:443 ")


def test_many_names_are_cut(make: MAKE) -> None:
    text = of(make(names=tuple(Found(f"n{number}.example", "san") for number in range(9))))
    assert "n0.example, n1.example, n2.example +6" in text


def test_colours_and_none(everything: Result) -> None:
    assert "\x1b[31mmismatched\x1b[0m" in of(everything, color=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", of(everything, color=True)).replace(" ", "") == of(everything).replace(" ", "")


def test_hostile_text_is_inert(make: MAKE) -> None:
    hostile = "\x1b[2J\n\u202eevil"
    text = line(
        make(
            target=Target(hostile, None, hostile, "192.0.2.7", 443),
            names=(Found(hostile, "san"),),
            failure=Failure("alert", "hello", hostile),
            verdicts=(Verdict("untrusted", "medium", hostile),),
            hits=(RuleHit(hostile, "", "san", "exact"),),
        ),
        Leaf("", hostile, hostile, 0, 0, "", "", ""),
    )
    assert text[:-1].isprintable()
    assert text.endswith("\n")
