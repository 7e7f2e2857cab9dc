//! Text out of certificates: whatever the bytes are, a string from which they can be told again.

use std::borrow::Cow;
use std::fmt::Write;

use crate::der::Element;

/// Bytes as text: UTF-8 as it is; controls, backslashes and what is no UTF-8 as `\xNN`.
pub fn render(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.iter().all(|&byte| (0x20..0x7f).contains(&byte) && byte != b'\\') {
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

fn escape(bytes: &[u8], prefix: &str, out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "{prefix}{byte:02x}");
    }
}

/// The characters of a directory string as UTF-8 bytes, as far as they can be read (X.680 section 41).
pub fn directory_bytes<'a>(value: &Element<'a>) -> Cow<'a, [u8]> {
    let body = value.body;
    match value.tag {
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

/// The short names of RFC 4514 section 3.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        _ => return None,
    })
}

/// Appends `type=value` (RFC 4514 section 2).
pub fn push_attribute(oid: &[u8], value: &Element<'_>, out: &mut String) {
    let oid = crate::der::dotted(oid);
    out.push_str(short_name(&oid).unwrap_or(&oid));
    out.push('=');
    if is_string(value.tag) {
        push_escaped(&directory_bytes(value), out);
    } else {
        out.push('#');
        escape(value.whole, "", out);
    }
}

fn push_escaped(bytes: &[u8], out: &mut String) {
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
