//! Which certificates were seen before.

use std::hash::{BuildHasher, RandomState};

use sha2::{Digest, Sha256};

use crate::Hash;
use crate::certificate::Certificate;
use crate::error::{Malformed, Result};
use crate::page::{Entry, Page};

use super::select::positions;

/// More certificates than this are not remembered.
pub const MAX_CAPACITY: usize = 1 << 28;
/// Slots of a generation at its beginning.
const FIRST: usize = 1024;

/// Prints of certificates, open addressing with linear probing; 0 is free. At least a quarter of the slots is.
#[derive(Default)]
struct Generation {
    slots: Vec<u64>,
    count: usize,
}

impl Generation {
    fn holds(&self, print: u64) -> bool {
        !self.slots.is_empty() && self.slots[self.slot(print)] == print
    }

    /// Where a print is, or would be.
    fn slot(&self, print: u64) -> usize {
        let mut slot = ((u128::from(print) * self.slots.len() as u128) >> 64) as usize;
        while self.slots[slot] != 0 && self.slots[slot] != print {
            slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
        }
        slot
    }

    /// Adds a print that is not there. Grows to what `capacity` takes, not further.
    fn add(&mut self, print: u64, capacity: usize) {
        if (self.count + 1) * 4 > self.slots.len() * 3 {
            let grown = (2 * self.slots.len()).max(FIRST).min(capacity * 4 / 3 + 4);
            let old = std::mem::replace(&mut self.slots, vec![0; grown]);
            for print in old.into_iter().filter(|&print| print != 0) {
                let slot = self.slot(print);
                self.slots[slot] = print;
            }
        }
        let slot = self.slot(print);
        self.slots[slot] = print;
        self.count += 1;
    }
}

/// The certificates that were seen last, by `tbs_sha256`: a precertificate and its certificate are one.
///
/// Of each a print of 64 bits is kept, made of the hash with a key that nobody else knows, so that nobody can choose
/// certificates that are taken for others or that stand in each other's way. A new certificate is taken for one that was
/// seen with a probability of at most 2 * capacity / 2^64.
pub struct Sightings {
    key: RandomState,
    capacity: usize,
    /// A generation has `capacity` certificates; then the older one is forgotten.
    young: Generation,
    old: Generation,
}

impl Sightings {
    /// Remembers at least the last `capacity` certificates, at most twice as many.
    pub fn new(capacity: usize) -> Result<Self> {
        if capacity == 0 || capacity > MAX_CAPACITY {
            let reason = format!("a capacity of {capacity} certificates; it is 1 to {MAX_CAPACITY}");
            return Err(Malformed::new(reason, 0));
        }
        let (young, old) = (Generation::default(), Generation::default());
        Ok(Self { key: RandomState::new(), capacity, young, old })
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.young.count + self.old.count
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn nbytes(&self) -> usize {
        (self.young.slots.capacity() + self.old.slots.capacity()) * size_of::<u64>()
    }

    /// Positions of first sightings, 16 bits little-endian each, ascending, for each of several that look at a page, each
    /// at some of its entries; remembers them. What one of them saw is new to the others. `choices`: a number for whoever
    /// looks, with positions; None for all. Each certificate is hashed once, however many look at it; entries without one
    /// are always first ones.
    pub fn fresh_among(&mut self, page: &Page, choices: &[(u64, Option<&[u8]>)]) -> Result<Vec<Vec<u8>>> {
        let list = choices.iter().map(|&(scope, chosen)| match chosen {
            None => Ok((scope, (0..page.len()).collect())),
            Some(bytes) => Ok((scope, positions(bytes, page.len())?)),
        });
        Ok(self.among(page, list.collect::<Result<_>>()?))
    }

    fn among(&mut self, page: &Page, choices: Vec<(u64, Vec<usize>)>) -> Vec<Vec<u8>> {
        let mut scratch = Vec::new();
        let mut hashes: Vec<Option<Option<Hash>>> = vec![None; page.len()];
        let mut pick = |sightings: &mut Self, scope: u64, chosen: Vec<usize>| {
            let mut out = Vec::with_capacity(2 * chosen.len());
            for position in chosen {
                let known = hashes[position].get_or_insert_with(|| hash(&page.entry(position), &mut scratch));
                if known.is_none_or(|hash| sightings.is_fresh(scope, &hash)) {
                    out.extend_from_slice(&(position as u16).to_le_bytes());
                }
            }
            out
        };
        choices.into_iter().map(|(scope, chosen)| pick(self, scope, chosen)).collect()
    }

    /// Whether a certificate was not seen before by this one; it is from now on.
    fn is_fresh(&mut self, scope: u64, hash: &Hash) -> bool {
        let print = self.key.hash_one((scope, hash)).max(1);
        if self.young.holds(print) {
            return false;
        }
        if self.young.count == self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.add(print, self.capacity);
        !self.old.holds(print)
    }
}

/// `tbs_sha256`, of bytes that are no certificate their plain hash; None where there are none.
fn hash(entry: &Entry<'_>, scratch: &mut Vec<u8>) -> Option<Hash> {
    let der = entry.certificate();
    match Certificate::parse(der) {
        _ if der.is_empty() => None,
        Ok(certificate) => Some(certificate.tbs_sha256_by(scratch)),
        Err(_) => Some(Sha256::digest(der).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u32) -> Hash {
        Sha256::digest(number.to_le_bytes()).into()
    }

    #[test]
    fn the_last_ones_are_remembered() {
        for capacity in [1_usize, 2, 5, 700] {
            let mut sightings = Sightings::new(capacity).unwrap();
            // Different ones, the one that was seen last at the end.
            let mut seen: Vec<u32> = Vec::new();
            for turn in 0..8 * capacity as u32 {
                let number = usize::from(hash(turn)[0]) * 3 * capacity / 256;
                let age = seen.iter().rev().position(|&other| other as usize == number);
                let fresh = sightings.is_fresh(0, &hash(number as u32));
                match age {
                    Some(age) if age < capacity => assert!(!fresh, "{number} of {capacity}, the last but {age}"),
                    Some(age) if age < 2 * capacity => {}
                    _ => assert!(fresh, "{number} of {capacity}"),
                }
                age.map(|age| seen.remove(seen.len() - 1 - age));
                seen.push(number as u32);
                assert!(sightings.len() <= 2 * capacity);
                assert!(sightings.nbytes() <= 22 * capacity + 64);
            }
        }
    }

    #[test]
    fn what_is_seen_again_stays() {
        let mut sightings = Sightings::new(10).unwrap();
        assert!(sightings.is_fresh(0, &hash(0)));
        for number in 1..1000 {
            assert!(sightings.is_fresh(0, &hash(number)));
            assert!(!sightings.is_fresh(0, &hash(0)));
        }
    }

    #[test]
    fn what_one_saw_is_new_to_others() {
        let mut sightings = Sightings::new(10).unwrap();
        for scope in 0..3 {
            assert!(sightings.is_fresh(scope, &hash(7)));
            assert!(!sightings.is_fresh(scope, &hash(7)));
        }
        assert_eq!(sightings.len(), 3);
    }

    #[test]
    fn keys_differ() {
        let prints = || Sightings::new(1).unwrap().key.hash_one(hash(0));
        assert_ne!(prints(), prints());
    }
}
