"""Rules that need more than messages hold."""

from __future__ import annotations

from certhia._core import Matcher
from certhia.certstream.messages import DOMAINS, FULL, LITE
from certhia.certstream.needs import needs_of


def test_what_can_be_checked_on_what() -> None:
    rules = [("tree", "example.com"), ("key", "ab" * 32), ("issuer", "Encrypt"), ("certificate", "CD" * 32)]
    needs = needs_of(Matcher(rules))
    assert {kind: count for kind, (count, _) in needs.beyond.items()} == {LITE: 2, DOMAINS: 3}
    assert needs.fingerprints == {"cd" * 32: 3}
    text = needs.told(DOMAINS, "the server", 4)
    assert text is not None
    assert text.startswith("the server sends names alone: 3 of 4 rules need more")
    assert needs.told(FULL, "the server", 4) is None


def test_rules_on_names_need_no_more() -> None:
    needs = needs_of(Matcher([("tree", "example.com"), ("keyword", "acme")]))
    assert needs.told(DOMAINS, "the server", 2) is None
