"""Filters of many clients together, held against what each says alone; sightings."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from certhia._core import Audience, Filter, Matcher, Page, Rules, Sightings
from certhia.errors import Malformed

Rule = tuple[str, str]


@dataclass(frozen=True)
class Wish:
    """A filter, as it is written."""

    rules: Sequence[Rule] = ()
    excluded: Sequence[Rule] = ()
    issuers: Sequence[str] = ()
    tlds: Sequence[str] = ()
    kind: str = ""
    fresh: bool = False

    def filter(self) -> Filter:
        return Filter(self.rules, self.excluded, self.issuers, self.tlds, self.kind, fresh=self.fresh)


@dataclass
class Alone:
    """What a filter says by itself, each part of it by a matcher of its own."""

    page: Page
    fresh: set[int] = field(default_factory=set)

    def positions(self, wish: Wish) -> list[int]:
        passed = self._ruled(wish)
        if wish.issuers:
            passed &= self._hits([("issuer", text) for text in wish.issuers])
        if wish.tlds:
            passed &= self._hits([("tree", name) for name in wish.tlds])
        if wish.kind:
            passed &= {at for at, entry in enumerate(self.page) if entry.is_precert == (wish.kind == "precert")}
        return sorted(passed & self.fresh if wish.fresh else passed)

    def _ruled(self, wish: Wish) -> set[int]:
        rules = wish.rules or [("all", "")]
        passed = self._hits(rules, wish.excluded)
        if ("all", "") in rules:
            passed |= {at for at, _ in Matcher(()).scan(self.page).quarantined}
        return passed

    def _hits(self, rules: Iterable[Rule], excluded: Iterable[Rule] = ()) -> set[int]:
        gathered = Rules()
        for rule in rules:
            gathered.add(*rule)
        for rule in excluded:
            gathered.exclude(*rule)
        return {at for at, _ in gathered.build().scan(self.page).hits}


def numbers(positions: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(positions) // 2}H", positions))


def selected(filters: Sequence[Filter], page: Page, fresh: bytes | None = None) -> dict[int, list[int]]:
    found = Audience(filters).select(page, fresh)
    assert [number for number, _ in found] == sorted({number for number, _ in found})
    return {number: numbers(positions) for number, positions in found}


ISSUER = "Let's Encrypt"
WISHES = [
    Wish(),
    Wish(kind="precert"),
    Wish(kind="certificate"),
    Wish(fresh=True),
    Wish([("all", "")]),
    Wish([("tree", "de")]),
    Wish([("tree", "de"), ("tree", "org")]),
    Wish([("tree", "org"), ("tree", "de"), ("tree", "org")]),
    Wish([("tree", "de")], [("keyword", "www")]),
    Wish([("tree", "de"), ("keyword", "mail")], [("keyword", "www"), ("issuer", ISSUER)]),
    Wish([("keyword", "mail"), ("keyword", "shop")]),
    Wish([("keyword", "mail")], [("tree", "com")]),
    Wish([("regex", r"^[a-z]+\d+\.")], kind="precert"),
    Wish([("regex", r"^[a-z]+\d+\."), ("regex", "log[io]n")], fresh=True),
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
    Wish((), [("regex", "^www")], tlds=["com"], kind="certificate", fresh=True),
    Wish([("exact", "never.example")]),
]


def test_real_pages_as_each_filter_says_alone(page: Page) -> None:
    fresh = set(range(0, len(page), 3))
    alone = Alone(page, fresh)
    expected = {number: at for number, wish in enumerate(WISHES) if (at := alone.positions(wish))}
    given = struct.pack(f"<{len(fresh)}H", *sorted(fresh))
    found = selected([wish.filter() for wish in WISHES], page, given)
    assert found == expected
    assert len(found) >= len(WISHES) - 3
    for number, wish in enumerate(WISHES):
        assert selected([wish.filter()], page, given).get(0, []) == found.get(number, []), wish


def test_expressions_of_a_filter() -> None:
    large = [("regex", f"{letter}.{{300}}") for letter in "abcdefghij"]
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
