"""What is said of certificates."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.modules.builtin.intelligence.cases import START, case, match

from certhia.clock import utc
from certhia.modules.builtin.intelligence.judging import (
    LONGEST,
    first_certificate,
    issued,
    key_reuse,
    rhythm,
    short_lived,
    unusual_issuer,
    validity,
    wildcard,
)
from certhia.modules.finding import Finding


def texts(found: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(one.severity, one.text) for one in found]


MONTHLY = [match(number, day=30 * number) for number in range(6)]


def test_issued() -> None:
    assert texts(issued(case(match(1)))) == [
        (
            "info",
            "example.com: issued by Let's Encrypt (Internet Security Research Group) for 90 days; none before",
        )
    ]
    (finding,) = issued(case(match(9, day=180, by="Somebody Ltd", length=1), MONTHLY))
    assert finding.text == (
        "example.com: issued by Somebody Ltd for 24 hours; 6 earlier ones are known, issued every 30 days"
    )
    assert finding.data["owners"] == {"Internet Security Research Group": 6}
    assert finding.names == ("www.example.com",)


def test_the_first_certificate_for_a_name() -> None:
    (first,) = first_certificate(case(match(1, "www.example.com", "other.example.net")))
    assert first.text == "example.com: the first certificate of the domain, for www.example.com"
    assert list(first_certificate(case(match(2, day=1), [match(1)]))) == []
    (new,) = first_certificate(case(match(2, "www.example.com", "new.example.com", day=1), [match(1)]))
    assert (new.text, new.data["new"]) == (
        "example.com: the first certificate for new.example.com",
        ["new.example.com"],
    )
    (covered,) = first_certificate(case(match(2, "new.example.com", day=1), [match(1, "*.example.com")]))
    assert covered.text.endswith("so far under a wildcard")
    many = [f"n{number}.example.com" for number in range(9)]
    assert " and 4 more" in next(iter(first_certificate(case(match(1, *many))))).text


def test_an_older_certificate_that_comes_late_is_not_judged_by_newer_ones() -> None:
    old = match(9, day=-400, by="ZeroSSL")
    assert list(unusual_issuer(case(old, after=MONTHLY), 1)) == []
    assert len(list(first_certificate(case(old, after=MONTHLY)))) == 1


def test_an_unusual_issuer() -> None:
    found = texts(unusual_issuer(case(match(9, day=180, by="ZeroSSL"), MONTHLY), 5))
    text = "example.com: the first from Sectigo; all 6 earlier ones are from Internet Security Research Group"
    assert found == [("medium", text)]
    assert list(unusual_issuer(case(match(9, day=180, by="ISRG"), MONTHLY), 5)) == []  # of the same owner
    assert list(unusual_issuer(case(match(9, day=180, by="ZeroSSL"), MONTHLY[:3]), 5)) == []
    mixed = [*MONTHLY, match(8, day=170, by="Amazon")]
    assert "6 of 7 earlier" in texts(unusual_issuer(case(match(9, day=180, by="ZeroSSL"), mixed), 5))[0][1]


def test_keys_that_come_again() -> None:
    before = [match(1, key=5), match(2, day=1, key=5), match(3, "x.example.net", day=2, key=6)]
    assert texts(key_reuse(case(match(4, day=3, key=5), before))) == [
        ("low", "example.com: the key is in 2 earlier certificates, since 2026-11-01")
    ]
    assert texts(key_reuse(case(match(4, day=3, key=6), before))) == [
        (
            "medium",
            "example.com: the key is in an earlier certificate, since 2026-11-03, and those are for example.net, too",
        )
    ]
    assert list(key_reuse(case(match(4, day=3, key=7), before))) == []


def test_wildcards() -> None:
    assert texts(wildcard(case(match(1, "*.example.com")))) == [
        ("info", "example.com: for all names below example.com")
    ]
    assert texts(wildcard(case(match(2, "*.a.example.com", day=1), [match(1)]))) == [
        ("low", "example.com: for all names below a.example.com; the first wildcard of the domain")
    ]
    again = case(match(2, "*.example.com", day=1), [match(1, "*.example.com")])
    assert texts(wildcard(again)) == [("info", "example.com: for all names below example.com")]
    assert list(wildcard(case(match(1)))) == []


@pytest.mark.parametrize(
    "change, said",
    [
        ({}, []),
        ({"length": 200}, []),
        ({"length": 201}, ["medium: example.com: valid for 201 days, where at most 200 days"]),
        ({"length": 0}, ["medium: example.com: a validity that can't be read, or ends before it begins"]),
        ({"length": 1, "begins": 5}, ["medium: example.com: over already when it was logged"]),
        ({"begins": 10}, ["low: example.com: valid since 10 days before it was logged"]),
        ({"begins": 10, "precert": False}, []),
        ({"day": 2000, "length": 48}, ["medium: example.com: valid for 48 days, where at most 47 days"]),
    ],
)
def test_validity(change: dict[str, float], said: list[str]) -> None:
    found = [f"{severity}: {text}" for severity, text in texts(validity(case(match(1, **change))))]  # type: ignore[arg-type]
    assert len(found) == len(said)
    assert all(one.startswith(start) for one, start in zip(found, said, strict=True))


def test_the_dates_of_the_requirements() -> None:
    assert [(utc(since).date().isoformat(), most) for since, most in LONGEST] == [
        ("2029-03-15", 47),
        ("2027-03-15", 100),
        ("2026-03-15", 200),
        ("2020-09-01", 398),
        ("2018-03-01", 825),
    ]
    assert utc(START).isoformat() == "2026-11-01T00:00:00+00:00"


def test_short_lived() -> None:
    assert texts(short_lived(case(match(1, length=6)))) == [("info", "example.com: valid for 6 days only")]
    assert list(short_lived(case(match(1, length=8)))) == []
    assert texts(short_lived(case(match(1, length=8, day=-300)))) == [("info", "example.com: valid for 8 days only")]


def test_rhythm() -> None:
    soon = case(match(9, day=155), MONTHLY)
    assert texts(rhythm(soon)) == [
        ("low", "example.com: issued again after 5 days, where 30 days are usual for these names")
    ]
    assert list(rhythm(case(match(9, day=180), MONTHLY))) == []
    assert list(rhythm(case(match(9, day=150.5), MONTHLY))) == []  # the same issuance, with another key
    assert list(rhythm(case(match(9, "other.example.com", day=155), MONTHLY))) == []
    assert list(rhythm(case(match(9, day=65), MONTHLY[:3]))) == []
