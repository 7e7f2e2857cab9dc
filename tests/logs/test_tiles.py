"""Hash tiles: their names, their widths, and the subtrees that are read from them."""

import hashlib
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Edge, cover, node_hash
from certhia.clock import Clock
from certhia.logs.client import Line
from certhia.logs.pace import Paces
from certhia.logs.tiles import Lookup, tile_path, width_at
from certhia.testing import World, in_simulated_time


def test_tile_paths() -> None:
    assert tile_path("data", 0) == "tile/data/000"
    assert tile_path("data", 1_234_067, 7) == "tile/data/x001/x234/067.p/7"
    assert tile_path(3, 1000) == "tile/3/x001/000"
    assert tile_path(0, 999, 256) == "tile/0/999"


@given(st.integers(0, 1 << 32))
def test_a_tile_path_can_be_read_back(tile: int) -> None:
    groups = tile_path(0, tile).split("/")[2:]
    assert all(group.startswith("x") and len(group) == 4 for group in groups[:-1])
    assert int("".join(group.removeprefix("x") for group in groups)) == tile
    assert tile < 1000 or groups[0] != "x000"


def test_widths() -> None:
    assert [width_at(tile, 600) for tile in (0, 1, 2, 3)] == [256, 256, 88, 0]
    assert width_at(0, 0) == 0


@in_simulated_time
async def test_subtrees_of_every_level(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(1100)
    line = Line(log.url, certhia_world.transport(), Paces(certhia_world.clock), certhia_world.clock)
    lookup = Lookup(line, 1100, OrderedDict())
    edge = Edge()
    edge.append_nodes(await lookup.subtrees(cover(0, 1100)), 1100)
    assert edge.root() == log.head.root
    left, right = await lookup.subtrees([(8, 0), (8, 1)])
    assert (await lookup.subtrees([(9, 0)]))[0] == node_hash(left, right)
    paths = [request.path for request in log.recent]
    assert len(paths) == len(set(paths))
    assert set(lookup.full) == set()  # of level 1 there is only a partial one, of level 0 only the last was needed


def test_what_is_proven_is_kept_within_bounds() -> None:
    from certhia.logs.tiles import KEPT, HashTiles

    clock = Clock()
    tiles = HashTiles(Line("https://log.test/", World().transport(), Paces(clock), clock))
    for number in range(3 * KEPT):
        tiles.remember({(0, number): hashlib.sha256(bytes([number])).digest()})
    assert len(tiles) == KEPT


@pytest.mark.parametrize("size", [-1, 11])
@in_simulated_time
async def test_no_edge_beyond_the_head(certhia_world: World, size: int) -> None:
    from certhia.logs.static import StaticClient

    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    from certhia._core import Issuers

    line = Line(log.url, certhia_world.transport(), Paces(certhia_world.clock), certhia_world.clock)
    reader = StaticClient(log.model, line, Issuers())
    with pytest.raises(ValueError, match="no tree"):
        await reader.edge(await reader.head(), size)
