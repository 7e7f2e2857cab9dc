"""All known logs: those of the lists, and those named by URL."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from certhia.errors import CerthiaError
from certhia.logs.hybrids import HYBRIDS
from certhia.logs.lists import Lists
from certhia.logs.select import Choice
from certhia.logs.sources import Sources
from certhia.testing import World, fail, in_simulated_time

LIST = "http://world.test/log_list.json"


def made(world: World, tmp_path: Path, choice: Choice, *keys: bytes) -> Sources:
    transport = world.transport()
    lists = Lists(transport, world.clock, tmp_path, lists=(), files=(LIST,))
    return Sources(lists, choice, keys, transport, world.clock, HYBRIDS)


def keep_list(world: World) -> None:
    """Logs that the world gets from now on are in no list."""
    world.pages["/log_list.json"] = world.handle("GET", LIST)


@in_simulated_time
async def test_the_lists_logs(certhia_world: World, tmp_path: Path) -> None:
    names = {certhia_world.rfc6962("one").id, certhia_world.static("two").id}
    loaded = await made(certhia_world, tmp_path, Choice()).load()
    assert {log.id for log in loaded.logs} == names
    assert loaded.complete


@in_simulated_time
async def test_a_log_named_by_url_joins_them(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    loaded = await made(certhia_world, tmp_path, Choice(add=(other.url,))).load()
    assert [log.id for log in loaded.logs][1:] == [other.id]


@in_simulated_time
async def test_a_key_that_is_given_is_used(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.rfc6962("two")
    sources = made(certhia_world, tmp_path, Choice(only=(f"{other.url}ct/v1/",)), other.spki)
    loaded = await sources.load()
    assert loaded.logs[1].key == other.spki
    assert base64.b64encode(loaded.logs[1].id) == base64.b64encode(other.id)


@in_simulated_time
async def test_a_log_of_the_list_is_named_once(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    loaded = await made(certhia_world, tmp_path, Choice(only=(log.url,))).load()
    assert [one.id for one in loaded.logs] == [log.id]


@in_simulated_time
async def test_named_logs_are_asked_about_once(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    sources = made(certhia_world, tmp_path, Choice(add=(other.url,)))
    await sources.load()
    asked = other.traffic.total
    again = await sources.load()
    assert other.traffic.total == asked
    assert [log.id for log in again.logs][1:] == [other.id]


@in_simulated_time
async def test_a_named_log_that_does_not_answer(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    other.hooks.append(fail(404))
    with pytest.raises(CerthiaError, match=r"two"):
        await made(certhia_world, tmp_path, Choice(add=(other.url,))).load()
