"""URLs that an attacker may have chosen: in certificates, headers, redirects. They must not lead into our own network.

What is asked for is checked as text first (only http and https, no user, no spelling of an address but the usual one),
and then as addresses: a name is resolved once, every address that it gives must be one of the public network, and the
connection goes to these and no others, so that a second answer of the name server changes nothing. Redirects are
followed only where they are asked for, each through the same checks. No proxy is used: it would resolve for itself.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.render import quoted
from certhia.scanner.addresses import inward

if TYPE_CHECKING:
    from certhia.net import Resolve, Response

MAX_URL: Final = 2048  # characters
MAX_ADDRESSES: Final = 16  # of one name that are tried
AT_ONCE: Final = 64  # requests under way; more wait
PER_HOST: Final = 4
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?][!-~]*)?",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
# Where nobody serves HTTP, and what answers may take a request for its own language. Below 1024 only the web's two are
# asked.
_CLOSED_PORTS: Final = frozenset(
    (
        *(1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000),
        *(6379, 6443, 6566, *range(6665, 6670), 6679, 6697, 8500, 9042, 9092, 9200, 9300, 10080, 10250, 11211, 27017),
    )
)


class Refused(RemoteError):
    """A URL or an address that is not asked, and why."""


class Place(NamedTuple):
    """A URL, checked as text. `host` is lower case, without brackets or a dot at its end."""

    url: str
    scheme: str
    host: str
    port: int


class Guard:
    """Fetches such URLs. `refused` counts those that were not asked, `asked` the others."""

    def __init__(
        self,
        *,
        clock: Clock,
        user_agent: str,
        resolve: Resolve | None = None,
        closed: Callable[[str], str | None] = inward,
    ) -> None:
        """`resolve`: the addresses of a name, by the system's resolver as a rule. `closed`: why an address is not
        asked."""
        self.refused = 0
        self.asked = 0
        self._look_up = resolve or _system
        self._closed = closed
        from certhia.net import Http  # noqa: PLC0415  (a scan that asks nobody does without aiohttp)

        self._http = Http(clock=clock, user_agent=user_agent, resolve=self.addresses, limit_per_host=PER_HOST)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        cap: int = 1 << 20,
        timeout: float = 10.0,
        redirects: int = 0,
    ) -> Response:
        """One GET, and as many redirects. An answer of any status is returned. Raises Refused for what leads inwards,
        RemoteError where nothing comes of it. The deadline is for each request."""
        place = self._check(url)
        async with self._turns:
            self.asked += 1
            answer = await self._http.get(place.url, headers=headers, cap=cap, timeout=timeout)
        where = answer.headers.get("location")
        if answer.status not in _REDIRECTS or not where or redirects == 0:
            return answer
        onwards = urljoin(place.url, where[:MAX_URL])
        return await self.get(onwards, headers=headers, cap=cap, timeout=timeout, redirects=redirects - 1)

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
        """One POST; redirects are not followed. Not `whole`: see `Http.post`."""
        place = self._check(url)
        async with self._turns:
            self.asked += 1
            return await self._http.post(place.url, body, headers=headers, cap=cap, timeout=timeout, whole=whole)

    async def addresses(self, host: str) -> Sequence[str]:
        """Where a connection to `host` may go. Raises Refused where one of its addresses is closed: a name that leads
        inwards with one foot is not to be trusted with the other."""
        try:
            found: Sequence[str] = [str(ip_address(host))]
        except ValueError:
            found = await self._look_up(host)
        if not found:
            raise RemoteError(f"{quoted(host)} does not resolve to any address")
        for address in found:
            why = self._closed(address)
            if why is not None:
                self.refused += 1
                raise Refused(f"{quoted(host)} is not asked: {address} is {why}")
        return found[:MAX_ADDRESSES]

    async def close(self) -> None:
        """Lets go of connections."""
        await self._http.close()

    def _check(self, url: str) -> Place:
        try:
            return check(url)
        except Refused:
            self.refused += 1
            raise


def check(url: str) -> Place:
    """A URL as text. Raises Refused for one that can't be asked or pretends to be another."""
    if len(url) > MAX_URL:
        raise Refused(f"{quoted(url)} is not asked: more than {MAX_URL} characters")
    found = _URL.fullmatch(url.partition("#")[0])
    if found is None:
        raise Refused(f"{quoted(url)} is not asked: no plain http or https URL (a user, other letters, another scheme)")
    scheme, host = found["scheme"].lower(), found["host"].lower().removesuffix(".")
    port = int(found["port"]) if found["port"] else 443 if scheme == "https" else 80
    if (port < 1024 and port not in {80, 443}) or port > 65535 or port in _CLOSED_PORTS:
        raise Refused(f"{quoted(url)} is not asked: port {port} is not the web's")
    bare = host.strip("[]")
    if host.startswith("[") or _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            if str(ip_address(bare)) != bare and not host.startswith("["):
                raise ValueError
        except ValueError:
            raise Refused(f"{quoted(url)} is not asked: no usual spelling of an address") from None
    elif not all(0 < len(label) < 64 for label in host.split(".")):
        raise Refused(f"{quoted(url)} is not asked: no host has such a name")
    return Place(f"{scheme}://{host}:{port}{found['rest'] or '/'}", scheme, bare, port)


async def _system(host: str) -> Sequence[str]:
    """The system's resolver. Raises RemoteError."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RemoteError(f"{quoted(host)} does not resolve: {error}") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))
