from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from certhia.net import Response
from certhia.testing import FakeLog, World
from certhia.testing.cache import Cache
from certhia.testing.tree import leaf_hash

SIZE = 100


@pytest.fixture
def log(certhia_world: World) -> FakeLog:
    log = certhia_world.rfc6962("alpha", max_get_entries=32)
    certhia_world.grow(SIZE)
    return log


@pytest.fixture
def ask(certhia_world: World, log: FakeLog) -> Any:
    def ask(path: str) -> Response:
        return certhia_world.handle("GET", f"{log.url}ct/v1/{path}")

    return ask


def said(response: Response) -> Any:
    assert response.status == 200, response.body
    assert response.headers["content-type"] == "application/json"
    return json.loads(response.body)


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def test_get_sth(ask: Any, log: FakeLog) -> None:
    assert said(ask("get-sth")) == json.loads(log.head.body)
    assert said(ask("get-sth"))["tree_size"] == SIZE


@pytest.mark.parametrize(
    "start, end, count",
    [(0, 999, 32), (5, 999, 27), (5, 20, 16), (0, 31, 32), (1, 31, 31), (31, 62, 1), (96, 200, 4), (99, 99, 1)],
)
def test_get_entries_is_capped_and_aligned_as_ctfes(ask: Any, log: FakeLog, start: int, end: int, count: int) -> None:
    entries = said(ask(f"get-entries?start={start}&end={end}"))["entries"]
    leaves = [base64.b64decode(entry["leaf_input"]) for entry in entries]
    assert leaves == [entry.leaf_input for entry in log.entries[start : start + count]]
    assert log.traffic.entries == count


def test_alignment_can_be_off(certhia_world: World) -> None:
    log = certhia_world.rfc6962("beta", max_get_entries=32, align=False)
    certhia_world.grow(80)
    assert len(said(certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=5&end=79"))["entries"]) == 32


@pytest.mark.parametrize(
    "query, reason",
    [
        ("start=100&end=120", b"need tree size: 101 to get leaves but only got: 100"),
        ("start=5&end=4", b"not a valid range"),
        ("start=-1&end=4", b"negative"),
        ("start=x&end=4", b"no number"),
        ("end=4", b"missing"),
    ],
)
def test_get_entries_refuses(ask: Any, query: str, reason: bytes) -> None:
    response = ask(f"get-entries?{query}")
    assert response.status == 400
    assert reason in response.body


def test_unpublished_and_lagging_entries_are_not_there(ask: Any, log: FakeLog, certhia_world: World) -> None:
    log.add(certhia_world.ca.issue(["late.test"]))
    assert ask("get-entries?start=100&end=100").status == 400
    log.publish()
    assert ask("get-entries?start=100&end=100").status == 200
    log.visible = 50
    assert len(said(ask("get-entries?start=45&end=60"))["entries"]) == 5
    assert ask("get-entries?start=50&end=60").status == 400
    assert said(ask("get-sth"))["tree_size"] == 101


def test_proofs(ask: Any, log: FakeLog) -> None:
    assert said(ask("get-sth-consistency?first=7&second=93")) == {
        "consistency": [b64(each) for each in log.tree.consistency(7, 93)]
    }
    assert said(ask("get-sth-consistency?first=0&second=93")) == {"consistency": []}
    path = [b64(each) for each in log.tree.inclusion(70, 93)]
    leaf = leaf_hash(log.entries[70].leaf_input)
    assert said(ask(f"get-proof-by-hash?hash={quote(b64(leaf), safe='')}&tree_size=93")) == {
        "leaf_index": 70,
        "audit_path": path,
    }
    entry = said(ask("get-entry-and-proof?leaf_index=70&tree_size=93"))
    assert (entry["audit_path"], base64.b64decode(entry["extra_data"])) == (path, log.entries[70].extra_data)
    assert leaf_hash(base64.b64decode(entry["leaf_input"])) == leaf


@pytest.mark.parametrize(
    "path, status",
    [
        ("get-sth-consistency?first=8&second=7", 400),
        ("get-sth-consistency?first=8&second=101", 400),
        ("get-proof-by-hash?hash=!&tree_size=5", 400),
        ("get-proof-by-hash?hash=AAAA&tree_size=5", 400),
        (f"get-proof-by-hash?hash={quote(b64(bytes(32)))}&tree_size=0", 400),
        (f"get-proof-by-hash?hash={quote(b64(bytes(32)))}&tree_size=5", 404),
        (f"get-proof-by-hash?hash={quote(b64(bytes(32)))}&tree_size=101", 404),
        ("get-entry-and-proof?leaf_index=5&tree_size=5", 400),
        ("get-entry-and-proof?leaf_index=5&tree_size=101", 400),
        ("get-nothing", 404),
        ("../checkpoint", 404),
    ],
)
def test_proofs_are_refused(ask: Any, path: str, status: int) -> None:
    assert ask(path).status == status


def test_roots_and_other_methods(ask: Any, log: FakeLog, certhia_world: World) -> None:
    assert said(ask("get-roots")) == {"certificates": [b64(certhia_world.ca.root)]}
    assert certhia_world.handle("POST", f"{log.url}ct/v1/get-sth").status == 405
    assert certhia_world.handle("GET", f"{log.url}checkpoint").status == 404


def test_warm_pages_are_the_same_pages(ask: Any, log: FakeLog) -> None:
    cold = ask("get-entries?start=32&end=63").body
    log.cached = Cache(1 << 20)
    log.warm()
    assert log.cached.get((32, 64)) == cold
    assert log.cached.get((96, 100))
