"""W02: URLs that attackers chose lead nowhere inside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.scanner.addresses import inward
from certhia.scanner.guard import MAX_ADDRESSES, MAX_URL, Guard, Refused, check

SPELLED = [
    "http://2130706433/",  # decimal
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",  # octal
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://017700000001/",
    "http://127.0.0.1.:80x/",
    "http://256.1.1.1/",
    "http://1.2.3.4.5/",
    "http://[::ffff:127.0.0.1%eth0]/",
    "http://[fe80::1%25lo]/",
    "http://[::1/",
    "http://user@example.com/",
    "http://example.com@127.0.0.1/",
    "http://user:pass@127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com:80@127.0.0.1:80/",
    "http://127.0.0.1\t/",
    "http://exa mple.com/",
    "http://example.com/\r\nHost: evil",
    "http://ex\u2024ample.com/",
    "http://\uff11\uff12\uff17.0.0.1/",  # digits of another script
    "http://\u2488\u2488\u2488\u2488/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/_x",
    "ldap://example.com/cn=CA?cACertificate",
    "http:/example.com/",
    "http:example.com",
    "//example.com/",
    "javascript:alert(1)",
    "http://",
    "http:///path",
    "",
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:6379/",
    "http://example.com:99999/",
    "http://example..com/",
    "http://" + "a" * 64 + ".com/",
    "http://example.com/" + "a" * MAX_URL,
]
INWARD = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[ff02::1]",
]


class Counted:
    """A server on loopback that counts connections, and what it was asked."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.answers: list[bytes] = []
        self.port = 0


@asynccontextmanager
async def listening() -> AsyncIterator[Counted]:
    counted = Counted()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
            counted.requests.append(head + await reader.readexactly(int(length or 0)))
            body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            writer.write(counted.answers.pop(0) if counted.answers else body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    counted.port = server.sockets[0].getsockname()[1]
    try:
        yield counted
    finally:
        server.close()


class Names:
    """A name server: what it says changes with every question, as a rebinding one's does."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def but_for_loopback(address: str) -> str | None:
    """As in earnest, but that 127.0.0.1 stands for a server out there."""
    return None if address == "127.0.0.1" else inward(address)


@asynccontextmanager
async def guarded(names: Names, *, loopback: bool = True) -> AsyncIterator[Guard]:
    closed = but_for_loopback if loopback else inward
    guard = Guard(clock=Clock(), user_agent="certhia/1", resolve=names, closed=closed)
    try:
        yield guard
    finally:
        await guard.close()


@pytest.mark.parametrize("url", SPELLED)
def test_w02_spellings(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check(url)
    assert str(caught.value).isprintable()


async def test_w02_nothing_is_sent_inwards() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1"]), loopback=False) as guard:
        for host in [*INWARD, "localhost", "inside.example", "127.0.0.1."]:
            for url in (f"http://{host}:{counted.port}/", f"https://{host}:{counted.port}/"):
                with pytest.raises(Refused):
                    await guard.get(url)
                with pytest.raises(Refused):
                    await guard.post(url, b"x")
        for url in SPELLED:
            with pytest.raises(Refused):
                await guard.get(url)
        assert (counted.connections, guard.refused) == (0, 4 * (len(INWARD) + 3) + len(SPELLED))


async def test_w02_a_name_with_one_foot_inside() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1", "10.0.0.1"])) as guard:
        with pytest.raises(Refused, match=r"10\.0\.0\.1 is private"):
            await guard.get(f"http://both.example:{counted.port}/")
        assert counted.connections == 0


async def test_w02_rebinding_changes_nothing() -> None:
    """The name's second answer leads inwards; the connection went where the first one said, and nobody asked again."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with listening() as counted, guarded(names) as guard:
        answer = await guard.get(f"http://Rebinding.example:{counted.port}/x?y")
        assert (answer.status, answer.body, names.asked) == (200, b"ok", ["rebinding.example"])
        assert counted.requests[0].startswith(b"GET /x?y HTTP/1.1\r\n")
        assert f"host: rebinding.example:{counted.port}".encode() in counted.requests[0].lower()
        with pytest.raises(Refused, match="metadata"):
            await guard.get(f"http://rebinding.example:{counted.port}/")
        assert counted.connections == 1


async def test_w02_redirects_are_followed_when_asked_for_and_judged_each() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1"])) as guard:
        url = f"http://one.example:{counted.port}/"
        inside = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
        on = b"HTTP/1.1 301 Moved\r\nLocation: /two\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        counted.answers = [inside]
        assert (await guard.get(url)).status == 302
        counted.answers = [inside]
        with pytest.raises(Refused, match="metadata"):
            await guard.get(url, redirects=3)
        counted.answers = [on]
        assert (await guard.get(url, redirects=1)).body == b"ok"
        assert counted.requests[-1].startswith(b"GET /two ")
        counted.answers = [on, on, on]
        assert (await guard.get(url, redirects=2)).status == 301
        counted.answers = [b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"]
        with pytest.raises(Refused):
            await guard.get(url, redirects=2)


async def test_w02_no_proxy_resolves_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as counted:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{counted.port}")
        async with guarded(Names(["10.0.0.1"])) as guard:
            with pytest.raises(Refused):
                await guard.get("http://inside.example/")
        assert counted.connections == 0


async def test_a_post_brings_its_body() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1"])) as guard:
        headers = {"Content-Type": "application/ocsp-request"}
        answer = await guard.post(f"http://ocsp.example:{counted.port}/", b"\x30\x00", headers=headers)
        assert answer.body == b"ok"
        assert counted.requests[0].endswith(b"\r\n\r\n\x30\x00")
        assert b"Content-Type: application/ocsp-request" in counted.requests[0]
        assert guard.asked == 1


async def test_what_does_not_resolve_is_a_remote_error() -> None:
    async with guarded(Names([])) as guard:
        with pytest.raises(RemoteError):
            await guard.get("http://nowhere.example/")


async def test_addresses_of_a_name_are_bounded() -> None:
    many = [f"93.184.{number}.1" for number in range(100)]
    async with guarded(Names(many)) as guard:
        assert len(await guard.addresses("many.example")) == MAX_ADDRESSES
    async with guarded(Names([*many, "10.0.0.1"])) as guard:
        with pytest.raises(Refused):
            await guard.addresses("many.example")


async def test_the_systems_resolver() -> None:
    guard = Guard(clock=Clock(), user_agent="certhia/1")
    with pytest.raises(Refused, match="loopback"):
        await guard.get("http://localhost/")
    await guard.close()


@pytest.mark.parametrize(
    "url, wanted",
    [
        ("http://Example.COM/a#b", ("http://example.com:80/a", "http", "example.com", 80)),
        ("https://example.com", ("https://example.com:443/", "https", "example.com", 443)),
        ("http://example.com.:8080/?q", ("http://example.com:8080/?q", "http", "example.com", 8080)),
        ("http://192.0.2.1/", ("http://192.0.2.1:80/", "http", "192.0.2.1", 80)),
        ("HTTP://[2001:DB8::1]:80/x", ("http://[2001:db8::1]:80/x", "http", "2001:db8::1", 80)),
    ],
)
def test_urls_that_are_plain(url: str, wanted: tuple[str, str, str, int]) -> None:
    assert tuple(check(url)) == wanted
