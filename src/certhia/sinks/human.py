"""Matches for people: one aligned line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from certhia.clock import utc
from certhia.model import Delivery, Match, MatchKind, RuleHit
from certhia.render import column, domain, short, terminal
from certhia.sinks.record import common_name, matched_name

_NAME, _ISSUER, _LOG = 36, 20, 24  # columns; a longer name pushes the rest, the others are cut

_DIM, _BOLD, _GREEN, _YELLOW, _CYAN, _OFF = "\x1b[2m", "\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[1;36m", "\x1b[0m"


def line(delivery: Delivery, *, color: bool = False, brief: bool = False) -> str:
    """One line, with its newline:

    time (without the date where `brief`), name, precertificate or certificate, verified or not yet, log and index, then
    what else there is to say: marks (one's own, only possible, undecodable, a renewal), the rule where it is not the
    name itself, programme, further names, issuer, whether it was told before.
    """
    match = delivery.match
    sighting = match.sighting
    parts = [
        _paint(utc(match.seen).strftime("%H:%M:%S" if brief else "%Y-%m-%d %H:%M:%S"), _DIM, color),
        _paint(column(domain(matched_name(match)), _NAME), _CYAN, color),
        "precert" if sighting.is_precert else "cert   ",
        _paint("verified  ", _GREEN, color) if match.verified else _paint("unverified", _DIM, color),
        _paint(column(_place(match), _LOG), _DIM, color),
        *_remarks(delivery, color),
    ]
    return "  ".join(part for part in parts if part).rstrip() + "\n"


def _place(match: Match) -> str:
    """Log and index; of a long description the end is left out, never of the index."""
    index = f" #{match.sighting.index}"
    return short(match.log.description, max(_LOG - len(index), 8)) + index


def _remarks(delivery: Delivery, color: bool) -> list[str]:
    match = delivery.match
    rules = list(dict.fromkeys((hit.rule, _explained(hit)) for hit in match.hits))
    told = ", ".join(short(rule, 60) + why for rule, why in rules[:3]) + (f", +{len(rules) - 3}" if rules[3:] else "")
    remarks = [*_marks(match, color), told if rules != [(matched_name(match), "")] else ""]
    remarks.append(_paint(_programmes(match), _YELLOW, color))
    more = len(match.names) - 1
    if more > 0:
        remarks.append(_paint(f"+{more} name{'s' if more > 1 else ''}", _DIM, color))
    issuer = match.issuer_organization or common_name(match.issuer)
    remarks.append(_paint(short(issuer, _ISSUER), _DIM, color))
    if delivery.repeat:
        remarks.append(_paint("told before", _BOLD, color))
    return remarks


def _explained(hit: RuleHit) -> str:
    """The trick of a look-alike: ` (homoglyph, 92)`."""
    return f" ({terminal(hit.detail or hit.why)}, {hit.score})" if hit.score else ""


def _marks(match: Match, color: bool) -> list[str]:
    marks = []
    if match.kind is MatchKind.EXPECTED:
        marks.append(_paint(f"expected ({match.expected})", _GREEN, color))
    elif match.kind is MatchKind.POSSIBLE:
        marks.append(_paint("possible", _YELLOW, color))
    if match.fault:
        marks.append(_paint("undecodable", _YELLOW, color))
    if match.renewal:
        marks.append(_paint(f"renewal ({match.renewal})", _DIM, color))
    if match.unproven:
        marks.append(_paint("fingerprint unproven", _DIM, color))
    return marks


def _programmes(match: Match) -> str:
    """`[Acme (hackerone), Other]`."""
    found = dict.fromkeys((hit.programme, hit.platform) for hit in match.hits if hit.programme)
    told = [terminal(name) + (f" ({terminal(platform)})" if platform else "") for name, platform in found]
    return f"[{', '.join(told)}]" if told else ""


def _paint(text: str, code: str, color: bool) -> str:
    return f"{code}{text}{_OFF}" if color and text else text


def wants_color(setting: str, stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Whether to colour what goes to `stream`: `always`, `never`, or `auto`: on a terminal that is not dumb, unless
    NO_COLOR is set (no-color.org)."""
    if setting != "auto":
        return setting == "always"
    return (
        stream is not None and stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    )
