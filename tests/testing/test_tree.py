from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.testing import Tree
from certhia.testing.tree import EMPTY_ROOT, leaf_hash, node_hash

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(300)]
TREE = Tree(LEAVES)
sizes = st.integers(1, len(LEAVES))


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """RFC 9162 section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def consistent(first: int, old: bytes, second: int, new: bytes, path: list[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2."""
    if first == second:
        return old == new and not path
    proof = path if first & (first - 1) else [old, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr, sn) == (old, new, 0)


def test_the_empty_tree() -> None:
    assert Tree().root() == EMPTY_ROOT == sha256(b"").digest()


@given(sizes)
def test_root_is_that_of_the_definition(size: int) -> None:
    assert TREE.root(size) == mth(LEAVES[:size])


@given(sizes, st.data())
def test_inclusion_proofs_hold(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion(index, size)
    assert root_by_inclusion(LEAVES[index], index, size, proof) == TREE.root(size)


@given(sizes, st.data())
def test_consistency_proofs_hold(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    assert consistent(first, TREE.root(first), second, TREE.root(second), TREE.consistency(first, second))


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_pieces_gives_the_same_tree(pieces: list[int]) -> None:
    tree = Tree()
    for count in pieces:
        tree.extend(LEAVES[len(tree) : len(tree) + count])
    assert tree.root() == mth(LEAVES[: len(tree)])
    assert tree.levels == Tree(LEAVES[: len(tree)]).levels


def test_hashes_are_those_of_the_nodes() -> None:
    assert TREE.hashes(0, 2, 4) == LEAVES[2] + LEAVES[3]
    assert TREE.hashes(8, 0, 1) == mth(LEAVES[:256]) == TREE.node(8, 0)
    assert TREE.hashes(20, 0, 1) == b""


def test_what_is_not_there_is_refused() -> None:
    for ask in (lambda: TREE.root(301), lambda: TREE.inclusion(5, 5), lambda: TREE.consistency(0, 5)):
        with pytest.raises(ValueError, match=r"tree|leaf|proof"):
            ask()
    with pytest.raises(IndexError, match="no complete subtree 1 at level 8"):
        TREE.node(8, 1)


def test_one_leaf_at_a_time() -> None:
    tree = Tree()
    for leaf in LEAVES[:5]:
        tree.append(leaf)
    assert (len(tree), tree.leaf(4), tree.root()) == (5, LEAVES[4], mth(LEAVES[:5]))
