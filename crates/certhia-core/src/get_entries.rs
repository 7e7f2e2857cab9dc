//! get-entries answers (RFC 6962 section 4.6): JSON walked in place, one entry at a time.
//!
//! Tolerant of white space, order, additional members and escapes; strict about the structure: what is cut off or is no
//! JSON is an error.

use std::borrow::Cow;

use memchr::memchr2;

use crate::error::{Malformed, Result};

/// The longest body that is looked at.
pub const MAX_BODY: usize = 128 << 20;
/// How deep members that nobody asked for may be nested.
const MAX_DEPTH: u8 = 32;

/// A JSON string, still escaped.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Between the quotes.
    pub raw: &'a [u8],
    /// Of `raw` in the body.
    pub offset: usize,
    pub escaped: bool,
}

/// One entry's members.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub leaf_input: Text<'a>,
    /// Absent or null in no known log, but it is not what the tree covers.
    pub extra_data: Option<Text<'a>>,
}

impl<'a> Text<'a> {
    /// The bytes that the string stands for.
    #[inline]
    pub fn bytes(&self) -> Result<Cow<'a, [u8]>> {
        if self.escaped { self.unescape().map(Cow::Owned) } else { Ok(Cow::Borrowed(self.raw)) }
    }

    /// Appends what the string holds in base64 (RFC 4648 section 4).
    #[inline]
    pub fn decode_base64(&self, out: &mut Vec<u8>) -> Result<()> {
        let bytes = self.bytes()?;
        base64_simd::STANDARD.decode_append(&*bytes, out).map_err(|_| Malformed::new("a string in base64", self.offset))
    }

    fn unescape(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            let fault = || Malformed::new("a JSON escape", self.offset + self.raw.len() - rest.len() + at);
            let (&code, tail) = rest[at + 1..].split_first().ok_or_else(fault)?;
            rest = tail;
            match code {
                b'"' | b'\\' | b'/' => out.push(code),
                b'b' => out.push(8),
                b'f' => out.push(12),
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b't' => out.push(b'\t'),
                b'u' => {
                    let unit = tail.get(..4).and_then(hex).ok_or_else(fault)?;
                    // Surrogates stand for nothing that base64 or a member's name could hold.
                    let c = char::from_u32(unit).unwrap_or('\u{fffd}');
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &tail[4..];
                }
                _ => return Err(fault()),
            }
        }
        out.extend_from_slice(rest);
        Ok(out)
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

/// Calls `visit` for each entry of the answer; gives their number.
pub fn each_entry<'a>(
    body: &'a [u8],
    max_entries: usize,
    mut visit: impl FnMut(Item<'a>) -> Result<()>,
) -> Result<usize> {
    if body.len() > MAX_BODY {
        return Err(Malformed::new(format!("a body of at most {MAX_BODY} bytes"), MAX_BODY));
    }
    let mut json = Json { data: body, position: 0 };
    let mut count = None;
    json.members(|json, key| {
        if *key != *b"entries" {
            return json.skip(0);
        }
        if count.is_some() {
            return Err(json.fault("one \"entries\", not two"));
        }
        count = Some(json.entries(max_entries, &mut visit)?);
        Ok(())
    })?;
    json.space();
    if json.position != body.len() {
        return Err(json.fault("nothing behind the JSON object"));
    }
    count.ok_or_else(|| Malformed::new("an object with \"entries\"", 0))
}

/// How many entries an answer holds.
pub fn count(body: &[u8]) -> Result<usize> {
    each_entry(body, usize::MAX, |_| Ok(()))
}

struct Json<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> Json<'a> {
    #[cold]
    fn fault(&self, expected: &'static str) -> Malformed {
        if self.position >= self.data.len() {
            return Malformed::new(format!("{expected}; the body is cut off"), self.data.len());
        }
        Malformed::new(expected, self.position)
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.data.get(self.position) {
            self.position += 1;
        }
    }

    /// Skips white space, then takes `byte` if it is next.
    #[inline]
    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.data.get(self.position) == Some(&byte);
        self.position += usize::from(there);
        there
    }

    #[inline]
    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.takes(byte) { Ok(()) } else { Err(self.fault(expected)) }
    }

    fn null(&mut self) -> bool {
        self.space();
        let there = self.data[self.position..].starts_with(b"null");
        self.position += if there { 4 } else { 0 };
        there
    }

    #[inline]
    fn string_or_null(&mut self) -> Result<Option<Text<'a>>> {
        if self.null() { Ok(None) } else { self.string().map(Some) }
    }

    #[inline]
    fn string(&mut self) -> Result<Text<'a>> {
        self.expect(b'"', "a string")?;
        let start = self.position;
        let mut escaped = false;
        loop {
            let Some(at) = memchr2(b'"', b'\\', &self.data[self.position..]) else {
                self.position = self.data.len();
                return Err(self.fault("the end of a string"));
            };
            self.position += at;
            if self.data[self.position] == b'"' {
                break;
            }
            escaped = true;
            self.position = (self.position + 2).min(self.data.len());
        }
        let raw = &self.data[start..self.position];
        self.position += 1;
        Ok(Text { raw, offset: start, escaped })
    }

    /// Walks an object; `visit` takes each member's value.
    #[inline]
    fn members(&mut self, mut visit: impl FnMut(&mut Self, Cow<'a, [u8]>) -> Result<()>) -> Result<()> {
        self.expect(b'{', "an object")?;
        if self.takes(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?.bytes()?;
            self.expect(b':', "a colon")?;
            visit(self, key)?;
            if self.takes(b'}') {
                return Ok(());
            }
            self.expect(b',', "a comma or the end of an object")?;
        }
    }

    fn entries(&mut self, max: usize, visit: &mut impl FnMut(Item<'a>) -> Result<()>) -> Result<usize> {
        if self.null() {
            return Ok(0);
        }
        self.expect(b'[', "an array of entries")?;
        if self.takes(b']') {
            return Ok(0);
        }
        let mut count = 0;
        loop {
            if count == max {
                return Err(Malformed::new(format!("at most {max} entries"), self.position));
            }
            let item = self.entry()?;
            visit(item)?;
            count += 1;
            if self.takes(b']') {
                return Ok(count);
            }
            self.expect(b',', "a comma or the end of the entries")?;
        }
    }

    #[inline]
    fn entry(&mut self) -> Result<Item<'a>> {
        let (mut leaf_input, mut extra_data) = (None, None);
        self.space();
        let start = self.position;
        self.members(|json, key| {
            match &*key {
                b"leaf_input" => leaf_input = Some(json.string()?),
                b"extra_data" => extra_data = json.string_or_null()?,
                _ => json.skip(1)?,
            }
            Ok(())
        })?;
        Ok(Item {
            leaf_input: leaf_input.ok_or_else(|| Malformed::new("an entry with \"leaf_input\"", start))?,
            extra_data,
        })
    }

    /// Skips a value of any kind.
    fn skip(&mut self, depth: u8) -> Result<()> {
        if depth == MAX_DEPTH {
            return Err(self.fault("JSON nested less deep"));
        }
        self.space();
        match self.data.get(self.position) {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.members(|json, _| json.skip(depth + 1)),
            Some(b'[') => self.skip_array(depth),
            _ => self.skip_scalar(),
        }
    }

    fn skip_array(&mut self, depth: u8) -> Result<()> {
        self.position += 1;
        if self.takes(b']') {
            return Ok(());
        }
        loop {
            self.skip(depth + 1)?;
            if self.takes(b']') {
                return Ok(());
            }
            self.expect(b',', "a comma or the end of an array")?;
        }
    }

    fn skip_scalar(&mut self) -> Result<()> {
        let rest = &self.data[self.position..];
        let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)));
        let word = &rest[..end.unwrap_or(rest.len())];
        let number = word.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-');
        if !(number || matches!(word, b"true" | b"false" | b"null")) {
            return Err(self.fault("a JSON value"));
        }
        self.position += word.len();
        Ok(())
    }
}
