"""Rules on names and on real pages."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Issuers, Matcher, Page, novel_domains
from certhia.errors import Malformed
from certhia.rules.watchlist import Watchlist

LABEL = st.text("ab", min_size=1, max_size=2)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
RULE = st.tuples(st.sampled_from(["tree", "below", "exact"]), NAME)


def _why(kind: str, value: str, name: str) -> str | None:
    """What a rule means, said plainly."""
    below = name.endswith(f".{value}")
    wildcard = name.startswith("*.") and value.partition(".")[2] == name[2:]
    if name == value:
        return {"tree": "apex", "exact": "exact"}.get(kind)
    if below and kind != "exact":
        return "below"
    return "wildcard" if wildcard and kind != "below" else None


@given(
    st.lists(RULE, max_size=20), st.lists(st.one_of(NAME, NAME.map(lambda name: f"*.{name}")), max_size=5, unique=True)
)
def test_as_a_plain_model_says(rules: list[tuple[str, str]], names: list[str]) -> None:
    expected = {
        (number, name, "san", why, "", 0)
        for number, (kind, value) in enumerate(rules)
        for name in names
        if (why := _why(kind, value, name)) is not None
    }
    found = Matcher(rules).match(names)
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_real_pages_as_the_names_say(page: Page) -> None:
    rules = [("tree", "com"), ("below", "de"), ("tree", "example.org")]
    scan = Matcher(rules).scan(page)
    hits = dict(scan.hits)
    for position, entry in enumerate(page):
        expected = {
            (number, name.lower())
            for number, (_, value) in enumerate(rules)
            for name in entry.certificate.names
            if name.lower().endswith(f".{value}")
        }
        assert {(rule, name.lower()) for rule, name, *_ in hits.get(position, [])} == expected
    assert scan.quarantined == []
    assert scan.precerts == sum(entry.is_precert for entry in page)
    assert scan.names >= len(page)


def test_precerts_can_be_left_out(page: Page) -> None:
    matcher = Matcher([("all", "")])
    assert len(matcher.scan(page).hits) == len(page)
    without = matcher.scan(page, precerts=False)
    assert [position for position, _ in without.hits] == [at for at, entry in enumerate(page) if not entry.is_precert]
    assert without.precerts == len(page) - len(without.hits)


def test_everything_is_one_match_an_entry(page: Page) -> None:
    for position, matches in Matcher([("all", "")]).scan(page).hits:
        ((rule, name, _, why, *_),) = matches
        names = page[position].certificate.names
        assert (rule, why) == (0, "everything")
        assert not names or name in {*names, page[position].certificate.common_name}


def test_broken_certificates_are_quarantined_and_their_names_matched(page: Page) -> None:
    whole = next(entry for entry in page if entry.certificate.dns_names and not entry.is_precert)
    name = whole.certificate.dns_names[0]
    der = whole.certificate.der.replace(b"\x06\x03\x55\x04\x06", b"\x06\x83\x55\x04\x06")
    leaf = b"\0\0" + bytes(8) + b"\0\0" + len(der).to_bytes(3, "big") + der + b"\0\0"
    broken = leaf.replace(der[:8], bytes(8), 1)
    items = [{"leaf_input": base64.b64encode(each).decode(), "extra_data": "AAAA"} for each in (leaf, broken)]
    damaged = Page.from_get_entries([json.dumps({"entries": items}).encode()], 0, Issuers())
    scan = Matcher([("exact", name.lower())]).scan(damaged)
    assert [position for position, _ in scan.hits] == [0, 1]
    assert [position for position, _ in scan.quarantined][-1] == 1
    damaged.keep_names()
    again = Matcher([("exact", name.lower())]).scan(damaged)
    assert (again.hits, again.quarantined, again.names) == (scan.hits, scan.quarantined, scan.names)
    certificate = damaged[1].certificate
    assert certificate.fault is not None
    assert name in certificate.names
    assert (certificate.subject, certificate.serial, certificate.not_before) == ("", "", 0)
    assert len(certificate.tbs_sha256) == 32


def test_ten_thousand_names(page: Page) -> None:
    rules = [("exact", f"name{number}.example") for number in range(10_000)]
    found = Matcher(rules).match([f"NAME{number}.example" for number in range(10_000)])
    assert [rule for rule, *_ in found] == list(range(10_000))


def test_addresses_match_networks() -> None:
    matcher = Matcher([("cidr", "198.51.100.0/24"), ("cidr", "2001:db8::1")])
    assert matcher.match(["198.51.100.7", "2001:db8::1", "2001:db8::2", "198.51.101.1"]) == [
        (0, "198.51.100.7", "ip", "cidr", "", 0),
        (1, "2001:db8::1", "ip", "cidr", "", 0),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        ("tree", ""),
        ("tree", "Example.com"),
        ("exact", "a b"),
        ("cidr", "1.2.3"),
        ("no kind", "example.com"),
        ("below", "a..b"),
    ],
)
def test_rules_that_are_none(rule: tuple[str, str]) -> None:
    with pytest.raises(Malformed, match="rule 1"):
        Matcher([("all", ""), rule])


def test_memory_is_told() -> None:
    matcher = Matcher([("tree", f"name{number}.example.com") for number in range(50_000)])
    assert len(matcher) == 50_000
    assert 20 * len(matcher) < matcher.nbytes < 100 * len(matcher)


def test_with_names_kept_the_same_is_found(page: Page, tiles: list[tuple[bytes, bytes]]) -> None:
    rules = [("tree", "com"), ("all", ""), ("exact", "www.example.com")]
    matchers = [
        Matcher(rules),
        *(Watchlist(one).matcher for one in ("kw:shop", "typo:google.com", "issuer:Let's Encrypt")),
    ]
    pages = [page, *(Page.from_tile(body, 0) for body, _ in tiles)]
    for one in pages:
        found = []
        for kept in (False, True):
            again = Page.load(one.dump())
            if kept:
                again.keep_names()
            scans = [matcher.scan(again) for matcher in matchers]
            novel = novel_domains(again, [bytearray(1 << 16)], bytes(16))
            found.append(
                (
                    [(scan.hits, scan.quarantined, scan.precerts, scan.names) for scan in scans],
                    (novel.new, novel.names, novel.domains, novel.unread),
                    matchers[1].scan(again.slice(again.first + 3, again.end)).hits,
                )
            )
        assert found[0] == found[1]
