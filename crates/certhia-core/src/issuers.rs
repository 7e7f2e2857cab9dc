//! Chain certificates by fingerprint, each kept once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::Hash;

/// What a kept certificate may take on average, so that hostile chains can't fill the memory.
const BYTES_EACH: usize = 8192;
/// Certificates larger than this are fingerprinted, but not kept.
const MAX_KEPT: usize = 1 << 18;
/// Slots of the memo; a power of two.
const MEMO: usize = 8192;

struct Kept {
    der: Arc<[u8]>,
    fingerprint: Hash,
    used: u64,
}

#[derive(Default)]
struct Inner {
    kept: Vec<Kept>,
    by_fingerprint: HashMap<Hash, u32>,
    /// Place in `kept` plus one by a cheap hash of the bytes; what it points to is compared in full before it is used.
    memo: Vec<u32>,
    bytes: usize,
    clock: u64,
}

/// Bounded, safe to share between threads; the least recently used certificates go first.
pub struct Issuers {
    capacity: usize,
    inner: Mutex<Inner>,
}

impl Issuers {
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), inner: Mutex::default() }
    }

    pub fn len(&self) -> usize {
        self.lock().kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, fingerprint: &Hash) -> Option<Arc<[u8]>> {
        let mut inner = self.lock();
        let at = *inner.by_fingerprint.get(fingerprint)?;
        inner.clock += 1;
        let now = inner.clock;
        let kept = &mut inner.kept[at as usize];
        kept.used = now;
        Some(Arc::clone(&kept.der))
    }

    /// Keeps a certificate and gives its fingerprint.
    pub fn add(&self, der: &[u8]) -> Hash {
        self.lock().add(der, self.capacity)
    }

    /// Keeps certificates one after the other under one lock.
    pub fn add_all<'a>(&self, chain: impl Iterator<Item = &'a [u8]>, mut visit: impl FnMut(Hash)) {
        let mut inner = self.lock();
        for der in chain {
            visit(inner.add(der, self.capacity));
        }
    }

    /// Nothing in here can be left half done by a panic that matters: at worst a certificate is not found.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add(&mut self, der: &[u8], capacity: usize) -> Hash {
        self.clock += 1;
        if self.memo.is_empty() {
            self.memo = vec![0; MEMO];
        }
        let slot = cheap_hash(der);
        let remembered = self.memo[slot] as usize;
        if remembered != 0 {
            let kept = &mut self.kept[remembered - 1];
            if *kept.der == *der {
                kept.used = self.clock;
                return kept.fingerprint;
            }
        }
        let fingerprint: Hash = Sha256::digest(der).into();
        if let Some(&at) = self.by_fingerprint.get(&fingerprint) {
            self.kept[at as usize].used = self.clock;
            self.memo[slot] = at + 1;
        } else if der.len() <= MAX_KEPT {
            self.keep(der, fingerprint, capacity);
            self.memo[slot] = self.kept.len() as u32;
        }
        fingerprint
    }

    fn keep(&mut self, der: &[u8], fingerprint: Hash, capacity: usize) {
        if self.kept.len() >= capacity || self.bytes + der.len() > capacity.saturating_mul(BYTES_EACH).max(MAX_KEPT) {
            self.evict(capacity);
        }
        self.bytes += der.len();
        self.by_fingerprint.insert(fingerprint, self.kept.len() as u32);
        self.kept.push(Kept { der: der.into(), fingerprint, used: self.clock });
    }

    /// Drops the least recently used quarter (at least one) at once, which costs little for each added certificate;
    /// more where few large ones take the room.
    fn evict(&mut self, capacity: usize) {
        self.kept.sort_unstable_by_key(|kept| std::cmp::Reverse(kept.used));
        let room = capacity.saturating_mul(BYTES_EACH) / 4 * 3;
        let mut keep = self.kept.len() * 3 / 4;
        let mut bytes = 0;
        for (at, kept) in self.kept.iter().take(keep).enumerate() {
            bytes += kept.der.len();
            if bytes > room {
                keep = at;
                break;
            }
        }
        self.kept.truncate(keep);
        self.bytes = self.kept.iter().map(|kept| kept.der.len()).sum();
        self.by_fingerprint = self.kept.iter().map(|kept| kept.fingerprint).zip(0..).collect();
        self.memo.fill(0);
    }
}

/// A slot of the memo. The end of a certificate is its signature, which differs wherever certificates do; two that fall
/// together cost one SHA-256 each, no more.
fn cheap_hash(der: &[u8]) -> usize {
    let tail = der.last_chunk::<16>().map_or(0, |chunk| u128::from_le_bytes(*chunk));
    let folded = (tail as u64) ^ ((tail >> 64) as u64).rotate_left(29) ^ der.len() as u64;
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - MEMO.trailing_zeros())) as usize
}
