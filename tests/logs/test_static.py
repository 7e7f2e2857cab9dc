"""Static logs: tiles whole and partial, honest and otherwise."""

import asyncio
import gzip
import hashlib
from pathlib import Path

import pytest

from certhia._core import Issuers, Page
from certhia.errors import BadAnswer, Lagging, Malformed, RemoteError, Unverified
from certhia.logs import static
from certhia.logs.client import Fetched, Line
from certhia.logs.pace import Paces
from certhia.logs.static import StaticClient
from certhia.model import Head
from certhia.net import Response, TooLong
from certhia.testing import FakeLog, Hook, Request, World, fail, in_simulated_time


def reader_of(world: World, log: FakeLog, issuers: Issuers | None = None) -> StaticClient:
    issuers = Issuers() if issuers is None else issuers
    return StaticClient(log.model, Line(log.url, world.transport(), Paces(world.clock), world.clock), issuers)


def asked(log: FakeLog) -> list[str]:
    return [request.path for request in log.recent]


@in_simulated_time
async def test_full_tiles_whenever_the_head_has_them_partial_ones_only_where_it_must(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)
    fetched = [
        await reader.fetch(0, 256, 300),
        await reader.fetch(10, 20, 300),  # in the middle of a full tile
        await reader.fetch(290, 300, 300),
    ]
    assert asked(log) == ["tile/data/000", "tile/data/000", "tile/data/001.p/44"]
    assert [(one.start, one.count) for one in fetched] == [(0, 256), (0, 256), (256, 44)]
    assert all(request.headers["accept-encoding"] == "gzip, identity" for request in log.recent)
    page = reader.decode([fetched[0], fetched[2]])
    assert (page.first, page.end) == (0, 300)


@in_simulated_time
async def test_a_partial_tile_that_is_gone_is_taken_from_the_full_one(certhia_world: World) -> None:
    log = certhia_world.static("alpha", drop_partials=True)
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)
    old = await reader.head()
    certhia_world.grow(300)
    fetched = await reader.fetch(256, 300, 300)
    assert asked(log)[-2:] == ["tile/data/001.p/44", "tile/data/001"]
    page = reader.decode([fetched])
    assert (page.first, page.end) == (256, 300)
    # and so with hash tiles
    assert (await reader.edge(old)).root() == old.root
    assert "tile/0/001" in asked(log)


@in_simulated_time
async def test_gzip_or_not(certhia_world: World) -> None:
    for name, packed in (("alpha", True), ("beta", False)):
        log = certhia_world.static(name, gzip=packed)
        certhia_world.grow(300)
        reader = reader_of(certhia_world, log)
        fetched = await reader.fetch(0, 256, 300)
        assert fetched.body.startswith(b"\x1f\x8b") is packed
        assert len(reader.decode([fetched])) == 256


@in_simulated_time
async def test_a_tile_with_another_number_of_entries_is_refused(certhia_world: World) -> None:
    log = certhia_world.static("alpha", gzip=False)
    certhia_world.grow(10)
    certhia_world.grow(290)
    reader = reader_of(certhia_world, log)
    few = certhia_world.handle("GET", f"{log.url}tile/data/000.p/10").body
    with pytest.raises(BadAnswer, match="10 entries instead of 256"):
        reader.decode([Fetched(0, 256, few, tile=True)])
    with pytest.raises(BadAnswer, match="10 entries instead of 44"):
        reader.decode([Fetched(256, 44, few, tile=True)])


TORN = gzip.compress(b"x" * 99, mtime=0)[:20]


@pytest.mark.parametrize("body", [b"", b"\x00", b"nonsense" * 9, gzip.compress(b"x", mtime=0), TORN])
@in_simulated_time
async def test_a_tile_that_is_none_is_malformed_or_refused(certhia_world: World, body: bytes) -> None:
    reader = reader_of(certhia_world, certhia_world.static("alpha"))
    with pytest.raises((Malformed, BadAnswer), match=r"^http\S+/tile/data/000: .*(at byte|0 entries)"):
        reader.decode([Fetched(0, 256, body, tile=True)])
    with pytest.raises((Malformed, BadAnswer), match=r"^http\S+/tile/data/x001/002\.p/44: "):
        reader.decode([Fetched(1002 * 256, 44, body, tile=True)])


@pytest.mark.parametrize("page", [b"<html>welcome</html>", b"\r\n \n<!doctype html>", b'\n{"error": "busy"}'])
@in_simulated_time
async def test_a_web_page_is_no_tile(certhia_world: World, page: bytes) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(300)
    log.hooks.append(lambda request: Response(200, page, {"content-type": "text/html"}))
    reader = reader_of(certhia_world, log)
    with pytest.raises(BadAnswer, match="/tile/data/000: no data tile: "):
        await reader.fetch(0, 256, 300)
    for question in (reader.head(), reader.edge(Head(300, bytes(32), 0, b""))):
        with pytest.raises(BadAnswer):
            await question


@in_simulated_time
async def test_missing_tiles_are_lag(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    edge = await reader.edge(head, 200)
    for status in (404, 400):
        log.hooks[:] = [fail(status, endpoints=["tile/data", "tile/0"])]
        for question in (reader.fetch(0, 256, 300), reader.edge(head, 290), reader.entry(270, head)):
            with pytest.raises(Lagging):
                await question
    log.hooks.clear()
    assert await reader.prove(edge, head)


def _spoil(position: int, level: int) -> Hook:
    def act(request: Request) -> Response | None:
        if request.endpoint != f"tile/{level}":
            return None
        answer = request.log.serve(request)
        body = bytearray(answer.body)
        body[position] ^= 1
        return Response(200, bytes(body), answer.headers)

    return act


def _serve(body: bytes) -> Hook:
    return lambda request: Response(200, body) if request.endpoint == "tile/0" else None


@pytest.mark.parametrize("level", [0, 1])
@in_simulated_time
async def test_a_hash_tile_that_differs_is_not_believed_nor_kept(certhia_world: World, level: int) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(700)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    honest = await reader.edge(head, 300)
    reader = reader_of(certhia_world, log)
    log.hooks.append(_spoil(5, level))
    for question in (reader.edge(head, 600), reader.entry(600, head)):
        with pytest.raises(Unverified, match="signed"):
            await question
    log.hooks.clear()
    assert (await reader.edge(head, 300)).hashes == honest.hashes
    assert (await reader.prove(honest, head))[0] == "nodes"


@in_simulated_time
async def test_hash_tiles_of_another_length_are_refused(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    for body in (b"", bytes(31), bytes(32), bytes(8193)):
        log.hooks[:] = [_serve(body)]
        with pytest.raises(BadAnswer, match="no hash tile"):
            await reader.edge(head)


@in_simulated_time
async def test_proving_a_backlog_asks_for_each_full_hash_tile_once(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(1500)
    reader = reader_of(certhia_world, log)
    head = await reader.head()
    for size in range(100, 1500, 100):
        await reader.prove(await reader.edge(head, size), head)
    full = [path for path in asked(log) if path.startswith("tile/0") and ".p/" not in path]
    assert len(full) == len(set(full))


@in_simulated_time
async def test_a_tree_that_is_too_large_is_refused(certhia_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    log = certhia_world.static("alpha")
    monkeypatch.setattr(
        "certhia.logs.static.read_checkpoint", lambda log, body: Head((1 << 40) + 1, bytes(32), 0, body)
    )
    with pytest.raises(BadAnswer, match=r"2\*\*40"):
        await reader_of(certhia_world, log).head()


@in_simulated_time
async def test_issuers_are_fetched_once_checked_and_kept(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(3)
    issuers = Issuers()
    reader = reader_of(certhia_world, log, issuers)
    fingerprint = hashlib.sha256(certhia_world.ca.intermediate).digest()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(reader.issuer(fingerprint)) for _ in range(5)]
    assert {task.result() for task in tasks} == {certhia_world.ca.intermediate}
    assert log.traffic.requests["issuer"] == 1
    assert issuers.get(fingerprint) == certhia_world.ca.intermediate
    assert await reader.issuer(bytes(32)) is None
    log.hooks.append(lambda request: Response(200, b"another") if request.endpoint == "issuer" else None)
    with pytest.raises(Unverified, match="another certificate"):
        await reader.issuer(hashlib.sha256(b"x").digest())
    assert len(issuers) == 1


@in_simulated_time
async def test_a_server_that_fails_is_a_remote_error(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)
    log.hooks.append(fail(500))
    with pytest.raises(RemoteError, match="500"):
        await reader.fetch(0, 256, 300)
    with pytest.raises(RemoteError, match="500"):
        await reader.issuer(bytes(32))


def test_real_tiles_lead_to_their_hash_tiles(corpus: Path) -> None:
    folder = corpus / "tiles" / "navigli2025h2" / "tile"
    if not folder.is_dir():
        pytest.skip(f"no tiles at {folder}")
    for number in range(4):
        body = (folder / "data" / f"{number:03d}").read_bytes()
        page = Page.from_tile(body, number * 256)
        assert page.leaf_hashes == (folder / "0" / f"{number:03d}").read_bytes()


@in_simulated_time
async def test_names_tiles_as_the_head_has_them(certhia_world: World) -> None:
    log = certhia_world.static("alpha", names_tiles=True, drop_partials=True)
    certhia_world.grow(300)
    reader = reader_of(certhia_world, log)

    def lines(body: bytes) -> int:
        return gzip.decompress(body).count(b"\n")

    assert lines(await reader.names(0, 300)) == 256
    assert lines(await reader.names(1, 300)) == 44
    certhia_world.grow(300)
    assert lines(await reader.names(1, 300)) == 256  # the partial one is gone
    assert asked(log) == ["tile/names/000", "tile/names/001.p/44", "tile/names/001.p/44", "tile/names/001"]
    with pytest.raises(Lagging):
        await reader_of(certhia_world, certhia_world.static("beta")).names(0, 1)


@in_simulated_time
async def test_names_tiles_are_bounded(certhia_world: World) -> None:
    body = bytes(static.MAX_NAMES + 1)
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(256)
    log.on_request = lambda _: Response(200, body, {"content-encoding": "gzip"})
    with pytest.raises(TooLong):
        await reader_of(certhia_world, log).names(0, 256)
