"""Hybrid logs: tiles where they are, get-entries where they aren't."""

import pytest

from certhia._core import Issuers
from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.logs.client import LogClient, client
from certhia.logs.pace import Paces
from certhia.net import Response
from certhia.testing import FakeLog, World, fail, in_simulated_time


def reader_of(world: World, log: FakeLog) -> LogClient:
    clock: Clock = world.clock
    return client(log.model, world.transport(), Paces(clock), Issuers(), clock)


async def leaves(reader: LogClient, start: int, end: int) -> bytes:
    fetched, at = [], start
    while at < end:
        fetched.append(await reader.fetch(at, reader.plan(at, end), end))
        at = fetched[-1].end
    page = reader.decode(fetched)
    assert page.end == end
    return page.slice(start, end).leaf_hashes


@in_simulated_time
async def test_tiles_for_full_tiles_and_get_entries_for_the_tail(certhia_world: World) -> None:
    log = certhia_world.hybrid("alpha")
    certhia_world.grow(600)
    reader = reader_of(certhia_world, log)
    assert len(await leaves(reader, 0, 600)) == 600 * 32
    assert log.traffic.requests["tile/data"] == 2
    assert log.traffic.requests["get-entries"] == 1
    assert "checkpoint" not in log.traffic.requests


@pytest.mark.parametrize("status", [404, 400, 403])
@in_simulated_time
async def test_tiles_that_are_missing_come_by_get_entries(certhia_world: World, status: int) -> None:
    log = certhia_world.hybrid("alpha", max_get_entries=100)
    certhia_world.grow(600)
    reader = reader_of(certhia_world, log)
    expected = await leaves(reader, 0, 600)
    log.hooks.append(fail(status, endpoints=["tile/data"]))
    assert await leaves(reader_of(certhia_world, log), 0, 600) == expected
    assert await leaves(reader_of(certhia_world, log), 37, 555) == expected[37 * 32 : 555 * 32]


@in_simulated_time
async def test_a_range_that_begins_within_a_tile(certhia_world: World) -> None:
    log = certhia_world.hybrid("alpha")
    certhia_world.grow(600)
    reader = reader_of(certhia_world, log)
    whole = await leaves(reader, 0, 600)
    tail = await reader.fetch(200, 230, 230)  # get-entries: the tile isn't full at that size
    tile = await reader.fetch(230, 256, 600)
    assert (tail.tile, tile.tile) == (False, True)
    page = reader.decode([tail, tile])
    assert (page.first, page.end) == (200, 256)
    assert page.leaf_hashes == whole[200 * 32 : 256 * 32]


@in_simulated_time
async def test_a_failing_server_is_not_hidden(certhia_world: World) -> None:
    log = certhia_world.hybrid("alpha")
    certhia_world.grow(600)
    reader = reader_of(certhia_world, log)
    log.hooks.append(lambda request: Response(500, b"") if request.endpoint == "tile/data" else None)
    with pytest.raises(RemoteError, match="500"):
        await reader.fetch(0, 256, 600)
