//! Trees against their recursive definition (RFC 6962 section 2.1).

use certhia_core::Hash;
use certhia_core::edge::Edge;
use certhia_core::merkle::{MAX_SIZE, cover, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion};
use proptest::prelude::*;

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH(m, D[n]), section 2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut inner, sibling) = if index < left.len() {
        (path(index, left), root(right))
    } else {
        (path(index - left.len(), right), root(left))
    };
    inner.push(sibling);
    inner
}

/// SUBPROOF(m, D[n], b), section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut inner, sibling) = if m <= left.len() {
        (subproof(m, left, whole), root(right))
    } else {
        (subproof(m - left.len(), right, false), root(left))
    };
    inner.push(sibling);
    inner
}

#[test]
fn every_tree_up_to_seventy_entries() {
    let all = leaves(70);
    for size in 0..=all.len() {
        let tree = &all[..size];
        let mut edge = Edge::default();
        edge.append(tree).unwrap();
        assert_eq!(edge.root(), root(tree));
        assert_eq!(Edge::new(size as u64, edge.hashes().to_vec()).unwrap(), edge);
        for index in 0..size {
            let proof = path(index, tree);
            assert!(verify_inclusion(&tree[index], index as u64, size as u64, &proof, &root(tree)));
            assert!(!verify_inclusion(&tree[index], index as u64 + 1, size as u64, &proof, &root(tree)));
        }
        for m in 1..size {
            let proof = subproof(m, tree, true);
            let (old, new) = (root(&tree[..m]), root(tree));
            assert!(verify_consistency(m as u64, &old, size as u64, &new, &proof));
            assert!(!verify_consistency(m as u64, &new, size as u64, &old, &proof));
        }
    }
}

#[test]
fn edge_from_the_last_leafs_proof() {
    let all = leaves(70);
    for size in 1..=all.len() {
        let tree = &all[..size];
        let proof = path(size - 1, tree);
        let edge = Edge::from_inclusion(&tree[size - 1], size as u64, &proof, &root(tree)).unwrap();
        let mut grown = Edge::default();
        grown.append(tree).unwrap();
        assert_eq!(edge, grown);
        assert!(Edge::from_inclusion(&tree[size - 1], size as u64, &proof, &empty_root()).is_err());
    }
}

#[test]
fn a_proof_one_node_too_long_or_short_does_not_hold() {
    let all = leaves(13);
    let mut proof = path(5, &all);
    let whole = root(&all);
    proof.push(whole);
    assert!(!verify_inclusion(&all[5], 5, 13, &proof, &whole));
    proof.truncate(3);
    assert!(!verify_inclusion(&all[5], 5, 13, &proof, &whole));
    let mut proof = subproof(6, &all, true);
    proof.pop();
    assert!(!verify_consistency(6, &root(&all[..6]), 13, &whole, &proof));
}

#[test]
fn consistency_at_the_borders() {
    let all = leaves(4);
    let (old, new) = (root(&all[..2]), root(&all));
    assert!(verify_consistency(4, &new, 4, &new, &[]));
    assert!(!verify_consistency(4, &old, 4, &new, &[]));
    assert!(!verify_consistency(4, &new, 4, &new, &[new]));
    assert!(verify_consistency(0, &empty_root(), 4, &new, &[]));
    assert!(!verify_consistency(0, &old, 4, &new, &[]));
    assert!(!verify_consistency(5, &old, 4, &new, &[]));
}

#[test]
fn sizes_up_to_the_largest() {
    let hash = empty_root();
    assert!(Edge::new(MAX_SIZE + 1, vec![hash; 2]).is_err());
    let mut full = Edge::new(MAX_SIZE, vec![hash]).unwrap();
    assert!(full.append(&[hash]).is_err());
    let mut almost = Edge::new(MAX_SIZE - 1, vec![hash; 63]).unwrap();
    almost.append(&[hash]).unwrap();
    assert_eq!(almost.hashes().len(), 1);
    assert_eq!(cover(0, MAX_SIZE), vec![(63, 0)]);
    assert_eq!(cover(MAX_SIZE - 1, MAX_SIZE), vec![(0, MAX_SIZE - 1)]);
    for (index, size) in [(0, u64::MAX), (u64::MAX - 1, u64::MAX), (u64::MAX, u64::MAX), (1 << 62, 1 << 63)] {
        assert!(!verify_inclusion(&hash, index, size, &[hash; 64], &hash));
        assert!(!verify_consistency(index, &hash, size, &hash, &[hash; 64]));
    }
}

proptest! {
    #[test]
    fn cover_leads_an_edge_on(from in 0_usize..300, more in 0_usize..300) {
        let all = leaves(from + more);
        let mut edge = Edge::default();
        edge.append(&all[..from]).unwrap();
        let tiles = cover(from as u64, all.len() as u64);
        let nodes: Vec<Hash> = tiles
            .iter()
            .map(|&(level, index)| {
                let start = (index as usize) << level;
                root(&all[start..start + (1 << level)])
            })
            .collect();
        edge.append_nodes(&nodes, all.len() as u64).unwrap();
        let mut grown = Edge::default();
        grown.append(&all).unwrap();
        prop_assert_eq!(edge, grown);
    }

    #[test]
    fn cover_tiles_any_range(a in 0..=MAX_SIZE, b in 0..=MAX_SIZE) {
        let (start, end) = (a.min(b), a.max(b));
        let mut position = start;
        for (level, index) in cover(start, end) {
            prop_assert_eq!(index << level, position);
            position += 1 << level;
        }
        prop_assert_eq!(position, end);
    }

    #[test]
    fn no_proof_panics(
        index: u64, size: u64, count in 0_usize..70, fill: u8,
    ) {
        let hash = [fill; 32];
        verify_inclusion(&hash, index, size, &vec![hash; count], &hash);
        verify_consistency(index, &hash, size, &hash, &vec![hash; count]);
        Edge::from_inclusion(&hash, size, &vec![hash; count], &hash).ok();
    }
}
