//! From a hash to the few numbers that stand for it; a bit filter in front, so that a miss touches one cache line.

/// Bits of the filter for each key: about one miss in sixteen passes it.
const FILTER: usize = 16;

/// Numbers by hash, compact and read-only. Finds may be wrong (hashes are compared in 32 bits): look at what is found.
#[derive(Default)]
pub struct Index {
    filter: Vec<u64>,
    /// Where the entries of each bucket begin; one more than there are buckets.
    starts: Vec<u32>,
    /// (low half of the hash, number), by the hash's upper bits.
    entries: Vec<(u32, u32)>,
    shift: u32,
}

impl Index {
    pub fn new(mut pairs: Vec<(u64, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        if pairs.is_empty() {
            return Self::default();
        }
        let buckets = pairs.len().next_power_of_two().max(2);
        let shift = 64 - buckets.trailing_zeros();
        let mut filter = vec![0_u64; (pairs.len() * FILTER / 64).next_power_of_two()];
        let mut starts = vec![0; buckets + 1];
        for &(hash, _) in &pairs {
            let (word, bit) = filter_bit(hash, filter.len());
            filter[word] |= bit;
            starts[(hash >> shift) as usize + 1] += 1;
        }
        for bucket in 0..buckets {
            starts[bucket + 1] += starts[bucket];
        }
        let entries = pairs.into_iter().map(|(hash, number)| (hash as u32, number)).collect();
        Self { filter, starts, entries, shift }
    }

    pub fn nbytes(&self) -> usize {
        self.filter.capacity() * 8 + self.starts.capacity() * 4 + self.entries.capacity() * 8
    }

    /// Numbers whose hash this may be, each once, rising.
    #[inline]
    pub fn find(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let entries = if self.may_hold(hash) { self.bucket(hash) } else { &[] };
        entries.iter().filter(move |entry| entry.0 == hash as u32).map(|entry| entry.1)
    }

    #[inline]
    pub fn may_hold(&self, hash: u64) -> bool {
        if self.filter.is_empty() {
            return false;
        }
        let (word, bit) = filter_bit(hash, self.filter.len());
        self.filter[word] & bit != 0
    }

    #[inline]
    fn bucket(&self, hash: u64) -> &[(u32, u32)] {
        let bucket = (hash >> self.shift) as usize;
        &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

#[inline]
fn filter_bit(hash: u64, words: usize) -> (usize, u64) {
    let bit = hash as usize;
    (bit >> 6 & (words - 1), 1 << (bit & 63))
}

/// Spreads a key over all bits.
#[inline]
pub fn mix(key: u64) -> u64 {
    let key = (key ^ key >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (key ^ key >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Hashes of all parts of a text, from the hashes of its beginnings.
#[derive(Default)]
pub struct Prefixes(Vec<u64>);

/// The longest text that is hashed, in bytes.
pub const MAX_TEXT: usize = 255;

/// Odd, with bits all over.
const BASE: u64 = 0x5bd1_e995_0100_01b3;

const POWERS: [u64; MAX_TEXT + 1] = {
    let mut powers = [1_u64; MAX_TEXT + 1];
    let mut at = 1;
    while at <= MAX_TEXT {
        powers[at] = powers[at - 1].wrapping_mul(BASE);
        at += 1;
    }
    powers
};

impl Prefixes {
    /// Takes in a text of at most [`MAX_TEXT`] bytes.
    #[inline]
    pub fn read(&mut self, text: &[u8]) {
        self.0.clear();
        self.0.push(0);
        let mut hash = 0_u64;
        for &byte in text {
            hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(byte) + 1);
            self.0.push(hash);
        }
    }

    /// The hash of the bytes from `start` to `end`.
    #[inline]
    pub fn hash(&self, start: usize, end: usize) -> u64 {
        mix(self.0[end].wrapping_sub(self.0[start].wrapping_mul(POWERS[end - start])))
    }

    /// The hash of a whole text.
    pub fn of(text: &[u8]) -> u64 {
        let push = |hash: u64, &byte: &u8| hash.wrapping_mul(BASE).wrapping_add(u64::from(byte) + 1);
        mix(text.iter().fold(0, push))
    }
}
