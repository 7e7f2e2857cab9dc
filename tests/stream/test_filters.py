"""From what a client writes to what the core filters by."""

from __future__ import annotations

import pytest

from certhia._core import Filter
from certhia.errors import ConfigError
from certhia.stream import filters


def test_all_pass_without_a_filter() -> None:
    assert filters.read((), (), (), "") is None
    assert filters.read(["."], (), (), "") is None
    assert filters.read((), (), (), "") is None


def test_the_watch_language() -> None:
    rules = ["example.com", "*.below.com", "=one.example.org", "192.0.2.0/24", "kw:acme", "!test.example.com"]
    assert filters.read(rules, (), (), "") == Filter(
        [
            ("tree", "example.com"),
            ("below", "below.com"),
            ("exact", "one.example.org"),
            ("cidr", "192.0.2.0/24"),
            ("keyword", "acme"),
        ],
        [("tree", "test.example.com")],
    )


def test_exclusions_alone_mean_everything_else() -> None:
    assert filters.read(["!example.com"], (), (), "") == Filter((), [("tree", "example.com")])


@pytest.mark.parametrize(
    "text, tld", [("com", "com"), (".COM", "com"), ("*.co.uk", "co.uk"), ("рф", "xn--p1ai"), ("xn--p1ai", "xn--p1ai")]
)
def test_top_level_domains(text: str, tld: str) -> None:
    assert filters.read((), (), [text], "") == Filter(tlds=[tld])


@pytest.mark.parametrize("text", ["", ".", "c om", "192.0.2.1", "a/b", "*"])
def test_no_top_level_domains(text: str) -> None:
    with pytest.raises(ConfigError, match=r"tld: .* is none; write com, or co\.uk"):
        filters.read((), (), [text], "")


def test_issuers() -> None:
    assert filters.read((), [" R3 "], (), "") == Filter(issuers=["R3"])
    for text in (" ", "x" * 201):
        with pytest.raises(ConfigError, match=r"issuer: .* is no part of a name"):
            filters.read((), [text], (), "")


def test_types() -> None:
    assert filters.read((), (), (), "precert") == Filter(kind="precert")
    with pytest.raises(ConfigError, match="precert or certificate"):
        filters.read((), (), (), "x509")


def test_bounds() -> None:
    assert filters.read([f"{number}.com" for number in range(998)], ["R3"], ["com"], "") is not None
    with pytest.raises(ConfigError, match="1,000 rules"):
        filters.read([f"{number}.com" for number in range(999)], ["R3"], ["com"], "")


def test_what_the_core_refuses_is_said() -> None:
    with pytest.raises(ConfigError, match="the filter cannot be compiled"):
        filters.read([f"re:^(a{{1000}}){{{number}}}$" for number in range(10, 19)], (), (), "")


def test_rules_that_names_alone_answer() -> None:
    filters.check_names(["example.com", "re:^a", "!b.example.com", "typo:acme.com"])
    with pytest.raises(ConfigError, match='the rule "issuer:Acme" needs more than names'):
        filters.check_names(["example.com", "issuer:Acme"])
