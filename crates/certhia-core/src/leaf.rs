//! Log entries as they are framed (RFC 6962 sections 3.4 and 4.6, C2SP static-ct-api).

use crate::error::{Malformed, Result};
use crate::page::LEAF_HEADER;

/// Bytes of a page, as offsets into its data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    #[inline]
    pub fn of(self, data: &[u8]) -> &[u8] {
        &data[self.start as usize..self.end as usize]
    }

    #[must_use]
    pub fn shifted(self, by: usize) -> Self {
        Self::new(self.start as usize + by, self.end as usize + by)
    }
}

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    X509,
    Precert,
    /// A version or an entry type of another time, or a leaf that can't be framed.
    Unknown,
}

/// A TimestampedEntry, taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub timestamp: u64,
    pub kind: Kind,
    /// The certificate, or the TBSCertificate of a precertificate.
    pub certificate: Span,
    /// One past the last byte.
    pub end: usize,
}

/// Reads big-endian TLS structures; `position` counts from the beginning of `data`.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    pub data: &'a [u8],
    pub position: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8]> {
        let end = self.position.checked_add(count).filter(|&end| end <= self.data.len());
        let Some(end) = end else {
            return Err(Malformed::new(format!("{what} is cut off"), self.position));
        };
        let out = &self.data[self.position..end];
        self.position = end;
        Ok(out)
    }

    /// An unsigned number of `bytes` bytes, at most 8.
    #[inline]
    pub fn number(&mut self, bytes: usize, what: &'static str) -> Result<u64> {
        let bytes = self.take(bytes, what)?;
        Ok(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// A vector with a length of `bytes` bytes in front; its span.
    #[inline]
    pub fn vector(&mut self, bytes: usize, what: &'static str) -> Result<Span> {
        let length = self.number(bytes, what)? as usize;
        self.take(length, what)?;
        Ok(Span::new(self.position - length, self.position))
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.position >= self.data.len()
    }
}

/// Takes apart the TimestampedEntry that begins at `start`. An unknown entry type gives `Kind::Unknown` with nothing
/// behind the type read.
#[inline]
pub fn timestamped_entry(data: &[u8], start: usize) -> Result<Frame> {
    let mut cursor = Cursor { data, position: start };
    let timestamp = cursor.number(8, "the timestamp")?;
    let kind = match cursor.number(2, "the entry type")? {
        0 => Kind::X509,
        1 => {
            cursor.take(32, "the issuer key hash")?;
            Kind::Precert
        }
        _ => Kind::Unknown,
    };
    let mut frame = Frame { timestamp, kind, certificate: Span::default(), end: cursor.position };
    if kind != Kind::Unknown {
        frame.certificate = cursor.vector(3, "the certificate")?;
        cursor.vector(2, "the list of extensions")?;
        frame.end = cursor.position;
    }
    Ok(frame)
}

/// What is wrong with a MerkleTreeLeaf (RFC 6962 section 3.4) that should be framed, and where in it.
pub fn fault(leaf: &[u8]) -> Option<Malformed> {
    let known = leaf.iter().zip(&LEAF_HEADER).take_while(|(byte, wanted)| byte == wanted).count();
    if known < LEAF_HEADER.len() {
        return Some(Malformed::new("a leaf of unknown version or type", known));
    }
    match timestamped_entry(leaf, LEAF_HEADER.len()) {
        Err(fault) => Some(Malformed::new(format!("a leaf that is cut off ({})", fault.reason), fault.offset)),
        Ok(frame) if frame.kind == Kind::Unknown => {
            Some(Malformed::new("an unknown entry type", LEAF_HEADER.len() + 8))
        }
        Ok(frame) if frame.end != leaf.len() => Some(Malformed::new("bytes behind the leaf's end", frame.end)),
        Ok(_) => None,
    }
}

/// The certificates of extra_data (RFC 6962 section 4.6): the precertificate as submitted, and the chain.
#[derive(Debug, Default)]
pub struct Extra {
    /// pre_certificate, its length included; empty for `Kind::X509`.
    pub submitted: Span,
    /// The chain's certificates.
    pub chain: Vec<Span>,
}

impl Extra {
    /// The longest chain whose fingerprints fit their vector (C2SP static-ct-api: 2^16-1 bytes).
    const MAX_CHAIN: usize = u16::MAX as usize / 32;

    /// Reads extra_data from `start` to the end of `data` into `self`, which is reused from entry to entry.
    #[inline]
    pub fn read(&mut self, data: &[u8], start: usize, kind: Kind) -> Result<()> {
        self.chain.clear();
        let mut cursor = Cursor { data, position: start };
        if kind == Kind::Precert {
            let span = cursor.vector(3, "the precertificate")?;
            if span.is_empty() {
                return Err(Malformed::new("an empty precertificate", start));
            }
        }
        self.submitted = Span::new(start, cursor.position);
        let total = cursor.number(3, "the chain")? as usize;
        if total != data.len() - cursor.position {
            return Err(Malformed::new("the chain's length is not that of its bytes", cursor.position));
        }
        while !cursor.is_empty() {
            let span = cursor.vector(3, "a chain certificate")?;
            if span.is_empty() {
                return Err(Malformed::new("an empty chain certificate", span.start as usize));
            }
            if self.chain.len() == Self::MAX_CHAIN {
                return Err(Malformed::new("a chain longer than a tile can hold", span.start as usize));
            }
            self.chain.push(span);
        }
        Ok(())
    }
}
