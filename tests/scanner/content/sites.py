"""Web servers with pages that a test wants, and what comes of asking them."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.scanner.driving import run
from tests.scanner.tls_servers import context, tls_server

from certhia.scanner.content.web import Web
from certhia.scanner.probing import Manner, Prober, Seen
from certhia.scanner.records import Http, Target

Pages = Mapping[str, "bytes | Callable[[ssl.SSLSocket], None]"]


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A response, of known length."""
    head = "".join(f"{one}\r\n" for one in headers)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


def leading(where: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return answer(b"", f"Location: {where}", status=status)


class Site:
    """A server under TLS. `asked`: what was, each (connection, path); `heads`: requests as they came."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.asked: list[tuple[int, str]] = []
        self.heads: list[bytes] = []
        self._connections = 0

    def serve(self, peer: ssl.SSLSocket) -> None:
        """One connection."""
        self._connections += 1
        number, buffer = self._connections, b""
        while True:
            while b"\r\n\r\n" not in buffer:
                data = peer.recv(65536)
                if not data:
                    return
                buffer += data
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            self.heads.append(head)
            path = head.split()[1].decode()
            self.asked.append((number, path))
            page = self.pages.get(path, answer(b"", status="404 -"))
            if callable(page):
                page(peer)
                return
            peer.sendall(page)


@contextmanager
def site(pages: Pages, speaks: ssl.SSLContext | None = None) -> Iterator[tuple[Site, int]]:
    """Yields the site, and its port."""
    made = Site(pages)
    with tls_server(speaks or context(), after=made.serve) as port:
        yield made, port


def seen(
    port: int, path: str | None = None, *, timeout: float = 50.0, host: str = "www.example.com", **how: Any
) -> Seen:
    """What a scan sees; `how`: as `Web` has it."""
    target = Target("x", None, host or None, "127.0.0.1", port, path=path)
    prober = Prober(Manner(content=Web("certhia/test", **how)))
    outcome = run([(target, prober.talk(target))], timeout=timeout)[target]
    assert isinstance(outcome.value, Seen), outcome
    return outcome.value


def asked(port: int, path: str | None = None, **how: Any) -> Http:
    """The same, of the web alone."""
    found = seen(port, path, **how)
    assert found.failure is None
    assert found.http is not None
    return found.http


def names(http: Http) -> set[tuple[str, str]]:
    """(name, source) for all that were found."""
    return {(one.name, one.source) for one in http.names}
