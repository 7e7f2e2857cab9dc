"""All the servers that the user named, beside the logs or instead of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from certhia.alarms.board import Found
from certhia.certstream.address import Address
from certhia.certstream.upstream import Upstream
from certhia.clock import Clock
from certhia.model import Alarm, Tell
from certhia.net import Http
from certhia.parts import Beside, Shared
from certhia.stream.standing import Relayed

PATIENCE: Final = 300.0  # seconds in which nothing came: then it is an alarm


class Servers(Beside):
    """See `certhia.parts.Beside`."""

    def __init__(self, urls: Sequence[str], http: Http, clock: Clock, tell: Tell, *, alone: bool) -> None:
        self.alone = alone
        self._addresses = [Address(url) for url in urls]
        self._http = http
        self._clock = clock
        self._tell = tell
        self.upstreams: list[Upstream] = []

    def works(self, shared: Shared) -> Mapping[str, Callable[[int], Awaitable[None]]]:
        """One for each server."""
        self.upstreams = [Upstream(one, self._http, self._clock, self._tell, shared) for one in self._addresses]
        return {f"reading certstream {one.shown}": one.run for one in self.upstreams}

    async def look(self) -> list[Found]:
        """An alarm for each server that nothing comes of."""
        now, found = self._clock.monotonic(), list[Found]()
        for one in self.upstreams:
            if one.lost_at is not None and now - one.lost_at >= PATIENCE:
                text = f"certstream {one.shown}: nothing comes, so nothing of what it shows is seen: {one.trouble}"
                found.append(Found(Alarm(f"certstream:{one.shown}", text)))
        return found

    def standing(self) -> Sequence[Relayed]:
        """All of them."""
        return [
            Relayed(
                one.shown,
                one.lost_at is None,
                one.trouble,
                dict(one.tally.kinds),
                one.tally.missed,
                one.tally.connections,
            )
            for one in self.upstreams
        ]
