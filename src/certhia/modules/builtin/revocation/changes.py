"""What an answer means after the one before: what is kept, when to ask again, and what is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from certhia.clock import Clock, iso
from certhia.config.modules.revocation import DAY, RevocationSection
from certhia.model import Match
from certhia.modules.finding import JSON, Finding, Severity
from certhia.scanner.ocsp import Status
from certhia.store.revocations import Answer, Due

SOON: Final = 600.0  # seconds until one that nobody answered for is asked about again; then twice as long
FRESH: Final = DAY  # seconds since it was logged: so long a responder need not know it yet
REVOKED: Final = 7.0  # times as long until a revoked one is asked about again: few come back
SHOWN: Final = 5
_BY: Final = {"ocsp": "OCSP", "crl": "a revocation list"}
_REASONS: Final = {"": "", "unspecified": ""}


class Change(NamedTuple):
    """What becomes of a certificate that was asked about.

    Attributes:
        answer: what is kept.
        due: when to ask again, Unix seconds; None once it has run out.
        finding: what is told; None for nothing.
    """

    answer: Answer
    due: float | None
    finding: Finding | None


def change(one: Due, status: Status, settings: RevocationSection, clock: Clock) -> Change:
    """What a status means."""
    now, before = clock.now(), one.answer
    if status.state == "unavailable":
        return _unanswered(one, status, settings, clock)
    answer = Answer(status.state, status.source, status.reason, status.at, now, 0.0)
    pause = settings.every * (REVOKED if status.state == "revoked" else 1.0)
    logged = min(one.match.sighting.timestamp / 1000, one.match.seen)
    if status.state == "unknown" and before.state in ("", "unknown") and now - logged < FRESH:
        return Change(before._replace(checked=now, failing=0.0), _again(one, now + clock.jitter(3600.0)), None)
    return Change(answer, _again(one, now + clock.jitter(pause)), _finding(one.match, before, status, settings))


def _unanswered(one: Due, status: Status, settings: RevocationSection, clock: Clock) -> Change:
    now, before = clock.now(), one.answer
    since = before.failing or now
    pause = min(max(SOON, now - since), settings.every)
    answer = before._replace(checked=now, failing=since)
    crossed = now - since >= DAY and before.checked - since < DAY
    finding = None
    if settings.unanswered and crossed:
        text = f"for a day nobody could say whether it was revoked: {status.detail}"
        finding = _made("unanswered", text, "low", one.match, {"state": before.state, "since": since})
    return Change(answer, _again(one, now + clock.jitter(pause)), finding)


def _again(one: Due, at: float) -> float | None:
    """Not once it has run out: authorities need not answer then."""
    return at if at <= one.match.not_after else None


def _finding(match: Match, before: Answer, status: Status, settings: RevocationSection) -> Finding | None:
    same = (before.state, before.reason, before.revoked) == (status.state, status.reason, status.at)
    if same or (before.state == status.state != "revoked"):
        return None
    by = _BY.get(status.source, status.source)
    data: dict[str, JSON] = {
        "state": status.state,
        "before": before.state or None,
        "source": status.source,
        "detail": status.detail,
    }
    if status.state == "revoked":
        reason = _REASONS.get(status.reason, status.reason)
        why = f", {reason}" if reason else ""
        text = f"revoked since {iso(status.at)[:19]}Z{why}, by {by}"
        more: dict[str, JSON] = {"reason": status.reason or None, "revoked": status.at}
        wanted = settings.changes or (settings.first and not before.state)
        return _made("revoked", text, "high", match, {**data, **more}) if wanted else None
    if not before.state and status.state == "good":
        return _made("status", f"not revoked, by {by}", "info", match, data) if settings.first else None
    if not settings.changes:
        return None
    if before.state == "revoked" and status.state == "good":
        return _made("unrevoked", f"no longer revoked, by {by}", "medium", match, data)
    if status.state == "unknown":
        return _made("unknown", f"its authority does not know it, by {by}", "medium", match, data)
    return _made("status", f"known again and not revoked, by {by}", "info", match, data)


def _made(kind: str, text: str, severity: Severity, match: Match, data: Mapping[str, JSON]) -> Finding:
    name = match.hits[0].name if match.hits else next(iter(match.names), "")
    shown = f"{name} (serial {match.serial}): {text}" if name else text
    return Finding(kind, shown, severity, None, match.names[:SHOWN], data)
