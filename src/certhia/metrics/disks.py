"""How much room is left where files are kept, asked of disks that may not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from certhia.alarms.space import free

ANSWER: Final = 1.0  # seconds that a disk has; what it says later is for whoever asks next


class Disks:
    """A disk that does not answer (a file server that is gone) holds one thread, and nobody else."""

    def __init__(self) -> None:
        self._asking: asyncio.Task[dict[str, int]] | None = None

    async def free(self, places: Sequence[Path]) -> Mapping[str, int]:
        """Bytes by path, of those that can be told."""
        if self._asking is None:
            work = asyncio.to_thread(_free, tuple(dict.fromkeys(places)))
            self._asking = asyncio.get_running_loop().create_task(work)
        await asyncio.wait([self._asking], timeout=ANSWER)
        if not self._asking.done():
            return {}
        asked, self._asking = self._asking, None
        return asked.result()


def _free(places: tuple[Path, ...]) -> dict[str, int]:
    found = {}
    for place in places:
        try:
            found[str(place)] = free(place)
        except OSError:
            continue  # the alarms say so
    return found
