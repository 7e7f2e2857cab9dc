"""The one door to the network: caps, deadlines, drips, bombs, redirects, proxies, trust, bandwidth."""

import asyncio
import gzip
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from certhia.clock import Clock
from certhia.errors import ConfigError, RemoteError
from certhia.net import (
    SMALL,
    Http,
    TooLong,
    contact_notice,
    quote,
    raise_file_limit,
    trust_of,
    user_agent,
)
from certhia.testing import World

if TYPE_CHECKING:
    from aiohttp import ClientResponse

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Hasty(Clock):
    """A clock on which deadlines come a hundred times as soon."""

    def deadline(self, seconds: float | None) -> asyncio.Timeout:
        return asyncio.timeout(None if seconds is None else seconds / 100)


@asynccontextmanager
async def served(handle: Handler) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handle(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@asynccontextmanager
async def http(clock: Clock | None = None, **options: object) -> AsyncIterator[Http]:
    door = Http(clock=clock or Clock(), user_agent="certhia/1 (+me@here.net)", **options)  # type: ignore[arg-type]
    try:
        yield door
    finally:
        await door.close()


def raw(answer: bytes) -> Handler:
    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return handle


async def test_gives_status_body_and_headers_as_they_came() -> None:
    packed = gzip.compress(b"hello")
    answer = b"HTTP/1.1 404 Gone Fishing\r\nContent-Encoding: gzip\r\nX-Two: b\r\nContent-Length: %d\r\n\r\n" % len(
        packed
    )
    async with served(raw(answer + packed)) as url, http() as door:
        got = await door.get(url)
        assert (got.status, got.body) == (404, packed)
        assert got.headers["content-encoding"] == "gzip"
        assert got.headers["x-two"] == "b"
        assert (door.requests, door.bytes_in) == (1, len(packed))


async def test_says_who_we_are_and_asks_for_plain_bytes() -> None:
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def spy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        await handle(reader, writer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(spy, "127.0.0.1", 0)
    async with server, http() as door:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a?b=c%2F+d"
        await door.get(url)
        await door.get(url, headers={"Accept-Encoding": "gzip, identity"})
        door.identify("certhia/2")
        await door.get(url)
    assert b"User-Agent: certhia/1 (+me@here.net)\r\n" in seen[0]
    assert b"Accept-Encoding: identity\r\n" in seen[0]
    assert seen[0].startswith(b"GET /a?b=c%2F+d HTTP/1.1\r\n")
    assert b"Accept-Encoding: gzip, identity\r\n" in seen[1]
    assert b"User-Agent: certhia/2\r\n" in seen[2]


async def test_follows_no_redirect() -> None:
    target = b"HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with served(raw(target)) as url, http() as door:
        assert (await door.get(url)).status == 301
        assert door.requests == 1


async def test_an_announced_body_over_the_cap_is_not_read() -> None:
    async with served(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n" + bytes(1000))) as url, http() as door:
        with pytest.raises(TooLong, match="announces 1000001"):
            await door.get(url, cap=1_000_000)
        assert door.bytes_in == 0


async def test_an_endless_body_is_cut_off_at_the_cap() -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
            await writer.drain()

    async with served(endless) as url, http() as door:
        with pytest.raises(TooLong, match="more than the 300000"):
            await door.get(url, cap=300_000)
        assert door.bytes_in < 8 << 20


async def test_a_body_of_exactly_the_cap_is_taken() -> None:
    async with served(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000)) as url, http() as door:
        assert (await door.get(url, cap=70_000)).body == b"x" * 70_000


async def test_a_silent_server_meets_the_deadline() -> None:
    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with served(silent) as url, http(Hasty()) as door:
        with pytest.raises(RemoteError, match=r"127\.0\.0\.1.*within 20 s"):
            await door.get(url, timeout=20)


async def test_a_dripping_body_is_given_up_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.net.GRACE", 0.1)

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with served(drip) as url, http() as door:
        begun = asyncio.get_running_loop().time()
        with pytest.raises(RemoteError, match="bytes/s"):
            await door.get(url, timeout=50)
        assert asyncio.get_running_loop().time() - begun < 5


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
    ],
)
async def test_an_answer_that_is_no_http_is_a_remote_error(answer: bytes) -> None:
    async with served(raw(answer)) as url, http() as door:
        with pytest.raises(RemoteError) as error:
            await door.get(url)
        assert url in str(error.value)
        assert len(str(error.value)) < 500
        assert "again" not in str(error.value)  # whoever asks again says so
        assert str(error.value).isprintable()


async def test_nobody_there_and_no_url() -> None:
    async with http() as door:
        with pytest.raises(RemoteError, match=r"127\.0\.0\.1:9"):
            await door.get("http://127.0.0.1:9/")
        for url in ("nonsense", "ftp://127.0.0.1/", "http://", "http://[::1"):
            with pytest.raises(RemoteError):
                await door.get(url)


async def test_close_can_be_repeated_and_get_opens_again() -> None:
    async with served(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as url, http() as door:
        assert (await door.get(url)).body == b"ok"
        await door.close()
        await door.close()
        assert (await door.get(url)).body == b"ok"


async def test_certificates_are_checked_and_a_ca_file_adds_trust(tmp_path: Path) -> None:
    world = World()
    log = world.static("alpha")
    world.grow(1)
    pem = tmp_path / "ca.pem"
    pem.write_text(ssl.DER_cert_to_PEM_cert(world.ca.root))
    async with world.serve(tls=True):
        url = log.url + "checkpoint"
        assert url.startswith("https:")
        async with http() as door:
            with pytest.raises(RemoteError, match=r"not trusted.*--ca-file"):
                await door.get(url)
        async with http(ca_file=str(pem)) as door:
            assert (await door.get(url)).status == 200
        async with http() as door:
            for trusted in (None, str(pem), None):
                door.believe(trust_of(trusted))
                with nullcontext() if trusted else pytest.raises(RemoteError, match="not trusted"):
                    await door.get(url)


def test_a_ca_file_that_is_none_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match="ca-file"):
            Http(clock=Clock(), user_agent="x", ca_file=str(path))


async def test_proxies_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    direct = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ndirect"
    async with server, served(raw(direct)) as url:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "other.test, 127.0.0.1")
        async with http() as door:
            assert (await door.get("http://log.test/a")).body == b"proxy"
            assert asked[0].startswith(b"GET http://log.test/a HTTP/1.1\r\n")
            assert (await door.get(url)).body == b"direct"
            assert (await door.get("http://sub.log.test/")).body == b"proxy"
        for exceptions in ("*", ".0.0.1,127.0.0.1", url.split("/")[2]):
            monkeypatch.setenv("no_proxy", exceptions)
            async with http() as door:
                assert (await door.get(url)).body == b"direct"
    assert len(asked) == 2


def test_a_bandwidth_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="positive"):
        Http(clock=Clock(), user_agent="x", max_bandwidth=0)


async def test_a_cap_says_what_is_small() -> None:
    """Under a limit, an answer that may only be short overtakes a page that came before it."""
    page, head = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size for size in (40_000, 10))
    async with served(raw(page)) as pages, served(raw(head)) as heads, http(max_bandwidth=1000) as door:
        slow = asyncio.get_running_loop().create_task(door.get(pages, cap=32 << 20))
        while not door.bytes_in:  # noqa: ASYNC110  (nothing tells)
            await asyncio.sleep(0)
        assert (await door.get(heads, cap=SMALL)).body == b"x" * 10
        assert not slow.done()  # it pays for its bytes for forty seconds
        slow.cancel()


async def test_time_that_our_own_limit_costs_breaks_no_deadline() -> None:
    body = b"x" * 40_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + body
    async with served(raw(answer)) as url, http(Hasty(), max_bandwidth=100_000) as door:
        assert (await door.get(url, timeout=20)).body == body  # 0.4 s, where the deadline is 0.2 s


def test_quote_is_short_and_inert() -> None:
    assert quote(b"hello") == "'hello'"
    hostile = quote(b"\x1b]0;x\x07\r\n\xff\xe2\x80\xae" * 100)
    assert hostile.isascii()
    assert hostile.isprintable()
    assert len(quote(b"\x00" * 10_000).encode()) <= 210


def test_user_agent() -> None:
    assert user_agent("1.2", "https://example.org/ct") == "certhia/1.2 (+https://example.org/ct)"
    assert user_agent("1.2") == user_agent("1.2", "") == "certhia/1.2"
    for contact in ("a\r\nX: y", "a)b", "ü@example.org", "a\x00"):
        with pytest.raises(ConfigError, match="contact"):
            user_agent("1", contact)


@pytest.mark.parametrize("contact", [None, "", "me@example.com", "https://EXAMPLE.com/x", "nobody"])
def test_without_a_contact_there_is_a_notice(contact: str | None) -> None:
    notice = contact_notice(contact)
    assert notice is not None
    assert "--contact" in notice


@pytest.mark.parametrize("contact", ["me@here.net", "https://here.net/ct"])
def test_with_a_contact_there_is_none(contact: str) -> None:
    assert contact_notice(contact) is None


def test_the_file_limit_is_raised_as_far_as_it_goes() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
        now = raise_file_limit()
        assert now == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert now == min(before[1], 65_536) or before[1] == resource.RLIM_INFINITY
        assert raise_file_limit() == now
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Pieces:
    """A body that comes byte by byte, as nobody's server would send it."""

    def __init__(self, count: int) -> None:
        self.left = count

    def is_eof(self) -> bool:
        return self.left == 0

    async def readany(self) -> bytes:
        self.left -= 1
        if self.left % 1000 == 0:
            await asyncio.sleep(0)  # the loop turns, as it does between reads
        return b"" if self.left < 0 else bytes([self.left & 127, 1])


class Piecemeal:
    """An answer with such a body: what aiohttp hands over, as far as the body is concerned."""

    content_length = None

    def __init__(self, count: int) -> None:
        self.content = Pieces(count)


async def test_a_body_in_tiny_pieces_takes_no_more_memory_than_a_whole_one() -> None:
    count = 200_000
    http = Http(clock=Clock(), user_agent="certhia/test")
    tracemalloc.start()
    try:
        async with asyncio.timeout(60) as deadline:
            body = await http._read("http://log.example/", cast("ClientResponse", Piecemeal(count)), 1 << 20, deadline)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(body) == 2 * count
    assert peak < 4 * len(body)  # each piece alone takes 43 bytes: 22 times its length


async def test_connections_go_where_the_resolver_says_and_nowhere_else() -> None:
    asked: list[str] = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        if host == "closed.example":
            raise RemoteError("closed.example is not for us")
        return ["127.0.0.1"]

    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    async with served(raw(body)) as url, http(resolve=resolve) as door:
        port = url.rpartition(":")[2]
        assert (await door.get(f"http://here.example:{port}")).body == b"ok"
        assert (await door.get(f"http://127.0.0.1:{port}")).body == b"ok"
        with pytest.raises(RemoteError, match="not for us"):
            await door.get(f"http://closed.example:{port}")
    assert asked == ["here.example", "127.0.0.1", "closed.example"]


async def test_a_post_sends_its_body() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + await reader.readexactly(4))

    async with served(echo) as url, http() as door:
        assert (await door.post(url, b"ping", headers={"Content-Type": "text/x"})).body == b"ping"
