//! The right edge of a Merkle tree, all that is needed to let it grow (also known as a compact range).

use crate::Hash;
use crate::error::{Malformed, Result};
use crate::merkle::{MAX_SIZE, cover, empty_root, node_hash};

/// Roots of the perfect subtrees of [0, size), largest first: one for each set bit of `size`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Hash>,
}

impl Edge {
    pub fn new(size: u64, hashes: Vec<Hash>) -> Result<Self> {
        if size > MAX_SIZE {
            return Err(Malformed::new(format!("a tree of {size} entries is larger than any can be"), 0));
        }
        if hashes.len() != size.count_ones() as usize {
            let (expected, found) = (size.count_ones(), hashes.len());
            return Err(Malformed::new(format!("an edge of {size} entries has {expected} hashes, not {found}"), 0));
        }
        Ok(Self { size, hashes })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends leaves.
    pub fn append(&mut self, leaves: &[Hash]) -> Result<()> {
        self.room(leaves.len() as u64)?;
        for leaf in leaves {
            self.push(leaf, 0);
        }
        Ok(())
    }

    /// Appends the subtree roots that `cover(self.size(), size)` names.
    pub fn append_nodes(&mut self, nodes: &[Hash], size: u64) -> Result<()> {
        if size < self.size || size > MAX_SIZE {
            return Err(Malformed::new(format!("an edge of {} entries can't grow to {size}", self.size), 0));
        }
        let tiles = cover(self.size, size);
        if tiles.len() != nodes.len() {
            let (from, expected, found) = (self.size, tiles.len(), nodes.len());
            return Err(Malformed::new(format!("[{from}, {size}) is covered by {expected} nodes, not {found}"), 0));
        }
        for ((level, _), node) in tiles.into_iter().zip(nodes) {
            self.push(node, level);
        }
        Ok(())
    }

    /// RFC 6962 section 2.1: the subtrees folded from the right.
    pub fn root(&self) -> Hash {
        let mut hashes = self.hashes.iter().rev();
        let Some(last) = hashes.next() else {
            return empty_root();
        };
        hashes.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The right edge of the tree of `size` entries from its last leaf and that leaf's inclusion proof.
    ///
    /// All siblings on the way from the last leaf are left ones, and they are the edge of the tree without that leaf.
    pub fn from_inclusion(leaf: &Hash, size: u64, proof: &[Hash], root: &Hash) -> Result<Self> {
        if size == 0 || size > MAX_SIZE {
            return Err(Malformed::new(format!("a tree of {size} entries has no last leaf to begin at"), 0));
        }
        let mut edge = Self::new(size - 1, proof.iter().rev().copied().collect())?;
        edge.push(leaf, 0);
        if edge.root() == *root {
            Ok(edge)
        } else {
            Err(Malformed::new(format!("the inclusion proof does not lead to the root of {size} entries"), 0))
        }
    }

    fn room(&self, more: u64) -> Result<()> {
        if more > MAX_SIZE - self.size {
            return Err(Malformed::new(format!("a tree of {} entries can't take {more} more", self.size), 0));
        }
        Ok(())
    }

    /// Adds a perfect subtree of 2**level leaves; the size is a multiple of that, and there is room.
    fn push(&mut self, node: &Hash, level: u32) {
        let mut hash = *node;
        let mut bits = self.size >> level;
        while bits & 1 == 1 {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
            bits >>= 1;
        }
        self.hashes.push(hash);
        self.size += 1 << level;
    }
}
