"""What an answer means after the one before."""

from __future__ import annotations

import pytest
from tests.modules.builtin.intelligence.cases import START, match

from certhia.clock import Clock
from certhia.config.modules.revocation import DAY, RevocationSection
from certhia.modules.builtin.revocation.changes import SOON, Change, change
from certhia.scanner.ocsp import Status
from certhia.store.revocations import Answer, Due

GOOD, UNKNOWN = Status("good", "ocsp"), Status("unknown", "ocsp")
REVOKED = Status("revoked", "ocsp", reason="keyCompromise", at=START + 3600)
NONE = Answer()
NOBODY = Status("unavailable", detail="the responder: status 503")


class At(Clock):
    """A day after the start, where nothing is left to chance."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self._at = now

    def now(self) -> float:
        return self._at

    def jitter(self, seconds: float, spread: float = 0.1) -> float:
        return seconds


def after(status: Status, before: Answer = NONE, *, day: float = 2, **settings: object) -> Change:
    section = RevocationSection.model_validate(settings)
    return change(Due(1, match(1), before), status, section, At(START + day * DAY))


def told(found: Change) -> tuple[str, str] | None:
    return None if found.finding is None else (found.finding.kind, found.finding.text.partition(": ")[2])


def test_the_first_answer() -> None:
    found = after(GOOD)
    assert told(found) == ("status", "not revoked, by OCSP")
    assert found.answer == Answer("good", "ocsp", "", 0.0, START + 2 * DAY, 0.0)
    assert found.due == START + 3 * DAY
    assert told(after(GOOD, first=False)) is None
    assert told(after(GOOD, found.answer)) is None


def test_a_revocation() -> None:
    found = after(REVOKED, Answer("good", "ocsp"))
    assert told(found) == ("revoked", "revoked since 2026-11-01T01:00:00Z, keyCompromise, by OCSP")
    assert found.finding is not None
    assert found.finding.severity == "high"
    assert found.finding.data["reason"] == "keyCompromise"
    assert found.finding.data["before"] == "good"
    assert found.finding.text.startswith("www.example.com (serial 01): ")
    assert found.due == START + 9 * DAY
    assert told(after(REVOKED, found.answer)) is None
    other = REVOKED._replace(reason="superseded")
    assert told(after(other, found.answer)) == ("revoked", "revoked since 2026-11-01T01:00:00Z, superseded, by OCSP")
    assert told(after(REVOKED)) is not None
    assert told(after(REVOKED, Answer("good"), changes=False)) is None
    assert told(after(REVOKED._replace(reason="unspecified", source="crl"))) == (
        "revoked",
        "revoked since 2026-11-01T01:00:00Z, by a revocation list",
    )


def test_a_hold_that_ends() -> None:
    found = after(GOOD, Answer("revoked", "ocsp", "certificateHold", START))
    assert told(found) == ("unrevoked", "no longer revoked, by OCSP")


def test_responders_need_not_know_the_newest() -> None:
    soon = after(UNKNOWN, day=0.5)
    assert told(soon) is None
    assert soon.answer.state == ""
    assert soon.due == START + 0.5 * DAY + 3600
    late = after(UNKNOWN, soon.answer, day=2)
    assert told(late) == ("unknown", "its authority does not know it, by OCSP")
    assert told(after(GOOD, late.answer)) == ("status", "known again and not revoked, by OCSP")
    assert told(after(UNKNOWN, Answer("good"), day=0.5)) is not None


def test_nobody_answers() -> None:
    first = after(NOBODY, Answer("good", "ocsp", checked=START))
    assert (first.answer.state, first.answer.failing) == ("good", START + 2 * DAY)
    assert first.due == START + 2 * DAY + SOON
    later = after(NOBODY, first.answer, day=2.5)
    assert told(later) is None
    assert later.due == START + 3 * DAY  # twice as long each time
    crossed = after(NOBODY, later.answer, day=3)
    assert told(crossed) == (
        "unanswered",
        "for a day nobody could say whether it was revoked: the responder: status 503",
    )
    assert told(after(NOBODY, later.answer, day=3, unanswered=False)) is None
    again = after(NOBODY, crossed.answer, day=4)
    assert told(again) is None
    assert again.due == START + 5 * DAY  # and never longer than any other
    assert after(GOOD, again.answer, day=5).answer.failing == 0.0


@pytest.mark.parametrize("status", [GOOD, NOBODY, REVOKED])
def test_it_ends_when_the_certificate_does(status: Status) -> None:
    assert after(status, Answer("good"), day=89.999).due is None
