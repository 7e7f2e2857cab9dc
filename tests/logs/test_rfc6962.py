"""RFC 6962 logs, honest and otherwise."""

import json
import random
import re
from collections.abc import Mapping

import pytest

from certhia._core import Edge, Issuers
from certhia.errors import BadAnswer, Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs.budget import Budget
from certhia.logs.client import Fetched, Line
from certhia.logs.pace import Paces
from certhia.logs.rfc6962 import Rfc6962Client
from certhia.logs.window import Window
from certhia.net import Response, TooLong
from certhia.testing import FakeLog, Request, SimClock, World, fail, in_simulated_time, short


def reader_of(world: World, log: FakeLog, *, latency: float = 0.0, page: int = 1024) -> Rfc6962Client:
    line = Line(log.url, world.transport(latency=latency), Paces(world.clock), world.clock)
    return Rfc6962Client(log.model, line, Issuers(), page=page)


async def read_through_window(reader: Rfc6962Client, clock: SimClock, start: int, end: int, parallel: int) -> None:
    """Reads [start, end) as a follower does."""
    at = start
    window = Window(reader, start, end, end, budget=Budget(1 << 30), clock=clock, parallel=parallel)
    async with window:
        while (group := await window.next()) is not None:
            page = reader.decode(group.answers)
            assert page.first == at
            at = page.end
            group.give()
    assert at == end


@pytest.mark.parametrize("parallel", [1, 8])
@pytest.mark.parametrize("most, align", [(32, True), (32, False), (100, True), (256, True), (1000, True)])
@in_simulated_time
async def test_pages_of_any_size_are_read_without_waste(
    certhia_world: World, certhia_clock: SimClock, most: int, align: bool, parallel: int
) -> None:
    log = certhia_world.rfc6962("alpha", max_get_entries=most, align=align)
    certhia_world.grow(3000)
    reader = reader_of(certhia_world, log, latency=0.01)
    await read_through_window(reader, certhia_clock, 5, 3000, parallel)
    ideal = 3000 / most
    assert log.traffic.requests["get-entries"] <= 1.1 * ideal + parallel + 2


@in_simulated_time
async def test_short_answers_of_varying_length_leave_no_gap(certhia_world: World, certhia_clock: SimClock) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(3000)
    chance = random.Random(3)
    log.hooks.append(short(*[chance.randint(1, 60) for _ in range(977)]))
    reader = reader_of(certhia_world, log)
    await read_through_window(reader, certhia_clock, 0, 3000, 4)
    assert log.traffic.requests["get-entries"] <= 1.1 * 3000 / 30.5 + 20


@in_simulated_time
async def test_more_entries_than_asked_for_are_refused(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(20)
    reader = reader_of(certhia_world, log)
    body = certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=10").body
    log.hooks.append(lambda request: Response(200, body))
    with pytest.raises(BadAnswer, match="11 entries where 10"):
        await reader.fetch(0, 10, 20)
    assert (await reader.fetch(0, 11, 20)).count == 11


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"<html>busy</html>", b'{"entries": [{"leaf_input": "AA', b"\xff\xfe", b"null"]
)
@in_simulated_time
async def test_answers_that_are_none_are_bad_answers(certhia_world: World, body: bytes) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(20)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    log.hooks.append(lambda request: Response(200, body))
    with pytest.raises(BadAnswer, match="get-entries"):
        await reader.fetch(0, 10, 20)
    for question in (reader.head(), reader.edge(head), reader.entry(3, head)):
        with pytest.raises(RemoteError):
            await question
    with pytest.raises(BadAnswer):
        await reader.prove(await edge_of(certhia_world, log, 7), head)


@in_simulated_time
async def test_what_cannot_be_decoded_is_told_with_log_and_range(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(20)
    reader = reader_of(certhia_world, log)
    good = await reader.fetch(0, 10, 20)
    for bodies in ([b"<html>"], [good.body, b"<html>"]):
        fetched = [Fetched(n * 10, 10, body) for n, body in enumerate(bodies)]
        place = f"{log.url}ct/v1/get-entries: entries 0 to {len(bodies) * 10 - 1} make no sense: an object at byte 0"
        with pytest.raises(Malformed, match=f"^{re.escape(place)}$"):
            reader.decode(fetched)
    spared = Fetched(0, 5, b"<html>", spare=5)
    with pytest.raises(Malformed, match="entries 0 to 4 make no sense"):
        reader.decode([spared, good])


async def edge_of(world: World, log: FakeLog, size: int) -> Edge:
    hooks, log.hooks = log.hooks, []
    try:
        reader = reader_of(world, log)
        return await reader.edge(await reader.head(), size)
    finally:
        log.hooks = hooks


@in_simulated_time
async def test_no_entries_is_lag(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(20)
    log.hooks.append(lambda request: Response(200, b'{"entries": []}'))
    with pytest.raises(Lagging, match="no entries"):
        await reader_of(certhia_world, log).fetch(0, 10, 20)


@in_simulated_time
async def test_a_refusal_says_how_long_to_wait(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(20)
    log.hooks.append(fail(429, retry_after="11"))
    with pytest.raises(Throttled) as refusal:
        await reader_of(certhia_world, log).fetch(0, 10, 20)
    assert refusal.value.retry_after == 11


class Capped:
    """A transport into a world that holds to caps."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        answer = self._world.handle("GET", url, headers)
        if len(answer.body) > cap:
            raise TooLong(url)
        return answer

    async def close(self) -> None:
        pass


def capped(world: World, log: FakeLog) -> Rfc6962Client:
    clock = world.clock
    return Rfc6962Client(log.model, Line(log.url, Capped(world), Paces(clock), clock), Issuers())


@in_simulated_time
async def test_answers_too_long_are_asked_for_in_halves(certhia_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.logs.rfc6962.PAGE", 100_000)
    reader = capped(certhia_world, certhia_world.rfc6962("alpha"))
    certhia_world.grow(400)
    at = 0
    while at < 400:
        try:
            at = (await reader.fetch(at, reader.plan(at, 400), 400)).end
        except BadAnswer:
            continue
    assert reader.pages.ask < 100


@in_simulated_time
async def test_a_single_entry_may_be_as_large_as_one_can_be(
    certhia_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(2)
    monkeypatch.setattr("certhia.logs.rfc6962.PAGE", 100)
    with pytest.raises(TooLong):
        await capped(certhia_world, log).fetch(0, 2, 2)
    assert (await capped(certhia_world, log).fetch(0, 1, 2)).end == 1
    monkeypatch.setattr("certhia.logs.rfc6962.LONE", 100)
    with pytest.raises(TooLong):
        await capped(certhia_world, log).fetch(0, 1, 2)


@in_simulated_time
async def test_without_get_entry_and_proof_the_proof_is_found_by_hash(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(300)
    log.hooks.append(fail(404, endpoints=["get-entry-and-proof"]))
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    assert (await reader.edge(head)).root() == head.root
    assert (await reader.edge(head, 123)).size == 123
    assert (await reader.entry(42, head)).index == 42
    assert log.traffic.requests["get-proof-by-hash"] == 3


@in_simulated_time
async def test_a_log_without_proofs_says_so_and_is_not_trusted(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(30)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    edge = await reader.edge(head, 10)
    log.hooks.append(fail(404, endpoints=["get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency"]))
    for question in (reader.edge(head), reader.prove(edge, head), reader.entry(3, head)):
        with pytest.raises(BadAnswer, match="404"):
            await question


def _flip(value: str) -> str:
    return ("A" if value[5] != "A" else "B").join((value[:5], value[6:]))


@pytest.mark.parametrize("field", ["audit_path", "leaf_input"])
@in_simulated_time
async def test_a_forged_proof_is_not_believed(certhia_world: World, field: str) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)
    head = await reader.head()

    def forge(request: Request) -> Response | None:
        if request.endpoint != "get-entry-and-proof":
            return None
        answer = json.loads(log.serve(request).body)
        value = answer[field]
        answer[field] = [_flip(value[0]), *value[1:]] if isinstance(value, list) else _flip(value)
        return Response(200, json.dumps(answer).encode())

    log.hooks.append(forge)
    with pytest.raises(Unverified):
        await reader.edge(head)
    with pytest.raises(Unverified):
        await reader.edge(head, 200)
    with pytest.raises((Unverified, Malformed)):
        await reader.entry(17, head)


@pytest.mark.parametrize(
    "proof",
    [
        {"audit_path": ["AAAA"]},
        {"audit_path": "AAAA"},
        {"audit_path": [5]},
        {"audit_path": ["A" * 43 + "="] * 65},
        {"audit_path": ["*" * 44]},
        {},
    ],
)
@in_simulated_time
async def test_proofs_of_no_shape_are_remote_errors(certhia_world: World, proof: dict[str, object]) -> None:
    log = certhia_world.rfc6962("alpha")
    certhia_world.grow(30)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    body = json.dumps({"leaf_input": "AAAA", "extra_data": "", "leaf_index": 3, **proof}).encode()
    log.hooks.append(lambda request: Response(200, body))
    for question in (reader.edge(head), reader.edge(head, 20), reader.entry(3, head)):
        with pytest.raises(RemoteError):
            await question


@in_simulated_time
async def test_an_empty_tree_is_a_prefix_of_all_and_asks_for_nothing(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    reader = reader_of(certhia_world, log)
    empty = await reader.head()
    edge = await reader.edge(empty)
    assert edge.size == 0
    assert await reader.prove(edge, empty) == ("", ())
    certhia_world.grow(5)
    assert await reader.prove(edge, await reader.head()) == ("consistency", ())
    assert set(log.traffic.requests) == {"get-sth"}


@in_simulated_time
async def test_tails_and_bounds(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha", max_get_entries=32)
    certhia_world.grow(100)
    reader = reader_of(certhia_world, log)
    for at in (0, 32, 64):
        await reader.fetch(at, reader.plan(at, 100), 100)
    assert reader.pages.page == 32
    fetched = [await reader.fetch(at, reader.plan(at, 100), 100) for at in (90, 95, 99)]
    assert [(one.start, one.end) for one in fetched] == [(90, 96), (95, 96), (99, 100)]
    for start, end, size in ((5, 5, 100), (100, 101, 100), (-1, 4, 100)):
        with pytest.raises(ValueError, match="no entries"):
            await reader.fetch(start, end, size)
