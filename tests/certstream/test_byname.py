"""`certhia serve --names-only`: names from names tiles, whatever logs serve there."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets
from tests.certstream.rig import session_serving
from tests.certstream.test_relay import received

from certhia.net import Response
from certhia.store import fsck
from certhia.store.state import State
from certhia.testing import FakeLog, Request, World, in_simulated_time


@asynccontextmanager
async def serving(world: World, path: Path, seconds: float = 60, **given: Any) -> AsyncIterator[str]:
    """A session that serves names of the logs of a world; gives where."""
    async with world.serve() as place:
        settings: dict[str, object] = {
            "logs.log_list": [f"{place}log_list.json"],
            "state.name": f"{path}/state",
            "serve.names_only": True,
            "read.poll_static": 1,
            "read.poll_rfc6962": 1,
            "read.patience": 3,
            "read.from": "beginning",
        }
        settings |= {name.replace("__", "."): value for name, value in given.items()}
        async with session_serving(world, path, settings, seconds) as url:
            yield url


async def heard(world: World, path: Path, count: int, query: str = "", **given: Any) -> list[dict[str, Any]]:
    """What a client hears that is there from the beginning on."""
    async with serving(world, path, **given) as url, websockets.connect(f"{url}/domains-only{query}") as client:
        return await received(client, count)


def asked(log: FakeLog, what: str) -> list[str]:
    return [request.path for request in log.recent if request.path.startswith(what)]


@in_simulated_time
async def test_names_in_order_marked_unverified_and_no_data_tile(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(600)
    messages = await heard(certhia_world, tmp_path, 600)  # the last 88 once they have stayed partial for long
    assert [one["data"] for one in messages] == [[f"host{number}.example.com"] for number in range(600)]
    assert [one["cursor"] for one in messages] == [f"{log.id[:8].hex()}:{number}" for number in range(600)]
    assert {one["verified"] for one in messages} == {False}
    assert asked(log, "tile/data") == []
    assert asked(log, "checkpoint")
    assert "tile/names/002.p/88" in asked(log, "tile/names")


@in_simulated_time
async def test_it_goes_on_where_it_was_and_nothing_counts_as_verified(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(256)
    assert len(await heard(certhia_world, tmp_path, 256)) == 256
    certhia_world.grow(256)
    messages = await heard(certhia_world, tmp_path, 256, read__from="now")
    assert [int(one["cursor"].split(":")[1]) for one in messages] == list(range(256, 512))
    async with await State.open(tmp_path / "state", clock=certhia_world.clock, follow=True) as state:
        assert log.id not in await state.positions()
        assert await state.recall(f"names:{log.id.hex()}") == "512"
        assert await fsck.check(state) == []
        assert [track.verified() for track in state.writer.tracks.values()] == [[]]


@in_simulated_time
async def test_logs_without_them_are_followed_as_ever_and_that_is_told_once(
    certhia_world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    certhia_world.static("alpha")
    certhia_world.rfc6962("beta")
    certhia_world.grow(256)
    messages = await heard(certhia_world, tmp_path, 512)
    assert sorted(one["data"][0] for one in messages) == sorted(
        2 * [f"host{number}.example.com" for number in range(256)]
    )
    err = capfd.readouterr().err
    assert err.count("serves no names tiles: its entries are read, and verified, as ever") == 1
    assert err.count("is no static log: its entries are read, and verified, as ever") == 1
    async with await State.open(tmp_path / "state", clock=certhia_world.clock, follow=True) as state:
        assert [track.verified() for track in state.writer.tracks.values()] == [[(0, 256)]] * 2


@in_simulated_time
async def test_a_log_that_serves_them_no_more_goes_on_by_its_entries(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(256)
    assert len(await heard(certhia_world, tmp_path, 256)) == 256
    certhia_world.grow(256)
    log.hooks += [answering(b"", "000", 404), answering(b"", "001", 404)]
    messages = await heard(certhia_world, tmp_path, 256, read__from="now")
    assert [int(one["cursor"].split(":")[1]) for one in messages] == list(range(256, 512))
    async with await State.open(tmp_path / "state", clock=certhia_world.clock, follow=True) as state:
        assert [track.verified() for track in state.writer.tracks.values()] == [[(256, 512)]]


def answering(body: bytes, tile: str, status: int = 200) -> Any:
    def hook(request: Request) -> Response | None:
        if request.path == f"tile/names/{tile}":
            return Response(status, gzip.compress(body), {"content-encoding": "gzip"})
        return None

    return hook


BAD = {
    "lines": b'{"Timestamp":1,"DNS":["evil.test"]}\n' * 255,
    "more lines": b'{"Timestamp":1,"DNS":["evil.test"]}\n' * 257,
    "bomb": bytes(64 << 20),
    "json": b"[[[\n" * 256,
}


@pytest.mark.parametrize("what", BAD)
@in_simulated_time
async def test_a_misbehaving_tile_is_refused_and_told_and_the_data_tile_read(
    certhia_world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str], what: str
) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(768)
    log.hooks.append(answering(BAD[what], "001"))
    messages = await heard(certhia_world, tmp_path, 768)
    assert [one["data"] for one in messages] == [[f"host{number}.example.com"] for number in range(768)]
    assert {one["verified"] for one in messages} == {False}
    assert asked(log, "tile/data") == ["tile/data/001"]
    assert capfd.readouterr().err.count("a names tile was no good, so the data tile is read, 1 so far") == 1


@in_simulated_time
async def test_a_log_whose_names_tiles_are_no_good_from_the_start(
    certhia_world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(256)
    log.hooks.append(answering(b"<html>", "000"))
    assert len(await heard(certhia_world, tmp_path, 256)) == 256
    assert "serves no good names tiles" in capfd.readouterr().err
    assert asked(log, "tile/data") == ["tile/data/000"]


@in_simulated_time
async def test_one_that_does_not_come_is_waited_for_and_then_gone_without(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(768)
    log.hooks.append(answering(b"", "000", 404))
    messages = await heard(certhia_world, tmp_path, 768, seconds=120)
    assert [one["data"][0] for one in messages[:2]] == ["host0.example.com", "host1.example.com"]
    assert len(asked(log, "tile/names/000")) > 30
    assert asked(log, "tile/data") == ["tile/data/000"]


@in_simulated_time
async def test_other_streams_and_filters_beyond_names_are_refused(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(256)
    refused = {"?issuer=x": "issuer: this", "?type=precert": "type: this", "?rule=org:acme": "needs more than names"}
    refused |= {"?verified=1": "verified: this", "?stream=lite": '"lite" is none; there are domains'}
    async with serving(certhia_world, tmp_path, seconds=20) as url:
        for path in ("/", "/full-stream", "/else"):
            with pytest.raises(websockets.InvalidStatus) as caught:
                await websockets.connect(f"{url}{path}")
            assert caught.value.response.status_code == 404
            assert b"there is no stream here; there are /domains-only" in (caught.value.response.body or b"")
        for query, said in refused.items():
            async with websockets.connect(f"{url}/domains-only{query}") as client:
                with pytest.raises(websockets.ConnectionClosedError) as closed:
                    while True:
                        await client.recv()
                assert closed.value.rcvd is not None
                assert (closed.value.rcvd.code, said in closed.value.rcvd.reason) == (1008, True)


@in_simulated_time
async def test_a_log_that_begins_and_what_else_the_server_answers(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.static("alpha", names_tiles=True)
    async with serving(certhia_world, tmp_path, read__from="now") as url, aiohttp.ClientSession() as session:  # noqa: SIM117
        async with websockets.connect(f"{url}/domains-only?rule=host7.example.com&dedupe=1") as client:
            await certhia_world.clock.sleep(3)
            certhia_world.grow(300)
            assert [one["data"] for one in await received(client, 1)] == [["host7.example.com"]]
            answers = {}
            for path in ("/domains-only/example.json", "/latest.json", "/stats", "/health", "/logs", "/metrics"):
                async with session.get(url.replace("ws", "http", 1) + path) as answer:
                    answers[path] = answer.status, await answer.text()
    assert answers.pop("/latest.json")[0] == 404  # lite ones
    assert {status for status, _ in answers.values()} == {200}
    assert json.loads(answers["/domains-only/example.json"][1])["message_type"] == "dns_entries"
    (known,) = json.loads(answers["/logs"][1])["logs"]
    assert (known["position"], known["verified_position"], known["provable"], known["verified"]) == (256, 0, False, [])
    assert asked(log, "tile/data") == []
