"""Every outbound byte: deadlines, caps, the User-Agent, proxies, trust. Nothing else opens a connection to a server,
but scans, and the clients of sinks (`certhia.sinks.late`, docs/adr)."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.request import getproxies_environment  # noqa: TID251  (reads variables, opens nothing)

from certhia.bandwidth import Bandwidth
from certhia.clock import Clock, Spent
from certhia.errors import BadAnswer, ConfigError, RemoteError

if TYPE_CHECKING:
    import asyncio

    from aiohttp import ClientResponse, ClientSession
    from aiohttp.abc import AbstractResolver
    from yarl import URL

SLOWEST = 1024  # bytes a second: a body that drips slower than this, after the grace, is given up
GRACE = 10.0  # seconds
STEP = 128  # bytes after which a body's deadline is set anew: not for each of a million tiny pieces
READ_BUFFER = 1 << 20  # bytes of a body that may wait in the process before the connection is held back
TLS_BUFFER = (
    1 << 16
)  # bytes that each TLS connection sets aside for reading; asyncio's own 256 KiB are 15 MB for 60 logs
LOOSE = 4096  # pieces of a body before they are joined: a few bytes alone take ten times their room in memory
SMALL = 1 << 20  # bytes: an answer of at most this is a head, a proof or the like
QUOTED = 200  # characters of a body that an error message quotes

# The addresses of a host, which is a name or numeric; connections go to these and no others.
Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are lower case; the body is as served, content encoding included."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """Fetches a URL: the one seam between Certhia and the network."""

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        """One GET. Redirects are not followed; a body over `cap` bytes, a connection that fails and a deadline that
        passes raise RemoteError. An answer of any status is returned, not raised."""

    async def close(self) -> None:
        """Lets go of connections. Idempotent."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a URL is reached: by which proxy, trusting whom (True: whom the system trusts)."""

    url: URL
    proxy: str | None
    trust: ssl.SSLContext | bool


class TooLong(BadAnswer):
    """An answer with more bytes than were allowed for it."""


class Http:
    """The network, through aiohttp.

    Connections are kept and shared by all callers. `requests` and `bytes_in` count since the start; bytes are those of
    bodies, as they came. `spent`: on what was got.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        user_agent: str,
        ca_file: str | None = None,
        max_bandwidth: float | None = None,
        limit_per_host: int = 64,
        resolve: Resolve | None = None,
    ) -> None:
        """`ca_file`: PEM certificates trusted besides the system's. `max_bandwidth`: bytes a second. Proxies come from
        HTTP_PROXY, HTTPS_PROXY and NO_PROXY. `resolve`: asked for the addresses of each new connection's host, once; it
        gives at least one; what it raises is raised, and no proxy is used. Raises ConfigError for a `ca_file` that
        can't be read."""
        self.requests = 0
        self.bytes_in = 0
        self.spent = Spent()
        self._clock = clock
        self._user_agent = user_agent
        self._bandwidth: Bandwidth | None = None
        self.restrict(max_bandwidth)
        self._limit_per_host = limit_per_host
        self._resolve = resolve
        proxies = getproxies_environment() if resolve is None else {}
        self._no_proxy = proxies.get("no", "")
        self._proxies = {name: url for name, url in proxies.items() if name in ("http", "https", "all")}
        self._routes: dict[str, str | None] = {}  # scheme://host:port to its proxy
        self._trust = trust_of(ca_file)
        self._session: ClientSession | None = None

    def restrict(self, max_bandwidth: float | None) -> None:
        """Reads at most so many bytes a second from the next body on; None: as many as come. Raises ConfigError."""
        self._bandwidth = Bandwidth(max_bandwidth, self._clock) if max_bandwidth is not None else None

    def identify(self, user_agent: str) -> None:
        """Is called so from the next request on."""
        self._user_agent = user_agent
        if self._session is not None:
            self._session.headers["User-Agent"] = user_agent

    def believe(self, trust: ssl.SSLContext | None) -> None:
        """Trusts these authorities from the next connection on; None: those of the system."""
        self._trust = trust

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        """See Transport.get."""
        began = self._clock.monotonic()
        try:
            return await self._ask("GET", url, None, headers, cap, timeout, whole=True)
        finally:
            self.spent.add(self._clock.monotonic() - began)

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        cap: int = 1 << 20,
        timeout: float = 30.0,
        whole: bool = True,
    ) -> Response:
        """One POST, as `get` otherwise. Not `whole`: of a body over `cap` nothing is given, and that is no error."""
        return await self._ask("POST", url, body, headers, cap, timeout, whole=whole)

    async def _ask(
        self,
        method: str,
        url: str,
        data: bytes | None,
        headers: Mapping[str, str] | None,
        cap: int,
        timeout: float,
        *,
        whole: bool,
    ) -> Response:
        import aiohttp  # noqa: PLC0415  (34 MB that commands without a network do without)
        import yarl  # noqa: PLC0415

        session = self._session or self._open()
        self.requests += 1
        try:
            async with self._clock.deadline(timeout) as deadline:
                target = yarl.URL(url, encoded=True)
                if self._resolve is not None and _numeric(target.host or ""):
                    await self._resolve(target.host or "")  # of which aiohttp asks nobody
                async with session.request(
                    method,
                    target,
                    data=data,
                    headers=headers,
                    allow_redirects=False,
                    proxy=self._proxy(target),
                    ssl=self._trust or True,
                ) as answer:
                    try:
                        body = await self._read(url, answer, cap, deadline)
                    except TooLong:
                        if whole:
                            raise
                        body = b""
                    return Response(answer.status, body, _lower(answer.raw_headers))
        except TimeoutError:
            raise RemoteError(f"{url}: no whole answer within {timeout:g} s (or below {SLOWEST} bytes/s)") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise RemoteError(
                f"{url}: its certificate is not trusted: {error.certificate_error}; "
                "if a proxy of yours stands between, give its root with --ca-file"
            ) from error
        except aiohttp.InvalidURL as error:
            raise RemoteError(f"{url!a}: no URL that can be fetched: correct it where it is configured") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RemoteError(f"{url}: {_reason(error)}") from error

    def lasting(self, url: str) -> tuple[ClientSession, Route]:
        """For a connection that lasts, such as a stream of events: what to ask, and how it is reached. Deadlines and
        caps are the caller's. `url` may be of a WebSocket."""
        import yarl  # noqa: PLC0415

        target = yarl.URL(url, encoded=True)
        plain = {"ws": "http", "wss": "https"}.get(target.scheme, target.scheme)
        session = self._session or self._open()
        return session, Route(target, self._proxy(target.with_scheme(plain)), self._trust or True)

    async def close(self) -> None:
        """See Transport.close."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> ClientSession:
        from asyncio.sslproto import SSLProtocol  # noqa: PLC0415

        import aiohttp  # noqa: PLC0415

        SSLProtocol.max_size = min(SSLProtocol.max_size, TLS_BUFFER)  # there is no option for it
        named = {"ttl_dns_cache": 300} if self._resolve is None else {"use_dns_cache": False}
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=self._limit_per_host,
            # Where aiodns is installed aiohttp would take it, which knows nothing of what the system does besides DNS.
            resolver=_pinned(self._resolve) if self._resolve is not None else aiohttp.ThreadedResolver(),
            **named,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # ours is around the whole
            auto_decompress=False,
            read_bufsize=READ_BUFFER if self._bandwidth is None else 1 << 16,
        )
        return self._session

    async def _read(self, url: str, answer: ClientResponse, cap: int, deadline: asyncio.Timeout) -> bytes:
        """The body, as it came. A body must have brought n bytes by GRACE + n / SLOWEST seconds; time that our own
        bandwidth limit costs is added."""
        announced = answer.content_length
        if announced is not None and announced > cap:
            answer.close()
            raise TooLong(f"{url}: announces {announced} bytes where at most {cap} are read; nothing of it was read")
        begun, end = self._clock.monotonic(), deadline.when() or float("inf")
        content, bandwidth = answer.content, self._bandwidth
        chunks: list[bytes] = []
        size, due, waited, joined = 0, 0, 0.0, 0
        try:
            while True:
                if size >= due and not content.is_eof():  # else all is here already
                    until = begun + GRACE + size / SLOWEST
                    deadline.reschedule(min(end, until) + waited)
                    due = size + STEP if until < end else cap + 1  # from then on it is the whole answer's
                chunk = await content.readany()
                if not chunk:
                    break
                size += len(chunk)
                self.bytes_in += len(chunk)
                if size > cap:
                    answer.close()
                    raise TooLong(f"{url}: more than the {cap} bytes that are read of such an answer; it was cut off")
                chunks.append(chunk)
                if len(chunks) - joined == LOOSE:
                    chunks[joined:] = [b"".join(chunks[joined:])]
                    joined = len(chunks)
                if bandwidth is not None:
                    deadline.reschedule(None)
                    waited += await bandwidth.take(len(chunk), small=cap <= SMALL)
                    due = 0
        except BaseException:
            chunks.clear()  # the error holds this frame, for as long as somebody holds the error
            raise
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _proxy(self, url: URL) -> str | None:
        """The proxy for a URL, looked up once for each server."""
        if not self._proxies:
            return None
        scheme, host, port = url.scheme, url.host or "", url.port
        key = f"{scheme}://{host}:{port}"
        if key not in self._routes:
            direct = _bypassed(host, port, self._no_proxy)
            self._routes[key] = None if direct else self._proxies.get(scheme, self._proxies.get("all"))
        return self._routes[key]


def quote(body: bytes, limit: int = QUOTED) -> str:
    """The beginning of a body for an error message: at most `limit` characters of ASCII, the rest escaped."""
    text = ascii(body[:limit].decode("utf-8", "replace"))
    return text if len(body) <= limit and len(text) <= limit else f"{text[: limit - 3]}..."


def user_agent(version: str, contact: str | None = None) -> str:
    """`certhia/VERSION (+contact)`. Raises ConfigError for a contact that can't stand in a header."""
    if not contact:
        return f"certhia/{version}"
    if not contact.isascii() or not contact.isprintable() or any(c in "()" for c in contact):
        raise ConfigError(
            f"the contact {contact!a} can't stand in a User-Agent: give an e-mail address or an https URL"
        )
    return f"certhia/{version} (+{contact})"


def contact_notice(contact: str | None, option: str = "--contact") -> str | None:
    """Why a contact helps, where there is none (one at example.com counts as none); else None. `option`: how to give
    one."""
    if contact and "example.com" not in contact.lower() and ("@" in contact or "https://" in contact):
        return None
    return (
        "no contact is set: some log operators slow down clients that they can't reach (all of them share one small "
        f"budget). Give an e-mail address or an https URL with {option}; it is sent in the User-Agent, nowhere else."
    )


def raise_file_limit() -> int:
    """Raises the soft limit of open files to the hard one (at most 65,536). Returns what holds now, 0 where unknown."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # a sandbox may forbid it; the old limit holds on
        return soft
    return wanted


def _pinned(resolve: Resolve) -> AbstractResolver:
    """`resolve` as aiohttp asks."""
    import socket  # noqa: PLC0415

    from aiohttp.abc import AbstractResolver, ResolveResult  # noqa: PLC0415

    class Pinned(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            kinds = {address: socket.AF_INET6 if ":" in address else socket.AF_INET for address in await resolve(host)}
            return [
                ResolveResult(hostname=host, host=one, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
                for one, kind in kinds.items()
                if family in {kind, socket.AF_UNSPEC}
            ]

        async def close(self) -> None:
            """Nothing is held."""

    return Pinned()


def _numeric(host: str) -> bool:
    import ipaddress  # noqa: PLC0415

    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bypassed(host: str, port: int | None, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: by name, by domain (with or without a leading dot), with a port, or as `*`."""
    for exception in exceptions.lower().split(","):
        name = exception.strip().removeprefix("*.").lstrip(".")
        if name and (name == "*" or f".{host}".endswith(f".{name}") or name == f"{host}:{port}"):
            return True
    return False


def trust_of(ca_file: str | None) -> ssl.SSLContext | None:
    """The system's authorities and those of a PEM file; None: the system's alone. Raises ConfigError."""
    if ca_file is None:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"--ca-file {ca_file}: not a readable file of PEM certificates ({error})") from error
    return context


def _lower(raw: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", None)  # of an aiohttp error, whose own text shows Python objects
    if cause is not None:
        text = f"cannot connect to {getattr(error, 'host', '?')}: {cause.strerror or cause}"
    elif hasattr(error, "request_info"):  # an answer that makes no sense; its own text ends in the whole URL
        text = str(getattr(error, "message", "")) or type(error).__name__
    else:
        text = str(error) or type(error).__name__
    return quote(text.encode("utf-8", "replace"))[1:-1]
