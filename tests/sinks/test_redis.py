"""The sink redis on a real Redis."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis as Client
from tests.realservers.launching import LOOPBACK, ROOT, Running, running
from tests.realservers.redis import REDIS
from tests.sinks.conftest import MAKE
from tests.sinks.sending import batches, key, outside, tell_all
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.config.sinks.redis import RedisSink
from certhia.errors import ConfigError, RemoteError
from certhia.events.event import Event
from certhia.events.words import told_of
from certhia.sinks.outbox import Outbox
from certhia.sinks.redis import Redis, advice, after, open_redis, packed
from certhia.sinks.terms import Terms
from certhia.store import State

PLAIN = {"channel": "", "queue": ""}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(REDIS) as there:
        yield there


@pytest.fixture
async def reader(server: Running) -> AsyncIterator[Any]:
    client: Any = Client(host=LOOPBACK, port=server.place.port, decode_responses=True, protocol=2)
    await client.flushall()
    yield client
    await client.aclose()


def sink(server: Running, **changes: object) -> Redis:
    fields: dict[str, object] = {"url": f"redis://{LOOPBACK}:{server.place.port}/0", **changes}
    return Redis("bounty", RedisSink.model_validate(fields), outside())


def ids(stream: Any) -> list[str]:
    return [fields["id"] for _, fields in stream]


async def test_ct_scouts_channel_and_list(server: Running, reader: Any, make: MAKE) -> None:
    heard = reader.pubsub()
    await heard.subscribe("bb:ct_events")
    await heard.get_message(timeout=5)
    bounty = sink(server, queue_length=2)
    await bounty.send([make(number) for number in (1, 2, 3)])
    first = json.loads((await heard.get_message(ignore_subscribe_messages=True, timeout=5))["data"])
    assert first["event_type"] == "ct_match"
    assert (first["timestamp"], first["matched_domain"]) == (1_760_000_001, "www.example.com")
    assert first["all_domains"] == ["www.example.com", "example.com", "192.0.2.7"]
    assert (first["cert_index"], first["is_precert"]) == (1001, True)
    assert (first["not_before"], first["not_after"]) == (1_759_990_000, 1_767_990_000)
    assert (first["program_name"], first["issuer"]) == ("Acme", "R11")
    assert (first["ct_log"], first["fingerprint"]) == ("https://ct.example/2026/", "02" * 32)
    queue = [json.loads(text)["cert_index"] for text in await reader.lrange("bb:ct_events_queue", 0, -1)]
    assert queue == [1003, 1002]  # the newest at the head, the oldest gone
    await heard.aclose()
    await bounty.close()
    await bounty.close()


async def test_alarms_go_the_same_way(server: Running, reader: Any) -> None:
    bounty = sink(server, stream="s")
    await bounty.note({"type": "alarm", "event": "raised", "key": "disk:/", "text": "full"})
    ((_, fields),) = await reader.xrange("s")
    assert json.loads(fields["event"])["event_type"] == "ct_alarm"
    assert await reader.lrange("bb:ct_events_queue", 0, -1) == [fields["event"]]
    await bounty.close()


async def test_events_go_to_a_channel_each(server: Running, reader: Any) -> None:
    """By their type, as the envelope, and nowhere else."""
    heard = reader.pubsub()
    await heard.psubscribe("events:*")
    await heard.get_message(timeout=5)
    bounty = sink(server, stream="s", stream_length=1, stream_groups=["g"], batch=1)
    told = [Event(f"id{n}", kind, 1.0, "scan", {"n": n}, {}) for n, kind in enumerate(("scan.started", "match.found"))]
    for event in told:
        await bounty.note(told_of(event))
    for event in told:
        message = await heard.get_message(ignore_subscribe_messages=True, timeout=5)
        assert message["channel"] == f"events:{event.type}"
        assert json.loads(message["data"]) == told_of(event)
    assert await reader.llen("bb:ct_events_queue") == await reader.xlen("s") == 0
    quiet = sink(server, event_channel="")
    await quiet.note(told_of(told[0]))
    await heard.aclose()
    await bounty.close()
    await quiet.close()


def test_the_channels_are_named_by_the_types() -> None:
    settings = RedisSink(url=SecretStr("redis://127.0.0.1"), events=("*",))
    assert settings.event_channel == "events:{type}"


async def test_what_certificates_say_is_inert(server: Running, reader: Any, make: MAKE) -> None:
    bounty = sink(server, channel="", queue="q")
    await bounty.send([make(issuer_organization="\x1b]0;x\x07\r\nDEL q\u202e")])
    (text,) = await reader.lrange("q", 0, -1)
    assert text.isascii()
    assert text.isprintable()
    await bounty.close()


async def test_a_stream_never_drops_what_is_unread(server: Running, reader: Any) -> None:
    bounty = sink(server, **PLAIN, stream="s", stream_length=10, stream_groups=["a", "b"], batch=5)
    first, second, third = batches(3, 5)
    await bounty.send(first)
    await bounty.send(second)
    with pytest.raises(RemoteError, match="the stream s is full: of its 10 entries too few are acknowledged"):
        await bounty.send(third)
    for group in ("a", "b"):
        got = await reader.xreadgroup(group, "me", {"s": ">"}, count=7)
        await reader.xack("s", group, *[entry for entry, _ in got[0][1][:5]])
        if group == "a":  # the other has read nothing yet
            with pytest.raises(RemoteError, match="is full"):
                await bounty.send(third)
    await bounty.send(third)
    assert ids(await reader.xrange("s")) == [key(number).hex() for number in range(5, 15)]
    with pytest.raises(RemoteError, match="is full"):  # two are read, and not acknowledged
        await bounty.send(first)
    await bounty.close()


async def test_a_stream_without_readers_waits_when_it_is_full(server: Running, reader: Any) -> None:
    bounty = sink(server, **PLAIN, stream="s", stream_length=5, batch=5)
    first, second = batches(2, 5)
    await bounty.send(first)
    with pytest.raises(RemoteError, match="it has no consumer group: name one in stream_groups"):
        await bounty.send(second)
    assert await reader.xlen("s") == 5
    await bounty.close()


async def test_a_stream_of_any_length(server: Running, reader: Any) -> None:
    bounty = sink(server, **PLAIN, stream="s", stream_length=0, batch=5)
    for batch in batches(3, 5):
        await bounty.send(batch)
    assert await reader.xlen("s") == 15
    await bounty.close()


async def test_nothing_is_lost_when_redis_is_killed(server: Running, reader: Any) -> None:
    bounty = sink(server, stream="s", timeout=2, batch=10)
    wanted = batches(20, 10)
    failures = await tell_all(bounty, wanted, 7, server.kill, server.revive)
    assert failures
    stream = ids(await reader.xrange("s"))
    assert list(dict.fromkeys(stream)) == [key(number).hex() for number in range(200)]
    queue = await reader.lrange("bb:ct_events_queue", 0, -1)
    assert {json.loads(text)["id"] for text in queue} == set(stream)
    await bounty.close()


async def test_a_redis_that_hangs_is_given_up(server: Running, reader: Any, make: MAKE) -> None:
    bounty = sink(server, **PLAIN, stream="s", timeout=0.2)
    await bounty.send([make(1)])
    server.freeze()
    try:
        with pytest.raises(RemoteError, match=r"Redis did not answer within 0\.2 s"):
            await bounty.send([make(2)])
    finally:
        server.thaw()
    await bounty.send([make(2)])
    stream = ids(await reader.xrange("s"))  # what hung may have been done all the same
    assert list(dict.fromkeys(stream)) == ["01" * 32, "02" * 32]
    await bounty.close()


async def test_a_send_that_is_cancelled_leaves_no_answers_behind(server: Running, reader: Any, make: MAKE) -> None:
    bounty = sink(server, **PLAIN, stream="s")
    await bounty.check()
    server.freeze()
    sending = asyncio.ensure_future(bounty.send([make(1)]))
    await asyncio.sleep(0)
    sending.cancel()
    server.thaw()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await bounty.send([make(2)])
    assert ids(await reader.xrange("s"))[-1] == "02" * 32
    await bounty.close()


async def test_over_tls_as_an_acl_user(server: Running, reader: Any, make: MAKE, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(ROOT.pem)
    await reader.execute_command(
        "ACL", "SETUSER", "scout", "reset", "on", ">a token of 24 characters", "~bb:*", "&bb:*", "+lpush", "+ltrim",
        "+publish", "+ping", "+multi", "+exec", "+client",
    )  # fmt: skip
    tls = {"url": f"rediss://{LOOPBACK}:{server.place.tls_port}", "username": "scout"}
    bounty = sink(server, **tls, password="a token of 24 characters", ca_file=authority)
    await bounty.send([make(1)])
    assert await reader.llen("bb:ct_events_queue") == 1
    await bounty.close()
    elsewhere = sink(server, **tls, password="a token of 24 characters", ca_file=authority, queue="mine")
    with pytest.raises(RemoteError, match=r"(?i)noperm|no permissions"):
        await elsewhere.send([make(1)])
    untrusted = sink(server, **tls, password="a token of 24 characters")
    with pytest.raises(RemoteError, match="CERTIFICATE_VERIFY_FAILED"):
        await untrusted.send([make(1)])
    await elsewhere.close()
    await untrusted.close()


async def test_required_and_not_there(server: Running, reader: Any) -> None:
    await reader.execute_command("ACL", "SETUSER", "scout", "reset", "on", ">right", "~*", "&*", "+@all")
    settings = {"username": "scout", "password": "wrong", "require": True}
    plain = {"url": f"redis://{LOOPBACK}:{server.place.port}"}
    with pytest.raises(ConfigError, match=r"(?s)\[sinks\.bounty\] is required .*Check username and password"):
        await open_redis("bounty", RedisSink.model_validate({**plain, **settings}), outside())
    gone = RedisSink.model_validate({"url": f"redis://{LOOPBACK}:1", "require": True})
    with pytest.raises(ConfigError, match=r"(?s)redis-cli -u URL PING; or start without that: matches then wait"):
        await open_redis("bounty", gone, outside())
    relaxed = await open_redis("bounty", gone.model_copy(update={"require": False}), outside())
    assert relaxed.name == "bounty"
    good = RedisSink.model_validate({**plain, **settings, "password": "right"})
    await (await open_redis("bounty", good, outside())).close()


async def test_replicas_that_are_not_there(server: Running, make: MAKE) -> None:
    bounty = sink(server, replicas=1, timeout=0.5)
    with pytest.raises(RemoteError, match="only 0 of 1 replicas have it: see INFO replication"):
        await bounty.send([make(1)])
    await bounty.close()


async def test_what_redis_refuses_says_why_and_not_what_was_sent(server: Running, reader: Any, make: MAKE) -> None:
    await reader.set("bb:ct_events_queue", "a text")
    bounty = sink(server)
    with pytest.raises(RemoteError, match="bb:ct_events_queue is a string, and no list: name another key") as refused:
        await bounty.send([make(1)])
    assert "www.example.com" not in str(refused.value)
    await bounty.close()


async def test_a_key_of_another_type_has_nothing_written_twice(server: Running, reader: Any, make: MAKE) -> None:
    """Of a transaction Redis runs what it can: the stream would grow with every attempt."""
    bounty = sink(server, stream="s")
    await bounty.send([make(1)])
    await reader.delete("bb:ct_events_queue")
    await reader.set("bb:ct_events_queue", "a text")
    for _ in range(3):
        with pytest.raises(RemoteError):
            await bounty.send([make(2)])
    assert await reader.xlen("s") == 2, "it was seen before the second attempt"
    await bounty.close()


async def test_the_acl_user_of_the_guide_will_do(server: Running, reader: Any, make: MAKE) -> None:
    guide = (Path(__file__).parents[2] / "docs/guide/sinks.md").read_text("utf-8")
    rights = re.findall(r"\+[a-z]+", guide[guide.index("An ACL user") : guide.index("Redis Cluster")])
    await reader.execute_command("ACL", "SETUSER", "guide", "reset", "on", ">right", "~*", "&*", *rights)
    settings = {"username": "guide", "password": "right", "require": True, "stream": "s", "stream_groups": ["g"]}
    url = f"redis://{LOOPBACK}:{server.place.port}"
    bounty = await open_redis("bounty", RedisSink.model_validate({"url": url, **settings}), outside())
    await bounty.send([make(1)])
    assert await reader.xlen("s") == await reader.llen("bb:ct_events_queue") == 1
    await bounty.close()


@pytest.mark.parametrize(
    "upset, mend, step",
    [
        (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0"), "Redis is full: raise maxmemory"),
        (("REPLICAOF", LOOPBACK, "1"), ("REPLICAOF", "NO", "ONE"), "This is a replica"),
        (("ACL", "SETUSER", "default", "-lpush"), ("ACL", "SETUSER", "default", "+lpush"), "The user may not do that"),
    ],
)
async def test_required_and_not_to_be_written_to(
    server: Running, reader: Any, upset: tuple[str, ...], mend: tuple[str, ...], step: str
) -> None:
    required = {"url": f"redis://{LOOPBACK}:{server.place.port}", "require": True}
    await reader.execute_command(*upset)
    try:
        with pytest.raises(ConfigError, match=step):
            await open_redis("bounty", RedisSink.model_validate(required), outside())
    finally:
        await reader.execute_command(*mend)
    bounty = await open_redis("bounty", RedisSink.model_validate(required), outside())
    assert not await reader.exists("bb:ct_events_queue"), "nothing was written for it"
    await bounty.close()


def test_advice() -> None:
    assert "in password" in advice("Authentication required.")
    assert "see its log" in advice("Redis is configured to save RDB snapshots, but it's unable to persist to disk.")


def test_a_command_on_the_wire() -> None:
    assert (
        packed(("LTRIM", "bücher", 0, b"\r\n"))
        == b"*4\r\n$5\r\nLTRIM\r\n$7\r\nb\xc3\xbccher\r\n$1\r\n0\r\n$2\r\n\r\n\r\n"
    )


def test_the_entry_after() -> None:
    assert after(b"1760000000000-4") == "1760000000000-5"
    assert after("7") == "7-1"


async def test_the_outbox_loses_nothing_when_redis_is_killed(server: Running, reader: Any, tmp_path: Path) -> None:
    settings = RedisSink.model_validate(
        {"url": f"redis://{LOOPBACK}:{server.place.port}", **PLAIN, "stream": "s", "batch": 20, "retry": ["50ms"]}
    )
    clock, book = Clock(), Book()
    bounty = await open_redis("bounty", settings, outside())
    async with await State.open(tmp_path, clock=clock, follow=True) as state, asyncio.TaskGroup() as group:
        state.writer.log(book.log)
        outbox = Outbox(state, [bounty], clock, terms={"bounty": Terms.of(settings)})
        tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
        for number in range(300):
            state.writer.match(book.match(number), ["bounty"])
            await asyncio.sleep(0)
            if number == 100:
                server.kill()
            if number == 200:
                await state.writer.durable()
                server.revive()
        await state.writer.durable()
        assert await outbox.drain(30)
        for task in tasks:
            task.cancel()
    told = [json.loads(fields["event"])["cert_index"] for _, fields in await reader.xrange("s")]
    assert list(dict.fromkeys(told)) == list(range(300))
    await bounty.close()


async def test_what_ct_scout_counts(server: Running, reader: Any, make: MAKE) -> None:
    bounty = sink(server)
    await bounty.send([make(1), make(2)])
    await reader.config_set("maxmemory", 1)
    with pytest.raises(RemoteError, match="maxmemory"):
        await bounty.send([make(3)])
    counted = bounty.published
    assert (sum(counted.success.counts), sum(counted.failure.counts)) == (1, 1)
    assert (counted.attempts, counted.connected) == (1, False)
    await reader.config_set("maxmemory", 0)
    await bounty.send([make(3)])
    assert (counted.attempts, counted.connected) == (2, True)
    await bounty.close()
    assert not counted.connected
