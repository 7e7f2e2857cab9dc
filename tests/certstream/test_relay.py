"""`certhia serve --certstream`: another server's messages, handed on to clients of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.certstream.rig import session_serving
from tests.stream.asking import get
from tests.stream.rig import Stage

from certhia.testing import World, in_simulated_time
from certhia.testing.certstream import Line, certstream, told


@asynccontextmanager
async def relaying(world: World, path: Path, upstream: str, seconds: float = 20, **given: Any) -> AsyncIterator[str]:
    """A session that serves what it hears from `upstream`; gives where."""
    settings: dict[str, object] = {
        "read.certstream": [upstream],
        "state.name": f"{path}/relay",
        "output.format": "jsonl",
    }
    settings |= {name.replace("__", "."): value for name, value in given.items()}
    async with session_serving(world, path, settings, seconds) as url:
        yield url


async def received(client: websockets.ClientConnection, count: int) -> list[dict[str, Any]]:
    """So many messages, heartbeats left out."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = json.loads(await client.recv())
        if message["message_type"] != "heartbeat":
            found.append(message)
    return found


@in_simulated_time
async def test_lite_messages_go_on_as_they_came_marked_unverified(certhia_world: World, tmp_path: Path) -> None:
    go = asyncio.Event()
    sent = [told(["a.example.com"], 7), told(["b.example.net"], 8, precert=True), told(["c.example.com"], 20)]

    async def play(line: Line) -> None:
        await go.wait()
        await line.say(*sent)
        await line.hold()

    async with certstream(play) as place, relaying(certhia_world, tmp_path, f"ws://{place}/") as url:  # noqa: SIM117
        async with (
            websockets.connect(url) as lite,
            websockets.connect(f"{url}/domains-only?rule=example.com") as names,
            websockets.connect(f"{url}/?profile=calidog&type=precert") as calidog,
            websockets.connect(f"{url}/full-stream") as full,
        ):
            await certhia_world.clock.sleep(1)
            go.set()
            messages = await received(lite, 3)
            assert [message["data"] for message in messages] == [one["data"] for one in sent]
            assert all(message["verified"] is False for message in messages)
            assert [message["cursor"].split(":")[1] for message in messages] == ["7", "8", "20"]
            assert [one["data"] for one in await received(names, 2)] == [["a.example.com"], ["c.example.com"]]
            assert await received(calidog, 1) == [sent[1]]
            with pytest.raises(TimeoutError):
                async with certhia_world.clock.deadline(3):
                    await received(full, 1)
            port = int(url.rpartition(":")[2])
            health, metrics = await get(port, "/health"), (await get(port, "/metrics")).body.decode()
            assert (health.status, health.json["servers"]) == (200, {"connected": 1, "lost": 0})
            assert (await get(port, "/stats")).json["processed_certs"] == 3
            assert f'certhia_server_messages_total{{kind="lite",server="ws://{place}/"}} 3.0' in metrics
            assert f'certhia_server_up{{server="ws://{place}/"}} 1.0' in metrics


@in_simulated_time
async def test_our_own_server_as_the_source_and_full_messages_made_anew(certhia_world: World, tmp_path: Path) -> None:
    stage = Stage(certhia_world)
    async with stage.running() as port:
        upstream = f"ws://127.0.0.1:{port}/full-stream"
        async with relaying(certhia_world, tmp_path, upstream) as url:  # noqa: SIM117
            async with (
                websockets.connect(f"{url}/full-stream") as full,
                websockets.connect(url) as lite,
                websockets.connect(f"ws://127.0.0.1:{port}/full-stream") as direct,
            ):
                await certhia_world.clock.sleep(1)
                await stage.feed(5)
                ours, theirs = await received(full, 5), await received(direct, 5)
                short = await received(lite, 5)
    for one, other in zip(ours, theirs, strict=True):
        assert one["verified"] is False
        for key in ("leaf_cert", "cert_index", "cert_link", "update_type", "submission_timestamp"):
            assert one["data"][key] == other["data"][key]
        assert one["data"]["source"]["name"] == other["data"]["source"]["name"] == "First Log 2026"
        assert one["cursor"] != other["cursor"]
    assert [one["data"]["cert_index"] for one in short] == list(range(5))


@in_simulated_time
async def test_what_the_other_server_missed_is_told_to_ours(certhia_world: World, tmp_path: Path) -> None:
    go = asyncio.Event()

    async def play(line: Line) -> None:
        await line.say(told(["a.example.com"], 1))
        await go.wait()
        await line.say({"message_type": "gap", "data": {"missed": 3, "from": None, "to": None, "reason": "slow"}})
        await line.hold()

    async with certstream(play) as place, relaying(certhia_world, tmp_path, f"ws://{place}/") as url:  # noqa: SIM117
        async with websockets.connect(url) as client:
            await certhia_world.clock.sleep(1)
            go.set()
            _, gap = await received(client, 2)
    assert gap["data"] == {"missed": 3, "from": None, "to": None, "reason": "upstream"}
