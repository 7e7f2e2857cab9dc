"""What is known of domains."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.modules.builtin.intelligence.cases import DAY, START, learnt, match, unkeyed

from certhia.model import RuleHit
from certhia.modules.builtin.intelligence import history
from certhia.modules.builtin.intelligence.history import (
    MAX_LOOKED,
    all_domains,
    looked,
    names_below,
    record_of,
    watched,
)


def test_what_is_earlier_goes_by_when_a_log_took_it() -> None:
    one, two, three = (match(number, day=number) for number in (1, 2, 3))
    known = learnt([three, one, two]).of("example.com")
    assert [record.logged for record in known.records] == sorted(record.logged for record in known.records)
    assert [record.key for record in known.before(record_of(two, ""))] == [one.key[:16]]


def test_a_match_that_comes_again_counts_once() -> None:
    one = match(1)
    known = learnt([one, one])
    assert len(known.of("example.com").records) == 1
    assert len(known.uses(match(2, day=1, key=1001), record_of(match(2, day=1), ""))) == 1
    assert known.of("example.com").is_first("www.example.com", record_of(one, ""))


def test_names_are_first_once() -> None:
    one, two = match(1, "a.example.com"), match(2, "a.example.com", "B.example.com", day=1)
    known = learnt([two, one]).of("example.com")
    record = record_of(two, "")
    assert not known.is_first("a.example.com", record)
    assert known.is_first("b.example.com", record)


def test_no_log_claims_a_time_to_come() -> None:
    late = match(1, day=10_000)
    assert record_of(replace(late, seen=START), "").logged == START


def test_watched_domains_are_those_that_rules_found() -> None:
    one = match(1, "www.example.com", "other.example.net", "*.example.org")
    assert watched(one) == ["example.com", "example.net", "example.org"]
    hit = RuleHit("r", "other.example.net", "san", "below")
    assert watched(replace(one, hits=(hit,))) == ["example.net"]
    assert watched(replace(one, hits=(replace(hit, where="issuer"),))) == watched(one)
    assert list(all_domains(match(1, "192.0.2.1", "com", "x.example.co.uk"))) == ["example.co.uk"]


def test_names_below_a_domain() -> None:
    one = match(1, "EXAMPLE.com", "*.example.com", "notexample.com", "a.example.com.", "example.com")
    assert names_below(one, "example.com") == ["example.com", "*.example.com", "a.example.com"]


def test_all_of_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MAX_DOMAINS", 3), ("MAX_RECORDS", 4), ("MAX_NAMES", 5), ("MAX_KEYS", 6), ("MAX_USES", 2)):
        monkeypatch.setattr(history, name, most)
    many = [match(number, f"n{number}.example.com", day=number) for number in range(10)]
    many += [match(number, f"www.d{number}.example", day=number) for number in range(10, 20)]
    many += [match(number, "www.last.example", day=number, key=7) for number in range(20, 25)]
    found = learnt(many)
    assert len(found) == 3
    assert len(found._keys) == 6
    last = match(99, "www.last.example", day=99, key=7)
    assert len(found.uses(last, record_of(last, ""))) == 2
    assert len(found.of("last.example").records) == 4


def test_names_that_were_left_out_are_never_called_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_NAMES", 2)
    known = learnt([match(1, *(f"n{number}.example.com" for number in range(5)))]).of("example.com")
    assert known.full
    assert not known.is_first("n4.example.com", record_of(match(2, day=1), ""))


def test_a_key_that_cannot_be_read_is_nobodys() -> None:
    found = learnt([unkeyed(match(1)), unkeyed(match(2, day=1))])
    assert found.uses(unkeyed(match(3, day=2)), record_of(match(3, day=2), "")) == []
    assert DAY == 86400


def test_names_of_one_certificate_are_bounded() -> None:
    names = [f"n{number}.d{number % 3}.example" for number in range(3 * MAX_LOOKED)]
    one = replace(match(1, *names), hits=(RuleHit("r", names[-1], "san", "below"),))
    assert len(looked(one)) == MAX_LOOKED
    assert looked(one)[0] == names[-1]  # what a rule found is never left out
    assert names_below(one, "d2.example")[0] == names[-1]
