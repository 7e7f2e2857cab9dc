"""What rules mean, against a plain model that is slow and obviously right; and that no spelling hides a name."""

from __future__ import annotations

import ipaddress
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.rules.watchlist import Watchlist
from certhia.testing import der
from certhia.testing.ca import CA

LABELS = st.sampled_from(["a", "b", "ab", "www", "xn--bcher-kva", "acme", "acme-1"])
DOMAINS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
ADDRESSES = st.builds("192.0.2.{}".format, st.integers(0, 7))
NAMES = st.one_of(DOMAINS, DOMAINS.map("*.{}".format), ADDRESSES)
PATTERNS = st.sampled_from(["^a", "b$", r"ac.e-\d", "^(www|ab)\\.", "b\\.a", "example$", "[^ab.]{3,}\\.a"])
RULES = st.one_of(
    DOMAINS,
    DOMAINS.map("*.{}".format),
    DOMAINS.map("={}".format),
    ADDRESSES,
    st.builds("192.0.2.{}/{}".format, st.integers(0, 7), st.integers(28, 31)),
    LABELS.filter(lambda label: "--" not in label).map("kw:{}".format),
    PATTERNS.map("re:{}".format),
)


def address(name: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(name)
    except ValueError:
        return None


def matches(rule: str, name: str) -> bool:
    """Whether `name`, as a certificate has it, concerns whoever wrote `rule`."""
    if rule.startswith(("kw:", "re:")):
        forms = (name, name.replace("xn--bcher-kva", "bücher"))
        sought = rule[3:] if rule.startswith("re:") else re.escape(rule[3:])
        return address(name) is None and any(re.search(sought, form) for form in forms)
    if rule[0].isdigit():
        found = address(name)
        return found is not None and found in ipaddress.ip_network(rule, strict=False)
    value = rule.removeprefix("=").removeprefix("*.")
    below = name.endswith(f".{value}")
    if rule.startswith("*."):
        return below
    same = name == value or (name.startswith("*.") and name[2:] == value.partition(".")[2])
    return same if rule.startswith("=") else same or below


def takes_away(rule: str, name: str) -> bool:
    """Whether all that `name` can stand for is matched by `rule`, which excludes."""
    if not name.startswith("*."):
        return matches(rule, name)
    if rule.startswith("kw:"):
        return matches(rule, name)
    if rule.startswith(("re:", "=")):
        return False  # `*` may be anything
    value = rule.removeprefix("*.")
    return name.endswith(f".{value}")


@given(st.lists(RULES, min_size=1, max_size=8, unique=True), st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_rules_mean_what_they_say(rules: list[str], names: list[str]) -> None:
    hits = Watchlist(*rules).match_names(names)
    assert len({(hit.rule, hit.name) for hit in hits}) == len(hits)
    expected = {(rule, name) for rule in rules for name in names if matches(rule, name)}
    assert {(hit.rule, hit.name) for hit in hits} == expected


@given(
    st.lists(RULES, min_size=1, max_size=4, unique=True),
    st.lists(RULES, max_size=3),
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
)
def test_exclusions_take_away_what_can_mean_nothing_else(rules: list[str], out: list[str], names: list[str]) -> None:
    hits = Watchlist(*rules, *(f"!{rule}" for rule in out)).match_names(names)
    expected = {
        (rule, name)
        for rule in rules
        for name in names
        if matches(rule, name) and not any(takes_away(one, name) for one in out)
    }
    assert {(hit.rule, hit.name) for hit in hits} == expected


WATCHED = "www.bücher.example"
A_LABELS = "www.xn--bcher-kva.example"
DOTS = st.sampled_from([".", "\u3002", "\uff0e", "\uff61"])


@st.composite
def spellings(draw: st.DrawFn) -> bytes:
    """Bytes of a DNS name that some client would take for WATCHED."""
    name = draw(st.sampled_from([WATCHED, A_LABELS, "www.bu\u0308cher.example"]))
    if draw(st.booleans()):
        name = f"*.{name.partition('.')[2]}"
    name = "".join(character.upper() if draw(st.booleans()) else character for character in name)
    if not name.isascii():  # then clients convert it (UTS 46): full-width letters and soft hyphens do no harm
        wide = {character: chr(ord(character) + 0xFEE0) for character in "wche"}
        name = "".join(wide.get(character, character) if draw(st.booleans()) else character for character in name)
        name = name.replace("r.", f"r{draw(st.sampled_from(['', chr(0xAD), chr(0x200B)]))}.", 1)
    if not name.isascii() and draw(st.booleans()):
        name = "".join(draw(DOTS) if character == "." else character for character in name)
    name += "." * draw(st.integers(0, 1))
    latin = all(ord(character) < 256 for character in name) and draw(st.booleans())
    raw = name.encode("latin-1" if latin else "utf-8")
    return raw + draw(st.sampled_from([b"", b"\0.evil.example", b"\0"]))


@cache
def watchlist(rule: str) -> Watchlist:
    return Watchlist(rule)


AUTHORITY = CA("spellings")


@pytest.mark.parametrize("rule", [WATCHED, f"={WATCHED}", "bücher.example", "*.bücher.example"])
@pytest.mark.parametrize("place", ["san", "cn"])
@given(raw=spellings())
def test_no_spelling_hides_a_name(rule: str, place: str, raw: bytes) -> None:
    if place == "san":
        names = der.extension(der.SUBJECT_ALT_NAME, der.sequence(der.tlv(0x82, b"other.example"), der.tlv(0x82, raw)))
        issued = AUTHORITY.issue(common_name="", extensions=[names])
    else:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return  # the authority writes common names in UTF-8
        issued = AUTHORITY.issue(common_name=text)
    hits = watchlist(rule).match(issued.der)
    assert [hit for hit in hits if hit.why != "possible"], (raw, hits)
