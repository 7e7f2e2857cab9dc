"""What stands before every answer: who asks, whether they may, and what other people's web pages may read of it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from certhia.clock import Clock
from certhia.config.listen import Listen
from certhia.config.networks import Network
from certhia.stream.access import Access, Rules, Unnamed, peer
from certhia.stream.gate import Bounds, Gate
from certhia.stream.listener import SERVER, Listener

LOCAL: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""This machine: who is on it is let in as often as it likes; a proxy on it is to be named as one."""

USUAL: Final = Bounds(exempt=LOCAL)
ALL: Final = Rules()

_RETRY: Final = {"Retry-After": "30"}


class Front:
    """Gate, rules and TLS of one server.

    Attributes:
        gate: who is inside.
        access: who may ask for what.
    """

    def __init__(
        self,
        clock: Clock,
        bounds: Bounds = USUAL,
        rules: Rules = ALL,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self.gate = Gate(bounds, clock)
        self.access = Access(rules)
        self._tls = tls

    def listener(self, addresses: Sequence[Listen]) -> Listener:
        """What listens on these."""
        return Listener(addresses, self.gate, tls=self._tls, is_proxy=self.access.is_proxy)

    def attach(self, app: web.Application) -> None:
        """From now on everything that `app` answers comes through here."""
        app.middlewares.append(self._guard)
        app.on_response_prepare.append(self._permit)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            who = self.access.address(request)
        except Unnamed:
            return self.access.unnamed()
        if (refused := self.access.refusal(request, who)) is not None:
            return refused
        if (answer := self.access.preflight(request)) is not None:
            return answer
        if who is None or who == peer(request):
            return await handler(request)
        slot = self.gate.enter(who, forwarded=True)
        if isinstance(slot, str):
            return web.Response(status=429, text="too many connections of your address\n", headers=_RETRY)
        try:
            return await handler(request)
        finally:
            self.gate.leave(slot)

    async def _permit(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = SERVER
        response.headers.update(self.access.permission(request))
        if isinstance(response, web.Response) and not self.access.is_proxy(peer(request)):
            response.force_close()  # so that the bounds of connections are those of requests, too
            response.headers["Connection"] = "close"
