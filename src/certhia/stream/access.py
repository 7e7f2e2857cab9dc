"""Which requests are answered: addresses, tokens, other people's web pages."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from certhia.config.networks import Address, Network, address
from certhia.config.secret import secret
from certhia.errors import ConfigError

MAX_TOKEN: Final = 512  # characters of a token that somebody brings
MAX_TOKEN_FILE: Final = 64 << 10  # bytes
MAX_HOPS: Final = 16  # of X-Forwarded-For that are looked at

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Authorization, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
}


class Unnamed(Exception):
    """A trusted proxy does not say whose request it hands on."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may ask for what.

    Attributes:
        tokens: SHA-256 of each token that lets in, those of now; without any no token is needed.
        open: paths that need none.
        allow: networks that may ask; empty for all.
        proxies: networks whose X-Forwarded-For is believed.
        unix_proxy: whether that of whoever comes by a Unix socket is.
        origins: web pages that may read answers: `https://example.com`, or `*`. Where there are any, no other pages'
            WebSockets are taken; browsers ask nobody before they open one.
    """

    tokens: Callable[[], Sequence[bytes]] = tuple
    open: frozenset[str] = frozenset({"/health"})
    allow: tuple[Network, ...] = ()
    proxies: tuple[Network, ...] = ()
    unix_proxy: bool = False
    origins: frozenset[str] = frozenset()


class Access:
    """Judges requests by the rules.

    Attributes:
        refused: how many were refused, by HTTP status.
    """

    def __init__(self, rules: Rules) -> None:
        self.refused: dict[int, int] = {401: 0, 403: 0}
        self._rules = rules

    def adopt(self, rules: Rules) -> None:
        """Judges by these from the next request on."""
        self._rules = rules

    def is_proxy(self, peer: Address | None) -> bool:
        """Whether a connection is one of a proxy that is trusted to say whose it is. `peer`: None for a Unix socket."""
        return self._rules.unix_proxy if peer is None else _within(peer, self._rules.proxies)

    def address(self, request: web.Request) -> Address | None:
        """Whose request it is: of a trusted proxy the one that it names, else the connection's; None for a Unix
        socket's. Raises Unnamed where what the proxy says is no address: its own would let anybody in."""
        found = peer(request)
        headers = request.headers.getall("X-Forwarded-For", ())
        if not headers or not self.is_proxy(found):
            return found
        for hop in ",".join(headers).split(",")[: -MAX_HOPS - 1 : -1]:  # the last one is what our own proxy saw
            named = address(_bare(hop))
            if named is None:
                raise Unnamed
            found = named
            if not _within(named, self._rules.proxies):
                break
        return found

    def refusal(self, request: web.Request, who: Address | None) -> web.Response | None:
        """The answer that refuses a request; None where it may go on."""
        rules = self._rules
        if rules.allow and who is not None and not _within(who, rules.allow):
            return self._refuse(403, "your address is not among those that this server answers")
        if not self._is_welcome(request):
            return self._refuse(403, "pages of this origin may not connect here; allow it with --cors")
        tokens = rules.tokens()
        if not tokens or request.path in rules.open or _preflight(request):
            return None
        given = _token(request)
        if not given:
            return self._refuse(401, 'a token is needed: send "Authorization: Bearer TOKEN", or ?token=TOKEN')
        if not is_known(given, tokens):
            return self._refuse(401, "the token is none of this server's")
        return None

    def unnamed(self) -> web.Response:
        """The answer to a request that nobody knows whose it is."""
        return self._refuse(403, "X-Forwarded-For ends with no address: the proxy must say whose request it is")

    def _is_welcome(self, request: web.Request) -> bool:
        """Whether a WebSocket is one that a web page may open (RFC 6455 section 10.2): one of this server's own host,
        one that is allowed, or any where no origins are named. What isn't a browser names none, or the host."""
        origins, origin = self._rules.origins, request.headers.get("Origin", "")
        if not origins or not origin or "*" in origins or request.headers.get("Upgrade", "").lower() != "websocket":
            return True
        return origin in origins or origin.partition("://")[2] == request.headers.get("Host")

    def permission(self, request: web.Request) -> dict[str, str]:
        """Headers that let a web page read the answer (Fetch, section 3.2)."""
        rules, origin = self._rules, request.headers.get("Origin", "")
        if not rules.origins or not origin:
            return {}
        if "*" in rules.origins:
            allowed = {"Access-Control-Allow-Origin": "*"}
        elif origin in rules.origins:
            allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        else:
            return {"Vary": "Origin"}
        return allowed | (_PREFLIGHT if _preflight(request) else {})

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to a browser that asks whether a page may ask; None for any other request."""
        return web.Response(status=204) if self._rules.origins and _preflight(request) else None

    def _refuse(self, status: int, text: str) -> web.Response:
        self.refused[status] += 1
        headers = {"WWW-Authenticate": 'Bearer realm="certhia"'} if status == HTTPStatus.UNAUTHORIZED else None
        return web.Response(status=status, text=f"{text}\n", headers=headers)


def peer(request: web.Request) -> Address | None:
    """Where a request's connection comes from; None for a Unix socket."""
    return None if request.transport is None else peer_of(request.transport.get_extra_info("peername"))


def peer_of(name: object) -> Address | None:
    """The address in what a socket calls its peer."""
    return address(str(name[0])) if isinstance(name, tuple) and name else None


def is_known(given: str, tokens: Iterable[bytes]) -> bool:
    """Whether a token is one of those with these SHA-256; takes as long for a wrong one as for a right one."""
    digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
    return sum([hmac.compare_digest(digest, token) for token in tokens]) > 0


def read_tokens(paths: Sequence[Path]) -> tuple[bytes, ...]:
    """SHA-256 of the tokens in files, one a line, empty lines and those that begin with # aside. Raises ConfigError,
    which never names a token."""
    found: list[bytes] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_TOKEN_FILE + 1)
            if len(raw) > MAX_TOKEN_FILE:
                raise ConfigError(f"{path}: is larger than {MAX_TOKEN_FILE >> 10} KiB; is it a file of tokens?")
            lines = raw.decode("utf-8").splitlines()
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror or error}; see --token-file") from error
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: is not UTF-8; write one token a line") from None
        before = len(found)
        for number, line in enumerate(lines, 1):
            if (text := line.strip()) and not text.startswith("#"):
                try:
                    found.append(secret(text).digest)
                except ValueError as error:
                    raise ConfigError(f"{path}:{number}: {error}") from None
        if len(found) == before:
            raise ConfigError(f"{path}: holds no token; write one a line")
    return tuple(found)


def _token(request: web.Request) -> str:
    """What a request brings: by header, or in its query: a browser's WebSocket has no other way."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        given = request.query.get("token", "")
    given = given.strip()
    return given if len(given) <= MAX_TOKEN else "\0"


def _preflight(request: web.Request) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _within(one: Address, networks: Iterable[Network]) -> bool:
    return any(one in network for network in networks)


def _bare(hop: str) -> str:
    """`192.0.2.1` of `192.0.2.1:4711`, `2001:db8::1` of `[2001:db8::1]:4711`."""
    text = hop.strip().strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
