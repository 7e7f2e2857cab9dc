"""Certificates with a beginning and an end, in days."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from tests.store.conftest import Book

from certhia.model import Match, RuleHit

DAY = 86400
START = 1_800_000_000  # Unix seconds of day 0


def match(
    number: int,
    *names: str,
    ends: float,
    lives: float = 90,
    why: str = "below",
    issuer: str = "Some CA",
    book: Book | None = None,
) -> Match:
    """The certificate of this number for these names."""
    digest = hashlib.sha256(b"expiry %d" % number).digest()
    return replace(
        (book or Book()).match(number),
        key=digest,
        tbs_sha256=digest,
        hits=tuple(RuleHit("example.com", name, "san", why) for name in names),
        names=names,
        not_before=int(START + (ends - lives) * DAY),
        not_after=int(START + ends * DAY) - 1,
        issuer_organization=issuer,
    )


def all_names(found: Sequence[object]) -> list[str]:
    """The names of findings, or of what is due."""
    return [name for one in found for name in getattr(one, "names")]  # noqa: B009
