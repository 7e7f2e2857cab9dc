"""What faults do to a log, where it is more than a hook."""

from __future__ import annotations

import json

import pytest
from tests.logs.bench import KINDS, fill, make

from certhia.model import Protocol
from certhia.testing import World
from certhia.testing.faults import find


def heads(world: World, url: str, path: str, count: int) -> list[bytes]:
    return [world.handle("GET", url + path).body for _ in range(count)]


def test_every_other_note_is_bad(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.STATIC)
    find("L06").install(certhia_world, log)
    shown = heads(certhia_world, log.url, "checkpoint", 4)
    assert [body == log.head.body for body in shown] == [True, False, True, False]


def test_an_entry_that_is_yet_to_come(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.RFC6962)
    fill(certhia_world, log, 10)
    honest = certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=9").body
    find("L04").install(certhia_world, log)
    assert certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=9").body == honest
    fill(certhia_world, log, 10)
    served = json.loads(certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=10&end=14").body)["entries"]
    log.hooks.clear()
    true = json.loads(certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=10&end=14").body)["entries"]
    assert [one == other for one, other in zip(served, true, strict=True)] == [True, True, False, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_shard(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 10)
    find("L23").install(certhia_world, log)
    after = certhia_world.logs["alpha-next"]
    assert (log.state, log.final is not None, after.protocol, after.size) == ("readonly", True, kind, 1)
    assert after.settings.max_get_entries == log.settings.max_get_entries
    assert after.settings.interval is not None
    assert after.settings.interval[0].timestamp() == certhia_world.clock.now()
    listed = json.loads(certhia_world.log_list())["operators"][0]
    assert sum(len(listed[name]) for name in ("logs", "tiled_logs")) == 2


def test_a_tile_that_nobody_can_read(certhia_world: World) -> None:
    log = make(certhia_world, Protocol.STATIC, gzip=False)
    fill(certhia_world, log, 3)
    find("L19").install(certhia_world, log)
    tile = certhia_world.handle("GET", f"{log.url}tile/data/000.p/4").body
    assert b"of another time" in tile
    assert tile.endswith(b"\0\0\0\0")  # no extensions, no chain
