"""Filters of many clients together, held against what each says alone; sightings."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.core.archives import members

from certhia._core import Audience, Filter, Issuers, Matcher, Page, Rules, Sightings
from certhia.errors import Malformed
from certhia.testing import CA
from certhia.testing.entries import Entry, Submission, u16, u24

Rule = tuple[str, str]
ON_CERTIFICATES = {"issuer", "organization", "key", "certificate"}


@dataclass(frozen=True)
class Wish:
    """A filter, as it is written."""

    rules: Sequence[Rule] = ()
    excluded: Sequence[Rule] = ()
    issuers: Sequence[str] = ()
    tlds: Sequence[str] = ()
    kind: str = ""

    def filter(self) -> Filter:
        return Filter(self.rules, self.excluded, self.issuers, self.tlds, self.kind)


@dataclass
class Alone:
    """What a filter says by itself, each part of it by a matcher of its own."""

    page: Page

    def positions(self, wish: Wish) -> list[int]:
        passed = self._ruled(wish)
        if wish.issuers:
            passed &= self._hits([("issuer", text) for text in wish.issuers])
        if wish.tlds:
            passed &= self._hits([("tree", name) for name in wish.tlds])
        if wish.kind:
            passed &= {at for at, entry in enumerate(self.page) if entry.is_precert == (wish.kind == "precert")}
        return sorted(passed)

    def _ruled(self, wish: Wish) -> set[int]:
        rules = wish.rules or [("all", "")]
        passed = self._hits(rules, wish.excluded)
        if ("all", "") in rules:
            # What can't be decoded too, where no exclusion on the whole certificate takes it.
            broken = {at for at, _ in Matcher(()).scan(self.page).quarantined}
            passed |= broken - self._hits(rule for rule in wish.excluded if rule[0] in ON_CERTIFICATES)
        return passed

    def _hits(self, rules: Iterable[Rule], excluded: Iterable[Rule] = ()) -> set[int]:
        gathered = Rules()
        for rule in rules:
            gathered.add(*rule)
        for rule in excluded:
            gathered.exclude(*rule)
        return {at for at, _ in gathered.build().scan(self.page).hits}


def fresh(sightings: Sightings, page: Page, scope: int = 0) -> list[int]:
    """Positions of first sightings among all."""
    return numbers(*sightings.fresh_among(page, [(scope, None)]))


def numbers(positions: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(positions) // 2}H", positions))


def selected(filters: Sequence[Filter], page: Page) -> dict[int, list[int]]:
    found = Audience(filters).select(page)
    assert [number for number, _ in found] == sorted({number for number, _ in found})
    return {number: numbers(positions) for number, positions in found}


ISSUER = "Let's Encrypt"
WISHES = [
    Wish(),
    Wish(kind="precert"),
    Wish(kind="certificate"),
    Wish([("all", "")]),
    Wish([("tree", "de")]),
    Wish([("tree", "de"), ("tree", "org")]),
    Wish([("tree", "org"), ("tree", "de"), ("tree", "org")]),
    Wish([("tree", "de")], [("keyword", "www")]),
    Wish([("tree", "de"), ("keyword", "mail")], [("keyword", "www"), ("issuer", ISSUER)]),
    Wish([("keyword", "mail"), ("keyword", "shop")]),
    Wish([("keyword", "mail")], [("tree", "com")]),
    Wish([("regex", r"^[a-z]+\d+\.")], kind="precert"),
    Wish([("regex", r"^[a-z]+\d+\."), ("regex", "log[io]n")]),
    Wish([("typo", "google.com"), ("typo", "paypal.com,score=50")]),
    Wish([("issuer", ISSUER)]),
    Wish([("issuer", ISSUER)], [("tree", "com")]),
    Wish([("organization", "inc"), ("cidr", "0.0.0.0/0")]),
    Wish([("organization", "inc")], [("organization", "google")]),
    Wish(issuers=[ISSUER]),
    Wish(issuers=[ISSUER, "O=Google Trust Services"], tlds=["com", "co.uk"]),
    Wish(tlds=["com"]),
    Wish(tlds=["uk"], kind="precert"),
    Wish([("tree", "com")], tlds=["net"], issuers=[ISSUER]),
    Wish((), [("tree", "com")]),
    Wish((), [("tree", "com"), ("tree", "net"), ("issuer", ISSUER)]),
    Wish((), [("organization", "inc")]),
    Wish([("all", ""), ("issuer", ISSUER)], [("keyword", "w")]),
    Wish((), [("regex", "^www")], tlds=["com"], kind="certificate"),
    Wish([("exact", "never.example")]),
]


def test_real_pages_as_each_filter_says_alone(page: Page) -> None:
    alone = Alone(page)
    expected = {number: at for number, wish in enumerate(WISHES) if (at := alone.positions(wish))}
    found = selected([wish.filter() for wish in WISHES], page)
    assert found == expected
    assert len(found) >= len(WISHES) - 3
    for number, wish in enumerate(WISHES):
        assert selected([wish.filter()], page).get(0, []) == found.get(number, []), wish


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("archive", ["certificates", "hostile"])
def test_hostile_entries_as_each_filter_says_alone(corpus: Path, archive: str, part: int) -> None:
    contents = [content for _, content in members(corpus / f"{archive}.tar.zst") if len(content) < 1 << 20][part::4]
    page = Page.from_get_entries([_answer(contents)], 0, Issuers())
    alone = Alone(page)
    expected = {number: at for number, wish in enumerate(WISHES) if (at := alone.positions(wish))}
    assert selected([wish.filter() for wish in WISHES], page) == expected
    first = Sightings(len(contents))
    new = fresh(first, page)
    hashes = page.batch["tbs_sha256"]
    known = {value: at for at, value in reversed(list(enumerate(hashes)))}
    assert new == [at for at, value in enumerate(hashes) if value is None or known[value] == at]
    assert fresh(first, page) == [at for at, value in enumerate(hashes) if value is None]


def _answer(contents: Sequence[bytes]) -> bytes:
    """Certificates and precertificates in turn, of the same bytes."""
    items = []
    for number, content in enumerate(contents):
        leaf = bytes(11) + (b"\1" + bytes(32) if number % 2 else b"\0") + u24(content) + u16(b"")
        items.append({"leaf_input": base64.b64encode(leaf).decode(), "extra_data": ""})
    return json.dumps({"entries": items}).encode()


def test_what_was_seen_before_is_known_for_so_long(page: Page) -> None:
    sightings = Sightings(len(page))
    first = fresh(sightings, page)
    distinct = set(page.batch["tbs_sha256"])
    assert len(first) == len(sightings) == len(distinct)
    assert fresh(sightings, page) == []
    assert sightings.nbytes <= 22 * len(page) + 8192
    one = Sightings(1)
    assert fresh(one, page.slice(0, 1)) == [0]
    assert fresh(one, page.slice(0, 1)) == []
    fresh(one, page)
    assert len(one) <= 2
    assert fresh(one, page.slice(0, 1)) == [0]


def test_a_precertificate_and_its_certificate_are_one() -> None:
    ca = CA("one")
    final = ca.issue(["www.example.com"])
    entries = [
        Entry(0, 0, Submission.of(one)) for one in (ca.issue(["a.example"]), final, ca.issue(["b.example"]), final)
    ]
    page = Page.from_get_entries([b'{"entries":[%b]}' % b",".join(entry.json for entry in entries)], 0, Issuers())
    sightings = Sightings(10)
    assert fresh(sightings, page) == [0, 1, 2]
    assert selected([Filter([("tree", "example.com")]), Filter()], page) == {0: [1, 3], 1: [0, 1, 2, 3]}


def test_what_one_saw_is_new_to_others() -> None:
    ca = CA("one")
    final = ca.issue(["www.example.com"])
    entries = [
        Entry(0, 0, Submission.of(one)) for one in (ca.issue(["a.example"]), final, ca.issue(["b.example"]), final)
    ]
    page = Page.from_get_entries([b'{"entries":[%b]}' % b",".join(entry.json for entry in entries)], 0, Issuers())
    some = [struct.pack(f"<{len(at)}H", *at) for at in ((), (3,), (1, 2, 3))]
    sightings = Sightings(20)
    first = sightings.fresh_among(page, [(0, None), (1, some[1]), (2, some[2]), (3, some[0])])
    assert [numbers(one) for one in first] == [[0, 1, 2], [3], [1, 2], []]
    then = sightings.fresh_among(page, [(1, None), (3, None), (1, None)])
    assert [numbers(one) for one in then] == [[0, 2], [0, 1, 2], []]
    assert fresh(sightings, page) == []
    assert len(sightings) == 3 + 3 + 2 + 3
    for wrong in (b"\0", b"\4\0", b"\1\0\1\0"):
        with pytest.raises(Malformed, match="position"):
            sightings.fresh_among(page, [(0, wrong)])
    few = Sightings(2)
    for scope in range(50):
        assert numbers(few.fresh_among(page, [(scope, None)])[0]) == [0, 1, 2]
    assert len(few) <= 4


def test_equal_filters() -> None:
    rules = [("tree", "example.com"), ("regex", "^a"), ("keyword", "acme")]
    one = Filter(rules, [("tree", "test.example.com")], ["R3", "E1"], ["com", "net"], "precert")
    same = Filter([*rules[::-1], rules[0]], [("tree", "test.example.com")] * 2, ["E1", "R3"], ["net", "com"], "precert")
    assert one == same
    assert hash(one) == hash(same)
    assert len(one) == len(same) == 8
    others = [Filter(rules), Filter(rules, kind="precert"), Filter()]
    assert len({one, *others}) == 4
    assert Filter([("all", ""), *rules]) == Filter()
    assert Filter([("all", "")], [("tree", "a.com")]) == Filter((), [("tree", "a.com")])
    assert one != "one"
    audience = Audience([one, *others, same])
    assert (len(audience), audience.distinct) == (5, 4)
    assert audience.nbytes > 0


@pytest.mark.parametrize(
    "wish, told",
    [
        (Wish([("tree", "a.com"), ("regex", "a(b")]), r"^rule 1 \(regex\): .* at byte 1$"),
        (Wish((), [("tree", "A.com")]), r"^exclusion 0 \(tree\): .* at byte 0$"),
        (Wish((), [("tree", "a.com"), ("all", "")]), r"^exclusion 1 \(all\): it takes away everything; leave it out"),
        (Wish(issuers=["R3", "O="]), r"^issuer 1 \(issuer\): there is no text"),
        (Wish(tlds=[".com"]), r"^TLD 0 \(tree\): an empty label"),
        (Wish(kind="both"), r'^a kind of entry "both"; there are precert and certificate'),
        (Wish([("domain", "a.com")]), r'^a rule of kind "domain"; there are tree'),
    ],
)
def test_what_is_no_filter(wish: Wish, told: str) -> None:
    with pytest.raises(Malformed, match=told):
        wish.filter()


def test_positions_are_checked(page: Page) -> None:
    for wrong, told in (
        (b"\0", "two bytes each"),
        (b"\1\0\0\0", "they ascend"),
        (b"\xff\xff", "position 65535 in a page"),
    ):
        with pytest.raises(Malformed, match=told):
            Sightings(1).fresh_among(page, [(0, wrong)])
    assert Audience([]).select(page) == []


def test_a_page_of_as_many_entries_as_there_can_be() -> None:
    leaf = base64.b64encode(bytes(12) + u24(b"") + u16(b"")).decode()
    item = b'{"leaf_input":"%b","extra_data":"AAAA"}' % leaf.encode()
    page = Page.from_get_entries([b'{"entries":[%b]}' % b",".join([item] * 65_536)], 0, Issuers())
    assert selected([Filter(), Filter(kind="precert")], page) == {0: list(range(65_536))}


def test_expressions_of_a_filter() -> None:
    large = [("regex", rf"\pL{{10}}{letter}") for letter in "abcdefghij"]
    few = Filter(large[:4], large[4:6])
    assert len(few) == 6
    assert 2 << 20 < few.nbytes < 4 << 20
    with pytest.raises(Malformed, match=r"^exclusion 4 \(regex\): .*more than 4 MiB together; use fewer"):
        Filter(large[:4], large[4:])


def test_filters_together() -> None:
    tens = [Filter([("tree", f"n{10 * number + at}.example") for at in range(9)]) for number in range(1000)]
    assert len(Audience(tens * 2)) == 2000
    with pytest.raises(Malformed, match=r"^filter 1: .*more than 1000000 filters and rules") as refused:
        Audience([tens[0], Filter([("tree", f"n{number}.example") for number in range(1_000_000)])])
    assert refused.value.offset == 1


def test_text_of_filters_together() -> None:
    names = [(f"{number:06}-" + ".".join(["a" * 56, *["a" * 63] * 3]))[:253] for number in range(1 + (64 << 20) // 253)]
    most = Filter([("tree", name) for name in names[:-1]])
    assert len(Audience([most, most])) == 2
    with pytest.raises(Malformed, match=r"^filter 1: .*64 MiB of text in all"):
        Audience([most, Filter([("tree", names[-1])])])


def test_searched_text_of_filters_together() -> None:
    texts = [f"{number:08}{'a' * 1016}" for number in range(2 << 10)]
    with pytest.raises(Malformed, match=r"^filter 1: .*2 MiB of keywords, issuers and organisations"):
        Audience([Filter(issuers=texts[1:]), Filter([("keyword", "a" * 63)] * 2, [("issuer", texts[0])])])


def test_the_capacity_of_sightings() -> None:
    assert len(Sightings(2**28)) == 0
    for capacity in (0, 2**28 + 1):
        with pytest.raises(Malformed, match="it is 1 to 268435456"):
            Sightings(capacity)
