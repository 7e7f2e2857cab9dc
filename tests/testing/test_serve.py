from __future__ import annotations

import json
import ssl

import aiohttp
import pytest

from certhia.testing import World, fail, silent

PATHS = (
    "log_list.json",
    "log_list.sig",
    "alpha/ct/v1/get-sth",
    "alpha/ct/v1/get-entries?start=5&end=900",
    "alpha/ct/v1/get-entries?start=800&end=900",
    "alpha/ct/v1/get-sth-consistency?first=3&second=300",
    "alpha/log.v3.json",
    "beta/checkpoint",
    "beta/tile/0/001.p/44",
    "beta/tile/0/001.p/45",
    "beta/tile/data/000",
    "beta/tile/x",
    "gamma/tile/data/000",
    "nothing/here",
)


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("alpha")
    certhia_world.static("beta")
    certhia_world.hybrid("gamma")
    certhia_world.grow(300)
    return certhia_world


async def test_both_fronts_give_the_same_bytes(world: World) -> None:
    transport = world.transport()
    async with world.serve() as url, aiohttp.ClientSession(auto_decompress=False) as session:
        for path in PATHS:
            near = await transport.get(url + path)
            async with session.get(url + path) as far:
                assert (far.status, await far.read()) == (near.status, near.body), path
                assert near.headers.items() <= {k.lower(): v for k, v in far.headers.items()}.items(), path


async def test_urls_of_the_list_work_while_it_serves(world: World) -> None:
    before = world.log_list()
    for apart in (False, True):
        async with world.serve(apart=apart) as url, aiohttp.ClientSession() as session:
            async with session.get(f"{url}log_list.json") as answer:
                (operator,) = json.loads(await answer.read())["operators"]
            urls = [log["url"] + "ct/v1/get-sth" for log in operator["logs"]]
            urls += [log["monitoring_url"] + "checkpoint" for log in operator["tiled_logs"]]
            for each in urls:
                async with session.get(each) as answer:
                    assert answer.status == 200
            assert len({each.split("/")[2] for each in urls}) == (3 if apart else 1)
            late = world.static(f"late-{apart}")
            async with session.get(f"{late.url}checkpoint") as answer:
                assert answer.status == 200
        assert late.url.startswith(f"http://late-{apart}.world.test/")
        del world.logs[late.name]
    assert json.loads(world.log_list())["operators"] == json.loads(before)["operators"]


async def test_scripted_answers_reach_the_wire(world: World) -> None:
    world.logs["alpha"].hooks += [fail(429, times=1, retry_after="3"), silent()]
    async with world.serve() as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}alpha/ct/v1/get-sth") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{url}alpha/ct/v1/get-sth")


async def test_https_under_the_worlds_own_ca(world: World) -> None:
    context = ssl.create_default_context(cadata=world.ca.root_pem)
    async with world.serve(tls=True) as url, aiohttp.ClientSession() as session:
        assert url.startswith("https://127.0.0.1:")
        async with session.get(f"{url}beta/checkpoint", ssl=context) as answer:
            assert await answer.read() == world.logs["beta"].head.body
