"""Amounts as people write them: `30s`, `64MB`, `10MB/s`, `-1000`, `2026-03-01`."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from certhia.render import quoted

_DURATION = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZE = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_SIZE |= {"K": 10**3, "M": 10**6, "G": 10**9}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE | re.ASCII)
_INTEGER = re.compile(r"\d{1,18}", re.ASCII)


def duration(value: object) -> float:
    """Seconds from a number of seconds or a text such as `30s`, `5m`, `1h30m`, `2d`. Raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _positive(float(value), value, "duration")
    text = str(value).strip().lower()
    parts = _PART.findall(text)
    bare = len(parts) == 1 and not parts[0][1]
    if not parts or _PART.sub("", text).strip() or not (bare or all(unit in _DURATION for _, unit in parts)):
        raise ValueError(f"{quoted(str(value))} is no duration; write a number with s, m, h or d: 30s, 1h30m")
    return sum(float(number) * _DURATION[unit or "s"] for number, unit in parts)


def size(value: object) -> int:
    """Bytes from a number of bytes or a text such as `64MB` (10**6) or `64MiB` (2**20). Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(_positive(value, value, "size"))
    found = _PART.fullmatch(str(value).strip())
    if not found or found[2].upper() not in _SIZE:
        raise ValueError(f"{quoted(str(value))} is no size; write a number with kB, MB, GB, KiB, MiB or GiB: 64MB")
    return int(float(found[1]) * _SIZE[found[2].upper()])


def bandwidth(value: object) -> int:
    """Bytes a second from a number or a text such as `10MB/s` or `80Mbit/s` (8 bits a byte). Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(_positive(value, value, "bandwidth"))
    text = re.sub(r"\s*(?:/s|ps)$", "", str(value).strip(), flags=re.IGNORECASE)
    bits = re.fullmatch(r"(.*?)([kMG]?)bit", text, re.IGNORECASE)
    try:
        return size(f"{bits[1]}{bits[2]}B") // 8 if bits else size(text)
    except ValueError:
        raise ValueError(f"{quoted(str(value))} is no bandwidth; write it as 10MB/s or 80Mbit/s") from None


def _positive(number: float, value: object, what: str) -> float:
    if not 0 <= number < float("inf"):
        raise ValueError(f"{value} is no {what}; write a number that is not negative")
    return number


def moment(value: str, now: float) -> float:
    """Unix seconds from `now`, an age such as `7d` or a date (ISO 8601; UTC unless it has an offset); `now` is Unix
    seconds. Raises ValueError."""
    text = value.strip()
    if text.lower() == "now":
        return now
    if not _INTEGER.fullmatch(text):
        with suppress(ValueError):  # no age: then it is a date
            return now - duration(text)
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{quoted(value)} is no time; write an age or a date: 7d, 12h, 2026-03-01, 2026-03-01T12:00"
        ) from None


def show_duration(seconds: float) -> str:
    """Seconds as `duration` reads them, in the largest unit that leaves no rest: `6h`, `90s`."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _DURATION[unit] == 0:
            return f"{int(seconds / _DURATION[unit])}{unit}"
    return f"{int(seconds) if seconds == int(seconds) else seconds}s"


def show_size(number: int) -> str:
    """Bytes as `size` reads them, in the largest unit that leaves no rest: `64MB`."""
    for unit in ("GB", "MB", "kB"):
        if number and number % _SIZE[unit.upper()] == 0:
            return f"{number // _SIZE[unit.upper()]}{unit}"
    return str(number)


@dataclass(frozen=True, slots=True)
class Point:
    """Where in a log to begin or to end.

    `now` is the head at the start, `beginning` index 0, `index` the entry `value`, `back` is `value` entries before the
    head, `date` is `value` in Unix seconds.
    """

    kind: Literal["now", "beginning", "index", "back", "date"]
    value: float = 0
    text: str = ""

    def __str__(self) -> str:
        """As it was written."""
        return self.text or self.kind


def point(value: object) -> Point:
    """A point from `now`, `beginning`, an index, `-N` (N entries before the head) or a date (ISO 8601; UTC unless
    it has an offset). Raises ValueError."""
    if isinstance(value, Point):
        return value
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    lowered = text.lower()
    if lowered == "now":
        return Point("now", 0, lowered)
    if lowered == "beginning":
        return Point("beginning", 0, lowered)
    if _INTEGER.fullmatch(text.removeprefix("-")):
        return Point("back" if text.startswith("-") else "index", abs(int(text)), text)
    try:
        moment = datetime.fromisoformat(text)
        return Point("date", (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), text)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{quoted(text)} is no point in a log; write now, beginning, an index, -N or a date such as 2026-03-01"
        ) from None


@dataclass(frozen=True, slots=True)
class Backlog:
    """The most that is caught up with: so many entries, or entries so many seconds old."""

    entries: int | None = None
    seconds: float | None = None


def backlog(value: object) -> Backlog:
    """A backlog from a number of entries (`1000000`) or an age with its unit (`2d`). Raises ValueError."""
    if isinstance(value, Backlog):
        return value
    text = str(value).strip()
    if not isinstance(value, bool) and _INTEGER.fullmatch(text):
        return Backlog(entries=int(text))
    try:
        return Backlog(seconds=duration(text))
    except ValueError:
        raise ValueError(f"{quoted(text)} is no backlog; write a number of entries or an age: 1000000, 2d") from None
