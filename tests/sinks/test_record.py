from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.model import Delivery, MatchKind, RuleHit, Sighting
from certhia.sinks.record import common_name, entry_time, matched_name, record

Make = Callable[..., Delivery]


def test_ct_scouts_fields_keep_their_names_types_and_order(make: Make) -> None:
    fields = record(make(7))
    assert list(fields)[:13] == [
        "timestamp",
        "matched_domain",
        "all_domains",
        "cert_index",
        "not_before",
        "not_after",
        "fingerprint",
        "program_name",
        "platform",
        "seen_unix",
        "issuer",
        "is_precert",
        "ct_log_url",
    ]
    assert list(fields.values())[:13] == [
        1_760_000_001,
        "www.example.com",
        ["www.example.com", "example.com", "192.0.2.7"],
        1007,
        1_759_990_000,
        1_767_990_000,
        "02" * 32,
        "Acme",
        "hackerone",
        1_760_000_001.5,
        "R11",
        True,
        "https://ct.example/2026/",
    ]


def test_ours_follow(make: Make) -> None:
    fields = record(make(7, repeat=True))
    assert fields["id"] == "07" * 32
    assert fields["repeat"] is True
    assert fields["rule"] == "example.com"
    assert fields["rules"] == [
        {
            "rule": "example.com",
            "name": "www.example.com",
            "where": "san",
            "why": "below",
            "programme": "Acme",
            "platform": "hackerone",
            "detail": None,
            "score": None,
        }
    ]
    empty = ("expected", "renewal", "fault", "unproven", "modules")
    assert [fields[name] for name in ("kind", *empty)] == ["alert", *[None] * 5]


def test_what_kind_of_match_it_is_and_what_is_wrong_with_it(make: Make) -> None:
    hit = RuleHit("typo:example.com", "examp1e.com", "san", "lookalike", detail="homoglyph", score=93)
    marks = {"expected": "key", "renewal": "names and issuer", "fault": "cut off at byte 7", "unproven": "no issuer"}
    fields = record(make(hits=(hit,), kind=MatchKind.EXPECTED, **marks))
    assert {name: fields[name] for name in marks} == marks
    assert fields["kind"] == "expected"
    told = cast("list[dict[str, object]]", fields["rules"])[0]
    assert (told["detail"], told["score"]) == ("homoglyph", 93)
    assert fields["log_id"] == "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
    assert fields["entry_timestamp"] == "2025-10-09T08:53:20.123Z"
    assert fields["issuer_dn"] == "CN=R11,O=Let's Encrypt,C=US"


def test_a_streamed_match_has_no_id(make: Make) -> None:
    fields = record(make().match)
    assert len(str(fields["id"])) == 64
    assert fields["repeat"] is False


def test_what_is_empty_is_null(make: Make) -> None:
    fields = record(make(hits=(RuleHit(".", "", "san", "everything"),)))
    assert fields["program_name"] is None
    assert fields["platform"] is None
    assert fields["matched_domain"] == "www.example.com"


def test_a_match_without_names_or_hits_is_still_told(make: Make) -> None:
    match = make(hits=(), names=()).match
    assert matched_name(match) == ""
    assert record(match)["rule"] is None


@pytest.mark.parametrize("milliseconds", [2**63 - 1, 2**64 - 1, -(2**63)])
def test_a_timestamp_that_no_calendar_has_is_null(make: Make, milliseconds: int) -> None:
    assert entry_time(milliseconds) is None
    assert record(make(sighting=Sighting(b"", 1, False, milliseconds)))["entry_timestamp"] is None


@pytest.mark.parametrize(
    "distinguished, name",
    [
        ("CN=R11,O=Let's Encrypt,C=US", "R11"),
        ("C=US,O=Acme\\, Inc.,CN=a\\,b", "a\\,b"),
        ("O=x\\+CN=no,CN=yes", "yes"),
        ("O=Acme+CN=multi", "multi"),
        ("2.5.4.3=dotted", "dotted"),
        ("O=only", "O=only"),
        ("CN=", "CN="),
        ("", ""),
        ("CN=a\\", "a\\"),
    ],
)
def test_the_issuers_common_name(distinguished: str, name: str) -> None:
    assert common_name(distinguished) == name


@given(st.text(alphabet='CN=,+\\ab"'))
def test_any_distinguished_name_gives_one(distinguished: str) -> None:
    assert common_name(distinguished) in distinguished
