"""Rules of every kind, gathered one by one or as lines; exclusions; rules on whole certificates."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from certhia._core import Certificate, Issuers, Matcher, Page, Rules, Suffixes
from certhia.errors import Malformed
from certhia.testing import CA
from certhia.testing.entries import Entry, Submission

if TYPE_CHECKING:
    from certhia.model import Hit

ORGANIZATION = "2.5.4.10"


def gathered(*rules: tuple[str, str], excluded: Sequence[tuple[str, str]] = ()) -> Matcher:
    rules_ = Rules()
    for kind, value in rules:
        rules_.add(kind, value)
    for kind, value in excluded:
        rules_.exclude(kind, value)
    return rules_.build()


def test_lines() -> None:
    rules = Rules()
    assert rules.add("all", "") == 0
    read = rules.add_lines(b"example.com # note\r\n\n*.example.org\nkw:acme\n=www.example.net\nco.uk\nBIG.example\n", 7)
    assert (read.first, read.count, read.more, read.wide) == (1, 4, False, [6])
    assert read.odd == [(4, b"kw:acme"), (7, b"BIG.example")]
    assert len(rules) == 5
    matcher = rules.build(Suffixes.shipped())
    assert len(rules) == 0
    assert [matcher.rule(number) for number in range(len(matcher))] == [
        ("all", "", ""),
        ("tree", "example.com", "example.com"),
        ("below", "example.org", "*.example.org"),
        ("exact", "www.example.net", "=www.example.net"),
        ("tree", "co.uk", "co.uk"),
    ]
    for number in (5, -1, 2**40):
        with pytest.raises(IndexError, match="no rule"):
            matcher.rule(number)


def test_a_million_lines_take_at_most_100_bytes_each() -> None:
    rules = Rules()
    read = rules.add_lines(b"".join(b"n%d.example.com\n" % number for number in range(1_000_000)))
    assert (read.count, read.odd) == (1_000_000, [])
    matcher = rules.build()
    assert matcher.nbytes <= 100 * len(matcher)
    assert matcher.match(["a.n999999.example.com"]) == [(999_999, "a.n999999.example.com", "san", "below", "", 0)]


@pytest.mark.parametrize(
    "kind, value, offset",
    [
        ("regex", "a(b", 1),
        ("regex", "[a-", 0),
        ("regex", "(?:a{1000}){1000}", 0),
        ("keyword", "a.b", 1),
        ("keyword", "", 0),
        ("tree", "a.B", 2),
        ("cidr", "192.0.2.0/33", 0),
        ("typo", "", 0),
        ("issuer", "O=", 2),
        ("organization", "CN=acme", 0),
        ("key", "00ff", 4),
        ("certificate", "zz" * 32, 0),
        ("rot13", "a", 0),
    ],
)
def test_a_bad_value_says_where(kind: str, value: str, offset: int) -> None:
    for into in (Rules().add, Rules().exclude):
        with pytest.raises(Malformed) as caught:
            into(kind, value)
        assert caught.value.offset == offset, str(caught.value)
        assert len(str(caught.value)) > 20
    with pytest.raises(Malformed, match="rule 0"):
        Matcher([(kind, value)])


def test_text_rules_explain_what_they_found() -> None:
    matcher = gathered(("keyword", "bücher"), ("regex", r"b.cher\d"), ("typo", "paypal.com"), ("keyword", "b"))
    found = matcher.match(["xn--bcher-kva.example", "Bucher7.example", "paypa1.com"])
    assert found[0] == (3, "xn--bcher-kva.example", "san", "keyword", "b", 0)
    assert (0, "xn--bcher-kva.example", "san", "keyword", "bücher", 0) in found
    assert (1, "Bucher7.example", "san", "regex", "bucher7", 0) in found
    ((_, name, _, why, detail, score),) = [hit for hit in found if hit[0] == 2]
    assert (name, why) == ("paypa1.com", "lookalike")
    assert detail
    assert 1 <= score <= 100


def _expected(page: Page, wanted: str) -> dict[int, str]:
    """Position and organisation of each entry whose issuer's O has the text, said plainly."""
    found = {}
    for position, entry in enumerate(page):
        for oid, value in entry.certificate.issuer_attributes:
            if oid == ORGANIZATION and wanted in value.lower():
                found[position] = value
                break
    return found


def test_issuers_as_the_attributes_say(page: Page) -> None:
    entry = next(entry for entry in page if entry.certificate.issuer_attribute(ORGANIZATION))
    whole = entry.certificate.issuer_attribute(ORGANIZATION)
    assert whole is not None
    part = whole.lower()[1:6]
    matcher = gathered(("issuer", f"O={whole.upper()}"), ("issuer", f"={whole}"), ("issuer", f"CN={whole}x"))
    hits = dict(matcher.scan(page).hits)
    expected = {position for position, value in _expected(page, whole.lower()).items() if value == whole}
    assert {position for position, found in hits.items() if 0 in {hit[0] for hit in found}} >= expected
    for position in expected:
        first = next(hit for hit in hits[position] if hit[0] == 0)
        assert first[2:] == ("issuer", "issuer", whole, 0)
        names = page[position].certificate.names
        assert not names or first[1] in names
        assert 1 in {hit[0] for hit in hits[position]}
    contained = dict(gathered(("issuer", part)).scan(page).hits)
    assert contained.keys() >= _expected(page, part).keys()


def test_organizations_keys_and_certificates(page: Page) -> None:
    for entry in list(page)[:200]:
        certificate = entry.certificate
        sha256 = hashlib.sha256(entry.submitted).hexdigest()
        rules = [
            ("key", certificate.spki_sha256.hex()),
            ("certificate", certificate.tbs_sha256.hex().upper()),
            ("certificate", sha256),
            ("key", sha256),
        ]
        organization = certificate.subject_attribute(ORGANIZATION)
        if organization and organization.strip():
            rules.append(("organization", f"={organization}"))
        matcher = Matcher(rules)
        found = dict(matcher.scan(page.slice(entry.index, entry.index + 1)).hits)[0]
        expected = [(0, "key"), (1, "certificate")]
        expected += [] if entry.is_precert else [(2, "certificate")]
        expected += [(4, "organization")] if len(rules) > 4 else []
        assert sorted((hit[0], hit[3]) for hit in found) == expected
        alone = {hit[0] for hit in matcher.certificate(certificate)}
        assert alone >= {0, 1}


def test_a_submitted_precertificate_leaves_nothing_out() -> None:
    """It stands beside the leaf: a log can put there one that somebody leaves out."""
    ca = CA("beside")
    told, other = ca.issue(["www.example.com"], precert=True), ca.issue(["other.example"], precert=True)
    entry = Entry(0, 0, replace(Submission.of(told), precert=other.der))
    page = Page.from_get_entries([b'{"entries":[%b]}' % entry.json], 0, Issuers())
    assert page[0].submitted == other.der
    hashes = [hashlib.sha256(other.der).hexdigest(), Certificate.from_der(other.der).tbs_sha256.hex()]
    for value in hashes:
        assert Matcher([("certificate", value)]).scan(page).hits == []
        hits = gathered(("tree", "example.com"), excluded=[("certificate", value)]).scan(page).hits
        assert [position for position, _ in hits] == [0]
    own = page[0].certificate.tbs_sha256.hex()
    assert Matcher([("certificate", own)]).scan(page).hits
    assert gathered(("tree", "example.com"), excluded=[("certificate", own)]).scan(page).hits == []


def test_a_certificate_alone_as_in_a_page(page: Page) -> None:
    matcher = gathered(("tree", "com"), ("keyword", "a"), ("regex", r"\.net$"), ("all", ""), ("issuer", "a"))
    hits = dict(matcher.scan(page).hits)
    for position, entry in enumerate(page):
        assert matcher.certificate(entry.certificate) == hits.get(position, [])
    names: list[str] = [hit[1] for hit in matcher.certificate(Certificate.from_der(page[0].submitted))]
    assert names


def test_exclusions_of_certificates_take_all_of_them(page: Page) -> None:
    certificate = page[0].certificate
    rules: list[tuple[str, str]] = [("all", ""), ("issuer", "a"), ("tree", "com")]
    for excluded in [("key", certificate.spki_sha256.hex()), ("certificate", certificate.tbs_sha256.hex())]:
        assert gathered(*rules).certificate(certificate)
        assert gathered(*rules, excluded=[excluded]).certificate(certificate) == []
    rules_ = Rules()
    for scope in (1, 2):
        rules_.add("all", "", scope)
    rules_.exclude("key", certificate.spki_sha256.hex(), 2)
    assert [hit[0] for hit in rules_.build().certificate(certificate)] == [0]


def test_a_page_with_exclusions_as_a_plain_model_says(page: Page) -> None:
    matcher = gathered(("tree", "com"), ("all", ""), excluded=[("tree", "google.com"), ("keyword", "api")])
    with_all = dict(gathered(("tree", "com"), ("all", "")).scan(page).hits)
    for position, found in matcher.scan(page).hits:
        before: list[Hit] = with_all[position]
        assert set(found) <= set(before)
        for hit in set(before) - set(found):
            if hit[3] != "everything":
                assert "google.com" in hit[1].lower() or "api" in hit[1].lower()
        for hit in found:
            if hit[3] != "everything":
                assert not hit[1].lower().endswith((".google.com", "api.com"))
