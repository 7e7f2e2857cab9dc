from __future__ import annotations

import gzip
import json

import pytest

from certhia._core import Issuers, Page, count_get_entries
from certhia.net import Response
from certhia.testing import FakeLog, Fault, RawEntry, Submission, World
from certhia.testing import hostile as h


@pytest.fixture
def rfc(certhia_world: World) -> FakeLog:
    return certhia_world.rfc6962("alpha")


@pytest.fixture
def static(certhia_world: World) -> FakeLog:
    return certhia_world.static("beta")


def got(world: World, log: FakeLog, path: str, *faults: Fault) -> Response:
    log.hooks[:] = faults
    return world.handle("GET", log.url + path)


def page(body: bytes, first: int = 0) -> Page:
    return Page.from_get_entries([body], first, Issuers())


RANGE = "ct/v1/get-entries?start=0&end=9"
TILE = "tile/data/000"


def test_pages_of_the_wrong_length(certhia_world: World, rfc: FakeLog, static: FakeLog) -> None:
    certhia_world.grow(300)
    assert count_get_entries(got(certhia_world, rfc, RANGE, h.zero_page()).body) == 0
    assert count_get_entries(got(certhia_world, rfc, RANGE, h.over_page(7)).body) == 17
    assert got(certhia_world, static, TILE, h.zero_page()).body == b""
    honest = gzip.decompress(got(certhia_world, static, TILE).body)
    assert got(certhia_world, static, TILE, h.over_page()).body.startswith(honest)


def test_one_bit_of_a_leaf(certhia_world: World, rfc: FakeLog, static: FakeLog) -> None:
    certhia_world.grow(300)
    for log, path in ((rfc, RANGE), (static, TILE)):
        honest, lie = got(certhia_world, log, path).body, got(certhia_world, log, path, h.flipped_leaf(5)).body
        pages = [page(body) if log is rfc else Page.from_tile(body, 0) for body in (honest, lie)]
        differ = [a.index for a, b in zip(*pages, strict=True) if a.leaf_hash != b.leaf_hash]
        assert differ == [5]
        assert got(certhia_world, log, path).body == honest, "only while the fault acts"
        h.swap(log, 5, h.flipped(log.entries[5], bit=3))
        assert got(certhia_world, log, path).body not in (honest, lie)
        log.swapped.clear()
    assert got(certhia_world, rfc, RANGE, h.flipped_leaf(50)).body == got(certhia_world, rfc, RANGE).body


def test_a_raw_entry_is_flipped_too(rfc: FakeLog) -> None:
    entry = h.new_type(rfc)
    other = h.flipped(entry).submission
    assert isinstance(other, RawEntry)
    assert other.leaf_input != entry.leaf_input


def test_one_bit_of_a_hash_tile(certhia_world: World, static: FakeLog) -> None:
    certhia_world.grow(600)
    for tile, differs in (("tile/0/000", False), ("tile/0/001", True)):
        honest = got(certhia_world, static, tile).body
        lie = got(certhia_world, static, tile, h.flipped_tile(300)).body
        assert (honest != lie) is differs
        assert honest[: 44 * 32] == lie[: 44 * 32]


def test_gzip_that_unpacks_to_much(certhia_world: World, static: FakeLog) -> None:
    certhia_world.grow(256)
    body = got(certhia_world, static, TILE, h.bomb(1 << 26)).body
    assert len(body) < 1 << 17
    assert sum(len(gzip.decompress(body[: len(body) // 4])) for _ in range(4)) == 1 << 26
    nested = got(certhia_world, static, TILE, h.bomb(1 << 24, nested=True)).body
    assert len(gzip.decompress(gzip.decompress(nested))) == 1 << 24


def test_answers_that_make_no_sense(certhia_world: World, rfc: FakeLog, static: FakeLog) -> None:
    certhia_world.grow(300)
    assert got(certhia_world, rfc, RANGE, h.page_of_html()).body.startswith(b"<!doctype")
    packed = got(certhia_world, static, TILE, h.packed_404())
    assert (packed.status, packed.headers["content-encoding"]) == (404, "gzip")
    away = got(certhia_world, rfc, RANGE, h.redirected("file:///etc/passwd"))
    assert (away.status, away.headers["location"]) == (302, "file:///etc/passwd")
    partial = "tile/data/001.p/44"
    assert got(certhia_world, static, partial).status == 200
    assert got(certhia_world, static, partial, h.gone_partials(static)).status == 404


def test_entries_that_no_ca_makes(certhia_world: World, rfc: FakeLog) -> None:
    h.huge(rfc, 1000, 3)
    h.new_type(rfc)
    rfc.publish()
    read = page(got(certhia_world, rfc, RANGE).body)
    assert [len(entry.submitted) for entry in list(read)[:3]] == [1000] * 3
    assert read[3].fault


def test_what_no_hash_covers(certhia_world: World, rfc: FakeLog) -> None:
    certhia_world.grow(10)
    other = Submission.of(certhia_world.ca.issue(["other.test"], precert=True))
    honest, lie = (page(got(certhia_world, rfc, RANGE, *faults).body) for faults in ((), (h.false_extra(1, other),)))
    assert honest[1].leaf_hash == lie[1].leaf_hash
    assert lie[1].submitted == other.precert != honest[1].submitted


def test_a_list_with_few_logs_left(certhia_world: World, rfc: FakeLog, static: FakeLog) -> None:
    assert {rfc.name, static.name} <= certhia_world.logs.keys()
    document = json.loads(h.poisoned_list(certhia_world.log_list(), keep=1))
    left = [log for operator in document["operators"] for kind in ("logs", "tiled_logs") for log in operator[kind]]
    assert len(left) == 1
