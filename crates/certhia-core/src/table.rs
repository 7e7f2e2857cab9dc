//! A hash table from names to places in a list, and the hash that reads names from the right.

/// Folds letters to lower case; 0 for bytes that no plain name has.
const FOLD: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let plain = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'_' | b'.');
        if plain {
            table[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes a name from its last byte to its first, letters folded.
#[derive(Default, Clone, Copy)]
pub struct Hasher(u64);

impl Hasher {
    /// The hash of a whole name.
    pub fn of(name: &[u8]) -> u64 {
        let mut hasher = Self::default();
        for &byte in name.iter().rev() {
            hasher.push(byte);
        }
        hasher.finish()
    }

    /// False for a byte that no plain name has; it is hashed as it is.
    #[inline]
    pub fn push(&mut self, byte: u8) -> bool {
        let folded = FOLD[byte as usize];
        let value = if folded == 0 { byte } else { folded };
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(MULTIPLIER);
        folded != 0
    }

    #[inline]
    pub fn finish(self) -> u64 {
        (self.0 ^ self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }
}

/// Open addressing, linear probing; a bit filter in front, so that the many names that no rule asks for touch little
/// memory.
#[derive(Default)]
pub struct Table {
    /// Low half of the hash, then the place plus one; 0 is free.
    slots: Vec<u64>,
    shift: u32,
    filter: Vec<u64>,
}

impl Table {
    pub fn with_capacity(count: usize) -> Self {
        if count == 0 {
            return Self::default();
        }
        let slots = (count + count / 3 + 1).next_power_of_two().max(16);
        let filter = (count / 8).next_power_of_two().max(64);
        Self { slots: vec![0; slots], shift: 64 - slots.trailing_zeros(), filter: vec![0; filter] }
    }

    pub fn nbytes(&self) -> usize {
        (self.slots.capacity() + self.filter.capacity()) * size_of::<u64>()
    }

    /// Puts `at` first among those with its key; gives what was first before, plus one, or 0.
    pub fn insert(&mut self, hash: u64, at: usize, same: impl Fn(usize) -> bool) -> u32 {
        let (word, bit) = self.filter_bit(hash);
        self.filter[word] |= bit;
        let mut slot = (hash >> self.shift) as usize;
        loop {
            let found = self.slots[slot];
            let taken = found != 0;
            if !taken || (found >> 32 == hash & 0xffff_ffff && same(place(found))) {
                self.slots[slot] = (hash << 32) | (at as u64 + 1);
                return found as u32;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The first with this key, plus one, or 0.
    #[inline]
    pub fn find(&self, hash: u64, same: impl Fn(usize) -> bool) -> u32 {
        if self.slots.is_empty() {
            return 0;
        }
        let (word, bit) = self.filter_bit(hash);
        if self.filter[word] & bit == 0 {
            return 0;
        }
        let mut slot = (hash >> self.shift) as usize;
        loop {
            let found = self.slots[slot];
            if found == 0 {
                return 0;
            }
            if found >> 32 == hash & 0xffff_ffff && same(place(found)) {
                return found as u32;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    #[inline]
    fn filter_bit(&self, hash: u64) -> (usize, u64) {
        let bit = hash as usize;
        (bit >> 6 & (self.filter.len() - 1), 1 << (bit & 63))
    }
}

/// The place that a slot holds, which is there.
#[inline]
fn place(slot: u64) -> usize {
    (slot as u32 - 1) as usize
}
