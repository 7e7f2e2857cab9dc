"""What is to be said of a certificate, by what is known of its domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from certhia.clock import iso
from certhia.model import Match
from certhia.modules.builtin.intelligence.history import Domain, Record, Use, all_domains, names_below
from certhia.modules.builtin.validity import DAY, days, lifetime
from certhia.modules.finding import JSON, Finding, Severity

SHOWN: Final = 5  # names in a text
BACKDATED: Final = 3 * DAY  # seconds between the begin of its validity and its logging; authorities take an hour
SAME_TIME: Final = DAY  # certificates so close to each other are one issuance: of two keys, of a second try
PAUSES: Final = 3  # between issuances that make a rhythm
EARLY: Final = 0.5  # of the usual pause

# From when on (Unix seconds) how many days are the most: Baseline Requirements section 6.3.2, ballots SC-22 and SC-081.
LONGEST: Final = (
    (1868227200, 47),  # 2029-03-15
    (1805068800, 100),  # 2027-03-15
    (1773532800, 200),  # 2026-03-15
    (1598918400, 398),  # 2020-09-01
    (1519862400, 825),  # 2018-03-01
)
# What is short-lived (section 1.6.1): it need have no revocation.
SHORTEST: Final = ((1773532800, 7), (0, 10))


class Case(NamedTuple):
    """A certificate under a watched registrable domain.

    Attributes:
        number: of the match in its batch.
        match: the match.
        record: what is remembered of it.
        domain: the registrable domain.
        known: what is known of that.
        before: its earlier certificates.
        uses: earlier certificates of the key, of whatever domain.
    """

    number: int
    match: Match
    record: Record
    domain: str
    known: Domain
    before: Sequence[Record]
    uses: Sequence[Use]

    def finding(self, kind: str, text: str, severity: Severity, **data: JSON) -> Finding:
        """About this certificate; the text begins with the domain."""
        names = tuple(names_below(self.match, self.domain))[:SHOWN]
        return Finding(kind, f"{self.domain}: {text}", severity, self.number, names, {"domain": self.domain, **data})


def issued(case: Case) -> Iterator[Finding]:
    """Who issued it, who owns that, for how long, the how many-th it is."""
    match, owner = case.match, case.record.owner
    by = match.issuer_organization or match.issuer or "an issuer without a name"
    of = f" ({owner})" if owner not in ("", match.issuer_organization) else ""
    span = days(lifetime(match.not_before, match.not_after))
    many = len(case.before)
    order = f"{many:,} earlier ones are known" if many > 1 else "1 earlier one is known" if many else "none before"
    pauses = _pauses(case.before)
    rhythm = f", issued every {days(median(pauses))}" if len(pauses) >= PAUSES else ""
    text = f"issued by {by}{of} for {span}; {order}{rhythm}"
    owners = Counter(one.owner for one in case.before)
    yield case.finding(
        "issued",
        text,
        "info",
        issuer=match.issuer,
        organization=match.issuer_organization,
        owner=owner,
        not_before=match.not_before,
        not_after=match.not_after,
        earlier=many,
        owners=dict(owners.most_common(SHOWN)),
    )


def first_certificate(case: Case) -> Iterator[Finding]:
    """Names that no earlier certificate has."""
    new = [name for name in names_below(case.match, case.domain) if case.known.is_first(name, case.record)]
    if not new:
        return
    covered = [name for name in new if _covered(name, case)]
    shown = ", ".join(new[:SHOWN]) + (f" and {len(new) - SHOWN} more" if len(new) > SHOWN else "")
    what = "the first certificate" if case.before else "the first certificate of the domain,"
    under = ", so far under a wildcard" if covered and len(covered) == len(new) else ""
    text = f"{what} for {shown}{under}"
    yield case.finding("first-certificate", text, "low", new=new[:100], covered=covered[:100])


def unusual_issuer(case: Case, least: int) -> Iterator[Finding]:
    """An authority whose owner issued none of the earlier ones."""
    owner, owners = case.record.owner, Counter(one.owner for one in case.before)
    if len(case.before) < least or not owner or owner in owners:
        return
    usual, many = owners.most_common(1)[0]
    of = f"all {many}" if many == len(case.before) else f"{many} of {len(case.before)}"
    text = f"the first from {owner}; {of} earlier ones are from {usual or 'an unnamed one'}"
    yield case.finding("unusual-issuer", text, "medium", owner=owner, owners=dict(owners.most_common(SHOWN)))


def key_reuse(case: Case) -> Iterator[Finding]:
    """A key that was in a certificate before: whoever has lost the one has lost the other."""
    if not case.uses:
        return
    mine = set(all_domains(case.match))
    others = sorted({domain for use in case.uses for domain in use.domains} - mine)
    first = iso(case.uses[0].logged)[:10]
    many = len(case.uses)
    text = f"the key is in {f'{many} earlier certificates' if many > 1 else 'an earlier certificate'}, since {first}"
    if others:
        text += f", and those are for {', '.join(others[:SHOWN])}, too"
    severity: Severity = "medium" if others else "low"
    yield case.finding("key-reuse", text, severity, since=case.uses[0].logged, earlier=many, others=others[:100])


def wildcard(case: Case) -> Iterator[Finding]:
    """Names that stand for others."""
    stars = [name for name in names_below(case.match, case.domain) if name.startswith("*.")]
    if not stars:
        return
    new = case.before and not any(
        name.startswith("*.") and at < case.record[:2] for name, at in case.known.names.items()
    )
    text = f"for all names below {', '.join(star.removeprefix('*.') for star in stars[:SHOWN])}"
    if new:
        text += "; the first wildcard of the domain"
    yield case.finding("wildcard", text, "low" if new else "info", wildcards=stars[:100], first=bool(new))


def validity(case: Case) -> Iterator[Finding]:
    """A validity that no public authority may give, or that says something odd."""
    match, logged = case.match, case.record.logged
    seconds = lifetime(match.not_before, match.not_after)
    if not match.not_before or not match.not_after or seconds <= 0:
        yield case.finding("validity", "a validity that can't be read, or ends before it begins", "medium")
        return
    most = next((most for since, most in LONGEST if match.not_before >= since), None)
    if most is not None and seconds > most * DAY:
        text = f"valid for {days(seconds)}, where at most {most} days are allowed of what is issued since then"
        yield case.finding("validity", text, "medium", seconds=seconds, allowed=most * DAY)
    if not match.sighting.is_precert:
        return  # a certificate may be logged long after it was issued
    if logged > match.not_after:
        yield case.finding("validity", "over already when it was logged", "medium")
    elif logged - match.not_before > BACKDATED:
        text = f"valid since {days(logged - match.not_before)} before it was logged"
        yield case.finding("validity", text, "low", seconds=logged - match.not_before)


def short_lived(case: Case) -> Iterator[Finding]:
    """So short that nobody has to be able to revoke it."""
    match = case.match
    seconds = lifetime(match.not_before, match.not_after)
    most = next(most for since, most in SHORTEST if match.not_before >= since)
    if 0 < seconds <= most * DAY:
        yield case.finding("short-lived", f"valid for {days(seconds)} only", "info", seconds=seconds)


def rhythm(case: Case) -> Iterator[Finding]:
    """For the same names, much sooner than usual."""
    same = [one for one in case.before if one.names == case.record.names]
    pauses = _pauses(same)
    if len(pauses) < PAUSES:
        return
    usual, pause = median(pauses), case.record.logged - same[-1].logged
    if SAME_TIME < pause < EARLY * usual:
        text = f"issued again after {days(pause)}, where {days(usual)} are usual for these names"
        yield case.finding("rhythm", text, "low", seconds=pause, usual=usual)


def _pauses(records: Sequence[Record]) -> list[float]:
    """Seconds between issuances."""
    moments = [record.logged for record in records]
    return [late - early for early, late in pairwise(moments) if late - early > SAME_TIME]


def _covered(name: str, case: Case) -> bool:
    at = case.known.names.get("*." + name.partition(".")[2])
    return at is not None and at < case.record[:2]
