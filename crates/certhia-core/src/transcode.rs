//! From get-entries answers to the canonical form.

use crate::Hash;
use crate::error::{Malformed, Result};
use crate::get_entries::{self, Item};
use crate::issuers::Issuers;
use crate::leaf::{Extra, Kind, Span, timestamped_entry};
use crate::merkle::leaf_hash;
use crate::page::{LEAF_HEADER, MAX_DATA, MAX_ENTRIES, Meta, Page, Store};

impl Page {
    /// Transcodes the bodies of consecutive get-entries answers.
    pub fn from_get_entries(bodies: &[&[u8]], first: u64, issuers: &Issuers, max_entries: usize) -> Result<Self> {
        let total: usize = bodies.iter().map(|body| body.len()).sum();
        if total > MAX_DATA {
            return Err(Malformed::new(format!("bodies of at most {MAX_DATA} bytes"), MAX_DATA));
        }
        let mut builder = Builder::with_capacity(total / 4 * 3 + 64);
        let mut left = max_entries.min(MAX_ENTRIES);
        for body in bodies {
            left -= get_entries::each_entry(body, left, |item| builder.push(item, issuers))?;
        }
        builder.store.data.shrink_to_fit();
        Self::from_store(first, builder.store)
    }
}

/// Puts a page together entry by entry.
pub(crate) struct Builder {
    pub store: Store,
    extra: Extra,
    fingerprints: Vec<Hash>,
}

impl Builder {
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            store: Store { data: Vec::with_capacity(bytes), entries: Vec::new(), hashes: Vec::new() },
            extra: Extra::default(),
            fingerprints: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, item: Item<'_>, issuers: &Issuers) -> Result<()> {
        let data = &mut self.store.data;
        let start = data.len();
        item.leaf_input.decode_base64(data)?;
        let leaf_end = data.len();
        self.store.hashes.push(leaf_hash(&data[start..]));
        let mut meta = read_leaf(data, start);
        if let Some(extra) = item.extra_data
            && extra.decode_base64(data).is_err()
        {
            // It is not covered by the tree: carried as it came, and never a reason to lose the entry.
            data.truncate(leaf_end);
            data.extend_from_slice(extra.raw);
        }
        self.frame_extra(&mut meta, leaf_end, issuers);
        self.store.entries.push(meta);
        Ok(())
    }

    /// Replaces extra_data, which stands from `start` to the end of the data, by its canonical form.
    #[inline]
    fn frame_extra(&mut self, meta: &mut Meta, start: usize, issuers: &Issuers) {
        let data = &mut self.store.data;
        if meta.fault.is_some() || self.extra.read(data, start, meta.kind).is_err() {
            meta.extra = Span::new(start, data.len());
            return;
        }
        self.fingerprints.clear();
        let chain = self.extra.chain.iter().map(|span| span.of(data));
        issuers.add_all(chain, |fingerprint| self.fingerprints.push(fingerprint));
        let submitted = self.extra.submitted;
        data.truncate(submitted.end as usize);
        data.extend_from_slice(&((self.fingerprints.len() * 32) as u16).to_be_bytes());
        let chain_start = data.len();
        data.extend_from_slice(self.fingerprints.as_flattened());
        if meta.kind == Kind::Precert {
            meta.submitted = Span::new(submitted.start as usize + 3, submitted.end as usize);
        }
        meta.chain = Span::new(chain_start, data.len());
        meta.tile = Span::new(meta.leaf.start as usize, data.len());
    }

    /// Appends all entries of a page.
    pub fn copy(&mut self, page: &Page) -> Result<()> {
        let used = page.used();
        let data = &mut self.store.data;
        if used.len() > MAX_DATA - data.len() {
            return Err(Malformed::new(format!("pages of at most {MAX_DATA} bytes"), MAX_DATA));
        }
        let (from, to) = (used.start as usize, data.len());
        data.extend_from_slice(used.of(&page.store.data));
        let moved = |span: Span| {
            if span.is_empty() {
                return Span::default();
            }
            Span::new(span.start as usize - from + to, span.end as usize - from + to)
        };
        for meta in &page.store.entries[page.range.clone()] {
            self.store.entries.push(Meta {
                // Also where it is empty: the part of the data that is in use is found by the leaves.
                leaf: Span::new(meta.leaf.start as usize - from + to, meta.leaf.end as usize - from + to),
                certificate: moved(meta.certificate),
                submitted: moved(meta.submitted),
                chain: moved(meta.chain),
                tile: moved(meta.tile),
                extra: moved(meta.extra),
                ..*meta
            });
        }
        self.store.hashes.extend_from_slice(page.leaf_hashes());
        Ok(())
    }
}

/// Takes apart the leaf_input that stands from `start` to the end of the data.
#[inline]
pub(crate) fn read_leaf(data: &[u8], start: usize) -> Meta {
    let mut meta = Meta {
        timestamp: 0,
        kind: Kind::Unknown,
        headless: false,
        leaf: Span::new(start, data.len()),
        certificate: Span::default(),
        submitted: Span::default(),
        chain: Span::default(),
        tile: Span::default(),
        extra: Span::default(),
        fault: None,
    };
    if !data[start..].starts_with(&LEAF_HEADER) {
        meta.fault = Some("a leaf of unknown version or type");
        return meta;
    }
    let Ok(frame) = timestamped_entry(data, start + LEAF_HEADER.len()) else {
        meta.fault = Some("a leaf that is cut off");
        return meta;
    };
    meta.timestamp = frame.timestamp;
    meta.kind = frame.kind;
    meta.certificate = frame.certificate;
    if frame.kind == Kind::Unknown {
        meta.fault = Some("an unknown entry type");
    } else if frame.end != data.len() {
        meta.fault = Some("bytes behind the leaf's end");
    } else {
        meta.headless = true;
        meta.leaf.start += LEAF_HEADER.len() as u32;
    }
    meta
}
