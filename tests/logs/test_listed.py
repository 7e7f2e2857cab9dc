"""One log list: from the network, a file, a copy or the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.errors import ConfigError, RemoteError, Unverified
from certhia.logs.loglist import LogList
from certhia.net import Response
from certhia.testing import World, in_simulated_time

LIST = "http://world.test/log_list.json"


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("one", state="retired")
    certhia_world.static("two")
    return certhia_world


@in_simulated_time
async def test_a_url(world: World) -> None:
    loaded = await LogList.load(LIST, transport=world.transport(), clock=world.clock)
    assert [(log.description, log.state) for log in loaded.logs] == [("one", "retired"), ("two", "usable")]
    assert not loaded.signed
    assert "not signed" in loaded.notices[0]
    assert loaded.find("two").description == "two"


@in_simulated_time
async def test_a_signed_one(world: World) -> None:
    key = world.list_key.encode()
    loaded = await LogList.load(LIST, key=key, transport=world.transport(), clock=world.clock)
    assert loaded.signed
    other = World(seed=7).list_key.encode()
    with pytest.raises(Unverified):
        await LogList.load(LIST, key=other, transport=world.transport(), clock=world.clock)


@in_simulated_time
async def test_a_file_needs_no_network(world: World, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(world.log_list())
    assert len((await LogList.load(path, clock=world.clock)).logs) == 2
    with pytest.raises(ConfigError, match=r"none\.json"):
        await LogList.load(tmp_path / "none.json", clock=world.clock)


@in_simulated_time
async def test_the_shipped_one_stands_in(world: World) -> None:
    loaded = await LogList.load(transport=world.transport(), clock=world.clock)
    assert loaded.logs == LogList.shipped().logs
    assert "is used instead" in loaded.notices[0]
    with pytest.raises(RemoteError):
        await LogList.load("http://world.test/none.json", transport=world.transport(), clock=world.clock)


@in_simulated_time
async def test_a_copy_is_kept_where_that_is_wanted(world: World, tmp_path: Path) -> None:
    await LogList.load(LIST, cache=tmp_path, transport=world.transport(), clock=world.clock)
    world.pages["/log_list.json"] = Response(503, b"")
    loaded = await LogList.load(LIST, cache=tmp_path, transport=world.transport(), clock=world.clock)
    assert len(loaded.logs) == 2
    assert "503" in loaded.notices[0]


def test_the_shipped_one_is_signed() -> None:
    shipped = LogList.shipped()
    assert shipped.signed
    assert len(shipped.logs) > 50
    assert shipped.find("xenon 2026h1").operator == "Google"
