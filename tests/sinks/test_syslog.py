from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.realservers.launching import LOOPBACK
from tests.sinks.conftest import MAKE
from tests.sinks.sending import batches, key, outside, tell_all

from certhia.config.sinks.syslog import SyslogSink
from certhia.errors import ConfigError, RemoteError
from certhia.sinks.refusals import Refused
from certhia.sinks.syslog import open_syslog
from certhia.testing.authority import Authority

# RFC 5424 section 6.
MESSAGE = re.compile(rb"<(\d{1,3})>1 (\S+) (\S+) certhia (\d+) (\S+) - (\xef\xbb\xbf)?(.*)", re.DOTALL)


class Receiver:
    """A log server on a connection."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._more = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while length := await reader.readuntil(b" "):
                self.got.append(await reader.readexactly(int(length)))
                self._more.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()
            self._open.discard(writer)
            self._more.set()

    def drop(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def gone(self) -> None:
        async with asyncio.timeout(10):
            while self._open:
                self._more.clear()
                await self._more.wait()

    async def have(self, number: int) -> list[bytes]:
        async with asyncio.timeout(10):
            while len(self.got) < number:
                self._more.clear()
                await self._more.wait()
        return self.got


@asynccontextmanager
async def receiver(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Receiver, int]]:
    there = Receiver()
    server = await asyncio.start_server(there.serve, LOOPBACK, 0, ssl=context)
    yield there, server.sockets[0].getsockname()[1]
    there.drop()
    await there.gone()
    server.close()
    await server.wait_closed()


def fields(message: bytes) -> dict[str, object]:
    found = MESSAGE.fullmatch(message)
    assert found is not None
    told: dict[str, object] = json.loads(found[7])
    return told


async def test_a_match_over_tcp(make: MAKE) -> None:
    async with receiver() as (there, port):
        sink = await open_syslog("log", SyslogSink(address=f"tcp://{LOOPBACK}:{port}", facility="local3"), outside())
        await sink.send([make(1), make(2, issuer="CN=\x1b[2J\n<0>1 - - - - - forged")])
        await sink.note({"type": "alarm", "event": "raised", "key": "disk:/", "text": "full"})
        one, two, alarm = await there.have(3)
        found = MESSAGE.fullmatch(one)
        assert found is not None
        assert int(found[1]) == 19 * 8 + 4  # local3, warning
        assert found[2] == b"2025-10-09T08:53:21.500Z"
        assert found[5] == b"ct_match"
        assert fields(one)["id"] == "01" * 32
        assert two.isascii()
        assert b"\n" not in two
        assert alarm.startswith(b"<155>1 ")
        await sink.close()
        await sink.close()


async def test_over_tls(make: MAKE, tmp_path: Path) -> None:
    root = Authority.root("Log server root")
    made = root.leaf(["log.example.com"], "p256", ips=(LOOPBACK,))
    (tmp_path / "ca.pem").write_text(root.pem)
    (tmp_path / "tls.pem").write_text(made.pem + made.key_pem.decode())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.pem")
    async with receiver(context) as (there, port):
        address = f"tls://{LOOPBACK}:{port}"
        sink = await open_syslog("log", SyslogSink(address=address, ca_file=tmp_path / "ca.pem"), outside())
        await sink.send([make(1)])
        assert fields((await there.have(1))[0])["id"] == "01" * 32
        await sink.close()
        strict = await open_syslog("log", SyslogSink(address=address), outside())
        with pytest.raises(RemoteError, match=r"(?i)certificate verify failed"):
            await strict.send([make(1)])
    with pytest.raises(ConfigError, match=r"\[sinks\.log\] ca_file .*: no readable PEM file"):
        await open_syslog("log", SyslogSink(address="tls://log", ca_file=tmp_path / "none.pem"), outside())


async def test_a_server_that_hangs_up_is_told_all_the_same() -> None:
    async with receiver() as (there, port):
        sink = await open_syslog("log", SyslogSink(address=f"tcp://{LOOPBACK}:{port}"), outside())
        first, *others = batches(6, 5)
        await sink.send(first)
        await there.have(5)
        there.drop()
        await there.gone()
        wanted = [key(number).hex() for number in range(30)]
        assert await tell_all(sink, others, 99, there.drop, there.drop, must_fail=False) is not None
        got = [fields(one)["id"] for one in await there.have(30)]
        assert list(dict.fromkeys(got)) == wanted
        await sink.close()


@pytest.mark.parametrize("way", ["udp", "unix"])
async def test_as_datagrams(make: MAKE, tmp_path: Path, way: str) -> None:
    family = socket.AF_INET if way == "udp" else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_DGRAM) as there:
        there.bind((LOOPBACK, 0) if way == "udp" else str(tmp_path / "log"))
        address = f"udp://{LOOPBACK}:{there.getsockname()[1]}" if way == "udp" else f"unix:{tmp_path}/log"
        sink = await open_syslog("log", SyslogSink(address=address, format="human"), outside())
        await sink.send([make(1), make(2, names=("bücher.example",))])
        there.settimeout(10)
        one, two = there.recv(65_536), there.recv(65_536)
        assert b"www.example.com" in one
        assert MESSAGE.fullmatch(two)
        names = tuple(f"{number}.example.com" for number in range(5_000))
        long = await open_syslog("log", SyslogSink(address=address), outside())
        await long.send([make(3, names=names)])
        short = there.recv(65_536)
        assert len(short) <= 8192
        assert fields(short)["shortened"] is True
        too_long = await open_syslog("log", SyslogSink(address=address, max_length=10**7), outside())
        with pytest.raises(Refused, match="takes no message so long: lower max_length"):
            await too_long.send([make(3, names=names * 10)])
        for each in (sink, long, too_long):
            await each.close()


async def test_nobody_listens(make: MAKE, tmp_path: Path) -> None:
    for address in (f"unix:{tmp_path}/none", f"tcp://{LOOPBACK}:1"):
        sink = await open_syslog("log", SyslogSink(address=address), outside())
        assert sink.name == "log"
        with pytest.raises(RemoteError, match=re.escape(address)):
            await sink.send([make(1)])


async def test_a_server_that_takes_nothing(make: MAKE) -> None:
    with socket.create_server((LOOPBACK, 0), backlog=1) as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        port = there.getsockname()[1]
        settings = SyslogSink(address=f"tcp://{LOOPBACK}:{port}", timeout=0.3, max_length=10**7)
        sink = await open_syslog("log", settings, outside())
        names = tuple(f"{number}.example.com" for number in range(50_000))
        with pytest.raises(RemoteError, match=r"took nothing within 0\.3 s"):
            await sink.send([make(number, names=names) for number in range(12)])
