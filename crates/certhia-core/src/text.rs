//! Text out of certificates: whatever the bytes are, a string from which they can be told again.

use std::borrow::Cow;
use std::fmt::Write;

use crate::der::{Element, Reader};

/// How deep the pieces of one string may be nested.
pub const MAX_PIECES_DEPTH: u8 = 8;

/// Bytes as text: UTF-8 as it is; controls, backslashes and what is no UTF-8 as `\xNN`.
pub fn render(bytes: &[u8]) -> Cow<'_, str> {
    if is_plain(bytes) {
        return String::from_utf8_lossy(bytes);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || c == '\\' {
                let mut buffer = [0; 4];
                escape(c.encode_utf8(&mut buffer).as_bytes(), "\\x", &mut out);
            } else {
                out.push(c);
            }
        }
        escape(chunk.invalid(), "\\x", &mut out);
    }
    Cow::Owned(out)
}

/// Appends what `render` gives.
#[inline]
pub fn push_rendered(bytes: &[u8], out: &mut String) {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain(bytes) => out.push_str(text),
        _ => out.push_str(&render(bytes)),
    }
}

/// Printable ASCII without backslashes.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().filter(|&&byte| byte.wrapping_sub(0x20) >= 0x5f || byte == b'\\').count() == 0
}

fn escape(bytes: &[u8], prefix: &str, out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "{prefix}{byte:02x}");
    }
}

/// The characters of a directory string as UTF-8 bytes, as far as they can be read (X.680 section 41).
pub fn directory_bytes<'a>(value: &Element<'a>) -> Cow<'a, [u8]> {
    directory(value.tag, value.body)
}

/// The same of a tag and a content.
pub(crate) fn directory(tag: u8, body: &[u8]) -> Cow<'_, [u8]> {
    if tag & 0x20 != 0 && is_string(tag & !0x20) {
        return Cow::Owned(directory_text(tag & !0x20, &joined(body)).into_owned());
    }
    directory_text(tag, body)
}

/// The content of a string that stands in pieces (X.690 section 8.7.3), as far as they can be read; of one whose pieces
/// are none, the bytes as they stand.
#[cold]
pub(crate) fn joined(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    join(Reader::new(body), 0, &mut out);
    if out.is_empty() { body.to_vec() } else { out }
}

fn join(mut pieces: Reader<'_>, depth: u8, out: &mut Vec<u8>) {
    while let Ok(Some(piece)) = pieces.element() {
        if piece.tag & 0x20 == 0 {
            out.extend_from_slice(piece.body);
        } else if depth < MAX_PIECES_DEPTH {
            join(piece.reader(), depth + 1, out);
        }
    }
}

fn directory_text(tag: u8, body: &[u8]) -> Cow<'_, [u8]> {
    match tag {
        // BMPString and UniversalString
        0x1e if body.len().is_multiple_of(2) => {
            let units = body.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect();
            Cow::Owned(text.into_bytes())
        }
        0x1c if body.len().is_multiple_of(4) => {
            let points = body.chunks_exact(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
            let text: String = points.map(|point| char::from_u32(point).unwrap_or('\u{fffd}')).collect();
            Cow::Owned(text.into_bytes())
        }
        // TeletexString: Latin-1 is what certificates mean by it, unless it is UTF-8.
        0x14 if !body.is_ascii() && std::str::from_utf8(body).is_err() => {
            Cow::Owned(body.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes())
        }
        _ => Cow::Borrowed(body),
    }
}

/// Whether the element is one of the character string types.
pub fn is_string(tag: u8) -> bool {
    matches!(tag, 0x0c | 0x12..=0x16 | 0x19..=0x1c | 0x1e)
}

/// The short names of RFC 4514 section 3, by the identifier's content.
fn short_name(oid: &[u8]) -> Option<&'static str> {
    Some(match oid {
        [0x55, 0x04, attribute] => match attribute {
            3 => "CN",
            6 => "C",
            7 => "L",
            8 => "ST",
            9 => "STREET",
            10 => "O",
            11 => "OU",
            _ => return None,
        },
        // 0.9.2342.19200300.100.1
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, attribute] => match attribute {
            1 => "UID",
            25 => "DC",
            _ => return None,
        },
        _ => return None,
    })
}

/// Appends `type=value` (RFC 4514 section 2).
pub fn push_attribute(oid: &[u8], value: &Element<'_>, out: &mut String) {
    match short_name(oid) {
        Some(name) => out.push_str(name),
        None => out.push_str(&crate::der::dotted(oid)),
    }
    out.push('=');
    if is_string(value.tag & !0x20) {
        push_escaped(&directory_bytes(value), out);
    } else {
        out.push('#');
        escape(value.whole, "", out);
    }
}

/// Bytes that RFC 4514 section 2.4 never escapes, but for a space at either end.
const UNESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        table[byte as usize] = !matches!(byte, b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'>' | b'\\');
        byte += 1;
    }
    table
};

/// Whether there is nothing to escape, cheaply told.
#[inline]
fn needs_no_escape(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| UNESCAPED[usize::from(byte)])
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
}

fn push_escaped(bytes: &[u8], out: &mut String) {
    if let (true, Ok(text)) = (needs_no_escape(bytes), std::str::from_utf8(bytes)) {
        out.push_str(text);
        return;
    }
    let mut first = true;
    for chunk in bytes.utf8_chunks() {
        let last_chunk = chunk.invalid().is_empty();
        let mut characters = chunk.valid().chars().peekable();
        while let Some(c) = characters.next() {
            let last = last_chunk && characters.peek().is_none();
            match c {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
                '#' if first => out.push_str("\\#"),
                ' ' if first || last => out.push_str("\\ "),
                c if c.is_control() => escape(c.encode_utf8(&mut [0; 4]).as_bytes(), "\\", out),
                c => out.push(c),
            }
            first = false;
        }
        escape(chunk.invalid(), "\\", out);
        first = false;
    }
}
