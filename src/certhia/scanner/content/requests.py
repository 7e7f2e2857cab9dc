"""Requests to one web server, one after the other, over as few connections as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from certhia._core import Handshake
from certhia.render import quoted
from certhia.scanner import openssl
from certhia.scanner.content.response import Response
from certhia.scanner.conversation import Connect, Conversation
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.sessions import Session, say, shake

WEB: Final = ("http/1.1",)


class Server(NamedTuple):
    """Where requests go.

    Attributes:
        address: numeric.
        domain: a name to count connections by besides the address; "" for none.
        name: the host of the URLs; an address is in brackets where it is of IPv6.
        server_name: what SNI says; None for none.
    """

    address: str
    domain: str
    name: str
    server_name: str | None


class Requests:
    """Asks one server.

    Args:
        server: where requests go.
        agent: what the User-Agent says.
        session: a finished handshake on the open connection; None where there is none yet.
        port: where that leads.
    """

    def __init__(self, server: Server, agent: str, session: Session | None = None, port: int = 0) -> None:
        self._server = server
        self._agent = agent
        self._session = session
        self._port = port
        self._open = session is not None
        self._fresh = True  # nothing was asked on this connection yet

    def get(
        self, port: int, path: str, take: Callable[[bytes], None], most: int, wanted: Callable[[Response], bool]
    ) -> Conversation[Response]:
        """One GET. `take`: gets the body, at most `most` bytes; `wanted`: whether it is read at all, asked once the
        headers are there. Raises ScanFailure."""
        again = self._open and not self._fresh and port == self._port
        if not self._open or port != self._port:
            yield from self._connect(port)
        try:
            return (yield from self._ask(path, take, most, wanted))
        except ScanFailure as failure:
            # Servers may close a connection that is kept at any time (RFC 9112 section 9.3).
            if not again or isinstance(failure, Expired) or failure.kind not in ("closed", "reset") or failure.detail:
                raise
        yield from self._connect(port)
        return (yield from self._ask(path, take, most, wanted))

    def _connect(self, port: int) -> Conversation[None]:
        self._open = False
        yield Connect(self._server.address, port, self._server.domain)
        try:
            # As the first one: what the core's handshake can't do there is OpenSSL's again.
            kind = openssl.Session if isinstance(self._session, openssl.Session) else Handshake
            session = self._session = kind(self._server.server_name, alpn=WEB)
        except (ValueError, TypeError) as error:
            raise ScanFailure("local", "handshake", f"{quoted(self._server.server_name or '')}: {error}") from None
        yield from shake(session)
        self._port, self._open, self._fresh = port, True, True

    def _ask(
        self, path: str, take: Callable[[bytes], None], most: int, wanted: Callable[[Response], bool]
    ) -> Conversation[Response]:
        session = self._session
        assert session is not None
        response = Response(take, most, wanted)
        port = "" if self._port == 443 else f":{self._port}"
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {self._server.name}{port}\r\nUser-Agent: {self._agent}\r\n"
            "Accept: text/html,*/*;q=0.8\r\nAccept-Encoding: identity\r\n\r\n"
        ).encode("ascii")
        self._open = self._fresh = False
        data = yield from say(session, request)
        response.feed(data)
        while not response.done:
            response.feed((yield from say(session, b"")))
        self._open = response.reusable
        return response
