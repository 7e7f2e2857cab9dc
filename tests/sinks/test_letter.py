from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sinks.conftest import MAKE, delivery

from certhia.model import MatchKind, RuleHit
from certhia.sinks.letter import LISTED, of_matches, of_record


def test_one_match(make: MAKE) -> None:
    letter = of_matches([make(1)])
    assert (letter.title, letter.kind) == ("Certificate for www.example.com", "warning")
    assert letter.body == (
        "Names: www.example.com, example.com, 192.0.2.7\n"
        "Rule: example.com (below), programme Acme\n"
        "Kind: alert, severity high\n"
        "Issuer: Let's Encrypt\n"
        "Valid: 2025-10-09 to 2026-01-09\n"
        "Log: Example 'Log2026', entry 1001, verified\n"
        f"SHA-256: {'02' * 32}\n"
        f"Id: {'01' * 32}"
    )
    assert of_matches([make(1, repeat=True)]).title == "Certificate for www.example.com (told before)"


def test_several(make: MAKE) -> None:
    letter = of_matches([make(number, kind=MatchKind.EXPECTED, expected="key") for number in range(LISTED + 2)])
    assert (letter.title, letter.kind) == ("17 certificates", "info")
    assert letter.body.splitlines()[0] == "www.example.com (Let's Encrypt), programme Acme"
    assert letter.body.splitlines()[-1] == "and 2 more: certhia matches shows them"


def test_odd_ones(make: MAKE) -> None:
    letter = of_matches([make(1, hits=(), names=tuple("abcdefgh"), verified=False, not_after=10**15)])
    assert "Names: a, b, c, d, e and 3 more\nRule: none\n" in letter.body
    assert "to a day that no calendar has\n" in letter.body
    assert "not yet verified" in letter.body


def test_what_is_no_match() -> None:
    raised = of_record({"type": "alarm", "event": "raised", "log": "Argon", "text": "lags"})
    assert (raised.title, raised.body, raised.kind) == ("Certhia: alarm", "Argon: lags", "failure")
    assert of_record({"type": "alarm", "event": "cleared", "text": "lags"}).kind == "success"
    assert of_record({"type": "digest", "text": "3 matches"}).title == "Certhia: digest"


@given(st.text(max_size=500))
def test_what_certificates_say_is_inert(text: str) -> None:
    """Faults W05: no header of a mail, no tag, link, mention or command of a chat."""
    hit = RuleHit(text, text, "san", "keyword", text, text, text)
    letter = of_matches([delivery(1, hits=(hit,), names=(text,), issuer=text, issuer_organization=text)])
    assert letter.title.isprintable()
    assert len(letter.body.splitlines()) == 8
    assert not set("<>&@[]`|~#") & set(letter.title + letter.body)


@pytest.mark.parametrize(
    "kind, data, how",
    [
        ("vulnerability.detected", {"severity": "critical"}, "failure"),
        ("finding.reported", {"severity": "medium"}, "warning"),
        ("finding.reported", {"severity": "info"}, "info"),
        ("log.misbehaved", {}, "failure"),
        ("log.degraded", {}, "warning"),
        ("log.recovered", {}, "success"),
        ("scan.started", {}, "info"),
        ("digest", {}, "warning"),
    ],
)
def test_events_are_as_grave_as_they_are(kind: str, data: dict[str, object], how: str) -> None:
    letter = of_record({"type": kind, "data": data, "text": "what it says"})
    assert (letter.title, letter.body, letter.kind) == (f"Certhia: {kind}", "what it says", how)
