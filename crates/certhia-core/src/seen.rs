//! A set of names that never forgets and now and then remembers what never was: a blocked Bloom filter in several layers.
//!
//! A layer is blocks of 512 bits, eight words each. A name's hash chooses one block by its first half, and in each word
//! of it one bit by six bits of the second: one cache line, and one page of a file, for each look. Adding only ever sets
//! bits, so whichever part of a layer reaches the disk before the power fails is a smaller set of the same kind, and
//! never a wrong one. When a layer is full its owner puts another behind it ("Scalable Bloom Filters", Almeida et al.
//! 2007).
//!
//! The words are atomic because their memory is somebody else's: a mapped file. They stand little-endian.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Malformed, Result};
use crate::sip::{self, Key};

/// Words of a block.
pub const WORDS: usize = 8;
/// Bytes of a block.
pub const BLOCK: usize = WORDS * size_of::<u64>();
/// More layers than this are refused: each is the double of the one before.
pub const MAX_LAYERS: usize = 32;

/// Of a name: what chooses its block, and its bits.
pub type Hash = (u64, u64);

/// Layers from the first to the last; what is added goes into the last.
pub struct Seen<'a> {
    older: Vec<&'a [[AtomicU64; WORDS]]>,
    last: &'a [[AtomicU64; WORDS]],
    key: Key,
}

/// How full a layer is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    /// How many names are likely to be in it.
    pub count: f64,
    /// How likely it is that it claims to hold a name which was never added: by the bits as they are, exact for a random
    /// name.
    pub error_rate: f64,
}

impl<'a> Seen<'a> {
    /// Refuses a layer that is empty or no whole number of blocks.
    pub fn new(layers: &[&'a [AtomicU64]], key: Key) -> Result<Self> {
        let mut blocks = Vec::with_capacity(layers.len());
        for layer in layers {
            blocks.push(whole(layer)?);
        }
        match blocks.pop() {
            Some(last) if blocks.len() < MAX_LAYERS => Ok(Self { older: blocks, last, key }),
            _ => Err(Malformed::new(format!("1 to {MAX_LAYERS} layers, not {}", layers.len()), 0)),
        }
    }

    /// Adds a name; whether it was not there before.
    pub fn add(&self, name: &[u8]) -> bool {
        self.add_hash(self.hash(name))
    }

    /// What `add_all` takes of a name.
    #[inline]
    pub fn hash(&self, name: &[u8]) -> Hash {
        sip::hash(&self.key, name)
    }

    /// Adds names by their hashes; calls `new` with the place of each that was not there before.
    pub fn add_all(&self, hashes: &[Hash], mut new: impl FnMut(usize)) {
        // Their blocks are mostly in no cache. Loads that need nothing of each other wait for memory together, as those of
        // one look after the other do not.
        let mut touched = 0;
        for layer in self.older.iter().chain([&self.last]) {
            touched =
                hashes.iter().fold(touched, |all, &(place, _)| all ^ block(layer, place)[0].load(Ordering::Relaxed));
        }
        black_box(touched);
        for (at, &hash) in hashes.iter().enumerate() {
            if self.add_hash(hash) {
                new(at);
            }
        }
    }

    #[inline]
    fn add_hash(&self, (place, bits): Hash) -> bool {
        if self.older.iter().any(|layer| holds(block(layer, place), bits)) {
            return false;
        }
        let block = block(self.last, place);
        // Read first: what is known leaves the page of the file clean.
        !holds(block, bits) && set(block, bits)
    }

    pub fn holds(&self, name: &[u8]) -> bool {
        let (place, bits) = sip::hash(&self.key, name);
        self.older.iter().chain([&self.last]).any(|layer| holds(block(layer, place), bits))
    }
}

/// How full a layer is.
pub fn fill(layer: &[AtomicU64]) -> Result<Fill> {
    let blocks = whole(layer)?;
    let (mut set, mut claims) = (0_u64, 0.0_f64);
    for block in blocks {
        let ones = block.each_ref().map(|word| word.load(Ordering::Relaxed).count_ones());
        set += ones.iter().map(|&ones| u64::from(ones)).sum::<u64>();
        claims += ones.iter().map(|&ones| f64::from(ones) / 64.0).product::<f64>();
    }
    let blocks = as_float(blocks.len() as u64);
    let share = as_float(set) / (blocks * 512.0);
    // A name leaves a bit of a word alone with probability 63/64, where its block is the bit's; that is by blocks. Words
    // all of whose bits are set say only "many".
    let count = if share < 1.0 { (-share).ln_1p() / (-1.0 / (64.0 * blocks)).ln_1p() } else { f64::INFINITY };
    Ok(Fill { count, error_rate: claims / blocks })
}

fn whole(layer: &[AtomicU64]) -> Result<&[[AtomicU64; WORDS]]> {
    match layer.as_chunks() {
        (blocks, []) if !blocks.is_empty() => Ok(blocks),
        _ => Err(Malformed::new(format!("a layer has blocks of {BLOCK} bytes, at least one"), layer.len() * 8)),
    }
}

#[inline]
fn block(layer: &[[AtomicU64; WORDS]], place: u64) -> &[AtomicU64; WORDS] {
    let at = (u128::from(place) * layer.len() as u128) >> 64;
    &layer[at as usize]
}

/// The bit of each word.
#[inline]
fn each(bits: u64) -> [u64; WORDS] {
    std::array::from_fn(|word| (1_u64 << (bits >> (6 * word) & 63)).to_le())
}

#[inline]
fn holds(block: &[AtomicU64; WORDS], bits: u64) -> bool {
    let missing = block.iter().zip(each(bits)).fold(0, |all, (word, bit)| all | (!word.load(Ordering::Relaxed) & bit));
    missing == 0
}

/// Whether one of them was not set.
#[inline]
fn set(block: &[AtomicU64; WORDS], bits: u64) -> bool {
    block.iter().zip(each(bits)).fold(false, |new, (word, bit)| word.fetch_or(bit, Ordering::Relaxed) & bit == 0 || new)
}

#[allow(clippy::cast_precision_loss)] // counts far below 2^53
fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(blocks: usize) -> Vec<AtomicU64> {
        (0..blocks * WORDS).map(|_| AtomicU64::new(0)).collect()
    }

    fn name(number: usize) -> Vec<u8> {
        format!("name{number}.example").into_bytes()
    }

    #[test]
    fn what_was_added_is_there_and_little_else() {
        let memory = layer(2000);
        let seen = Seen::new(&[&memory], [7; 16]).unwrap();
        assert_eq!(fill(&memory).unwrap(), Fill { count: 0.0, error_rate: 0.0 });
        let told = (0..60_000).filter(|&number| seen.add(&name(number))).count();
        assert!((0..60_000).all(|number| seen.holds(&name(number)) && !seen.add(&name(number))));
        let claimed = (60_000..160_000).filter(|&number| seen.holds(&name(number))).count();
        let found = fill(&memory).unwrap();
        // 17 bits a name: the published figure for eight words of a bit each is about 0.1 %.
        assert!(found.error_rate < 0.002, "{found:?}");
        let (claimed, expected) = (as_float(claimed as u64), found.error_rate * 100_000.0);
        assert!((claimed - expected).abs() < 5.0 * expected.sqrt(), "{claimed} of 100000, {expected} expected");
        assert!((found.count / as_float(told as u64) - 1.0).abs() < 0.01, "{found:?} for {told}");
    }

    #[test]
    fn older_layers_are_asked_and_left_alone() {
        let (first, second) = (layer(1), layer(4));
        assert!(Seen::new(&[&first], [1; 16]).unwrap().add(b"example.com"));
        let before = fill(&first).unwrap();
        let both = Seen::new(&[&first, &second], [1; 16]).unwrap();
        assert!(both.holds(b"example.com") && !both.add(b"example.com"));
        assert!(both.add(b"example.org") && !both.add(b"example.org"));
        assert_eq!(fill(&first).unwrap(), before);
        assert!(fill(&second).unwrap().count > 0.5);
        let other = Seen::new(&[&first, &second], [2; 16]).unwrap();
        assert!(!other.holds(b"example.com"), "another key, another set");
    }

    #[test]
    fn all_at_once_is_one_by_one() {
        let layers = [layer(1), layer(4), layer(1), layer(4)];
        let one = Seen::new(&[&layers[0], &layers[1]], [3; 16]).unwrap();
        let all = Seen::new(&[&layers[2], &layers[3]], [3; 16]).unwrap();
        for round in 0..3 {
            let names: Vec<Vec<u8>> = (0..30).map(|number| name(round * 20 + number % 25)).collect();
            let hashes: Vec<Hash> = names.iter().map(|name| all.hash(name)).collect();
            let mut told = Vec::new();
            all.add_all(&hashes, |at| told.push(at));
            let expected: Vec<usize> = (0..30).filter(|&at| one.add(&names[at])).collect();
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn a_full_layer_says_so() {
        let memory: Vec<AtomicU64> = (0..WORDS).map(|_| AtomicU64::new(u64::MAX)).collect();
        let found = fill(&memory).unwrap();
        assert!(found.count.is_infinite() && (found.error_rate - 1.0).abs() < f64::EPSILON);
        assert!(!Seen::new(&[&memory], [0; 16]).unwrap().add(b"example.com"));
    }

    #[test]
    fn what_is_no_layer_is_refused() {
        let (odd, good) = (layer(1), layer(1));
        for layers in [vec![], vec![&odd[..7]], vec![&good[..], &odd[..0]], vec![&good[..]; MAX_LAYERS + 1]] {
            assert!(Seen::new(&layers, [0; 16]).is_err());
        }
    }
}
