//! A tolerant reader of DER and of the BER that real certificates hold (X.690 section 8).
//!
//! It asks only for what is needed to find the next element: a tag, and a length that stays within its parent.
//! Lengths may be longer than they need to be; indefinite lengths are followed.

// The walk's inner loop: a call would pass each element through memory, which takes twice the time.
#![allow(clippy::inline_always)]

use crate::error::{Malformed, Result};

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// How deep indefinite lengths may be nested.
pub const MAX_DEPTH: u8 = 32;

#[cfg(test)]
thread_local! {
    /// How many elements this thread has read: what the tests of linear work count.
    pub static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// One element: identifier, length, content.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// First identifier byte; long-form tag numbers keep 0x1f in their low bits.
    pub tag: u8,
    pub body: &'a [u8],
    /// Identifier, length and content (and end-of-contents).
    pub whole: &'a [u8],
    /// Of `whole`, in the input of the outermost reader.
    pub offset: usize,
    /// Of `body`, likewise.
    pub body_offset: usize,
}

impl<'a> Element<'a> {
    /// Reads what is inside.
    #[inline]
    pub fn reader(&self) -> Reader<'a> {
        Reader { data: self.body, position: 0, origin: self.body_offset }
    }
}

/// Reads elements one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    origin: usize,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self::within(data, 0)
    }

    /// A reader of bytes that begin at `origin` in the input.
    #[inline]
    pub fn within(data: &'a [u8], origin: usize) -> Self {
        Self { data, position: 0, origin }
    }

    /// Passes over bytes, as far as they are there.
    #[inline]
    pub fn skip(&mut self, count: usize) {
        self.position = (self.position + count).min(self.data.len());
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.position >= self.data.len()
    }

    /// Where the next element begins, in the input of the outermost reader.
    #[inline]
    pub fn offset(&self) -> usize {
        self.origin + self.position
    }

    /// What has not been read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.data[self.position..]
    }

    /// First identifier byte of the next element.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.data.get(self.position).copied()
    }

    /// The next element, or None at the end.
    #[inline(always)]
    pub fn element(&mut self) -> Result<Option<Element<'a>>> {
        if self.is_empty() {
            return Ok(None);
        }
        self.read(0).map(Some)
    }

    /// The next element, which must be there.
    #[inline(always)]
    pub fn take(&mut self, what: &'static str) -> Result<Element<'a>> {
        if self.is_empty() {
            return Err(missing(what, self.offset()));
        }
        self.read(0)
    }

    /// The next element, which must have this tag.
    #[inline(always)]
    pub fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>> {
        let start = self.offset();
        let element = self.take(what)?;
        if element.tag == tag { Ok(element) } else { Err(other_tag(what, tag, element.tag, start)) }
    }

    /// The next element if it has this tag.
    #[inline(always)]
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>> {
        if self.peek() == Some(tag) { self.element() } else { Ok(None) }
    }

    fn byte(&mut self) -> Result<u8> {
        let Some(&byte) = self.data.get(self.position) else {
            return Err(cut_off(self.offset()));
        };
        self.position += 1;
        Ok(byte)
    }

    #[inline(always)]
    fn read(&mut self, depth: u8) -> Result<Element<'a>> {
        #[cfg(test)]
        READ.with(|read| read.set(read.get() + 1));
        let start = self.position;
        let (tag, length) = match self.data[start..] {
            [tag, length @ 0..=0x7f, ..] if tag & 0x1f != 0x1f => {
                self.position = start + 2;
                (tag, usize::from(length))
            }
            [tag, 0x81, length, ..] if tag & 0x1f != 0x1f => {
                self.position = start + 3;
                (tag, usize::from(length))
            }
            [tag, 0x82, high, low, ..] if tag & 0x1f != 0x1f => {
                self.position = start + 4;
                (tag, usize::from(high) << 8 | usize::from(low))
            }
            _ => match self.long_header()? {
                (tag, Some(length)) => (tag, length),
                (tag, None) => return self.indefinite(tag, start, depth),
            },
        };
        let body_start = self.position;
        let room = self.data.len() - body_start;
        if length > room {
            return Err(too_long(length, room, self.origin + start));
        }
        let end = body_start + length;
        self.position = end;
        Ok(Element {
            tag,
            body: &self.data[body_start..end],
            whole: &self.data[start..end],
            offset: self.origin + start,
            body_offset: self.origin + body_start,
        })
    }

    /// Tag and length in any form; no length where it is indefinite.
    #[cold]
    fn long_header(&mut self) -> Result<(u8, Option<usize>)> {
        let tag = self.byte()?;
        if tag & 0x1f == 0x1f {
            while self.byte()? & 0x80 != 0 {}
        }
        let first = self.byte()?;
        let mut length = 0_usize;
        match first {
            0..=0x7f => return Ok((tag, Some(usize::from(first)))),
            0x80 => return Ok((tag, None)),
            _ => {}
        }
        for _ in 0..first & 0x7f {
            let byte = self.byte()?;
            if length >> (usize::BITS - 8) != 0 {
                return Err(Malformed::new("a length that no input can have", self.offset()));
            }
            length = length << 8 | usize::from(byte);
        }
        Ok((tag, Some(length)))
    }

    /// Content up to the matching end-of-contents (X.690 section 8.1.3.6); the position is behind the length byte.
    #[cold]
    fn indefinite(&mut self, tag: u8, start: usize, depth: u8) -> Result<Element<'a>> {
        if tag & 0x20 == 0 {
            return Err(Malformed::new("an indefinite length on a primitive element", self.origin + start));
        }
        if depth >= MAX_DEPTH {
            return Err(Malformed::new("indefinite lengths nested too deep", self.origin + start));
        }
        let body_start = self.position;
        while !self.rest().starts_with(&[0, 0]) {
            self.read(depth + 1)?;
        }
        let body_end = self.position;
        self.position += 2;
        Ok(Element {
            tag,
            body: &self.data[body_start..body_end],
            whole: &self.data[start..self.position],
            offset: self.origin + start,
            body_offset: self.origin + body_start,
        })
    }
}

#[cold]
fn missing(what: &'static str, offset: usize) -> Malformed {
    Malformed::new(format!("{what} is missing"), offset)
}

#[cold]
fn cut_off(offset: usize) -> Malformed {
    Malformed::new("an element is cut off", offset)
}

#[cold]
fn other_tag(what: &'static str, wanted: u8, found: u8, offset: usize) -> Malformed {
    Malformed::new(format!("expected {what} (tag {wanted:#04x}), found tag {found:#04x}"), offset)
}

#[cold]
fn too_long(length: usize, room: usize, offset: usize) -> Malformed {
    Malformed::new(format!("an element of {length} bytes where {room} are left"), offset)
}

/// A DER header: identifier and the shortest length that says `length`.
pub fn header(tag: u8, length: usize) -> ([u8; 10], usize) {
    let mut out = [0_u8; 10];
    out[0] = tag;
    if length < 0x80 {
        out[1] = length as u8;
        return (out, 2);
    }
    let bytes = length.to_be_bytes();
    let skip = bytes.iter().take_while(|&&byte| byte == 0).count();
    let used = bytes.len() - skip;
    out[1] = 0x80 | used as u8;
    out[2..2 + used].copy_from_slice(&bytes[skip..]);
    (out, 2 + used)
}

/// An object identifier's content as a dotted string; what can't be read so is given in hexadecimal after `#`.
pub fn dotted(body: &[u8]) -> String {
    parse_dotted(body).unwrap_or_else(|| {
        use std::fmt::Write;
        body.iter().fold(String::from("#"), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
    })
}

fn parse_dotted(body: &[u8]) -> Option<String> {
    use std::fmt::Write;
    if body.is_empty() || body.len() > 256 {
        return None;
    }
    let mut out = String::new();
    let mut value = 0_u128;
    let mut open = false;
    for &byte in body {
        value = value.checked_mul(128)? | u128::from(byte & 0x7f);
        open = byte & 0x80 != 0;
        if open {
            continue;
        }
        if out.is_empty() {
            let first = (value / 40).min(2);
            let _ = write!(out, "{first}.{}", value - first * 40);
        } else {
            let _ = write!(out, ".{value}");
        }
        value = 0;
    }
    (!open).then_some(out)
}

/// The content of an object identifier from its dotted string.
pub fn from_dotted(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('.').map(|part| part.parse::<u64>().ok());
    let first = parts.next()??;
    let second = parts.next()??;
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut out = Vec::new();
    push_base128(&mut out, second.checked_add(first * 40)?);
    for part in parts {
        push_base128(&mut out, part?);
    }
    Some(out)
}

fn push_base128(out: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let bits = (value >> (7 * group)) as u8 & 0x7f;
        out.push(if group == 0 { bits } else { bits | 0x80 });
    }
}
