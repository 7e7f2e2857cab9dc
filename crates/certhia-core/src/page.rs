//! Consecutive entries of one log in one canonical form, with their leaf hashes.
//!
//! The data is one block of bytes; entries are offsets into it. A framed entry stands in it as its TileLeaf (C2SP
//! static-ct-api). What can't be framed so stands as served: leaf_input, then extra_data.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::Hash;
use crate::error::{Malformed, Result};
use crate::kept::{Index, Kept};
use crate::leaf::{Kind, Span};
use crate::transcode::Builder;

/// More entries than this never make one page.
pub const MAX_ENTRIES: usize = 65_536;
/// Spans are 32 bits wide.
pub(crate) const MAX_DATA: usize = u32::MAX as usize;
/// version v1, leaf type timestamped_entry (RFC 6962 section 3.4).
pub(crate) const LEAF_HEADER: [u8; 2] = [0, 0];

/// The fault of an entry whose bytes could not be had.
pub(crate) const HASH_ALONE: &str = "an entry whose hash alone is known";

/// Where the parts of one entry are in the page's data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub timestamp: u64,
    pub kind: Kind,
    /// Whether `leaf` is the TimestampedEntry alone, of version v1, rather than the leaf_input as served.
    pub headless: bool,
    pub leaf: Span,
    pub certificate: Span,
    /// The precertificate as submitted.
    pub submitted: Span,
    /// Fingerprints of 32 bytes.
    pub chain: Span,
    /// The TileLeaf; empty where the entry can't be framed so.
    pub tile: Span,
    /// extra_data as served where it can't be framed.
    pub extra: Span,
    /// What is wrong with the leaf itself.
    pub fault: Option<&'static str>,
}

pub(crate) struct Store {
    pub data: Vec<u8>,
    pub entries: Vec<Meta>,
    pub hashes: Vec<Hash>,
}

/// Cheap to clone and to slice: the bytes are shared.
#[derive(Clone)]
pub struct Page {
    first: u64,
    pub(crate) store: Arc<Store>,
    pub(crate) range: Range<usize>,
    /// Where the names stand, once that was asked for.
    names: Arc<OnceLock<Index>>,
}

/// One entry of a page.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    data: &'a [u8],
    meta: &'a Meta,
    /// Where its names stand, where that is kept.
    pub(crate) names: Option<&'a [Kept]>,
    pub index: u64,
    pub leaf_hash: &'a Hash,
}

impl Page {
    pub(crate) fn from_store(first: u64, store: Store) -> Result<Self> {
        let range = 0..store.entries.len();
        if first.checked_add(range.len() as u64).is_none_or(|end| end > crate::merkle::MAX_SIZE) {
            return Err(Malformed::new(format!("no log has an entry {first}"), 0));
        }
        Ok(Self { first, store: Arc::new(store), range, names: Arc::default() })
    }

    pub fn first(&self) -> u64 {
        self.first
    }

    pub fn end(&self) -> u64 {
        self.first + self.len() as u64
    }

    pub fn len(&self) -> usize {
        self.range.len()
    }

    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// What the page's block takes in memory, whichever part of it this page is.
    pub fn nbytes(&self) -> usize {
        let store = &self.store;
        let each = size_of::<Meta>() + size_of::<Hash>();
        store.data.capacity() + store.entries.len() * each
    }

    pub fn leaf_hashes(&self) -> &[Hash] {
        &self.store.hashes[self.range.clone()]
    }

    /// The entry at a position.
    ///
    /// # Panics
    ///
    /// When there is no such position.
    #[inline]
    pub fn entry(&self, position: usize) -> Entry<'_> {
        let at = self.range.start + position;
        assert!(at < self.range.end, "a page of {} entries has no position {position}", self.len());
        Entry {
            data: &self.store.data,
            meta: &self.store.entries[at],
            names: self.names.get().and_then(|index| index.at(position)),
            index: self.first + position as u64,
            leaf_hash: &self.store.hashes[at],
        }
    }

    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        (0..self.len()).map(|position| self.entry(position))
    }

    /// Keeps where the names of its entries stand, 8 bytes a name: for whoever has several rules held against it, one
    /// after the other. Clones have it, too; parts of it don't.
    pub fn keep_names(&self) {
        self.names.get_or_init(|| Index::of(self));
    }

    /// A clone that keeps them, whether or not this one does.
    pub(crate) fn with_names(&self) -> Self {
        let names = if self.names.get().is_some() { Arc::clone(&self.names) } else { Arc::default() };
        let page = Self { names, ..self.clone() };
        page.keep_names();
        page
    }

    /// Distinct chain fingerprints in the order in which they come.
    pub fn issuers(&self) -> Vec<Hash> {
        let mut seen = std::collections::HashSet::new();
        let fingerprints = self.entries().flat_map(Entry::chain);
        fingerprints.filter(|&fingerprint| seen.insert(fingerprint)).copied().collect()
    }

    /// The entries with log index in [start, end), as far as the page has them.
    #[must_use]
    pub fn slice(&self, start: u64, end: u64) -> Self {
        let start = start.clamp(self.first, self.end());
        let end = end.clamp(start, self.end());
        let at = |index: u64| self.range.start + (index - self.first) as usize;
        Self { first: start, store: Arc::clone(&self.store), range: at(start)..at(end), names: Arc::default() }
    }

    /// One page of several that follow each other.
    pub fn join(pages: &[&Self]) -> Result<Self> {
        let Some((head, tail)) = pages.split_first() else {
            return Err(Malformed::new("at least one page", 0));
        };
        if tail.is_empty() {
            return Ok((*head).clone());
        }
        let mut builder = Builder::with_capacity(pages.iter().map(|page| page.used().len()).sum());
        let mut next = head.first;
        for page in pages {
            if page.first != next {
                return Err(Malformed::new(format!("a page that begins at {next}, not {}", page.first), 0));
            }
            builder.copy(page)?;
            next = page.end();
        }
        if builder.store.entries.len() > MAX_ENTRIES {
            return Err(Malformed::new(format!("at most {MAX_ENTRIES} entries"), 0));
        }
        Self::from_store(head.first, builder.store)
    }

    /// How many bytes its entries take.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used().len()
    }

    /// The part of the data that this page's entries are in.
    pub(crate) fn used(&self) -> Span {
        let metas = &self.store.entries[self.range.clone()];
        match (metas.first(), metas.last()) {
            (Some(first), Some(last)) => {
                Span { start: first.leaf.start, end: last.leaf.end.max(last.tile.end).max(last.extra.end) }
            }
            _ => Span::default(),
        }
    }
}

impl Span {
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

impl<'a> Entry<'a> {
    /// Milliseconds, as the log claims; 0 where the leaf has none.
    pub fn timestamp(&self) -> u64 {
        self.meta.timestamp
    }

    pub fn kind(&self) -> Kind {
        self.meta.kind
    }

    /// What is wrong with the leaf itself, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        self.meta.fault
    }

    /// The same with the offset in `leaf_input`; found again when it is asked for.
    pub fn malformed(&self) -> Option<Malformed> {
        let reason = self.meta.fault?;
        if reason == HASH_ALONE {
            return Some(Malformed::new(reason, 0));
        }
        Some(crate::leaf::fault(&self.leaf_input()).unwrap_or(Malformed::new(reason, 0)))
    }

    /// Why extra_data can't be framed, with the offset in it; None where it is framed, or where the leaf is at fault.
    pub fn extra_fault(&self) -> Option<Malformed> {
        let raw = self.raw_extra().filter(|_| self.meta.fault.is_none())?;
        crate::leaf::Extra::default().read(raw, 0, self.meta.kind).err()
    }

    /// MerkleTreeLeaf (RFC 6962 section 3.4).
    pub fn leaf_input(&self) -> Cow<'a, [u8]> {
        let leaf = self.meta.leaf.of(self.data);
        if self.meta.headless { Cow::Owned([&LEAF_HEADER, leaf].concat()) } else { Cow::Borrowed(leaf) }
    }

    /// TileLeaf (C2SP static-ct-api), or the leaf_input as served where the entry can't be framed so.
    pub fn tile_leaf(&self) -> Cow<'a, [u8]> {
        if self.is_framed() { Cow::Borrowed(self.meta.tile.of(self.data)) } else { self.leaf_input() }
    }

    pub fn is_framed(&self) -> bool {
        !self.meta.tile.is_empty()
    }

    /// extra_data as served, where it could not be framed.
    pub fn raw_extra(&self) -> Option<&'a [u8]> {
        (!self.is_framed()).then(|| self.meta.extra.of(self.data))
    }

    /// The leaf's own certificate, or a precertificate's TBS; empty where the leaf has none that can be found.
    #[inline]
    pub fn certificate(&self) -> &'a [u8] {
        self.meta.certificate.of(self.data)
    }

    /// The certificate, or the precertificate as submitted (empty where it can't be found).
    pub fn submitted(&self) -> &'a [u8] {
        match self.meta.kind {
            Kind::Precert => self.meta.submitted.of(self.data),
            _ => self.certificate(),
        }
    }

    pub fn issuer_key_hash(&self) -> Option<&'a Hash> {
        let at = self.meta.certificate.start as usize;
        if self.meta.kind != Kind::Precert || self.meta.certificate.is_empty() {
            return None;
        }
        // The hash is followed by the three bytes of the TBS's length.
        self.data[..at - 3].last_chunk()
    }

    /// Fingerprints of the chain.
    pub fn chain(self) -> &'a [Hash] {
        self.meta.chain.of(self.data).as_chunks().0
    }
}
