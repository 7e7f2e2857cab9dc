"""Whether a log says that it has no such leaf, or a front end of it only lags: asked again, with a counter-question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError, Unverified
from certhia.logs.client import LogClient
from certhia.logs.patience import patiently
from certhia.model import Head

TRIES: Final = 5  # after 1, 2, 4, 8 and 16 s
SURE: Final = 2  # tries in which a front end said no, and knew the tree that it was asked about


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. `index` and `head`: where the leaf is, proven; `sure`: that it is not in the tree, else."""

    index: int | None
    head: Head
    sure: bool = False


async def look_again(client: LogClient, leaf: bytes, head: Head, clock: Clock) -> Answer:
    """Looks for the entry with that leaf hash, which an RFC 6962 log said it has not got in the tree of `head`.

    A front end that lags says the same of every leaf of a tree that it does not know yet. So each try also asks for a
    leaf that is in the tree for certain, its last one, and with the head that the front end shows itself, which may be
    an older one. Raises RemoteError.
    """
    known, said = None, 0
    for attempt in range(TRIES):
        await clock.sleep(clock.jitter(2.0**attempt))
        own = await patiently(client.head, clock)
        for one in (head,) if own.size >= head.size else (head, own):
            if (index := await _find(client, leaf, one, clock)) is not None:
                return Answer(index, one)
        known = known or await _last(client, head)
        if known is None or await _find(client, known, head, clock) is None:
            continue
        if (index := await _find(client, leaf, head, clock)) is not None:
            return Answer(index, head)
        said += 1
        if said >= SURE:
            return Answer(None, head, sure=True)
    return Answer(None, head)


async def _find(client: LogClient, leaf: bytes, head: Head, clock: Clock) -> int | None:
    return await patiently(lambda: client.find(leaf, None, head), clock)


async def _last(client: LogClient, head: Head) -> bytes | None:
    """The leaf hash of the tree's last entry; None where it can't be had now."""
    try:
        page = client.decode([await client.fetch(head.size - 1, head.size, head.size)])
    except Unverified:
        raise
    except (RemoteError, Malformed):
        return None
    return page.slice(head.size - 1, head.size).leaf_hashes
