"""The test world in plain Python against the Rust core: neither knows the other's code."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import (
    Certificate,
    Edge,
    Issuers,
    Matcher,
    Note,
    Page,
    cover,
    edge_from_inclusion,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from certhia.testing import CA, FakeLog, RawEntry, Tree, World, templates
from certhia.testing.tree import leaf_hash as plain_leaf_hash

TREE = Tree(plain_leaf_hash(number.to_bytes(4, "big")) for number in range(1000))
HASHES = TREE.hashes(0, 0, 1000)
sizes = st.integers(1, 1000)


@given(st.binary(max_size=200))
def test_leaf_hashes_agree(leaf: bytes) -> None:
    assert leaf_hash(leaf) == plain_leaf_hash(leaf)


@given(sizes, sizes)
def test_edges_agree(one: int, other: int) -> None:
    first, second = sorted((one, other))
    edge = Edge()
    edge.append(HASHES[: first * 32])
    assert edge.root() == TREE.root(first)
    assert Edge(first, edge.hashes).root() == TREE.root(first)
    nodes = [TREE.node(level, index) for level, index in cover(first, second)]
    edge.append_nodes(nodes, second)
    assert (edge.size, edge.root()) == (second, TREE.root(second))
    last = edge_from_inclusion(TREE.leaf(second - 1), second, TREE.inclusion(second - 1, second), TREE.root(second))
    assert last.hashes == edge.hashes


@given(sizes, st.data())
def test_proofs_agree(size: int, data: st.DataObject) -> None:
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof, root = TREE.inclusion(index, size), TREE.root(size)
    assert verify_inclusion(TREE.leaf(index), index, size, proof, root)
    assert not verify_inclusion(TREE.leaf((index + 1) % 1000), index, size, proof, root)
    assert verify_consistency(first, TREE.root(first), size, root, TREE.consistency(first, size))
    if first != size:
        assert not verify_consistency(first, TREE.root(first + 1), size, root, TREE.consistency(first, size))


def fill(log: FakeLog, ca: CA) -> None:
    """Certificates and precertificates of all sorts."""
    for number in range(100):
        name = f"host{number}.example.com"
        log.add(ca.issue([name, "*.example.org"], ["192.0.2.7"], organization="Ä GmbH", precert=number % 2 == 1))
    log.add(*ca.pair(["pair.example.com"], precert_signer=True))
    log.add(ca.undecodable("garbage"), ca.undecodable("truncated"))
    log.publish()


def check(page: Page, log: FakeLog, first: int) -> None:
    edge = Edge()
    edge.append(log.tree.hashes(0, 0, first))
    edge.append_page(page)
    assert edge.root() == log.tree.root(page.end)
    assert page.leaf_hashes == log.tree.hashes(0, first, page.end)
    for position, entry in enumerate(log.entries[first : page.end]):
        seen = page[position]
        assert (seen.index, seen.timestamp, seen.leaf_input) == (entry.index, entry.timestamp, entry.leaf_input)
        assert seen.tile_leaf == entry.tile_leaf
        assert seen.chain == [hashlib.sha256(each).digest() for each in getattr(entry.submission, "chain", ())]


@pytest.mark.parametrize("leaf_index", [False, True])
def test_get_entries_agree(certhia_world: World, *, leaf_index: bool) -> None:
    log = certhia_world.rfc6962("alpha", max_get_entries=32, leaf_index=leaf_index)
    fill(log, certhia_world.ca)
    issuers = Issuers()
    url = f"{log.url}ct/v1/get-entries?start="
    bodies = [certhia_world.handle("GET", f"{url}{start}&end=999").body for start in (10, 32, 64, 96)]
    page = Page.from_get_entries(bodies, 10, issuers)
    assert (page.first, page.end) == (10, log.size)
    check(page, log, 10)
    assert issuers.get(hashlib.sha256(certhia_world.ca.intermediate).digest()) == certhia_world.ca.intermediate


@pytest.mark.parametrize("packed", [False, True])
def test_tiles_agree(certhia_world: World, *, packed: bool) -> None:
    log = certhia_world.static("alpha", gzip=packed)
    fill(log, certhia_world.ca)
    certhia_world.grow(300)
    for path, first in (("000", 0), ("001.p/148", 256)):
        page = Page.from_tile(certhia_world.handle("GET", f"{log.url}tile/data/{path}").body, first)
        check(page, log, first)


def test_notes_agree(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.grow(10)
    note = Note.parse(log.head.body)
    assert (note.origin, note.size, note.root) == (log.origin, 10, log.tree.root())
    assert len(note.signatures) == 4
    assert {name for name, _, _ in note.signatures} == {"grease.invalid", log.origin}


def test_certificates_agree(certhia_ca: CA) -> None:
    precert, final = certhia_ca.pair(["www.example.com"], ["2001:db8::1"], organization="Ä GmbH")
    for issued in (precert, final):
        read = Certificate.from_der(issued.der)
        assert read.names == ["www.example.com", "2001:db8::1"]
        assert (read.common_name, read.is_precert) == ("www.example.com", issued.is_precert)
        assert (read.tbs_sha256, read.sha256) == (issued.tbs_sha256, issued.sha256)
        assert (int(read.serial, 16), read.not_before, read.not_after) == (
            issued.serial,
            issued.not_before,
            issued.not_after,
        )
        assert read.subject_attribute("2.5.4.10") == "Ä GmbH"
    assert Certificate.from_der(certhia_ca.root).is_ca


def test_precert_signer_pairs_up_in_the_log(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    log.add(*certhia_world.ca.pair(["a.example.com"], precert_signer=True))
    log.publish()
    page = Page.from_tile(certhia_world.handle("GET", f"{log.url}tile/data/000.p/2").body, 0)
    assert page[0].certificate.tbs_sha256 == page[1].certificate.tbs_sha256
    assert page[0].issuer_key_hash == certhia_world.ca.issuer_key_hash


def test_quarantine_counts_what_cannot_be_decoded(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    fill(log, certhia_world.ca)
    page = Page.from_tile(certhia_world.handle("GET", f"{log.url}tile/data/000.p/{log.size}").body, 0)
    scan = Matcher([("tree", "example.com")]).scan(page)
    assert [position for position, _ in scan.quarantined] == [102, 103]
    # Of the truncated one enough is left for its name to be seen.
    assert [position for position, _ in scan.hits] == [*range(102), 103]


def test_templates_make_certificates_that_differ(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    log.extend_raw(templates(certhia_world.ca.pair(["a.example.com"])), 256)
    log.publish()
    page = Page.from_tile(certhia_world.handle("GET", f"{log.url}tile/data/000").body, 0)
    assert len({entry.certificate.tbs_sha256 for entry in map(page.__getitem__, range(256))}) == 256
    assert len({entry.certificate.serial for entry in map(page.__getitem__, range(256))}) == 256


def test_unknown_entry_types_are_still_hashed(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    log.add(RawEntry(b"\0\0" + bytes(8) + b"\x80\0" + b'{"json":1}', b""), RawEntry(b"\7\7", b"\1"))
    log.publish()
    body = certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=1").body
    page = Page.from_get_entries([body], 0, Issuers())
    assert page.leaf_hashes == log.tree.hashes(0, 0, 2)
    assert len(Matcher([("all", "")]).scan(page).quarantined) == 2
