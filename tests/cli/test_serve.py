"""`certhia serve`: the stream of a run, matches beside it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.cli.conftest import Command

from certhia.cli.serve import environment
from certhia.cli.session import Session
from certhia.config import load
from certhia.testing import World, in_simulated_time

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("one", description="First")
    certhia_world.static("two", description="Second")
    certhia_world.grow(30)
    return certhia_world


@asynccontextmanager
async def serving(world: World, path: Path, *, ended: bool = True, **given: object) -> AsyncIterator[str]:
    """A session that serves the world's logs; gives where. `ended`: by a signal, else by whoever uses it."""
    async with world.serve() as url, asyncio.TaskGroup() as group:
        settings: dict[str, object] = {
            "logs.log_list": [f"{url}log_list.json"],
            "state.name": f"{path}/state",
            "read.from": "beginning",
            "read.poll_static": 1,
            "read.poll_rfc6962": 1,
            "read.patience": 2,
            "read.contact": "mailto:us@certhia.test",
            "serve.listen": "127.0.0.1:0",
            "output.format": "jsonl",
        }
        settings |= {name.replace("__", "."): value for name, value in given.items()}
        session = Session(load(settings, None, {"HOME": str(path)}), clock=world.clock, serve=True)
        running = group.create_task(session.run())
        assert session._serving is not None
        while session._serving.server is None or not session._serving.server.addresses:  # noqa: ASYNC110
            await asyncio.sleep(0)
        yield f"ws://{session._serving.server.addresses[0]}"
        if ended:
            os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0


async def received(client: websockets.ClientConnection, count: int) -> dict[str, list[int]]:
    """Indexes by log of so many messages."""
    found: dict[str, list[int]] = {}
    while sum(map(len, found.values())) < count:
        data = json.loads(await client.recv())
        if data["message_type"] == "certificate_update":
            found.setdefault(data["data"]["source"]["name"], []).append(data["data"]["cert_index"])
    return found


@in_simulated_time
async def test_a_client_sees_every_certificate_of_a_growing_world(
    world: World, tmp_path: Path, capfd: Captured
) -> None:
    async with (
        serving(world, tmp_path) as url,
        websockets.connect(url) as client,
        websockets.connect(f"{url}/?verified=1") as proven,
    ):
        first = await received(client, 60)
        for _ in range(5):
            await world.clock.sleep(3)
            world.grow(7)
        later = await received(client, 70)
        verified = await received(proven, 130)
    assert first == {name: list(range(30)) for name in ("First", "Second")}
    assert later == {name: list(range(30, 65)) for name in ("First", "Second")}
    assert verified == {name: list(range(65)) for name in ("First", "Second")}
    out, err = capfd.readouterr()
    assert out == ""
    assert "serving on 127.0.0.1:" in err
    assert "130 entries seen in 2 logs" in err


@in_simulated_time
async def test_matches_are_printed_as_by_watch(world: World, tmp_path: Path, capfd: Captured) -> None:
    rules = tmp_path / "watch.txt"
    rules.write_text("host3.example.com\n")
    async with serving(world, tmp_path, watch__files=[str(rules)]) as url, websockets.connect(url) as client:
        await received(client, 60)
        await world.clock.sleep(5)
    out, err = capfd.readouterr()
    assert [json.loads(line)["rules"][0]["name"] for line in out.splitlines()] == ["host3.example.com"]
    assert "1 match (1 further sighting" in err


@in_simulated_time
async def test_at_the_end_each_client_is_told_where_to_go_on(world: World, tmp_path: Path) -> None:
    async with serving(world, tmp_path, ended=False) as url:
        clients = [await websockets.connect(url) for _ in range(20)]
        for client in clients:
            await received(client, 60)
        asked = world.clock.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        for client in clients:
            with pytest.raises(websockets.ConnectionClosed) as caught:
                await client.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1001
            assert caught.value.rcvd.reason.startswith("the server stops; continue with since=")
    assert world.clock.monotonic() - asked <= 0.5


@in_simulated_time
async def test_a_client_that_comes_back_goes_on_where_it_was_also_after_a_restart(world: World, tmp_path: Path) -> None:
    history: dict[str, Any] = {"serve__history": "16MB"}
    async with serving(world, tmp_path, **history) as url:
        async with websockets.connect(f"{url}/?verified=1") as client:
            first = [json.loads(await client.recv()) for _ in range(40)]
        world.grow(5)
        await world.clock.sleep(5)
        async with websockets.connect(f"{url}/?verified=1&since={first[-1]['cursor']}") as client:
            second = [json.loads(await client.recv()) for _ in range(25)]
    world.grow(5)
    async with (
        serving(world, tmp_path, **history) as url,
        websockets.connect(f"{url}/?verified=1&since={second[-1]['cursor']}") as client,
    ):
        third = [json.loads(await client.recv()) for _ in range(15)]
    got = [*first, *second, *third]
    assert {one["message_type"] for one in got} == {"certificate_update"}
    for name in ("First", "Second"):
        indexes = [one["data"]["cert_index"] for one in got if one["data"]["source"]["name"] == name]
        assert indexes == list(range(40))


@in_simulated_time
async def test_without_a_history_who_comes_back_is_told_that_there_is_none(world: World, tmp_path: Path) -> None:
    async with serving(world, tmp_path) as url, websockets.connect(f"{url}/?since=-10m") as client:
        gap = json.loads(await client.recv())
        await received(client, 1)
    assert gap == {"message_type": "gap", "data": {"missed": None, "from": None, "to": None, "reason": "too-old"}}


def test_go_certstreams_environment() -> None:
    theirs = {"WEBSOCKET_LISTEN": ":9000", "CUSTOM_LOG_LIST": "https://lists.example/logs.json", "HOME": "/"}
    settings = load({}, None, environment(theirs))
    assert [str(one) for one in settings.serve.listen] == [":9000"]
    assert settings.logs.log_list == ("https://lists.example/logs.json",)
    ours = environment({**theirs, "CERTHIA_SERVE__LISTEN": "127.0.0.1:1"})
    assert ours["CERTHIA_SERVE__LISTEN"] == "127.0.0.1:1"
    assert environment({"WEBSOCKET_LISTEN": ""}) == {"WEBSOCKET_LISTEN": ""}


def test_a_file_of_alarms_that_is_none(certhia: Command, state: Path, tmp_path: Path) -> None:
    done = certhia("serve", "--listen", "127.0.0.1:0", "--state", state, "--alarms", tmp_path / "gone" / "alarms.jsonl")
    assert (done.status, "alarms can't be written there" in done.err) == (2, True)


def test_a_port_that_is_taken(certhia: Command, state: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = certhia("serve", "--listen", f"127.0.0.1:{port}", "--state", state, "--log-list", "http://127.0.0.1:9/")
    assert (done.status, done.out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.err
