"""Certificates of a domain, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from certhia.model import LogName, Match, RuleHit, Sighting
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.intelligence.history import History, record_of, watched
from certhia.modules.builtin.intelligence.judging import Case

DAY = 86400
START = 1793491200  # 2026-11-01T00:00:00Z
LOG = LogName(bytes(32), "https://log.example/", "a log", "Operator")


def match(
    number: int,
    *names: str,
    day: float = 0,
    by: str = "Let's Encrypt",
    length: float = 90,
    key: int | None = None,
    begins: float = 0.0,
    precert: bool = True,
) -> Match:
    """The match of a certificate that was logged on a day. `begins`: days before that its validity does."""
    logged = START + day * DAY
    since = int(logged - begins * DAY - 3600)
    named = names or ("www.example.com",)
    return Match(
        key=number.to_bytes(32, "big")[::-1],
        tbs_sha256=number.to_bytes(32, "big")[::-1],
        hits=tuple(RuleHit("r", name, "san", "below") for name in named),
        sighting=Sighting(LOG.id, number, precert, int(logged * 1000)),
        log=LOG,
        verified=True,
        seen=logged + 30,
        names=named,
        not_before=since,
        not_after=since + int(length * DAY) - 1,
        serial=f"{number:02X}",
        issuer=f"CN=R1,O={by},C=US",
        issuer_organization=by,
        subject_organization="",
        sha256=bytes(32),
        spki_sha256=(1000 + number if key is None else key).to_bytes(32, "little"),
    )


def learnt(matches: Sequence[Match]) -> History:
    """What is known after these."""
    history = History()
    for one in matches:
        history.add(one, record_of(one, Ownership().owner(one.issuer_organization)), watched(one))
    return history


def case(one: Match, before: Sequence[Match] = (), after: Sequence[Match] = ()) -> Case:
    """A certificate after those before it; those after were known, too."""
    history = learnt([*before, *after, one])
    record = record_of(one, Ownership().owner(one.issuer_organization))
    domain = watched(one)[0]
    known = history.of(domain)
    return Case(0, one, record, domain, known, known.before(record), history.uses(one, record))


def unkeyed(one: Match) -> Match:
    """Of a certificate whose key can't be read."""
    return replace(one, spki_sha256=b"")
