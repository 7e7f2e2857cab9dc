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


LONG = "bücher-" + "x" * 40
# Watched names, and names that some client reads as such.
WATCHED = {
    "www.bücher.example": ["www.bücher.example", "www.xn--bcher-kva.example", "www.bu\u0308cher.example"],
    "www.strasse.de": ["www.straße.de", "www.straẞe.de", "www.strasse.de", "www.stra\u200dsse.de"],
    "www.straße.de": ["www.straße.de", "www.xn--strae-oqa.de"],
    "www.σασ.gr": ["www.σας.gr", "www.ΣΑΣ.gr", "www.xn--mxa9ab.gr", "www.σα\u200cς.gr"],
    "www.σας.gr": ["www.σας.gr", "www.xn--mxa8ab.gr"],
    f"www.{LONG}.example": [f"www.{LONG}.example", f"www.{LONG.replace('ü', 'u' + chr(0x308))}.example"],
}
CASED = {"ß": "ẞ", "ς": "ς"}  # what upper() would spell in another way
DOTS = st.sampled_from([".", "\u3002", "\uff0e", "\uff61"])


@st.composite
def spellings(draw: st.DrawFn, watched: str) -> bytes:
    """Bytes of a DNS name that some client would take for this watched one."""
    name = draw(st.sampled_from(WATCHED[watched]))
    if draw(st.booleans()):
        name = f"*.{name.partition('.')[2]}"
    name = "".join(CASED.get(letter, letter.upper()) if draw(st.booleans()) else letter for letter in name)
    if not name.isascii():  # then clients convert it (UTS 46): full-width letters and soft hyphens do no harm
        wide = {character: chr(ord(character) + 0xFEE0) for character in "wche"}
        name = "".join(wide.get(character, character) if draw(st.booleans()) else character for character in name)
        filler = draw(st.sampled_from(["", "\u00ad", "\u200b", "\u00ad" * 600]))
        head, tail = name.rsplit(".", 1)
        name = f"{head}{filler}.{tail}"
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


def with_san(*names: bytes) -> bytes:
    """A certificate with these DNS names and no common name."""
    sans = der.sequence(*(der.tlv(0x82, name) for name in names))
    return AUTHORITY.issue(common_name="", extensions=[der.extension(der.SUBJECT_ALT_NAME, sans)]).der


@pytest.mark.parametrize("watched", WATCHED)
@pytest.mark.parametrize("place", ["lone san", "san", "cn"])
@given(data=st.data())
def test_no_spelling_hides_a_name(watched: str, place: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["{}", "={}", "{parent}", "*.{parent}"]))
    raw = data.draw(spellings(watched))
    if place == "cn":
        try:
            issued = AUTHORITY.issue(common_name=raw.decode()).der
        except UnicodeDecodeError:
            return  # the authority writes common names in UTF-8
    else:
        issued = with_san(raw) if place == "lone san" else with_san(b"other.example", raw)
    hits = watchlist(form.format(watched, parent=watched.partition(".")[2])).match(issued)
    assert [hit for hit in hits if hit.why != "possible"], (raw, hits)


UNREAD = [b"?", b"(PRIVATE)", b"\x01", b"\xff", b"xn--zzzzzzzz99", b"xn--" + b"a" * 70, "\ufffd".encode()]


@pytest.mark.parametrize("watched", WATCHED)
@given(data=st.data())
def test_no_unreadable_neighbour_hides_a_name(watched: str, data: st.DataObject) -> None:
    """The label that nobody can read may be the watched one's; what is below the rest is below it for certain."""
    parent = watched.partition(".")[2]
    raw = data.draw(spellings(watched))
    dot = next(dot for dot in sorted((raw.find(dot.encode()), dot) for dot in ".\u3002\uff0e\uff61") if dot[0] >= 0)
    issued = with_san(data.draw(st.sampled_from(UNREAD)) + raw[dot[0] :])
    assert watchlist(f"={watched}").match(issued), raw
    assert [hit for hit in watchlist(parent).match(issued) if hit.why != "possible"], raw
