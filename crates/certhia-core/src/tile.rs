//! Data tiles (C2SP static-ct-api): TileLeaf after TileLeaf, gzip or not.

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};

use crate::Hash;
use crate::error::{Malformed, Result};
use crate::leaf::{Cursor, Kind, Span, timestamped_entry};
use crate::page::{HASH_ALONE, Meta, Page, Store};

/// Leaves of a full tile.
pub const MAX_LEAVES: usize = 256;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// How a member begins: magic and method.
const MEMBER: &[u8] = &[0x1f, 0x8b, 8];
/// What deflate can make of a byte at most.
const MAX_RATIO: usize = 1032;

impl Page {
    /// Frames a data tile whose first entry has the log index `first`; at most `limit` bytes unpacked.
    pub fn from_tile(body: &[u8], first: u64, limit: usize) -> Result<Self> {
        let limit = limit.min(u32::MAX as usize);
        // A leaf begins with milliseconds in 64 bits: its first byte is 0 for the next two million years.
        let data = if body.starts_with(GZIP_MAGIC) {
            inflate(body, limit)?
        } else if body.len() > limit {
            return Err(Malformed::new(format!("a tile of at most {limit} bytes"), limit));
        } else {
            body.to_vec()
        };
        let mut store = Store { data, entries: Vec::with_capacity(MAX_LEAVES), hashes: Vec::with_capacity(MAX_LEAVES) };
        let mut position = 0;
        while position < store.data.len() {
            if store.entries.len() == MAX_LEAVES {
                return Err(Malformed::new(format!("a tile of at most {MAX_LEAVES} entries"), position));
            }
            let meta = tile_leaf(&store.data, position)?;
            store.hashes.push(headless_hash(meta.leaf.of(&store.data)));
            store.entries.push(meta);
            position = meta.tile.end as usize;
        }
        Self::from_store(first, store)
    }

    /// What can be had of a data tile that can't be framed whole, or is larger than `limit`, by its leaf hashes: entries
    /// whose bytes give their hash, up to the first that can't be framed. Where the next one begins nobody knows then:
    /// of the rest there is the hash alone.
    pub fn from_tile_by_hashes(body: &[u8], first: u64, limit: usize, hashes: &[Hash]) -> Result<Self> {
        if hashes.len() > MAX_LEAVES {
            return Err(Malformed::new(format!("a tile of at most {MAX_LEAVES} entries"), 0));
        }
        let data = some(body, limit.min(u32::MAX as usize));
        let mut store = Store { data, entries: Vec::with_capacity(hashes.len()), hashes: hashes.to_vec() };
        let mut position = 0;
        for hash in hashes {
            let framed = tile_leaf(&store.data, position).ok();
            let Some(meta) = framed.filter(|meta| headless_hash(meta.leaf.of(&store.data)) == *hash) else { break };
            position = meta.tile.end as usize;
            store.entries.push(meta);
        }
        store.data.truncate(position);
        store.data.shrink_to_fit();
        store.entries.resize(hashes.len(), unframed(position));
        Self::from_store(first, store)
    }
}

/// An entry of which the hash alone is known; `at` is where the data ends.
pub(crate) fn unframed(at: usize) -> Meta {
    Meta {
        timestamp: 0,
        kind: Kind::Unknown,
        headless: false,
        leaf: Span::new(at, at),
        certificate: Span::default(),
        submitted: Span::default(),
        chain: Span::default(),
        tile: Span::default(),
        extra: Span::default(),
        fault: Some(HASH_ALONE),
    }
}

/// The tile's bytes, unpacked, as far as that goes and `limit` lets it.
fn some(body: &[u8], limit: usize) -> Vec<u8> {
    if !body.starts_with(GZIP_MAGIC) {
        return body[..body.len().min(limit)].to_vec();
    }
    let (mut out, mut rest) = (Vec::new(), body);
    while let Ok(taken) = inflate_member(rest, limit, &mut out) {
        rest = &rest[taken..];
        if rest.is_empty() {
            break;
        }
    }
    out.truncate(limit);
    out
}

#[inline]
pub(crate) fn tile_leaf(data: &[u8], start: usize) -> Result<Meta> {
    let frame = timestamped_entry(data, start)?;
    if frame.kind == Kind::Unknown {
        return Err(Malformed::new("an entry type that can be framed (0 or 1)", start + 8));
    }
    let mut cursor = Cursor { data, position: frame.end };
    let submitted = match frame.kind {
        Kind::Precert => cursor.vector(3, "the precertificate")?,
        _ => Span::default(),
    };
    let chain = cursor.vector(2, "the chain")?;
    if (chain.end - chain.start) % 32 != 0 {
        return Err(Malformed::new("fingerprints of 32 bytes", chain.start as usize));
    }
    Ok(Meta {
        timestamp: frame.timestamp,
        kind: frame.kind,
        headless: true,
        leaf: Span::new(start, frame.end),
        certificate: frame.certificate,
        submitted,
        chain,
        tile: Span::new(start, cursor.position),
        extra: Span::default(),
        fault: None,
    })
}

/// The leaf hash of a TimestampedEntry: the hash's 0x00, then version and leaf type, both 0.
pub fn headless_hash(entry: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0, 0, 0]);
    hasher.update(entry);
    hasher.finalize().into()
}

/// Unpacks gzip (RFC 1952), whatever its trailer says about the size.
///
/// libdeflate takes half the time, but one member and its true size are all that it knows; what it refuses is read again
/// by zlib, which also says where it went wrong.
pub fn inflate(body: &[u8], limit: usize) -> Result<Vec<u8>> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let size = body.last_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let possible = size <= limit.min(body.len().saturating_mul(MAX_RATIO));
    if possible && memchr::memmem::find(&body[1..], MEMBER).is_none() {
        let mut out = vec![0; size];
        if libdeflater::Decompressor::new().gzip_decompress(body, &mut out) == Ok(size) {
            return Ok(out);
        }
    }
    let mut out = Vec::with_capacity(measure(body, limit)? + 1);
    let mut rest = body;
    while !rest.is_empty() {
        rest = &rest[inflate_member(rest, limit, &mut out)?..];
    }
    Ok(out)
}

/// How large all members are together, found without keeping any of it: a bomb costs time alone.
fn measure(body: &[u8], limit: usize) -> Result<usize> {
    let (mut at, mut size) = (0, 0);
    while at < body.len() {
        let (given, taken) = measure_member(&body[at..], limit - size);
        size += given;
        if size > limit {
            return Err(Malformed::new(format!("a tile of at most {limit} bytes unpacked"), at));
        }
        at += taken.map_err(|fault| Malformed::new(fault.reason, at + fault.offset))?;
    }
    Ok(size)
}

/// Appends one member; gives how many bytes of `body` it took.
fn inflate_member(body: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<usize> {
    let hint = body.last_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    // Exactly: spare room is written to, so it counts against the bound like what is used.
    out.reserve_exact(hint.min(body.len().saturating_mul(MAX_RATIO)).min(limit.saturating_sub(out.len())) + 1);
    let before = out.len();
    let mut stream = Decompress::new_gzip(15);
    loop {
        let taken = stream.total_in() as usize;
        let status = stream
            .decompress_vec(&body[taken..], out, FlushDecompress::None)
            .map_err(|error| Malformed::new(format!("a gzip stream ({error})"), taken))?;
        if out.len() > limit {
            return Err(Malformed::new(format!("a tile of at most {limit} bytes unpacked"), taken));
        }
        match status {
            Status::StreamEnd => return Ok(stream.total_in() as usize),
            // More than it said: told beforehand how much, the buffer grows once. Doubling, it would for a moment take
            // half as much again.
            _ if out.len() == out.capacity() => {
                let more = measure_member(body, limit).0 + 1 - (out.len() - before);
                out.reserve_exact(more.min(limit + 1 - out.len()));
            }
            _ => {
                return Err(Malformed::new("a gzip stream that is not cut off", stream.total_in() as usize));
            }
        }
    }
}

/// How large a member is once it is unpacked, as far as it can be and until it is larger than `limit`; and how many
/// bytes of `body` it takes.
fn measure_member(body: &[u8], limit: usize) -> (usize, Result<usize>) {
    let mut window = vec![0; 1 << 15];
    let mut stream = Decompress::new_gzip(15);
    loop {
        let (taken, given) = (stream.total_in() as usize, stream.total_out() as usize);
        let status = stream.decompress(&body[taken..], &mut window, FlushDecompress::None);
        let (now, size) = (stream.total_in() as usize, stream.total_out() as usize);
        match status {
            Ok(Status::StreamEnd) => return (size, Ok(now)),
            Err(error) => return (size, Err(Malformed::new(format!("a gzip stream ({error})"), taken))),
            Ok(_) if (now, size) == (taken, given) => {
                return (size, Err(Malformed::new("a gzip stream that is not cut off", now)));
            }
            Ok(_) if size > limit => return (size, Ok(now)),
            Ok(_) => {}
        }
    }
}
