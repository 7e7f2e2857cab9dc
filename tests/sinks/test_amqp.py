"""The sink amqp on a real RabbitMQ."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from tests.realservers.launching import LOOPBACK, ROOT, Running, running
from tests.realservers.rabbitmq import RABBITMQ
from tests.sinks.conftest import MAKE
from tests.sinks.sending import batches, key, outside, tell_all

from certhia.config.sinks.amqp import AmqpSink
from certhia.errors import ConfigError, RemoteError
from certhia.sinks.amqp import Amqp, open_amqp

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(RABBITMQ) as there:
        yield there


@pytest.fixture
async def queue(server: Running) -> AsyncIterator[Any]:
    connection = await aio_pika.connect(f"amqp://guest:guest@{LOOPBACK}:{server.place.port}/")
    channel = await connection.channel()
    there = await channel.declare_queue("ct", durable=True)
    await there.bind("amq.topic", "certhia.#")
    yield there
    await there.delete(if_unused=False, if_empty=False)
    await connection.close()


async def sink(server: Running, **changes: object) -> Amqp:
    fields = {"url": f"amqp://guest:guest@{LOOPBACK}:{server.place.port}/", "timeout": 20, **changes}
    return await open_amqp("bus", AmqpSink.model_validate(fields), outside())


async def test_a_match(server: Running, queue: Any, make: MAKE) -> None:
    bus = await sink(server, routing_key="certhia.{event}.{programme}")
    assert bus.name == "bus"
    await bus.send([make(1)])
    await bus.note({"type": "alarm", "event": "raised", "key": "disk:/", "text": "full"})
    one, alarm = await queue.get(no_ack=True), await queue.get(no_ack=True)
    assert (one.routing_key, one.message_id, one.type) == ("certhia.match.acme", "01" * 32, "ct_match")
    assert one.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert json.loads(one.body)["matched_domain"] == "www.example.com"
    assert alarm.routing_key == "certhia.alarm.none"
    await bus.close()
    await bus.close()


async def test_over_tls(server: Running, queue: Any, make: MAKE, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(ROOT.pem)
    url = f"amqps://{LOOPBACK}:{server.place.tls_port}"
    bus = await sink(server, url=url, ca_file=authority, username="guest", password="guest")
    await bus.send([make(1)])
    assert (await queue.get(no_ack=True)).message_id == "01" * 32
    await bus.close()
    strict = await sink(server, url=url)
    with pytest.raises(RemoteError, match=r"(?i)certificate verify failed"):
        await strict.send([make(1)])
    with pytest.raises(ConfigError, match=r"\[sinks\.bus\] ca_file .*: no readable PEM file"):
        await sink(server, url=url, ca_file=tmp_path / "none")


async def test_what_no_queue_takes(server: Running, queue: Any, make: MAKE) -> None:
    bus = await sink(server, routing_key="elsewhere.{programme}")
    with pytest.raises(RemoteError, match=r"no queue of amq\.topic takes elsewhere\.acme: bind one"):
        await bus.send([make(1)])
    await bus.close()
    careless = await sink(server, routing_key="elsewhere", mandatory=False)
    await careless.send([make(1)])
    await careless.close()


async def test_what_the_broker_refuses(server: Running, make: MAKE) -> None:
    bus = await sink(server, exchange="none")
    with pytest.raises(RemoteError, match=r"(?i)no exchange 'none'"):
        await bus.send([make(1)])
    await bus.close()
    stranger = await sink(server, username="guest", password="wrong")
    with pytest.raises(RemoteError, match=r"(?i)refused"):
        await stranger.send([make(1)])
    await stranger.close()


async def test_a_broker_that_hangs_is_given_up(server: Running, queue: Any, make: MAKE) -> None:
    bus = await sink(server, timeout=0.5)
    server.freeze()
    try:
        with pytest.raises(RemoteError, match=r"no confirmation within 0\.5 s"):
            await bus.send([make(1)])
    finally:
        server.thaw()
    await bus.close()


async def test_nothing_is_lost_when_the_broker_is_killed(server: Running) -> None:
    async with await aio_pika.connect(f"amqp://guest:guest@{LOOPBACK}:{server.place.port}/") as connection:
        channel = await connection.channel()
        lasting = await channel.declare_queue("lasting", durable=True)
        await lasting.bind("amq.topic", "certhia.#")
    bus = await sink(server)
    failures = await tell_all(bus, batches(12, 10), 5, server.kill, server.revive)
    assert failures
    await bus.close()
    ids: list[str] = []
    async with await aio_pika.connect(f"amqp://guest:guest@{LOOPBACK}:{server.place.port}/") as connection:
        channel = await connection.channel()
        lasting = await channel.declare_queue("lasting", durable=True)
        while (got := await lasting.get(no_ack=True, fail=False)) is not None:
            ids.append(str(got.message_id))
    assert list(dict.fromkeys(ids)) == [key(number).hex() for number in range(120)]
