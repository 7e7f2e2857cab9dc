"""Roots and proofs against the definitions of RFC 9162 section 2.1, written down as they stand there."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Edge, cover, edge_from_inclusion, leaf_hash, verify_consistency, verify_inclusion

ENTRIES = [number.to_bytes(2, "big") * (number % 5) for number in range(300)]
sizes = st.integers(1, len(ENTRIES))


def _split(count: int) -> int:
    """k: the largest power of two smaller than n."""
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def _root(entries: list[bytes]) -> bytes:
    """MTH(D_n), section 2.1.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = _split(len(entries))
    return sha256(b"\1" + _root(entries[:k]) + _root(entries[k:])).digest()


def _path(index: int, entries: list[bytes]) -> list[bytes]:
    """PATH(m, D_n), section 2.1.3.1."""
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    if index < k:
        return [*_path(index, entries[:k]), _root(entries[k:])]
    return [*_path(index - k, entries[k:]), _root(entries[:k])]


def _subproof(first: int, entries: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D_n, b), section 2.1.4.1."""
    if first == len(entries):
        return [] if whole else [_root(entries)]
    k = _split(len(entries))
    if first <= k:
        return [*_subproof(first, entries[:k], whole=whole), _root(entries[k:])]
    return [*_subproof(first - k, entries[k:], whole=False), _root(entries[:k])]


def _edge(entries: list[bytes]) -> Edge:
    edge = Edge()
    edge.append(b"".join(leaf_hash(entry) for entry in entries))
    return edge


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_roots(entries: list[bytes]) -> None:
    assert _edge(entries).root() == _root(entries)


@given(sizes, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    entries = ENTRIES[:size]
    leaf, root, path = leaf_hash(entries[index]), _root(entries), _path(index, entries)
    assert verify_inclusion(leaf, index, size, path, root)
    other = data.draw(st.integers(0, size + 3).filter(lambda one: one != index))
    assert not verify_inclusion(leaf, other, size, path, root)
    for wrong in ([*path, bytes(32)], path[:-1]):
        assert wrong == path or not verify_inclusion(leaf, index, size, wrong, root)
    last = edge_from_inclusion(leaf_hash(entries[-1]), size, _path(size - 1, entries), root)
    assert last.hashes == _edge(entries).hashes


@given(sizes, sizes, st.data())
def test_consistency(one: int, other: int, data: st.DataObject) -> None:
    first, second = sorted((one, other))
    old, new = _root(ENTRIES[:first]), _root(ENTRIES[:second])
    proof = _subproof(first, ENTRIES[:second], whole=True)
    assert verify_consistency(first, old, second, new, proof)
    assert not verify_consistency(first, old, second, new, [*proof, bytes(32)])
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes((proof[at][0] ^ 1,)) + proof[at][1:]
        assert not verify_consistency(first, old, second, new, [*proof[:at], flipped, *proof[at + 1 :]])
        assert not verify_consistency(first, new, second, new, proof)


@given(sizes, sizes)
def test_an_edge_is_led_on_by_roots_of_perfect_subtrees(one: int, other: int) -> None:
    first, second = sorted((one, other))
    edge = _edge(ENTRIES[:first])
    nodes = [_root(ENTRIES[index << level : (index + 1) << level]) for level, index in cover(first, second)]
    edge.append_nodes(nodes, second)
    assert edge.root() == _root(ENTRIES[:second])
