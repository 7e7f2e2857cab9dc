"""All logs that are known: those of the lists, and those that the user names by URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from certhia.clock import Clock
from certhia.logs.hybrids import Hybrids
from certhia.logs.lists import Lists, Loaded
from certhia.logs.named import resolve_urls
from certhia.logs.select import Choice
from certhia.model import Log
from certhia.net import Transport


@dataclass(slots=True)
class Sources:
    """Loads the lists and, once, what is known of logs that no list has."""

    lists: Lists
    choice: Choice
    keys: Sequence[bytes]
    transport: Transport
    clock: Clock
    hybrids: Hybrids
    _named: tuple[Log, ...] | None = None

    async def load(self) -> Loaded:
        """Raises ConfigError, RemoteError as `Lists.load` and `resolve_urls` do."""
        loaded = await self.lists.load()
        notices = loaded.notices
        if self._named is None:
            wanted = (*self.choice.only, *self.choice.add)
            found = await resolve_urls(
                wanted, loaded.logs, self.transport, self.clock, keys=self.keys, hybrids=self.hybrids
            )
            self._named = found.logs
            notices += found.notices
        known = {log.id for log in loaded.logs}
        more = tuple(log for log in self._named if log.id not in known)
        return replace(loaded, logs=loaded.logs + more, notices=notices)
