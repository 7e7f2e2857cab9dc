"""A small world of CT logs: makes them, lists them, routes requests to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Unpack
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from certhia.clock import Clock
from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import keys, loglist
from certhia.testing.ca import CA, Issued
from certhia.testing.logs import FakeLog, Options, Settings
from certhia.testing.request import Answer, Request, as_json, text
from certhia.testing.transport import InProcess

HOST = "http://world.test"


class World:
    """CT logs, the CA whose certificates they hold, and the list that names them.

    Everything follows from `seed` and `clock`, save the key that signs the list. The same logs can be reached in
    process (`transport`) and over HTTP (`serve`); URLs in the log list are those of `serve` while it runs.

        world = World()
        log = world.static("alpha")
        log.add(world.ca.issue(["www.example.com"]))
        log.publish()
        async with world.serve() as url:
            ...                                     # url + "log_list.json" names all logs
    """

    def __init__(self, clock: Clock | None = None, seed: int = 0) -> None:
        self.clock = clock or Clock()
        self.seed = seed
        self.ca = CA(seed, clock=self.clock)
        self.logs: dict[str, FakeLog] = {}
        self.pages: dict[str, Response] = {}  # other answers, by whole URL or by path
        self.base_url = f"{HOST}/"
        self.version = "1.0"
        self._grown = 0
        self._listed, self._list = self.clock.now(), b""

    def rfc6962(self, name: str, **options: Unpack[Options]) -> FakeLog:
        """A new RFC 6962 log."""
        return self._log(name, Protocol.RFC6962, Settings(**options))

    def static(self, name: str, **options: Unpack[Options]) -> FakeLog:
        """A new static-ct-api log; mmd is 60 s and entries carry their index unless said otherwise."""
        options.setdefault("mmd", 60)
        options.setdefault("leaf_index", True)
        return self._log(name, Protocol.STATIC, Settings(**options))

    def hybrid(self, name: str, **options: Unpack[Options]) -> FakeLog:
        """A new RFC 6962 log that serves full data tiles as well."""
        return self._log(name, Protocol.HYBRID, Settings(**options))

    def grow(self, count: int = 1) -> list[Issued]:
        """Every log gets the same `count` new entries and publishes them; every second is a precertificate.

        Their names are host0.example.com, host1.example.com, and so on.
        """
        numbers = range(self._grown, self._grown + count)
        issued = [self.ca.issue([f"host{number}.example.com"], precert=number % 2 == 1) for number in numbers]
        self._grown += count
        for log in self.logs.values():
            log.add(*issued)
            log.publish()
        return issued

    @property
    def list_key(self) -> str:
        """The public key of `log_list_signature`, PEM."""
        return keys.public_pem(self._list_key)

    @cached_property
    def _list_key(self) -> rsa.RSAPrivateKey:
        # The one key that differs each time: to have it follow from the seed would cost a second at every start.
        return rsa.generate_private_key(65537, 2048)

    def log_list(self) -> bytes:
        """The log list v3 that names all logs, JSON."""
        body = loglist.log_list(self.logs.values(), self._listed, self.version)
        if body != self._list:
            # Something has changed. The timestamp stays until the next change, so that the signature fits.
            self._listed = self.clock.now()
            self._list = body = loglist.log_list(self.logs.values(), self._listed, self.version)
        return body

    def log_list_signature(self) -> bytes:
        """Its detached signature, as Google signs its own: RSA PKCS #1 v1.5 with SHA-256 over the exact bytes."""
        return keys.sign(self._list_key, self.log_list())

    def handle(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to a request, without its delay; 502 stands for a connection that is closed without one."""
        return self.answer(method, url, headers).response or text(502, "the connection was closed")

    def answer(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request for an absolute URL (or a path), however scripted. The host does not matter."""
        split = urlsplit(url)
        page = self.pages.get(url) or self.pages.get(split.path)
        if page is not None:
            return Answer(page)
        name, _, path = unquote(split.path).lstrip("/").partition("/")
        log = self.logs.get(name)
        if log is not None:
            query = dict(parse_qsl(split.query))
            named = {key.lower(): value for key, value in (headers or {}).items()}
            return log.answer(Request(method, path, query, named, log, self.clock.now()))
        if split.path == "/log_list.json":
            return Answer(Response(200, self.log_list(), {"content-type": "application/json"}))
        if split.path == "/log_list.sig":
            return Answer(Response(200, self.log_list_signature(), {"content-type": "application/octet-stream"}))
        if split.path == "/":
            return Answer(as_json({name: each.url for name, each in self.logs.items()}))
        return Answer(text(404, "404 page not found"))

    def transport(self, *, latency: float = 0.0) -> InProcess:
        """A `certhia.net.Transport` into this world, without sockets. `latency` in seconds of the event loop."""
        return InProcess(self, latency=latency)

    @asynccontextmanager
    async def serve(self, *, port: int = 0, apart: bool = False, tls: bool = False) -> AsyncIterator[str]:
        """Serves the world on loopback; gives the base URL, with a slash at the end.

        `apart` gives each log a port of its own, so that it is a host of its own to whoever paces by host. With `tls`
        it is HTTPS, under a certificate of `ca`.
        """
        from certhia.testing.serve import listening  # noqa: PLC0415  (aiohttp only where it is needed)

        async with listening(self, port=port, apart=apart, tls=tls) as base_url:
            yield base_url

    def _log(self, name: str, protocol: Protocol, settings: Settings) -> FakeLog:
        if name in self.logs or not name or "/" in name:
            raise ValueError(f"a log needs a name of its own without slashes, not {name!r}")
        log = FakeLog(name, protocol, self.clock, settings, self.seed)
        log.roots.append(self.ca.root)
        for each in (self.ca.root, self.ca.intermediate):
            log.keep_issuer(each)
        if self.base_url != f"{HOST}/":
            log.host = self.base_url.rstrip("/")
        self.logs[name] = log
        return log
