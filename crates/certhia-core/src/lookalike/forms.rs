//! The forms of a name in which it is compared: lower case without what doesn't belong to it, and labels in Unicode.

use unicode_normalization::UnicodeNormalization;

use super::index::MAX_TEXT;
use crate::names::{is_invisible, lenient_ascii};

/// Only so much of a name's end is judged; no name of the DNS is longer than 253 bytes.
pub const MAX_NAME: usize = 1024;

/// Dots of UTS 46 besides the full stop.
const DOTS: [char; 3] = ['\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// Puts the name into `out` as it is compared: lower case, no `*.`, no dots at its end; in A-labels where UTS 46 gives
/// them, else with the characters that it has (of UTF-8, else of Latin-1).
#[inline]
pub fn normal(name: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut name = name;
    while let [rest @ .., b'.'] = name {
        name = rest;
    }
    if name.len() > MAX_NAME {
        name = &name[name.len() - MAX_NAME..];
        name = memchr::memchr(b'.', name).map_or(&[][..], |dot| &name[dot + 1..]);
    }
    if let [b'*', b'.', rest @ ..] = name {
        name = rest;
    }
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    if !out.is_ascii() {
        beyond_ascii(out);
    }
}

#[cold]
fn beyond_ascii(name: &mut Vec<u8>) {
    let text = match std::str::from_utf8(name) {
        Ok(text) => text.to_owned(),
        Err(_) => name.iter().map(|&byte| char::from(byte)).collect(),
    };
    let converted = lenient_ascii(text.as_bytes());
    let text = converted.unwrap_or_else(|| text.replace(DOTS, "."));
    name.clear();
    name.extend_from_slice(text.trim_end_matches('.').as_bytes());
}

/// Puts a label of a normal name into `out` in Unicode: Punycode decoded whatever it holds, compatibility characters
/// (NFKC) and case folded, invisible and bidirectional characters left out. False for a label that is too long.
#[inline]
pub fn unicode(label: &[u8], out: &mut String) -> bool {
    out.clear();
    if label.len() > MAX_TEXT {
        return false;
    }
    match std::str::from_utf8(label) {
        Ok(text) if label.is_ascii() && !label.starts_with(b"xn--") => out.push_str(text),
        Ok(text) => folded(text, out),
        Err(_) => return false,
    }
    out.len() <= MAX_TEXT
}

#[cold]
fn folded(label: &str, out: &mut String) {
    let decoded = label.strip_prefix("xn--").and_then(idna::punycode::decode_to_string);
    let text = decoded.as_deref().unwrap_or(label);
    let lower = text.chars().filter(|&c| !is_invisible(c)).nfkc().flat_map(char::to_lowercase);
    out.extend(lower.filter(|&c| !is_invisible(c)).take(MAX_TEXT + 1));
}
