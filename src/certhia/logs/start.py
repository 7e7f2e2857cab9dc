"""Where following begins and ends: now, the beginning, an index, so many back, or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from certhia.clock import Clock
from certhia.errors import ConfigError, Lagging, RemoteError, Throttled
from certhia.logs.client import LogClient
from certhia.model import Head

TRIES = 5


class Kind(StrEnum):
    """Ways to name a point in a log."""

    NOW = "now"
    BEGINNING = "beginning"
    INDEX = "index"
    BACK = "back"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Point:
    """A point in a log. `number` is an index, a count, or Unix seconds, as `kind` says."""

    kind: Kind
    number: int = 0

    def index(self, size: int) -> int:
        """The index in a log of `size` entries, for all kinds but dates."""
        match self.kind:
            case Kind.BEGINNING:
                return 0
            case Kind.INDEX:
                return min(self.number, size)
            case Kind.BACK:
                return max(size - self.number, 0)
            case _:
                return size


NOW = Point(Kind.NOW)


def parse_point(text: str) -> Point:
    """`now`, `beginning`, `1234`, `-500`, `2026-11-01`, `2026-11-01T12:00+01:00`. Dates are UTC unless they say
    otherwise. Raises ConfigError."""
    text = text.strip()
    if text.lower() in ("now", "beginning"):
        return Point(Kind(text.lower()))
    if re.fullmatch(r"\d{1,18}", text):
        return Point(Kind.INDEX, int(text))
    if re.fullmatch(r"-\d{1,18}", text):
        return Point(Kind.BACK, int(text[1:]))
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is no point in a log: write now, beginning, an index (1234), a count back (-500) "
            "or a date (2026-11-01, 2026-11-01T12:00+01:00)"
        ) from None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return Point(Kind.DATE, int(date.timestamp()))


async def resolve(point: Point, client: LogClient, head: Head, clock: Clock) -> int:
    """The index from which entries at or after `point` stand. Raises RemoteError.

    Entries are ordered by when they were merged, which is at most the MMD after their timestamp: the first entry that
    may be as young as a date is looked for at the date less the MMD, and younger than that must be filtered.
    """
    if point.kind is not Kind.DATE:
        return point.index(head.size)
    target = (point.number - client.log.mmd) * 1000
    low, high = 0, head.size
    while low < high:
        middle = (low + high) // 2
        if await _timestamp(client, middle, head, clock) < target:
            low = middle + 1
        else:
            high = middle
    return low


async def resolve_end(point: Point, client: LogClient, head: Head, clock: Clock) -> int | None:
    """One past the last index that may stand before `point`; None while the log is not there yet."""
    if point.kind is not Kind.DATE:
        return point.number if point.kind is Kind.INDEX else point.index(head.size)  # an index may lie in the future
    late = Point(Kind.DATE, point.number + 2 * client.log.mmd)  # `resolve` takes one MMD off again
    index = await resolve(late, client, head, clock)
    if index < head.size:
        return index
    return head.size if clock.now() >= point.number + client.log.mmd else None


async def _timestamp(client: LogClient, index: int, head: Head, clock: Clock) -> int:
    for attempt in range(TRIES):
        try:
            fetched = await client.fetch(index, index + 1, head.size)
        except Throttled:
            continue
        except Lagging:
            await clock.sleep(clock.jitter(1.0 * 2**attempt))
            continue
        page = client.decode([fetched])
        return page.timestamp(index - page.first)
    raise RemoteError(f"{client.log.url}: entry {index} could not be read to find the date: try again later")
