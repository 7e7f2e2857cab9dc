//! A page as bytes, to be written down and read again.
//!
//! `certhia page`, a version, the first index (8 bytes), how many entries (4 bytes); then each entry: its kind and its bytes.
//! Leaf hashes are made anew, so what was changed on the way no longer has the hash that the tree has.

use crate::error::{Malformed, Result};
use crate::leaf::Cursor;
use crate::merkle::leaf_hash;
use crate::page::{HASH_ALONE, MAX_DATA, MAX_ENTRIES, Page, Store};
use crate::tile::{headless_hash, tile_leaf, unframed};
use crate::transcode::read_leaf;

const MAGIC: &[u8] = b"certhia page\x01";
/// A TileLeaf (C2SP static-ct-api).
const FRAMED: u8 = 0;
/// Two vectors with lengths of 4 bytes: leaf_input and extra_data as served.
const SERVED: u8 = 1;
/// A leaf hash.
const HASH: u8 = 2;

impl Page {
    /// The page as bytes; the issuers' certificates are not among them.
    pub fn dump(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAGIC.len() + 12 + self.used_bytes() + 40 * self.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.first().to_be_bytes());
        out.extend_from_slice(&(self.len() as u32).to_be_bytes());
        for entry in self.entries() {
            if entry.is_framed() {
                out.push(FRAMED);
                out.extend_from_slice(&entry.tile_leaf());
            } else if entry.fault() == Some(HASH_ALONE) {
                out.push(HASH);
                out.extend_from_slice(entry.leaf_hash);
            } else {
                out.push(SERVED);
                for part in [&*entry.leaf_input(), entry.raw_extra().unwrap_or_default()] {
                    out.extend_from_slice(&(part.len() as u32).to_be_bytes());
                    out.extend_from_slice(part);
                }
            }
        }
        out
    }

    /// The page that `dump` gave.
    pub fn load(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_DATA {
            return Err(Malformed::new(format!("a page of at most {MAX_DATA} bytes"), MAX_DATA));
        }
        let mut cursor = Cursor { data: bytes, position: 0 };
        if cursor.take(MAGIC.len(), "the page's mark")? != MAGIC {
            return Err(Malformed::new("not a page of this version of Certhia", 0));
        }
        let first = cursor.number(8, "the first index")?;
        let count = cursor.number(4, "the number of entries")? as usize;
        // An entry takes two bytes at least.
        if count > MAX_ENTRIES || count > bytes.len() / 2 {
            return Err(Malformed::new(
                format!("a page of {count} entries in {} bytes", bytes.len()),
                cursor.position - 4,
            ));
        }
        let mut store =
            Store { data: bytes.to_vec(), entries: Vec::with_capacity(count), hashes: Vec::with_capacity(count) };
        for _ in 0..count {
            read_entry(&mut cursor, &mut store)?;
        }
        if !cursor.is_empty() {
            return Err(Malformed::new("bytes behind the page's end", cursor.position));
        }
        Self::from_store(first, store)
    }
}

fn read_entry(cursor: &mut Cursor<'_>, store: &mut Store) -> Result<()> {
    let at = cursor.position;
    match cursor.take(1, "an entry")?[0] {
        FRAMED => {
            let meta = tile_leaf(cursor.data, cursor.position)?;
            store.hashes.push(headless_hash(meta.leaf.of(cursor.data)));
            cursor.position = meta.tile.end as usize;
            store.entries.push(meta);
        }
        SERVED => {
            let leaf = cursor.vector(4, "a leaf")?;
            let mut meta = read_leaf(&cursor.data[..leaf.end as usize], leaf.start as usize);
            meta.extra = cursor.vector(4, "an entry's extra data")?;
            store.hashes.push(leaf_hash(leaf.of(cursor.data)));
            store.entries.push(meta);
        }
        HASH => {
            let hash = cursor.take(32, "a leaf hash")?;
            store.hashes.extend(hash.first_chunk::<32>());
            store.entries.push(unframed(cursor.position));
        }
        _ => return Err(Malformed::new("an entry of a kind that this version of Certhia does not know", at)),
    }
    Ok(())
}
