//! The names that an unusual spelling may stand for. What is decided here is never the last word on a certificate: all
//! readings are tried, since some client would accept each.
//!
//! Percent signs are not decoded: a client that decodes a URL's host does so before it looks at a certificate, whose names
//! it takes as they are; no client decodes those.

use std::borrow::Cow;

use crate::names::{self, MAX_INPUT, labels, lenient_ascii};

/// How a client maps letters before it makes A-labels of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// UTS 46, as browsers do it.
    Usual,
    /// UTS 46's transitional processing, the same as IDNA2003 for what deviates: OpenJDK does so.
    Transitional,
}

pub(crate) const MAPPINGS: [Mapping; 2] = [Mapping::Usual, Mapping::Transitional];

/// All readings of a name, lower case, without trailing dots; the name as it is comes first. What is longer than
/// `MAX_INPUT` is read as it stands, and up to a NUL.
pub fn readings(name: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::with_capacity(4);
    for part in parts(name) {
        add(&mut out, part);
    }
    for at in 0..out.len() {
        let reading = out[at].clone();
        if !reading.is_ascii() && reading.len() <= MAX_INPUT {
            for mapping in MAPPINGS {
                let converted = labels(&reading).map(|label| mapping.label(label).unwrap_or(Cow::Borrowed(label)));
                let converted = converted.collect::<Vec<_>>().join(&b'.');
                add(&mut out, &converted);
            }
        }
    }
    out
}

/// The name as it is, up to a NUL, and the hosts in these.
pub(crate) fn parts(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let cut = memchr::memchr(0, name).map(|nul| &name[..nul]);
    let whole = [Some(name), cut].into_iter().flatten();
    whole.clone().chain(whole.map(host_part))
}

fn add(out: &mut Vec<Vec<u8>>, name: &[u8]) {
    let end = name.iter().rposition(|&byte| byte != b'.').map_or(0, |last| last + 1);
    let reading = name[..end].to_ascii_lowercase();
    if !reading.is_empty() && !out.contains(&reading) {
        out.push(reading);
    }
}

/// The host in what is more than a host: white space around it, a URL, a port.
pub(crate) fn host_part(name: &[u8]) -> &[u8] {
    let mut host = name.trim_ascii();
    if let Some(scheme) = memchr::memmem::find(host, b"://") {
        host = &host[scheme + 3..];
    }
    let end = host.iter().position(|&byte| byte == b'/' || byte.is_ascii_whitespace());
    host = &host[..end.unwrap_or(host.len())];
    if host.starts_with(b"[") {
        return memchr::memchr(b']', host).map_or(host, |close| &host[..=close]);
    }
    if names::address(host).is_none() {
        host = &host[..memchr::memchr(b':', host).unwrap_or(host.len())];
    }
    host.strip_suffix(b".").unwrap_or(host)
}

impl Mapping {
    /// A label in lower case and A-labels: of its UTF-8 or, where it is none, of its Latin-1 characters. None where it
    /// can't be converted; it must not hide the others.
    pub(crate) fn label(self, label: &[u8]) -> Option<Cow<'_, [u8]>> {
        if label.is_ascii() {
            return Some(Cow::Owned(label.to_ascii_lowercase()));
        }
        let mut text = match std::str::from_utf8(label) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(label.iter().map(|&byte| char::from(byte)).collect()),
        };
        if self == Self::Transitional {
            text = Cow::Owned(transitional(&text));
        }
        lenient_ascii(text.as_bytes()).map(|converted| Cow::Owned(converted.into_bytes()))
    }
}

/// The characters that deviate (UTS 46 section 4 table 2) as IDNA2003 maps them.
fn transitional(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{df}' | '\u{1e9e}' => out.push_str("ss"),
            '\u{3c2}' => out.push('\u{3c3}'),
            '\u{200c}' | '\u{200d}' => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_read_a_name() {
        for (name, expected) in [
            ("Stra\u{df}e.de", &["stra\u{df}e.de", "xn--strae-oqa.de", "strasse.de"][..]),
            ("xn--strae-oqa.de", &["xn--strae-oqa.de"]),
            ("\u{3c3}\u{3b1}\u{3c2}.gr", &["\u{3c3}\u{3b1}\u{3c2}.gr", "xn--mxa8ab.gr", "xn--mxa9ab.gr"]),
            ("a\u{200d}b.de", &["a\u{200d}b.de", "ab.de"]),
            ("[2001:db8::1]:443", &["[2001:db8::1]:443", "[2001:db8::1]"]),
            (" 2001:db8::1", &[" 2001:db8::1", "2001:db8::1"]),
            ("b.example:443", &["b.example:443", "b.example"]),
        ] {
            let expected: Vec<_> = expected.iter().map(|reading| reading.as_bytes().to_vec()).collect();
            assert_eq!(readings(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_concern_their_label_alone() {
        let latin: Vec<u8> = [b"\xff.", "b\u{fc}cher.".as_bytes(), b"b\xfccher.example"].concat();
        assert_eq!(readings(&latin)[1], b"xn--wda.xn--bcher-kva.xn--bcher-kva.example");
        assert!(readings(&latin).len() <= 3);
    }

    #[test]
    fn what_only_grows_by_its_spelling_is_read() {
        let name = format!("{}strasse.de", "\u{ad}".repeat(600));
        assert_eq!(readings(name.as_bytes())[1], b"strasse.de");
    }
}
