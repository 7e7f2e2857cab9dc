"""Matches as a message to people: a title and a few lines of plain text, inert in mail and in chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from certhia.clock import utc
from certhia.model import Delivery, Match
from certhia.render import chat
from certhia.sinks.record import common_name, matched_name
from certhia.sinks.severity import severity

LISTED: Final = 15  # matches that a message of several shows
NAMED: Final = 5  # names of a certificate
_FAILURES: Final = frozenset(("log.failed", "log.misbehaved", "scan.failed"))
_WARNINGS: Final = frozenset(("log.degraded", "module.disabled"))
_TEXT: Final = 120  # characters of a text that a stranger wrote


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: `kind` as Apprise calls it."""

    title: str
    body: str
    kind: Literal["info", "success", "warning", "failure"] = "info"


def of_matches(deliveries: Sequence[Delivery]) -> Letter:
    """One match in full, or several with a line each."""
    kind: Literal["info", "warning"] = "warning" if any(severity(one.match) == "high" for one in deliveries) else "info"
    if len(deliveries) == 1:
        match = deliveries[0].match
        again = " (told before)" if deliveries[0].repeat else ""
        return Letter(f"Certificate for {_name(match)}{again}", "\n".join(_lines(match)), kind)
    shown = [f"{_name(one.match)} ({_issuer(one.match)}){_programme(one.match)}" for one in deliveries[:LISTED]]
    rest = len(deliveries) - len(shown)
    more = [f"and {rest} more: certhia matches shows them"] if rest else []
    return Letter(f"{len(deliveries)} certificates", "\n".join([*shown, *more]), kind)


def of_record(record: Mapping[str, object]) -> Letter:
    """An alarm, a digest, an event."""
    text = chat(str(record.get("text", "")), 500)
    about = f"{chat(str(record['log']), _TEXT)}: " if record.get("log") else ""
    if record.get("event") == "raised":
        return Letter("Certhia: alarm", about + text, "failure")
    if record.get("event") == "cleared":
        return Letter("Certhia: alarm is over", about + text, "success")
    kind = str(record.get("type", "note"))
    return Letter(f"Certhia: {chat(kind, 40)}", about + text, _grave(kind, record.get("data")))


def _grave(kind: str, data: object) -> Literal["info", "success", "warning", "failure"]:
    """How a record that is no match is to be taken: PagerDuty opens an incident for "failure", and for "warning"."""
    if "." not in kind:
        return "warning"
    if kind == "log.recovered":
        return "success"
    said = str(data.get("severity", "")) if isinstance(data, Mapping) else ""
    if kind in _FAILURES or said in {"high", "critical"}:
        return "failure"
    return "warning" if kind in _WARNINGS or said == "medium" else "info"


def _lines(match: Match) -> list[str]:
    names = ", ".join(chat(name, 253) for name in match.names[:NAMED])
    more = f" and {len(match.names) - NAMED} more" if len(match.names) > NAMED else ""
    first = match.hits[0] if match.hits else None
    why = (first.detail and chat(first.detail, _TEXT)) or first.why if first else ""
    rule = f"{chat(first.rule, _TEXT)} ({why})" if first else "none"
    verified = "verified" if match.verified else "not yet verified"
    return [
        f"Names: {names}{more}",
        f"Rule: {rule}{_programme(match)}",
        f"Kind: {match.kind.value}, severity {severity(match)}",
        f"Issuer: {_issuer(match)}",
        f"Valid: {_day(match.not_before)} to {_day(match.not_after)}",
        f"Log: {chat(match.log.description, _TEXT)}, entry {match.sighting.index}, {verified}",
        f"SHA-256: {match.sha256.hex()}",
        f"Id: {match.key.hex()}",
    ]


def _name(match: Match) -> str:
    return chat(matched_name(match), 253)


def _issuer(match: Match) -> str:
    return chat(match.issuer_organization or common_name(match.issuer), _TEXT)


def _programme(match: Match) -> str:
    found = next((hit for hit in match.hits if hit.programme), None)
    return f", programme {chat(found.programme, _TEXT)}" if found else ""


def _day(seconds: int) -> str:
    try:
        return utc(seconds).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "a day that no calendar has"
