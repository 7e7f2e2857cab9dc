"""What holds for the clients of all three kinds of logs, in process and over HTTP."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from certhia._core import Edge, Issuers, cover, leaf_hash
from certhia.clock import Clock
from certhia.errors import BadAnswer, Lagging, RemoteError, Throttled, Unverified
from certhia.logs.client import Fetched, Line, LogClient, client
from certhia.logs.pace import Paces
from certhia.model import Head, Log, Protocol
from certhia.net import Http, Response, Transport
from certhia.testing import FakeLog, SimClock, World, in_simulated_time

KINDS = ("rfc6962", "static", "hybrid")


def make(log: Log, transport: Transport, clock: Clock) -> LogClient:
    return client(log, transport, Paces(clock), Issuers(), clock)


def filled(world: World, kind: str, count: int) -> FakeLog:
    log: FakeLog = getattr(world, kind)("alpha")
    world.grow(count)
    return log


async def read_all(reader: LogClient, head: Head, start: int = 0) -> bytes:
    """Leaf hashes of [start, head.size), read request by request."""
    at, hashes = start, b""
    while at < head.size:
        fetched = await reader.fetch(at, reader.plan(at, head.size), head.size)
        page = reader.decode([fetched]).slice(at, head.size)
        assert page.first == at
        hashes += page.leaf_hashes
        at = page.end
    return hashes


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_reads_a_log_to_its_signed_root(certhia_world: World, certhia_clock: SimClock, kind: str) -> None:
    log = filled(certhia_world, kind, 700)
    reader = make(log.model, certhia_world.transport(), certhia_clock)
    head = await reader.head()
    assert head.size == 700
    edge = Edge()
    edge.append(await read_all(reader, head))
    assert edge.root() == head.root
    assert await reader.prove(edge, head) == ("", ())


@pytest.mark.parametrize("kind", KINDS)
async def test_reads_a_log_over_http(kind: str) -> None:
    world = World()
    log = filled(world, kind, 300)
    http = Http(clock=world.clock, user_agent="certhia/test")
    async with world.serve():
        reader = make(log.model, http, world.clock)
        head = await reader.head()
        edge = Edge()
        edge.append(await read_all(reader, head))
        assert edge.root() == head.root
        assert (await reader.edge(head, 77)).size == 77
        assert (await reader.entry(5, head)).index == 5
        await http.close()
    assert http.requests > 3
    assert http.bytes_in > 50_000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 600])
@in_simulated_time
async def test_edge_at_any_size_is_proven(certhia_world: World, certhia_clock: SimClock, kind: str, size: int) -> None:
    log = filled(certhia_world, kind, 600)
    reader = make(log.model, certhia_world.transport(), certhia_clock)
    head = await reader.head()
    edge = await reader.edge(head, size)
    expected = Edge()
    expected.append(b"".join(leaf_hash(entry.leaf_input) for entry in log.entries[:size]))
    assert (edge.size, edge.hashes) == (size, expected.hashes)
    if size == 600:
        assert (await reader.edge(head)).hashes == edge.hashes


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_proves_a_prefix(certhia_world: World, certhia_clock: SimClock, kind: str) -> None:
    log = filled(certhia_world, kind, 600)
    reader = make(log.model, certhia_world.transport(), certhia_clock)
    head = await reader.head()
    edge = await reader.edge(head, 300)
    how, proof = await reader.prove(edge, head)
    if kind == "static":
        assert how == "nodes"
        assert len(proof) == len(cover(300, 600))
        edge.append_nodes(proof, 600)
        assert edge.root() == head.root
    else:
        assert how == "consistency"
        assert proof
    with pytest.raises(ValueError, match="prefix"):
        await reader.prove(await reader.edge(head), log_head_of(head, 10))


def log_head_of(head: Head, size: int) -> Head:
    return Head(size, head.root, head.timestamp, head.raw)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [600, 300])
@in_simulated_time
async def test_another_tree_is_no_prefix(certhia_world: World, certhia_clock: SimClock, kind: str, size: int) -> None:
    log = filled(certhia_world, kind, 600)
    reader = make(log.model, certhia_world.transport(), certhia_clock)
    head = await reader.head()
    wrong = Edge()
    wrong.append(b"".join(hashlib.sha256(bytes([n % 251])).digest() for n in range(size)))
    with pytest.raises(Unverified, match="root"):
        await reader.prove(wrong, head)
    # and what is right is still proven afterwards
    assert await reader.prove(await reader.edge(head, 300), head)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_an_entry_comes_proven(certhia_world: World, certhia_clock: SimClock, kind: str) -> None:
    log = filled(certhia_world, kind, 600)
    reader = make(log.model, certhia_world.transport(), certhia_clock)
    head = await reader.head()
    for index in (0, 255, 256, 511, 512, 599):
        entry = await reader.entry(index, head)
        assert (entry.index, entry.leaf_hash) == (index, leaf_hash(log.entries[index].leaf_input))
        assert f"host{index}.example.com" in entry.certificate.names
        assert entry.chain
        issuer = await reader.issuer(entry.chain[0])
        assert issuer is not None
        assert hashlib.sha256(issuer).digest() == entry.chain[0]
    with pytest.raises(ValueError, match="no entry"):
        await reader.entry(600, head)
    with pytest.raises(Unverified):
        await reader.entry(3, Head(head.size, bytes(32), head.timestamp, head.raw))


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_a_front_end_behind_its_head_is_lagging(certhia_world: World, certhia_clock: SimClock, kind: str) -> None:
    log = filled(certhia_world, kind, 600)
    reader = make(log.model, certhia_world.transport(), certhia_clock)
    head = await reader.head()
    log.visible = 300
    with pytest.raises(Lagging, match="signed"):
        await reader.fetch(512, 600, head.size)
    log.visible = None
    assert reader.decode([await reader.fetch(512, 600, head.size)]).first == 512


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_at_or_past_the_held_head_is_asked_for(kind: str) -> None:
    world = World()
    log = filled(world, kind, 600)
    world.grow(100)
    reader = make(log.model, world.transport(), world.clock)
    fetched = await reader.fetch(512, 700, 600)
    assert fetched.end <= 600
    assert reader.decode([fetched]).end == 600
    asked = log.recent[-1]
    assert "699" not in str(dict(asked.query))
    assert asked.path in ("ct/v1/get-entries", "tile/data/002.p/88")
    with pytest.raises(ValueError, match="no entries"):
        await reader.fetch(600, 700, 600)


class Scripted:
    """A transport that gives one answer to everything, and keeps what it was asked."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        self.asked.append((url, dict(headers or {})))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        pass


def line(answer: Response | Exception) -> Line:
    clock = Clock()
    return Line("https://log.test/", Scripted(answer), Paces(clock), clock)


async def test_line_says_what_went_wrong_and_where() -> None:
    with pytest.raises(Throttled, match=r"https://log.test/x: 429.*wait 7 s") as throttled:
        await line(Response(429, b"slow down", {"retry-after": "7"})).get("x")
    assert throttled.value.retry_after == 7
    with pytest.raises(Throttled):
        await line(Response(503, b"", {"retry-after": "1"})).get("x")
    with pytest.raises(RemoteError, match="failed with 503"):
        await line(Response(503, b"oops")).get("x")
    with pytest.raises(Lagging, match="not yet"):
        await line(Response(404, b"")).get("x", missing="not yet")
    with pytest.raises(BadAnswer, match="404 instead of 200"):
        await line(Response(404, b"")).get("x")
    with pytest.raises(BadAnswer, match="400"):
        await line(Response(400, b"")).get("x")


async def test_line_follows_no_redirect() -> None:
    for target in ("file:///etc/passwd", "http://169.254.169.254/", "https://elsewhere.test/"):
        transport = Scripted(Response(301, b"", {"location": target}))
        clock = Clock()
        with pytest.raises(BadAnswer, match="not followed"):
            await Line("https://log.test/", transport, Paces(clock), clock).get("x", missing="y")
        assert len(transport.asked) == 1


async def test_line_quotes_bodies_escaped_and_cut() -> None:
    body = b"\x1b[31m<html>\r\n" + b"A" * 10_000
    with pytest.raises(BadAnswer) as error:
        await line(Response(418, body)).get("x")
    assert len(str(error.value)) < 320
    assert str(error.value).isprintable()


async def test_line_unpacks_what_comes_packed_unasked() -> None:
    import gzip

    headers = {"content-encoding": "gzip"}
    assert await line(Response(200, gzip.compress(b"{}"), headers)).get("x") == b"{}"
    assert await line(Response(200, b"{}", headers)).get("x") == b"{}"  # it only says so
    with pytest.raises(BadAnswer, match="unpacks to more"):
        await line(Response(200, gzip.compress(bytes(1 << 22)), headers)).get("x", cap=1 << 20)
    with pytest.raises(BadAnswer, match=r"^https://log\.test/x: .* more than 1024 members"):
        await line(Response(200, gzip.compress(b"", mtime=0) * 2000, headers)).get("x", cap=32 << 20)
    packed = gzip.compress(b"tile")
    assert await line(Response(200, packed, headers)).get("x", gzip=True) == packed


async def test_requests_say_what_encoding_they_take() -> None:
    clock = Clock()
    transport = Scripted(Response(200, b""))
    asking = Line("https://log.test/", transport, Paces(clock), clock)
    await asking.get("a")
    await asking.get("b", gzip=True)
    assert [headers["Accept-Encoding"] for _, headers in transport.asked] == ["identity", "gzip, identity"]


def test_fetched_knows_its_end() -> None:
    assert Fetched(256, 10, b"").end == 266


def test_client_by_protocol() -> None:
    world = World()
    clock = world.clock
    names = {kind: type(make(getattr(world, kind)(kind).model, world.transport(), clock)).__name__ for kind in KINDS}
    assert names == {"rfc6962": "Rfc6962Client", "static": "StaticClient", "hybrid": "HybridClient"}
    assert Protocol.HYBRID in {log.model.protocol for log in world.logs.values()}


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_an_older_head_is_a_prefix_or_a_contradiction(certhia_world: World, kind: str) -> None:
    log = filled(certhia_world, kind, 300)
    reader = make(log.model, certhia_world.transport(), certhia_world.clock)
    newer = await reader.head()
    for size in (0, 1, 255, 256, 299):
        older = Head(size, log.tree.root(size), 0, b"")
        await reader.precedes(older, newer)
        with pytest.raises(Unverified, match=f"its signed head of size {size} .* is not proven to be a prefix"):
            await reader.precedes(replace(older, root=b"x" * 32), newer)
