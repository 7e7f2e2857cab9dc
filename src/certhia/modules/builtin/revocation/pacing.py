"""The guard of URLs that strangers chose, with a pace for each host: what many certificates name is asked in turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.scanner.guard import Guard, check

if TYPE_CHECKING:
    from certhia.net import Response

LONGEST: Final = 120.0  # seconds that a request waits for its turn; then it comes another time
MAX_HOSTS: Final = 65_536


class Busy(RemoteError):
    """A host that so many wait for that this request would wait too long."""


class Paced(Guard):
    """A guard whose requests to one host are so many seconds apart.

    Args:
        interval: seconds between two requests.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        user_agent: str,
        interval: float,
        closed: Callable[[str], str | None] | None = None,
        resolve: Callable[[str], Awaitable[list[str]]] | None = None,
    ) -> None:
        given = {} if closed is None else {"closed": closed}
        super().__init__(clock=clock, user_agent=user_agent, resolve=resolve, **given)
        self._clock = clock
        self._interval = interval
        self._next: dict[str, float] = {}  # when the next one's turn is

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        cap: int = 1 << 20,
        timeout: float = 10.0,
        redirects: int = 0,
    ) -> Response:
        """See `Guard.get`. Raises Busy besides."""
        await self._turn(url)
        return await super().get(url, headers=headers, cap=cap, timeout=timeout, redirects=redirects)

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        cap: int = 1 << 20,
        timeout: float = 10.0,
        whole: bool = True,
    ) -> Response:
        """See `Guard.post`. Raises Busy besides."""
        await self._turn(url)
        return await super().post(url, body, headers=headers, cap=cap, timeout=timeout, whole=whole)

    async def _turn(self, url: str) -> None:
        """Waits until the URL's host may be asked."""
        host = check(url).host
        now = self._clock.monotonic()
        moment = max(now, self._next.get(host, now))
        if moment - now > LONGEST:
            raise Busy("too many wait for the same host")
        if len(self._next) >= MAX_HOSTS:  # those whose turn is to come stay
            self._next = {one: at for one, at in self._next.items() if at > now}
        self._next[host] = moment + self._interval
        if moment > now:
            await self._clock.sleep(moment - now)
