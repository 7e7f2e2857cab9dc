"""The sink kafka on a real broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from tests.realservers.kafka import KAFKA
from tests.realservers.launching import LOOPBACK, ROOT, Running, running
from tests.sinks.conftest import MAKE
from tests.sinks.sending import batches, key, outside, tell_all

from certhia.config.sinks.kafka import KafkaSink
from certhia.errors import RemoteError
from certhia.sinks.kafka import Kafka, open_kafka
from certhia.sinks.refusals import Refused

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(KAFKA) as there:
        admin = AdminClient({"bootstrap.servers": broker(there), "log_level": 0})
        small = NewTopic("small", 1, 1, config={"max.message.bytes": "4000"})
        for made in admin.create_topics([NewTopic("certhia.matches", 1, 1), NewTopic("lasting", 1, 1), small]).values():
            made.result(60)
        yield there


def broker(server: Running) -> str:
    return f"{LOOPBACK}:{server.place.port}"


async def sink(server: Running, **changes: object) -> Kafka:
    fields: dict[str, object] = {"brokers": [broker(server)], **changes}
    return await open_kafka("bus", KafkaSink.model_validate(fields), outside())


def read(server: Running, topic: str, number: int) -> list[Any]:
    consumer = Consumer({"bootstrap.servers": broker(server), "group.id": "tests", "log_level": 0})
    consumer.assign([TopicPartition(topic, 0, 0)])
    got: list[Any] = []
    while len(got) < number:
        got += consumer.consume(number - len(got), 30)
    more = consumer.consume(1, 0.2)
    consumer.close()
    return got + more


async def test_a_match(server: Running, make: MAKE) -> None:
    bus = await sink(server)
    assert bus.name == "bus"
    await bus.send([make(1)])
    await bus.note({"type": "alarm", "event": "raised", "key": "disk:/", "text": "full"})
    one, alarm = read(server, "certhia.matches", 2)
    assert one.key() == b"01" * 32
    assert dict(one.headers()) == {"id": b"01" * 32, "event": b"ct_match"}
    assert json.loads(one.value())["matched_domain"] == "www.example.com"
    assert json.loads(alarm.value())["event_type"] == "ct_alarm"
    await bus.close()
    await bus.close()


async def test_over_tls_with_a_password(server: Running, make: MAKE, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(ROOT.pem)
    secure = {"brokers": [f"{LOOPBACK}:{server.place.tls_port}"], "tls": True, "ca_file": authority}
    bus = await sink(server, **secure, username="certhia", password="let me in")
    await bus.send([make(7)])
    await bus.close()
    proved = await sink(server, **secure, username="certhia", password="let me in", mechanism="SCRAM-SHA-512")
    await proved.send([make(9)])
    await proved.close()
    stranger = await sink(server, **secure, username="certhia", password="wrong", timeout=1.5)
    with pytest.raises(RemoteError, match=r"(?i)authentication"):
        await stranger.send([make(8)])
    await stranger.close()


async def test_nothing_is_lost_when_the_broker_is_killed(server: Running) -> None:
    bus = await sink(server, topic="lasting", timeout=1)
    failures = await tell_all(bus, batches(12, 10), 5, server.kill, server.revive)
    assert failures
    ids = [one.key().decode() for one in read(server, "lasting", 120)]
    assert list(dict.fromkeys(ids)) == [key(number).hex() for number in range(120)]
    await bus.close()


async def test_a_broker_that_hangs_is_given_up(server: Running, make: MAKE) -> None:
    bus = await sink(server, timeout=1)
    server.freeze()
    try:
        with pytest.raises(RemoteError):
            await bus.send([make(1)])
    finally:
        server.thaw()
    await bus.close()


async def test_a_message_that_is_too_large_is_refused_alone(server: Running, make: MAKE) -> None:
    bus = await sink(server, topic="small", compression="none")
    names = tuple(f"{number}.example.com" for number in range(1000))
    with pytest.raises(Refused, match=r"raise max\.message\.bytes of the topic small"):
        await bus.send([make(1, names=names)])
    await bus.send([make(2)])
    assert [one.key() for one in read(server, "small", 1)] == [b"02" * 32]
    await bus.close()


async def test_a_topic_that_is_not_there(server: Running, make: MAKE) -> None:
    bus = await sink(server, topic="none", timeout=2)
    with pytest.raises(RemoteError, match="make the topic none first"):
        await bus.send([make(1)])
    await bus.close()
