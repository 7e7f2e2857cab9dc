"""Where following begins and ends: now, the beginning, an index, so many back, or a date."""

from __future__ import annotations

from certhia.clock import Clock
from certhia.errors import Lagging, RemoteError, Throttled
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
    """One past the last index that may stand before `point`; None while the log is not there yet."""
    if point.kind != "date":
        return int(point.value) if point.kind == "index" else index_of(point, head.size)  # an index may be yet to come
    late = Point("date", point.value + 2 * client.log.mmd)  # `resolve` takes one MMD off again
    index = await resolve(late, client, head, clock)
    if index < head.size:
        return index
    return head.size if clock.now() >= point.value + client.log.mmd else None


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
