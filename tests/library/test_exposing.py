"""A run's figures, on a port of their own and in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.metrics.reading import read
from tests.rig import Rig
from tests.stream.asking import get

from certhia.config import load
from certhia.errors import ConfigError
from certhia.library.exposing import Exposing
from certhia.library.serving import Serving
from certhia.pipeline import Pipeline
from certhia.testing import World, in_simulated_time


def exposing(pipeline: Pipeline, tmp_path: Path, said: list[str], **given: Any) -> Exposing:
    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        said.append(text)

    values = {f"metrics.{name}": value for name, value in given.items()}
    return Exposing(load(values, None, {"HOME": str(tmp_path)}), pipeline, pipeline._clock, tell)


def port_of(one: Exposing) -> int:
    assert one._listener is not None
    return one._listener.addresses[0].port


@in_simulated_time
async def test_a_port_of_their_own(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", description="First")
    certhia_world.grow(30)
    said: list[str] = []
    rig = Rig(certhia_world, tmp_path / "state")
    async with rig.running() as pipeline:
        one = exposing(pipeline, tmp_path, said, listen=["127.0.0.1:0"])
        await one.start()
        port = port_of(one)
        early = await get(port, "/ready")
        await rig.clock.sleep(10)
        ready, healthy = await get(port, "/ready"), await get(port, "/health")
        answer = await get(port, "/metrics")
        missing = await get(port, "/nothing")
        await one.close()
        await one.close()
    assert said == [f"metrics on 127.0.0.1:{port}: /metrics, /health, /ready"]
    assert early.status in (200, 503)
    assert (ready.status, ready.json["ready"], healthy.status, missing.status) == (200, True, 200, 404)
    found = read(answer.body)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found["certhia_log_up", ("First", log.id[:8].hex())] == 1
    assert found["certhia_sink_up", ("sheet",)] == 1
    assert found["certhia_stage_times_total", ("core",)] > 0
    assert found["ctscout_matches_found_total", ()] > 0
    assert found["ctscout_redis_connection_status", ()] == 0


@in_simulated_time
async def test_nothing_is_listened_on_unless_asked(certhia_world: World, tmp_path: Path) -> None:
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        one = exposing(pipeline, tmp_path, [])
        await one.start()
        assert one._listener is None
        await one.close()


@in_simulated_time
async def test_an_address_that_is_taken(certhia_world: World, tmp_path: Path) -> None:
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        one = exposing(pipeline, tmp_path, [], listen=["127.0.0.1:0"])
        await one.start()
        other = exposing(pipeline, tmp_path, [], listen=[f"127.0.0.1:{port_of(one)}"])
        with pytest.raises(ConfigError, match="in use"):
            await other.start()
        await one.close()
        await other.close()


@in_simulated_time
async def test_a_server_has_the_same_ones_and_its_own(certhia_world: World, tmp_path: Path) -> None:
    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        pass

    settings = load({"serve.listen": ["127.0.0.1:0"]}, None, {"HOME": str(tmp_path)})
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        serving = Serving(settings, pipeline._clock, tell)
        one = exposing(pipeline, tmp_path, [], listen=["127.0.0.1:0"])
        await one.start(serving)
        await serving.start(pipeline, one.inside)
        assert serving.server is not None
        theirs = read((await get(serving.server.addresses[0].port, "/metrics")).body)
        ours = read((await get(port_of(one), "/metrics")).body)
        ready = await get(serving.server.addresses[0].port, "/ready")
        await serving.server.close()
        await one.close()
    assert {name for name, _ in theirs} == {name for name, _ in ours}
    assert {"certhia_connections", "certhia_queue_depth", "certhia_disk_free_bytes"} <= {name for name, _ in ours}
    assert ready.status in (200, 503)


@in_simulated_time
async def test_a_file(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    file = tmp_path / "certhia.prom"
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        one = exposing(pipeline, tmp_path, [], file=str(file), interval="5s")
        works = [asyncio.get_running_loop().create_task(work) for work in one.works()]
        await asyncio.wait(works, timeout=1.0)
        for work in works:
            work.cancel()
        await asyncio.wait(works)
    text = await asyncio.to_thread(file.read_bytes)
    assert b"\ncerthia_build_info{version=" in text


@in_simulated_time
async def test_another_file_and_none_while_it_runs(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one", description="First")
    rig, first, second = Rig(certhia_world, tmp_path / "state"), tmp_path / "a.prom", tmp_path / "b.prom"
    async with rig.running() as pipeline, asyncio.TaskGroup() as group:
        one = exposing(pipeline, tmp_path, [])
        tasks = [group.create_task(work) for work in one.works()]
        await rig.clock.sleep(20)

        async def change(**values: object) -> None:
            after = load({f"metrics.{name}": value for name, value in values.items()}, None, {"HOME": str(tmp_path)})
            commit = await one.prepare(after, after)
            commit()
            await rig.clock.sleep(5)

        await change(file=str(first), interval="1h")
        assert first.exists()
        await change(file=str(second), interval="1s")
        first.unlink()
        second.unlink()
        await rig.clock.sleep(5)
        assert (first.exists(), second.exists()) == (False, True)
        await change()
        second.unlink()
        await rig.clock.sleep(60)
        assert not second.exists()
        for task in tasks:
            task.cancel()
