"""All known logs: those of the lists, and those named by URL."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from certhia.errors import ConfigError, RemoteError
from certhia.logs import learned
from certhia.logs.hybrids import HYBRIDS
from certhia.logs.lists import Lists
from certhia.logs.select import Choice
from certhia.logs.single import Single, Singles
from certhia.logs.sources import Sources
from certhia.net import Response
from certhia.testing import World, fail, in_simulated_time

LIST = "http://world.test/log_list.json"


def made(world: World, tmp_path: Path, choice: Choice, *keys: bytes) -> Sources:
    """Sources as a run has them at its start; `tmp_path` is what runs have in common."""
    transport = world.transport()
    lists = Lists(transport, world.clock, tmp_path, lists=(), files=(LIST,))
    return Sources(lists, choice, keys, transport, world.clock, HYBRIDS, tmp_path)


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
async def test_a_log_named_twice_is_one(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    loaded = await made(certhia_world, tmp_path, Choice(add=(other.url, other.url.rstrip("/"), other.url))).load()
    assert len(loaded.logs) == 2


@in_simulated_time
async def test_a_log_that_can_not_be_known_ends_the_start(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    other.hooks.append(fail(404))
    with pytest.raises(ConfigError, match=r"two"):
        await made(certhia_world, tmp_path, Choice(add=(other.url,))).load()


@in_simulated_time
async def test_a_dead_log_is_told_once_and_asked_again(certhia_world: World, tmp_path: Path) -> None:
    one = certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    other.hooks.append(fail(503))
    choices = (
        Choice(only=(one.url, other.url)),
        Choice(only=(one.url,), add=(other.url,)),
        Choice(add=(other.url,)),
    )
    for choice in choices:
        loaded = await made(certhia_world, tmp_path, choice).load()
        assert [log.id for log in loaded.logs] == [one.id]
        (warning,) = loaded.warnings
        assert warning in loaded.notices
        assert warning.endswith("status 503; asked again when the lists are loaded again")
    sources = made(certhia_world, tmp_path, choices[-1])
    await sources.load()
    assert (await sources.load()).notices == ()
    other.hooks[:] = [fail(404)]
    assert "give its key with --log-key" in (await sources.load()).notices[0]  # later on this is no end either
    other.hooks.clear()
    assert [log.id for log in (await sources.load()).logs] == [one.id, other.id]


@in_simulated_time
async def test_no_other_log_to_follow(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    other.hooks.append(fail(503))
    with pytest.raises(RemoteError) as error:
        await made(certhia_world, tmp_path, Choice(only=(other.url,))).load()
    assert "again" not in str(error.value)


@in_simulated_time
async def test_what_a_log_said_is_there_at_the_next_start(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    choice = Choice(only=(other.url,))
    first = await made(certhia_world, tmp_path, choice).load()
    other.hooks.append(fail(503))
    sources = made(certhia_world, tmp_path, choice)
    for told in (1, 0):
        again = await sources.load()
        assert again.logs == first.logs
        assert sum("what is kept of it" in text for text in again.notices) == told
    (tmp_path / learned.FILE).unlink()
    assert (await sources.load()).logs == first.logs
    other.hooks.clear()
    await sources.load()
    asked = other.traffic.total
    await sources.load()
    assert other.traffic.total == asked


@in_simulated_time
async def test_what_is_kept_may_be_unreadable(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    keep_list(certhia_world)
    other = certhia_world.static("two")
    choice = Choice(add=(other.url,))
    (tmp_path / learned.FILE).write_bytes(b"[]")
    loaded = await made(certhia_world, tmp_path, choice).load()
    assert len(loaded.logs) == 2
    assert any("can't be used, so the logs are asked anew" in text for text in loaded.warnings)
    assert (await made(certhia_world, tmp_path, choice).load()).warnings == frozenset()
    (tmp_path / learned.FILE).unlink()
    (tmp_path / learned.FILE).mkdir()
    loaded = await made(certhia_world, tmp_path, choice).load()
    assert len(loaded.logs) == 2
    assert any("could not be kept" in text for text in loaded.warnings)


@in_simulated_time
async def test_a_notice_is_given_once_until_it_changes(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one")
    sources = made(certhia_world, tmp_path, Choice())
    await sources.load()
    good = certhia_world.handle("GET", LIST)
    certhia_world.pages["/log_list.json"] = Response(200, b"[]")
    assert len((await sources.load()).notices) == 1
    assert (await sources.load()).notices == ()
    certhia_world.pages["/log_list.json"] = good
    assert (await sources.load()).notices == ()
    certhia_world.pages["/log_list.json"] = Response(200, b"[]")
    assert len((await sources.load()).notices) == 1


@in_simulated_time
async def test_what_is_said_of_a_log_that_nobody_knows_is_told_once(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    sources = made(certhia_world, tmp_path, Choice())
    sources.singles = Singles({log.url: Single(rate=1), "https://gone.example/": Single(rate=1)})
    loaded = await sources.load()
    (text,) = [text for text in loaded.notices if text.startswith("logs.")]
    assert text == 'logs."https://gone.example/": no log that is known has this URL; `certhia logs` lists them'
    assert text in loaded.warnings
    assert text not in (await sources.load()).notices
