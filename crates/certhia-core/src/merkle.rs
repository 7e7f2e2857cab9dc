//! Merkle tree hashes and proofs (RFC 6962 section 2.1, RFC 9162 section 2.1).

use sha2::{Digest, Sha256};

use crate::Hash;

/// Sizes at or below this are accepted everywhere, so that no sum of two of them overflows.
pub const MAX_SIZE: u64 = 1 << 63;

/// SHA-256 of 0x00 and the leaf.
pub fn leaf_hash(leaf_input: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(leaf_input);
    hasher.finalize().into()
}

/// SHA-256 of 0x01 and both children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [1_u8; 65];
    block[1..33].copy_from_slice(left);
    block[33..].copy_from_slice(right);
    Sha256::digest(block).into()
}

/// The root of the tree without entries.
pub fn empty_root() -> Hash {
    Sha256::digest(b"").into()
}

/// The perfect subtrees that tile [start, end), left to right, as (level, index).
pub fn cover(start: u64, end: u64) -> Vec<(u32, u64)> {
    let mut out = Vec::new();
    let mut position = start;
    while position < end {
        let aligned = position.trailing_zeros().min(63);
        let fits = (end - position).ilog2();
        let level = aligned.min(fits);
        out.push((level, position >> level));
        position += 1 << level;
    }
    out
}

/// Whether `proof` leads from the leaf at `index` to the root of the tree of `size` (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `m` entries is a prefix of that of `n` (RFC 9162 section 2.1.4.2).
///
/// For equal sizes the roots must be equal and the proof empty; the empty tree is a prefix of all.
pub fn verify_consistency(m: u64, old_root: &Hash, n: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if m > n {
        return false;
    }
    if m == n {
        return proof.is_empty() && old_root == new_root;
    }
    if m == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    let (first, rest) = if m.is_power_of_two() {
        (*old_root, proof)
    } else {
        match proof.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        }
    };
    let shift = (m - 1).trailing_ones();
    let (mut node, mut last) = ((m - 1) >> shift, (n - 1) >> shift);
    let (mut old, mut new) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old == *old_root && new == *new_root
}
