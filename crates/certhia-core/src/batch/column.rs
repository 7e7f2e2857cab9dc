//! Columns in the layout of Arrow (<https://arrow.apache.org/docs/format/Columnar.html>).

use crate::Hash;
use crate::error::{Malformed, Result};

/// Bits, least significant first.
#[derive(Debug, Clone, Default)]
pub struct Bits {
    bytes: Vec<u8>,
    len: usize,
    unset: usize,
}

/// Strings one behind the other; a value stands between two offsets.
#[derive(Debug)]
pub struct Text {
    /// One more than there are values.
    pub offsets: Vec<i32>,
    pub characters: String,
}

/// What an integer of time counts, from 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Milliseconds,
}

#[derive(Debug)]
pub enum Data {
    Bool(Bits),
    Unsigned(Vec<u64>),
    Small(Vec<u32>),
    Time(Unit, Vec<i64>),
    Hash(Vec<Hash>),
    Text(Text),
    /// Places in `values`, each of which is there once.
    Dictionary {
        keys: Vec<i32>,
        values: Box<Data>,
    },
    /// `items` between two offsets each.
    List {
        offsets: Vec<i32>,
        items: Box<Data>,
    },
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub data: Data,
    /// Unset where there is no value; what stands there then means nothing. None for a column that always has one.
    pub validity: Option<Bits>,
}

impl Bits {
    pub fn with_capacity(bits: usize) -> Self {
        Self { bytes: Vec::with_capacity(bits.div_ceil(8)), len: 0, unset: 0 }
    }

    #[inline]
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let (true, Some(last)) = (bit, self.bytes.last_mut()) {
            *last |= 1 << (self.len % 8);
        }
        self.len += 1;
        self.unset += usize::from(!bit);
    }

    /// # Panics
    ///
    /// When there are no so many bits.
    pub fn get(&self, at: usize) -> bool {
        assert!(at < self.len, "{} bits, no {at}", self.len);
        self.bytes[at / 8] >> (at % 8) & 1 == 1
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many are 0.
    pub fn unset(&self) -> usize {
        self.unset
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Text {
    pub fn with_capacity(values: usize, each: usize) -> Self {
        let mut offsets = Vec::with_capacity(values + 1);
        offsets.push(0);
        Self { offsets, characters: String::with_capacity(values * each) }
    }

    /// What was appended to `characters` since the last value becomes one.
    #[inline]
    pub fn end_value(&mut self) -> Result<()> {
        self.offsets.push(offset(self.characters.len())?);
        Ok(())
    }

    pub fn push(&mut self, value: &str) -> Result<()> {
        self.characters.push_str(value);
        self.end_value()
    }

    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// # Panics
    ///
    /// When there are no so many values.
    #[inline]
    pub fn get(&self, at: usize) -> &str {
        &self.characters[place(self.offsets[at])..place(self.offsets[at + 1])]
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// Offsets are 32 bits wide and signed.
#[inline]
pub fn offset(length: usize) -> Result<i32> {
    i32::try_from(length).map_err(|_| too_much())
}

/// What an offset or a key of a dictionary says; none is negative.
#[inline]
pub fn place(offset: i32) -> usize {
    offset.cast_unsigned() as usize
}

#[cold]
fn too_much() -> Malformed {
    Malformed::new("a page whose columns take at most 2 GiB each; slice it", 0)
}

impl Data {
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(bits) => bits.len(),
            Self::Unsigned(values) => values.len(),
            Self::Small(values) => values.len(),
            Self::Time(_, values) => values.len(),
            Self::Hash(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Dictionary { keys, .. } => keys.len(),
            Self::List { offsets, .. } => offsets.len() - 1,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn nbytes(&self) -> usize {
        match self {
            Self::Bool(bits) => bits.bytes.capacity(),
            Self::Unsigned(values) => values.capacity() * 8,
            Self::Small(values) => values.capacity() * 4,
            Self::Time(_, values) => values.capacity() * 8,
            Self::Hash(values) => values.capacity() * 32,
            Self::Text(values) => values.offsets.capacity() * 4 + values.characters.capacity(),
            Self::Dictionary { keys, values } => keys.capacity() * 4 + values.nbytes(),
            Self::List { offsets, items } => offsets.capacity() * 4 + items.nbytes(),
        }
    }
}

impl Column {
    /// Whether the row has a value.
    pub fn is_set(&self, row: usize) -> bool {
        self.validity.as_ref().is_none_or(|bits| bits.get(row))
    }

    pub fn nbytes(&self) -> usize {
        self.data.nbytes() + self.validity.as_ref().map_or(0, |bits| bits.bytes.capacity())
    }
}
