"""Several matchers held against a page in one walk: each finds what it finds alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.made import extension, made_tbs, sequence, tlv
from tests.core.test_hostile_entries import PARTS, _contents, _item

from certhia._core import Issuers, Matcher, Page, Rules, Scan, novel_domains, scan_together
from certhia.rules.watchlist import Watchlist

Wanted = Sequence[tuple[Matcher, bool]]

RULES = (
    [("tree", "example.com"), ("below", "com"), ("exact", "www.example.org")],
    [("all", ""), ("cidr", "10.0.0.0/8")],
    [("keyword", "mail"), ("regex", r"^(www|ftp)\d*\.[a-z-]+\.(com|org)$")],
    [("typo", "google.com"), ("typo", "example.com")],
    [("issuer", "CA"), ("organization", "Inc"), ("key", "00" * 32), ("certificate", "00" * 32)],
)
EXCLUDED: tuple[list[tuple[str, str]], ...] = (
    [],
    [("tree", "www.example.com"), ("keyword", "api")],
    [("issuer", "Some")],
)
NAMES = (
    b"example.com",
    b"*.example.com",
    b"www.Example.org",
    b"mail.examp1e.com.",
    b"g00gle.com",
    b"login-google.com",
    b"xn--bcher-kva.example",
    b"b\xc3\xbccher.example",
    b"?.example.com",
    b"a.*.example.com",
    b"api.com",
    b"10.0.0.1",
    b"",
    b"x" * 300 + b".com",
)


@functools.cache
def _matcher(rules: int, excluded: int) -> Matcher:
    gathered = Rules()
    for rule in RULES[rules]:
        gathered.add(*rule)
    for rule in EXCLUDED[excluded]:
        gathered.exclude(*rule)
    return gathered.build()


def _all() -> Wanted:
    pairs = ((rules, excluded) for rules in range(len(RULES)) for excluded in range(len(EXCLUDED)))
    return [(_matcher(*pair), number % 3 != 0) for number, pair in enumerate(pairs)]


def _told(scans: Sequence[Scan]) -> list[object]:
    return [(scan.hits, scan.quarantined, scan.names, scan.precerts) for scan in scans]


def _holds(page: Page, wanted: Wanted) -> list[object]:
    """What is found is as alone, with names kept, and once they are; gives it."""
    expected = _told([matcher.scan(page, precerts=precerts) for matcher, precerts in wanted])
    domains = _domains(page)
    for keep in (False, True, True, False):
        assert _told(scan_together(page, wanted, keep_names=keep)) == expected
        assert _domains(page) == domains
    assert _told([matcher.scan(page, precerts=precerts) for matcher, precerts in wanted]) == expected
    return expected


def _domains(page: Page) -> object:
    novel = novel_domains(page, [bytearray(1 << 12)], bytes(16))
    return novel.new, novel.names, novel.domains, novel.unread


def _page(contents: Sequence[bytes]) -> Page:
    body = json.dumps({"entries": [_item(number, content) for number, content in enumerate(contents)]}).encode()
    return Page.from_get_entries([body], 0, Issuers())


def _made(names: Sequence[bytes], address: bytes, cut: int) -> bytes:
    """A TBS with these names; of its end so many bytes are missing."""
    content = b"".join(tlv(0x82, name) for name in names) + tlv(0x87, address)
    der = made_tbs([extension("2.5.29.17", sequence(content))])
    return der[: len(der) - cut]


ENTRY = st.builds(
    _made,
    st.lists(st.sampled_from(NAMES) | st.binary(max_size=20), max_size=6),
    st.sampled_from([b"\x0a\0\0\1", bytes(16), b"\1\2\3"]),
    st.sampled_from([0, 0, 0, 1, 30]),
)
WANTED = st.lists(
    st.tuples(st.builds(_matcher, st.integers(0, len(RULES) - 1), st.integers(0, len(EXCLUDED) - 1)), st.booleans()),
    max_size=5,
)


@given(st.lists(ENTRY, max_size=6), WANTED)
def test_made_entries(contents: list[bytes], wanted: Wanted) -> None:
    _holds(_page(contents), wanted)


def test_real_entries(page: Page, tiles: list[tuple[bytes, bytes]]) -> None:
    with_lists = [*_all(), (Watchlist("kw:shop", "typo:google.com", "!google.com").matcher, True)]
    for one in (page, *(Page.from_tile(body, 0) for body, _ in tiles)):
        assert any(_holds(Page.load(one.dump()), with_lists))


@pytest.mark.parametrize("archive", ["certificates", "hostile"])
def test_hostile_entries(corpus: Path, archive: str) -> None:
    _holds(_page(_contents(corpus / f"{archive}.tar.zst")[::PARTS]), _all())


def test_what_may_be_spent_on_wildcards_is_each_ones_own() -> None:
    many = Matcher([("exact", f"n{number}.example.com") for number in range(5_000)])
    few = Matcher([("exact", "a.example.com")])
    page = _page([_made([b"*.*.com"] * 1_000, b"\1\2\3\4", 0)])
    first, second = scan_together(page, [(many, True), (few, True)])
    assert _told([first, second]) == _told([many.scan(page), few.scan(page)])
    assert (bool(first.quarantined), bool(second.quarantined)) == (True, False)


def test_none_and_too_many(page: Page) -> None:
    matcher = Matcher(())
    assert scan_together(page, []) == []
    assert scan_together(page, [], keep_names=True) == []
    assert len(scan_together(page, [(matcher, True)] * 64)) == 64
    with pytest.raises(ValueError, match="at most 64 matchers together, not 65"):
        scan_together(page, [(matcher, True)] * 65)
