"""From assets, as programmes write them, to names and networks; nothing else of the watch language comes through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.rules.platforms.assets import MAX_PARTS, ruled
from certhia.rules.platforms.networks import Unusable
from certhia.rules.platforms.records import KINDS, MAX_TEXT, Asset


def read(text: str, kind: str = "url", *, in_scope: bool = True, subdomains: bool = False) -> list[str]:
    """The rules of an asset, and in brackets why there are none."""
    found = ruled(Asset(kind, text, in_scope), subdomains=subdomains)
    return [f"({one})" if isinstance(one, Unusable) else one.text for one in found]


@pytest.mark.parametrize(
    "text, rules",
    [
        ("https://www.acme.example/", ["=www.acme.example"]),
        ("HTTPS://WWW.Acme.Example:443/login?x=1#y", ["=www.acme.example"]),
        ("www.acme.example", ["=www.acme.example"]),
        ("acme.example.", ["=acme.example"]),
        ("*.acme.example", ["*.acme.example"]),
        ("https://*.acme.example/*", ["*.acme.example"]),
        (".acme.example", ["acme.example"]),
        ("user@mail.acme.example", ["=mail.acme.example"]),
        ("b\u00fccher.example", ["=xn--bcher-kva.example"]),
        ("192.0.2.7", ["192.0.2.7"]),
        ("http://192.0.2.7:8080/x", ["192.0.2.7"]),
        ("http://[2001:db8::1]:80/x", ["2001:db8::1"]),
        ("198.51.100.0/24", ["198.51.100.0/24"]),
        ("(www|api).acme.example", ["=www.acme.example", "=api.acme.example"]),
        ("https://{a,b}.acme.example/x", ["=a.acme.example", "=b.acme.example"]),
        ("a.example, b.example\nc.example;d.example e.example", [f"={one}.example" for one in "abcde"]),
        ("`www.acme.example`", ["=www.acme.example"]),
        ("ws://live.acme.example", ["=live.acme.example"]),
        ("", []),
        ("  ", []),
    ],
)
def test_what_is_read(text: str, rules: list[str]) -> None:
    assert read(text) == rules


@pytest.mark.parametrize(
    "text, why",
    [
        ("*", "is every name there is"),
        (".", "is every name there is"),
        ("*.com", "is wider than one registrable domain"),
        ("*.co.uk", "is wider than one registrable domain"),
        ("*.github.io", "is wider than one registrable domain"),
        ("*.test*", "has a star where no rule can have one"),
        ("dev-*.acme.example", "has a star where no rule can have one"),
        ("acme.*", "has a star where no rule can have one"),
        ("0.0.0.0/0", "is wider than any network of one owner"),
        ("::/0", "is wider than any network of one owner"),
        ("acme", "is no domain name"),
        ("localhost", "is no domain name"),
        ("re:^.*$", "has a star where no rule can have one"),
        ("re:acme", "is no name or network"),
        ("kw:acme", "is no name or network"),
        ("issuer:Let's Encrypt", "is no name or network"),
        ("!acme.example", "is no name or network"),
        ("not:acme.example", "is no name or network"),
        ("typo:acme.example,score=1", "is no name or network"),
        ("any other domain of ours, e.g. acme.example", "is no name or network"),
        ("a..example", "is no name or network"),
        ("https://github.com/acme/x", "is on a host that is not the programme's own"),
        ("https://apps.apple.com/app/id1", "is on a host that is not the programme's own"),
        ("x" * (MAX_TEXT + 1), "is longer than 4096 characters"),
    ],
)
def test_what_is_left_out_and_why(text: str, why: str) -> None:
    found = read(text)
    assert why in found[0] or why in found[-1]
    assert all(one.startswith("(") or "acme" not in text for one in found)


def test_a_part_of_a_host_that_is_out_of_scope_leaves_the_host_in() -> None:
    assert "is a part of a host" in read("https://www.acme.example/blog", in_scope=False)[0]
    assert "is a part of a host" in read("www.acme.example:8443", in_scope=False)[0]
    assert read("https://www.acme.example/", in_scope=False) == ["=www.acme.example"]


def test_subdomains() -> None:
    assert read("https://acme.example/", subdomains=True) == ["acme.example"]
    assert "wider than" in read("github.io", subdomains=True)[0]
    assert read("acme.example", "tree") == ["acme.example"]
    assert read("=www.acme.example", "tree") == ["=www.acme.example"]


@pytest.mark.parametrize("kind", ["google_play_app_id", "source_code", "other", "android", "hardware", "executable"])
def test_what_has_no_names(kind: str) -> None:
    assert read("www.acme.example", kind) == []


def test_names_in_one_asset_are_bounded() -> None:
    found = read(",".join(f"h{number}.acme.example" for number in range(MAX_PARTS + 10))[:MAX_TEXT])
    assert len(found) == MAX_PARTS + 1
    assert "has more than 200 names" in found[-1]
    bomb = read("(a|b)" * 40 + ".acme.example")
    assert len(bomb) == MAX_PARTS + 1


@given(st.text(max_size=200), st.sampled_from(["url", "tree", "wildcard", ""]), st.booleans())
def test_whatever_is_written_only_names_and_networks_come_of_it(text: str, kind: str, in_scope: bool) -> None:
    for one in ruled(Asset(kind, text, in_scope), subdomains=False):
        if not isinstance(one, Unusable):
            assert one.kind in KINDS
            assert set(one.value) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_:/")
            assert one.value.strip(".:/") == one.value or one.kind == "cidr"


def test_half_a_character_spoils_that_asset_alone() -> None:
    (found,) = ruled(Asset("url", "\ud800.example", True), subdomains=False)
    assert str(found) == '"\ufffd.example" is no name or network'
