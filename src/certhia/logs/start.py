"""Where following begins and ends: now, the beginning, an index, so many back, or a date."""

from __future__ import annotations

from certhia.clock import Clock
from certhia.errors import Lagging, Throttled
from certhia.logs.client import LogClient
from certhia.model import Head
from certhia.quantity import Point

TRIES = 5
NOW = Point("now")


def index_of(point: Point, size: int) -> int:
    """The index in a log of `size` entries, for all points but dates."""
    match point.kind:
        case "beginning":
            return 0
        case "index":
            return min(int(point.value), size)
        case "back":
            return max(size - int(point.value), 0)
        case _:
            return size


async def resolve(point: Point, client: LogClient, head: Head, clock: Clock) -> int:
    """The index from which entries at or after `point` stand. Raises RemoteError.

    Entries are ordered by when they were merged, which is at most the MMD after their timestamp: the first entry that
    may be as young as a date is looked for at the date less the MMD, and younger than that must be filtered.
    """
    if point.kind != "date":
        return index_of(point, head.size)
    target = (point.value - client.log.mmd) * 1000
    low, high = 0, head.size
    while low < high:
        middle = (low + high) // 2
        if await _timestamp(client, middle, head, clock) < target:
            low = middle + 1
        else:
            high = middle
    return low


async def resolve_end(point: Point, client: LogClient, head: Head, clock: Clock) -> int | None:
    """One past the last index that may stand before `point`; None while the log is not there yet.

    What is merged later than the MMD after a date is younger than it: nothing that old comes after a head signed then.
    A log that signs no heads any more has had its time after another MMD.
    """
    if point.kind != "date":
        return int(point.value) if point.kind == "index" else index_of(point, head.size)  # an index may be yet to come
    mmd = client.log.mmd
    if head.timestamp / 1000 < point.value + mmd and clock.now() < point.value + 2 * mmd:
        return None
    return await resolve(Point("date", point.value + 2 * mmd), client, head, clock)  # which takes one MMD off again


async def _timestamp(client: LogClient, index: int, head: Head, clock: Clock) -> int:
    attempt = 0
    while True:
        try:
            fetched = await client.fetch(index, index + 1, head.size)
        except (Throttled, Lagging) as error:
            attempt += 1
            if attempt == TRIES:
                raise
            if isinstance(error, Lagging):  # a refusal is waited for by the host's pace
                await clock.sleep(clock.jitter(0.5 * 2**attempt))
            continue
        page = client.decode([fetched])
        return page.timestamp(index - page.first)
