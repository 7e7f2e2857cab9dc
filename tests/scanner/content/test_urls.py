"""URLs and names that strangers wrote."""

from __future__ import annotations

import pytest

from certhia.scanner.content.urls import is_zone, name_of, onwards, path_of
from certhia.scanner.guard import MAX_URL

HERE = "https://www.example.com:444/app/?q"


@pytest.mark.parametrize(
    "text, name",
    [
        ("WWW.Example.com.", "www.example.com"),
        ("*.example.com", "*.example.com"),
        ("*.cloudfront.net", "*.cloudfront.net"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("_dmarc.example.com", "_dmarc.example.com"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert name_of(text) == name


NO_NAMES = (
    *("", ".", "*.", "com", "*.com", "192.0.2.1", "a..b", "-a.example", "a*.example.com", "a b.com"),
    *("*.*.example.com", "x" * 64 + ".example", "a." * 127 + "example", "1.2", "exa\nmple.com", "\ud800.example"),
)
NOWHERE = (
    *("javascript:alert(1)", "https://a@b.example/", "https://[::1", "https://[x]/", "http://2130706433/"),
    *("https://other.example:25/", "https://www.example.com:444@evil.example/", "/" + "x" * MAX_URL, "//ü.example/"),
)


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name(text: str) -> None:
    assert name_of(text) is None


@pytest.mark.parametrize(
    "where, url",
    [
        ("next", "https://www.example.com:444/app/next"),
        ("/?a=b#c", "https://www.example.com:444/?a=b"),
        ("//www.example.com:444", "https://www.example.com:444/"),
        ("https://other.example/x", "https://other.example:443/x"),
        ("HTTP://Other.example", "http://other.example:80/"),
        (" ../up ", "https://www.example.com:444/up"),
        ("/a b%20c\r\n\td", "https://www.example.com:444/a%20b%20cd"),
        ("/caf\xc3\xa9", "https://www.example.com:444/caf%C3%A9"),
        ("/\u20ac", "https://www.example.com:444/%E2%82%AC"),
    ],
)
def test_where_references_lead(where: str, url: str) -> None:
    place = onwards(HERE, where)[1]
    assert place is not None
    assert place.url == url


@pytest.mark.parametrize("where", NOWHERE)
def test_where_nobody_is_asked(where: str) -> None:
    url, place = onwards(HERE, where)
    assert place is None
    assert len(url) <= MAX_URL


def test_paths() -> None:
    for where, path in (("/a?b", "/a?b"), ("https://x.example?b", "/?b"), ("https://x.example", "/")):
        place = onwards(HERE, where)[1]
        assert place is not None
        assert path_of(place) == path


def test_zones() -> None:
    assert is_zone("com")
    assert is_zone("xn--p1ai")
    assert not is_zone("js")
    assert not is_zone("")
