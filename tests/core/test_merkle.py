"""Proofs and edges on a real log, and what glue between Python and the trees refuses."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from certhia._core import (
    Edge,
    Issuers,
    Page,
    cover,
    edge_from_inclusion,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from certhia.errors import Malformed


@pytest.fixture(scope="module")
def argon(corpus: Path) -> dict[str, Any]:
    """Answers of a real log by endpoint."""
    folder = corpus / "argon2020-proofs"
    names = ("get-entries", "get-proof-by-hash", "get-sth-consistency", "get-sth.json")
    return {name.removesuffix(".json"): json.loads(next(folder.glob(f"{name}*")).read_bytes()) for name in names}


def _decoded(items: list[str]) -> list[bytes]:
    return [base64.b64decode(item) for item in items]


def test_inclusion_in_a_real_log(argon: dict[str, Any]) -> None:
    head = argon["get-sth"]
    root = base64.b64decode(head["sha256_root_hash"])
    page = Page.from_get_entries([json.dumps(argon["get-entries"]).encode()], 10_000, Issuers())
    proof = argon["get-proof-by-hash"]
    path = _decoded(proof["audit_path"])
    assert verify_inclusion(page[0].leaf_hash, proof["leaf_index"], head["tree_size"], path, root)
    assert not verify_inclusion(page[0].leaf_hash, proof["leaf_index"] + 1, head["tree_size"], path, root)
    assert not verify_inclusion(leaf_hash(b""), proof["leaf_index"], head["tree_size"], path, root)


def test_consistency_of_a_real_log(argon: dict[str, Any]) -> None:
    head = argon["get-sth"]
    new = base64.b64decode(head["sha256_root_hash"])
    nodes = _decoded(argon["get-sth-consistency"]["consistency"])
    # The old root is what the proof's nodes make of it: with a proof that is right, exactly one root holds.
    size = 3_654_490
    old = _old_root(size, head["tree_size"], nodes)
    assert verify_consistency(size, old, head["tree_size"], new, nodes)
    assert not verify_consistency(size + 1, old, head["tree_size"], new, nodes)
    assert not verify_consistency(size, new, head["tree_size"], new, nodes)
    assert not verify_consistency(size, old, head["tree_size"], new, nodes[:-1])


def _old_root(first: int, second: int, proof: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.4.2, the old root alone."""
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    root, *rest = proof
    for sibling in rest:
        if node & 1 or node == last:
            root = hashlib.sha256(b"\x01" + sibling + root).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return root


def test_edge_of_real_tiles(tiles: list[tuple[bytes, bytes]]) -> None:
    edge = Edge()
    for position, (data, hashes) in enumerate(tiles):
        page = Page.from_tile(data, position * 256)
        assert page.leaf_hashes == hashes
        edge.append_page(page)
    assert edge.size == 1024
    assert len(edge.hashes) == 32
    assert edge.root() == edge.hashes
    grown = Edge(256, Edge.root(_edge(tiles[0][1])))
    grown.append_nodes([_edge(tiles[1][1]).root(), _edge(tiles[2][1] + tiles[3][1]).root()], 1024)
    assert grown.root() == edge.root()
    assert [(level, index) for level, index in cover(256, 1024)] == [(8, 1), (9, 1)]


def _edge(hashes: bytes) -> Edge:
    edge = Edge()
    edge.append(hashes)
    return edge


def test_append_page_takes_a_part(tiles: list[tuple[bytes, bytes]]) -> None:
    page = Page.from_tile(tiles[0][0], 0)
    edge = Edge()
    edge.append_page(page, 100)
    copy = edge.copy()
    edge.append_page(page.slice(100, 256))
    assert copy.size == 100
    assert edge.root() == _edge(tiles[0][1]).root()
    with pytest.raises(ValueError, match="begins at 0"):
        edge.append_page(page)
    with pytest.raises(ValueError, match="no 257"):
        Edge().append_page(page, 257)


def test_edge_from_the_last_leaf() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(3)]
    left = node_hash(leaves[0], leaves[1])
    root = node_hash(left, leaves[2])
    edge = edge_from_inclusion(leaves[2], 3, [left], root)
    assert (edge.size, edge.hashes) == (3, left + leaves[2])
    with pytest.raises(Malformed, match="does not lead to the root"):
        edge_from_inclusion(leaves[1], 3, [left], root)


def test_what_is_no_hash_or_tree() -> None:
    zero = bytes(32)
    with pytest.raises(Malformed, match="32 bytes"):
        Edge(1, b"short")
    with pytest.raises(Malformed, match="2 hashes, not 1"):
        Edge(3, zero)
    with pytest.raises(Malformed, match="covered by 1 nodes"):
        Edge().append_nodes([zero, zero], 4)
    with pytest.raises(Malformed, match="can't grow"):
        Edge(2, zero).append_nodes([], 1)
    with pytest.raises(Malformed, match="range"):
        cover(2, 1)
    with pytest.raises(Malformed, match="left"):
        node_hash(b"", zero)
    with pytest.raises(Malformed, match="node"):
        verify_inclusion(zero, 0, 2, [b""], zero)
    assert not verify_inclusion(zero, 2**64 - 1, 2**64 - 1, [zero] * 64, zero)
    assert cover(0, 2**63) == [(63, 0)]
    assert Edge().root() == hashlib.sha256().digest()
