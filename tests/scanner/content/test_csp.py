"""Policies and the names in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.content.csp import DIRECTIVES, MAX_GROUPS, MAX_SOURCES, endpoints, names, of_url, policies


def test_sources_of_all_kinds() -> None:
    assert names(
        "default-src 'self' https: data: *; script-src 'nonce-abc' 'sha256-x' HTTPS://CDN.Example.com:443/js/ "
        "*.example.net wss://live.example.org:*/x; img-src bücher.example xn--bcher-kva.example 192.0.2.1 [::1] "
        "localhost http://*.a.example:8080 //b.example; sandbox allow-forms c.example; upgrade-insecure-requests"
    ) == ["cdn.example.com", "*.example.net", "live.example.org", "xn--bcher-kva.example", "*.a.example"]


@pytest.mark.parametrize("directive", sorted(DIRECTIVES))
def test_every_directive_that_holds_sources(directive: str) -> None:
    assert names(f"a; {directive.upper()} x.example.com;") == ["x.example.com"]


def test_reports() -> None:
    groups = endpoints(
        [
            ("reporting-endpoints", 'main="https://r1.example.com/x", bare=x, "="'),
            (
                "report-to",
                '{"group":"old","endpoints":[{"url":"https://r2.example.com/"},{"url":1},2]},{"endpoints":3}',
            ),
            ("report-to", '{"endpoints":[{"url":"https://r3.example.com/"}]}'),
            ("other", "main"),
        ]
    )
    assert groups == {
        "main": ["https://r1.example.com/x"],
        "old": ["https://r2.example.com/"],
        "default": ["https://r3.example.com/"],
    }
    assert names("report-uri /here https://r.example.com/csp?x=1 //s.example.com", groups) == [
        "r.example.com",
        "s.example.com",
    ]
    assert names("report-to main", groups) == ["r1.example.com"]
    assert names("report-to old", groups) == ["r2.example.com"]
    assert names("report-to none", groups) == names("report-to", groups) == names("report-to main") == []


@pytest.mark.parametrize(
    "value", ["", "{", "[]", "1", "null", '{"group":[],"endpoints":[{"url":"https://a.example"}]}', "[" * 60_000, "NaN"]
)
def test_groups_that_are_none(value: str) -> None:
    assert endpoints([("report-to", value), ("reporting-endpoints", value)]) == {}


def test_urls() -> None:
    assert of_url("https://user@a.example/") is None
    assert of_url("javascript:alert(1)") is None
    assert of_url("https://169.254.169.254/") is None
    assert of_url("http://a.example.com") == "a.example.com"


def test_policies_of_a_response() -> None:
    headers = [
        ("content-security-policy", "a b, c d,"),
        ("x", "y"),
        ("content-security-policy-report-only", "e"),
    ]
    assert [*policies(headers)] == [("header", "a b"), ("header", "c d"), ("report-only", "e")]


def test_a_policy_is_bounded() -> None:
    many = " ".join(f"h{number}.example.com" for number in range(MAX_SOURCES + 10))
    assert len(names(f"img-src {many}; script-src late.example.com")) == MAX_SOURCES
    groups = ", ".join(f'g{number}="https://a.example/"' for number in range(MAX_GROUPS + 1))
    assert len(endpoints([("reporting-endpoints", groups)])) == MAX_GROUPS


def test_a_megabyte() -> None:
    for text in ("a" * (1 << 20), "img-src " + "a." * (1 << 19), ";" * (1 << 20), "img-src " + "a" * (1 << 20)):
        assert names(text) == []


@given(st.text(max_size=200))
def test_garbage_gives_names_or_nothing(text: str) -> None:
    for name in names(f"img-src {text}"):
        assert name == name.lower()
        assert name.isascii()
        assert "." in name
    endpoints([("report-to", text), ("reporting-endpoints", text)])
