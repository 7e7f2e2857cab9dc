//! From a hash to the few numbers that stand for it; a bit filter in front, so that a miss touches one cache line.

/// Bits of the filter for each key; two of them are set, so about one miss in seventy passes it.
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
            let (word, bits) = filter_bits(hash, filter.len());
            filter[word] |= bits;
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

    /// Calls `visit` with the numbers whose hash this may be, each once.
    #[inline]
    pub fn find(&self, hash: u64, visit: impl FnMut(u32)) {
        if self.may_hold(hash) {
            self.with(hash).for_each(visit);
        }
    }

    /// Whether there is a number with this hash.
    #[inline]
    pub fn holds(&self, hash: u64) -> bool {
        self.may_hold(hash) && self.with(hash).next().is_some()
    }

    #[inline]
    fn may_hold(&self, hash: u64) -> bool {
        if self.filter.is_empty() {
            return false;
        }
        let (word, bits) = filter_bits(hash, self.filter.len());
        self.filter[word] & bits == bits
    }

    #[cold]
    fn with(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        self.bucket(hash).iter().filter(move |entry| entry.0 == hash as u32).map(|entry| entry.1)
    }

    fn bucket(&self, hash: u64) -> &[(u32, u32)] {
        let bucket = (hash >> self.shift) as usize;
        &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

/// The word of the filter and two bits in it.
#[inline]
fn filter_bits(hash: u64, words: usize) -> (usize, u64) {
    let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63);
    ((hash >> 12) as usize & (words - 1), bits)
}

/// Spreads a key over all bits.
#[inline]
pub fn mix(key: u64) -> u64 {
    let key = (key ^ key >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    key ^ key >> 29
}

/// Hashes of all parts of a text, from the hashes of its beginnings.
#[derive(Default)]
pub struct Prefixes(Vec<u64>);

/// The longest text that is hashed, in bytes.
pub const MAX_TEXT: usize = 255;

/// Of the polynomial: odd, with bits all over.
pub const BASE: u64 = 0x5bd1_e995_0100_01b3;

/// Powers of [`BASE`].
pub const POWERS: [u64; MAX_TEXT + 1] = {
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
