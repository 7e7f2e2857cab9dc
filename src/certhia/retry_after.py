"""Retry-After, as servers really send it."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

SHORTEST = 0.25  # seconds
LONGEST = 600.0

_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d*)?\Z")


def retry_after(value: str | None, now: float, longest: float = LONGEST) -> float | None:
    """Seconds to wait by a Retry-After header, between 0.25 and `longest`; None where it says nothing that can be
    understood.

    `now` is Unix time. Takes seconds (whole, fractional, even negative), HTTP-dates (RFC 9110 section 5.6.7), and dates
    as some servers write them: "Fri, 20 Nov 2026 23:23:41 UTC", with an offset, or without a zone (UTC then).
    """
    if value is None:
        return None
    text = value.strip()
    if _NUMBER.match(text):
        return _clamp(float(text), longest)
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return _clamp(date.timestamp() - now, longest)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _clamp(seconds: float, longest: float) -> float:
    return min(max(seconds, SHORTEST), longest)
