//! Labels that nobody can read: they may stand for any one label.
//!
//! Those are labels that were redacted (`?`, or `(PRIVATE)` as in early drafts of RFC 9162), that have controls or bytes
//! that are no UTF-8, and that UTS 46 can't convert, such as punycode that decodes to nothing.

use crate::names::lenient_ascii;
use crate::spellings::{MAX_INPUT, host_part};

/// The name, lower case, with `?` for each label that can't be read; none where all can. What stands around a host is
/// left out in one of the readings.
pub fn readings(name: &[u8]) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    if name.len() > MAX_INPUT {
        return out;
    }
    for part in [name.trim_ascii(), host_part(name)] {
        if let Some(reading) = reading(part)
            && !out.contains(&reading)
        {
            out.push(reading);
        }
    }
    out
}

fn reading(name: &[u8]) -> Option<Vec<u8>> {
    let name = dotted(name).to_ascii_lowercase();
    let mut any = false;
    let labels: Vec<&[u8]> = name
        .split(|&byte| byte == b'.')
        .map(|label| {
            any |= label.contains(&b'?') || !is_readable(label);
            if is_readable(label) { label } else { b"?" }
        })
        .collect();
    (any && labels.len() > 1).then(|| labels.join(&b'.'))
}

/// The dots of IDNA (RFC 3490 section 3.1) as dots; without those at the end.
fn dotted(name: &[u8]) -> Vec<u8> {
    let dotted = match std::str::from_utf8(name) {
        Ok(text) if !text.is_ascii() => text.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".").into_bytes(),
        _ => name.to_vec(),
    };
    let end = dotted.iter().rposition(|&byte| byte != b'.').map_or(0, |last| last + 1);
    dotted[..end].to_vec()
}

fn is_readable(label: &[u8]) -> bool {
    if label == b"(private)" || label.iter().any(u8::is_ascii_control) {
        return false;
    }
    if label.is_ascii() && !label.starts_with(b"xn--") {
        return true;
    }
    // U+FFFD stands where a character was lost already.
    memchr::memmem::find(label, "\u{fffd}".as_bytes()).is_none() && lenient_ascii(label).is_some()
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
        ] {
            assert_eq!(readings(name), expected, "{name:?}");
        }
    }
}
