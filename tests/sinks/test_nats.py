"""The sink nats on real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from tests.realservers.launching import LOOPBACK, ROOT, Running, running
from tests.realservers.nats import NATS, NATS_OPERATED, NATS_TLS
from tests.sinks.conftest import MAKE
from tests.sinks.sending import batches, key, outside, tell_all

from certhia.config.sinks.nats import NatsSink
from certhia.errors import ConfigError, RemoteError
from certhia.sinks.nats import Nats, open_nats
from certhia.sinks.refusals import Refused

USER = {"username": "certhia", "password": "let me in"}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(NATS) as there:
        yield there


async def connected(server: Running) -> Any:
    return await nats.connect(f"nats://{LOOPBACK}:{server.place.port}", user="certhia", password="let me in")


@asynccontextmanager
async def jetstream(server: Running) -> AsyncIterator[Any]:
    client = await connected(server)
    yield client.jetstream()
    await client.close()


@pytest.fixture
async def stream(server: Running) -> AsyncIterator[Any]:
    """JetStream, with a stream of ours."""
    async with jetstream(server) as there:
        await there.add_stream(name="CT", subjects=["certhia.>"])
        yield there
        await there.delete_stream("CT")


async def sink(server: Running, **changes: object) -> Nats:
    servers = [f"nats://{LOOPBACK}:1", f"nats://{LOOPBACK}:{server.place.port}"]  # of which one is down
    return await open_nats("bus", NatsSink.model_validate({"servers": servers, **USER, **changes}), outside())


async def read(stream: Any) -> list[Any]:
    info = await stream.stream_info("CT")
    return [await stream.get_msg("CT", number) for number in range(1, info.state.last_seq + 1)]


async def test_a_match(server: Running, stream: Any, make: MAKE) -> None:
    bus = await sink(server, subject="certhia.{event}.{programme}")
    assert bus.name == "bus"
    await bus.send([make(1)])
    await bus.send([make(1, repeat=True), make(2)])  # the repeat has the same id: the stream drops it
    await bus.note({"type": "alarm", "event": "raised", "key": "disk:/", "text": "full"})
    one, two, alarm = await read(stream)
    assert one.subject == "certhia.match.acme"
    assert (one.headers["Nats-Msg-Id"], one.headers["event"]) == ("01" * 32, "ct_match")
    assert json.loads(one.data)["matched_domain"] == "www.example.com"
    assert two.headers["Nats-Msg-Id"] == "02" * 32
    assert alarm.subject == "certhia.alarm.none"
    await bus.close()
    await bus.close()


async def test_over_tls(make: MAKE, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(ROOT.pem)
    with running(NATS_TLS) as server:
        servers = [f"tls://{LOOPBACK}:{server.place.port}"]
        bus = await sink(server, servers=servers, ca_file=authority, jetstream=False)
        await bus.send([make(1)])
        await bus.close()
        strict = await sink(server, servers=servers, jetstream=False)
        with pytest.raises(RemoteError, match=r"(?i)certificate verify failed"):
            await strict.send([make(1)])
        await strict.close()
    with pytest.raises(ConfigError, match=r"\[sinks\.bus\] ca_file .*: no readable PEM file"):
        await sink(server, ca_file=tmp_path / "none")


async def test_nothing_is_lost_when_the_server_is_killed(server: Running) -> None:
    async with jetstream(server) as there:
        await there.add_stream(name="CT", subjects=["certhia.>"])
    bus = await sink(server)
    failures = await tell_all(bus, batches(12, 10), 5, server.kill, server.revive)
    assert failures
    async with jetstream(server) as there:
        ids = [one.headers["Nats-Msg-Id"] for one in await read(there)]
        await there.delete_stream("CT")
    assert list(dict.fromkeys(ids)) == [key(number).hex() for number in range(120)]
    await bus.close()


async def test_a_server_that_hangs_is_given_up(server: Running, stream: Any, make: MAKE) -> None:
    bus = await sink(server, timeout=0.3)
    await bus.send([make(1)])
    server.freeze()
    try:
        with pytest.raises(RemoteError, match=r"no acknowledgement within 0\.3 s"):
            await bus.send([make(2)])
    finally:
        server.thaw()
    bus = await sink(server)
    await bus.send([make(2)])
    await bus.close()


async def test_whoever_listens_without_a_stream(server: Running, make: MAKE) -> None:
    client = await connected(server)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await client.subscribe("certhia.*", cb=heard.put)
    await client.flush()
    bus = await sink(server, jetstream=False)
    await bus.send([make(1), make(2)])
    assert [(await heard.get()).headers["Nats-Msg-Id"] for _ in range(2)] == ["01" * 32, "02" * 32]
    await bus.close()
    await client.close()


async def test_no_stream_takes_it(server: Running, make: MAKE) -> None:
    bus = await sink(server, subject="elsewhere.{event}")
    with pytest.raises(RemoteError, match=r"no stream takes elsewhere\.\{event\}: make one"):
        await bus.send([make(1)])
    await bus.close()


async def test_a_message_that_is_too_large_is_refused_alone(server: Running, stream: Any, make: MAKE) -> None:
    bus = await sink(server)
    names = tuple(f"{'a' * 200}{number}.example.com" for number in range(20_000))
    with pytest.raises(Refused, match="max_payload"):
        await bus.send([make(1, names=names)])
    await bus.send([make(2)])
    await bus.close()


async def test_credentials_in_a_file(make: MAKE, tmp_path: Path) -> None:
    with running(NATS_OPERATED) as server:
        file = server.place.folder / "user.creds"
        given = {"servers": [f"nats://{LOOPBACK}:{server.place.port}"], "jetstream": False}
        bus = await sink(server, **given, username=None, password=None, credentials=file)
        await bus.send([make(1)])
        await bus.close()
        nobody = await sink(server, **given, username=None, password=None)
        with pytest.raises(RemoteError, match=r"(?i)authorization"):
            await nobody.send([make(1)])
        await nobody.close()
    with pytest.raises(ConfigError, match=r"\[sinks\.bus\] credentials .*: can't be read: No such file"):
        await sink(server, credentials=tmp_path / "none")


async def test_a_wrong_password(server: Running, make: MAKE) -> None:
    bus = await sink(server, password="wrong")
    with pytest.raises(RemoteError, match=r"(?i)authorization"):
        await bus.send([make(1)])
    await bus.close()
