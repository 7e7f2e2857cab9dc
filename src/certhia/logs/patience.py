"""One question to a log that may be slow to answer: 429 and lag are waited for, a few times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from certhia.clock import Clock
from certhia.errors import Lagging, Throttled

TRIES: Final = 5

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """What `ask` gives; asked again after 1, 2, 4 and 8 s where the log refuses or lags. Raises as the last try did."""
    for attempt in range(TRIES - 1):
        try:
            return await ask()
        except (Throttled, Lagging):
            await clock.sleep(clock.jitter(2.0**attempt))
    return await ask()
