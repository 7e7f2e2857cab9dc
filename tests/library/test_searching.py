"""What people ask of stored matches: names as watch rules have them, programmes, times."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.conftest import Book

from certhia.errors import ConfigError
from certhia.library.searching import wanted
from certhia.model import Match
from certhia.store import codec
from certhia.store.searching import Wanted

NOW = 1_795_000_000.0


def of(*names: str) -> Match:
    return replace(Book().match(0), names=names)


def asked(domain: str | None = None, programme: str | None = None, **more: str) -> Wanted:
    return wanted(domain=domain, programme=programme, since=more.get("since"), until=more.get("until"), now=NOW)


@pytest.mark.parametrize(
    "domain, name, fits",
    [
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "A.EXAMPLE.COM.", True),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "notexample.com", False),
        ("example.com", "example.com", True),
        ("example.com", "*.com", True),
        ("example.com", "b\u00fccher.example.com", True),
        ("b\u00fccher.example", "xn--bcher-kva.example", True),
        ("=www.example.com", "www.example.com", True),
        ("=www.example.com", "*.example.com", True),
        ("=www.example.com", "a.www.example.com", False),
        ("192.0.2.0/24", "192.0.2.7", True),
        ("kw:acme", "login-acme.example", True),
        ("re:^a[0-9]", "a1.example", True),
        ("re:^a[0-9]", "b1.example", False),
    ],
)
def test_names_as_watch_rules_have_them(domain: str, name: str, fits: bool) -> None:
    found, match = asked(domain), of("else.invalid", name)
    assert found.fits(match) is fits
    payload = codec.encode_match(match).lower()
    if fits:  # the database may only leave out what does not fit
        assert all(any(text.lower() in payload for text in group) for group in found.texts)


LABELS = st.sampled_from(["example", "com", "EXAMPLE", "Com", "*", "?", "a", "b\u00fccher", "xn--bcher-kva", "\udcff"])


@given(
    st.sampled_from(["example.com", "*.example.com", "=a.example.com", "com", "=example.com", "b\u00fccher.com"]),
    st.lists(st.lists(LABELS, min_size=1, max_size=4).map(".".join), min_size=1, max_size=3),
)
def test_the_texts_leave_out_nothing_that_fits(domain: str, names: list[str]) -> None:
    found, match = asked(domain), of(*names)
    payload = codec.encode_match(match).lower()
    assert not found.fits(match) or all(any(text.lower() in payload for text in group) for group in found.texts)


def test_programmes_in_whatever_case() -> None:
    found = asked(programme="Programme")
    assert found.fits(of("a.example"))
    assert found.texts == ((json.dumps("Programme"),),)
    assert not asked(programme="program").fits(of("a.example"))
    assert not asked("b.example", "programme").fits(of("a.example"))


def test_times() -> None:
    found = asked(since="7d", until="2026-11-18")
    assert (found.since, found.until) == (NOW - 7 * 86400, 1_794_960_000.0)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"domain": "https://a.example/"}, "--domain: "),
        ({"domain": "!a.example"}, r"--domain .!a.example.: write a name or an address: \*.example.com"),
        ({"domain": "issuer:Acme"}, r"--domain .issuer:Acme.: write a name"),
        ({"since": "yesterday"}, "--since: .yesterday. is no time; write an age or a date: 7d"),
        ({"until": "7"}, "--until: .7. is no time"),
    ],
)
def test_what_makes_no_sense(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        asked(**options)
