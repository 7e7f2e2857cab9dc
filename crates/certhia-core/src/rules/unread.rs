//! Labels that nobody can read: they may stand for any one label.
//!
//! Those are labels that were redacted (`?`, or `(PRIVATE)` as in early drafts of RFC 9162), that have controls or bytes
//! that are no UTF-8, and that UTS 46 can't convert, such as punycode that decodes to nothing.

use std::borrow::Cow;

use crate::names::{MAX_INPUT, labels, lenient_ascii};
use crate::spellings::{MAPPINGS, Mapping, parts};

/// The name in A-labels, lower case, with `?` for each label that can't be read; none where all can. What stands around a
/// host is left out in one of the readings.
pub fn readings(name: &[u8]) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    for part in parts(name).filter(|part| part.len() <= MAX_INPUT) {
        for mapping in MAPPINGS {
            if let Some(reading) = reading(part.trim_ascii(), mapping)
                && !out.contains(&reading)
            {
                out.push(reading);
            }
            if part.is_ascii() {
                break;
            }
        }
    }
    out
}

fn reading(name: &[u8], mapping: Mapping) -> Option<Vec<u8>> {
    let mut any = false;
    let mut read: Vec<Cow<'_, [u8]>> = labels(name)
        .map(|label| {
            let known = readable(label, mapping).unwrap_or(Cow::Borrowed(b"?"));
            any |= known.contains(&b'?');
            known
        })
        .collect();
    while read.last().is_some_and(|label| label.is_empty()) {
        read.pop();
    }
    (any && read.len() > 1).then(|| read.join(&b'.'))
}

/// A label in A-labels, lower case; None for one that can't be read.
fn readable(label: &[u8], mapping: Mapping) -> Option<Cow<'_, [u8]>> {
    // U+FFFD stands where a character was lost already.
    if label.eq_ignore_ascii_case(b"(private)")
        || label.iter().any(u8::is_ascii_control)
        || memchr::memmem::find(label, "\u{fffd}".as_bytes()).is_some()
        || std::str::from_utf8(label).is_err()
    {
        return None;
    }
    let read = mapping.label(label)?;
    let plain = !label.is_ascii() || !read.starts_with(b"xn--") || lenient_ascii(&read).is_some();
    plain.then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_nobody_can_read() {
        for (name, expected) in [
            (&b"www.example.com"[..], &[][..]),
            (b"?.Example.com.", &[&b"?.example.com"[..]]),
            (b"(PRIVATE).example.com", &[b"?.example.com"]),
            (b"w?w.example.com", &[b"w?w.example.com"]),
            (b"xn--a\xcc.example.com", &[b"?.example.com"]),
            (b"xn--zzzzzzzz99.example.com", &[b"?.example.com"]),
            (b"xn--bcher-kva.example.com", &[]),
            (b"b\xc3\xbccher.example.com", &[]),
            (b"b\xfccher.example.com", &[b"?.example.com"]),
            (b"www.example.com\0.evil.org", &[b"www.example.?.evil.org"]),
            (b" www.example.com\n", &[]),
            (b"?.example.com:443", &[b"?.example.com:443", b"?.example.com"]),
            ("?\u{3002}example.com".as_bytes(), &[b"?.example.com"]),
            (b"Who?", &[]),
            ("?.b\u{fc}cher.Example".as_bytes(), &[b"?.xn--bcher-kva.example"]),
            ("(PRIVATE).stra\u{df}e.de".as_bytes(), &[b"?.xn--strae-oqa.de", b"?.strasse.de"]),
            (b"\x01.\xef\xbd\x85xample.com\0.evil.org", &[b"?.example.?.evil.org", b"?.example.com"]),
        ] {
            assert_eq!(readings(name), expected, "{name:?}");
        }
    }
}
