//! A keyed random order of [0, n) that is computed, not kept.
//!
//! A Feistel network (Luby and Rackoff) over the smallest power of two that holds n; what falls outside is walked on
//! until it is inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). This mixes; it hides nothing.

use sha2::{Digest, Sha256};

/// An even number, so that halves of unequal widths come back to their sides.
const ROUNDS: usize = 8;

/// A bijection of [0, n) onto itself; the same n and key give the same on every machine.
#[derive(Debug, Clone)]
pub struct Permutation {
    length: u128,
    low_bits: u32,
    high_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    pub fn new(length: u128, key: &[u8]) -> Self {
        let bits = (u128::BITS - length.saturating_sub(1).leading_zeros()).max(2);
        let low_bits = bits / 2;
        Self { length, low_bits, high_bits: bits - low_bits, keys: std::array::from_fn(|round| round_key(key, round)) }
    }

    /// n.
    pub fn len(&self) -> u128 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What stands at `position`; None from n on.
    #[inline]
    pub fn at(&self, position: u128) -> Option<u128> {
        if position >= self.length {
            return None;
        }
        // The walk goes round a cycle that `position` itself is on, so it ends; it takes two steps at most on average.
        let mut value = self.shuffled(position);
        while value >= self.length {
            value = self.shuffled(value);
        }
        Some(value)
    }

    /// One pass of the network over the power of two.
    #[inline]
    fn shuffled(&self, value: u128) -> u128 {
        let (low, high) = (mask(self.low_bits), mask(self.high_bits));
        let mut right = value as u64 & low;
        let mut left = (value >> self.low_bits) as u64 & high;
        for pair in self.keys.chunks_exact(2) {
            left ^= mixed(right, pair[0]) & high;
            right ^= mixed(left, pair[1]) & low;
        }
        u128::from(left) << self.low_bits | u128::from(right)
    }
}

/// `bits` ones; there are 1 to 64.
#[inline]
fn mask(bits: u32) -> u64 {
    u64::MAX >> (u64::BITS - bits)
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014), keyed; its high bits, which are the best, come down last.
#[inline]
fn mixed(half: u64, key: u64) -> u64 {
    let mut value = half.wrapping_add(key);
    value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

fn round_key(key: &[u8], round: usize) -> u64 {
    let digest = Sha256::new().chain_update([round as u8]).chain_update(key).finalize();
    u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}
