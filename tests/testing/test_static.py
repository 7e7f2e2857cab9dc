from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from certhia.net import Response
from certhia.testing import FakeLog, World
from certhia.testing.static import tile_path

SIZE = 600


@pytest.fixture
def log(certhia_world: World) -> FakeLog:
    log = certhia_world.static("alpha", names_tiles=True)
    certhia_world.grow(SIZE)
    return log


def ask(world: World, log: FakeLog, path: str) -> Response:
    return world.handle("GET", log.url + path)


@pytest.mark.parametrize(
    "kind, index, width, path",
    [
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        ("data", 5, 17, "tile/data/005.p/17"),
        (1, 0, 1, "tile/1/000.p/1"),
        ("names", 1000, 256, "tile/names/x001/000"),
    ],
)
def test_paths_of_tiles(kind: str | int, index: int, width: int, path: str) -> None:
    assert tile_path(kind, index, width) == path


def test_checkpoint_is_the_head(certhia_world: World, log: FakeLog) -> None:
    answer = ask(certhia_world, log, "checkpoint")
    assert (answer.status, answer.body) == (200, log.head.body)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body.startswith(b"alpha.world.test/alpha\n600\n")


def test_hash_tiles_lead_to_the_root(certhia_world: World, log: FakeLog) -> None:
    hashes = b"".join(ask(certhia_world, log, f"tile/0/{path}").body for path in ("000", "001", "002.p/88"))
    assert hashes == log.tree.hashes(0, 0, SIZE)
    assert ask(certhia_world, log, "tile/1/000.p/2").body == log.tree.node(8, 0) + log.tree.node(8, 1)


def test_data_tiles_hold_the_entries_gzip_or_not(certhia_world: World, log: FakeLog) -> None:
    plain = certhia_world.static("beta", gzip=False)
    plain.add(*(certhia_world.ca.issue([f"h{n}.test"]) for n in range(3)))
    plain.publish()
    tile = ask(certhia_world, log, "tile/data/001")
    assert tile.headers["content-encoding"] == "gzip"
    assert gzip.decompress(tile.body) == b"".join(entry.tile_leaf for entry in log.entries[256:512])
    tile = ask(certhia_world, plain, "tile/data/000.p/3")
    assert "content-encoding" not in tile.headers
    assert tile.body == b"".join(entry.tile_leaf for entry in plain.entries)
    assert (log.traffic.entries, plain.traffic.entries) == (256, 3)


def test_leaf_index_is_the_place_in_the_tile(log: FakeLog) -> None:
    assert log.entries[300].leaf_input.endswith(b"\0\x08\0\0\5" + (300).to_bytes(5, "big"))


def test_only_partial_tiles_of_published_heads_exist(certhia_world: World, log: FakeLog) -> None:
    assert ask(certhia_world, log, "tile/data/002.p/88").status == 200
    for absent in ("tile/data/002.p/87", "tile/data/002.p/89", "tile/data/002", "tile/0/003", "tile/1/000"):
        assert ask(certhia_world, log, absent).status == 404, absent
    log.add(*(certhia_world.ca.issue([f"h{n}.test"]) for n in range(10)))
    assert ask(certhia_world, log, "tile/data/002.p/98").status == 404
    log.publish()
    assert ask(certhia_world, log, "tile/data/002.p/98").status == 200
    assert ask(certhia_world, log, "tile/data/002.p/88").status == 200


def test_partial_tiles_can_go_away(certhia_world: World) -> None:
    log = certhia_world.static("gone", drop_partials=True)
    certhia_world.grow(200)
    assert ask(certhia_world, log, "tile/data/000.p/200").status == 200
    certhia_world.grow(56)
    assert ask(certhia_world, log, "tile/data/000.p/200").status == 404
    assert ask(certhia_world, log, "tile/0/000.p/200").status == 404
    assert ask(certhia_world, log, "tile/data/000").status == 200
    assert ask(certhia_world, log, "tile/1/000.p/1").status == 200


@pytest.mark.parametrize(
    "path",
    ["tile/0/0", "tile/6/000", "tile/0/x000/001", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/x"],
)
def test_malformed_tile_paths_are_refused(certhia_world: World, log: FakeLog, path: str) -> None:
    assert ask(certhia_world, log, path).status == 400


def test_issuers_by_fingerprint(certhia_world: World, log: FakeLog) -> None:
    intermediate = certhia_world.ca.intermediate
    answer = ask(certhia_world, log, f"issuer/{hashlib.sha256(intermediate).hexdigest()}")
    assert (answer.body, answer.headers["content-type"]) == (intermediate, "application/pkix-cert")
    for absent in (bytes(32).hex(), "xyz", "../checkpoint"):
        assert ask(certhia_world, log, f"issuer/{absent}").status == 404


def test_names_tiles_name_the_entries(certhia_world: World, log: FakeLog) -> None:
    log.add(certhia_world.ca.issue(["a.test"], ["192.0.2.1"]))
    log.publish()
    lines = gzip.decompress(ask(certhia_world, log, "tile/names/002.p/89").body).splitlines()
    assert len(lines) == 89
    assert json.loads(lines[-1]) == {
        "Timestamp": int(certhia_world.clock.now() * 1000),
        "Subject": {"CommonName": "a.test"},
        "DNS": ["a.test"],
        "IP": ["192.0.2.1"],
    }
    without = certhia_world.static("beta")
    without.add(certhia_world.ca.issue(["a.test"]))
    without.publish()
    assert ask(certhia_world, without, "tile/names/000.p/1").status == 404


def test_lagging_front_ends_lack_tiles(certhia_world: World, log: FakeLog) -> None:
    log.visible = 300
    assert ask(certhia_world, log, "tile/data/001").status == 404
    assert ask(certhia_world, log, "tile/data/000").status == 200


def test_other_paths_and_methods(certhia_world: World, log: FakeLog) -> None:
    assert ask(certhia_world, log, "ct/v1/get-sth").status == 404
    assert certhia_world.handle("POST", f"{log.url}checkpoint").status == 405


def test_hybrids_have_full_data_tiles_beside_rfc6962(certhia_world: World) -> None:
    log = certhia_world.hybrid("hetu")
    certhia_world.grow(300)
    assert ask(certhia_world, log, "ct/v1/get-sth").status == 200
    assert ask(certhia_world, log, f"issuer/{hashlib.sha256(certhia_world.ca.root).hexdigest()}").status == 200
    tile = gzip.decompress(ask(certhia_world, log, "tile/data/000").body)
    assert tile == b"".join(entry.tile_leaf for entry in log.entries[:256])
    assert log.entries[0].leaf_input[2:] in tile
    for absent in ("checkpoint", "tile/0/000", "tile/data/001.p/44", "tile/data/001"):
        assert ask(certhia_world, log, absent).status == 404, absent
    log.warm()
    assert log.cached.get(("data", 0, 256))
