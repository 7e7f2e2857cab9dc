"""URLs that should lead nowhere, and what shows whether they do: a server that counts, names that change their mind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from certhia.clock import Clock
from certhia.scanner.addresses import inward
from certhia.scanner.guard import MAX_URL, Guard

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
