//! The registrable domains of a certificate's names.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::certstream::json::Json;
use crate::certstream::names::Names;
use crate::names::{MAX_LABEL, MAX_NAME};
use crate::suffixes::Suffixes;

/// More bytes of domains than this are not in a message.
const MAX_BYTES: usize = 128 << 10;
/// More domains than this are looked for in a set.
const FEW: usize = 16;

/// Writes the list: each domain once, in the order of the names.
pub fn write(names: &Names<'_>, suffixes: &Suffixes, json: &mut Json) {
    json.raw("[");
    let begun = json.out.len();
    let mut few: [(usize, usize); FEW] = [(0, 0); FEW];
    let mut count = 0;
    let mut many: Option<HashSet<Vec<u8>>> = None;
    for name in names.each() {
        let Some(domain) = registrable(name, suffixes) else {
            continue;
        };
        let seen = few[..count.min(FEW)].iter().any(|&(start, end)| json.out[start..end] == *domain);
        if seen || count >= FEW && !many.get_or_insert_default().insert(domain.to_vec()) {
            continue;
        }
        if json.out.len() - begun + domain.len() > MAX_BYTES {
            json.cut += 1;
            break;
        }
        json.raw(if count == 0 { "\"" } else { ",\"" });
        let start = json.out.len();
        json.text(&domain);
        if count < FEW {
            few[count] = (start, json.out.len());
        }
        json.raw("\"");
        count += 1;
    }
    json.raw("]");
}

/// The registrable domain of a name, A-labels; None for a public suffix, an address, and what is no name.
fn registrable<'n>(name: &'n [u8], suffixes: &Suffixes) -> Option<Cow<'n, [u8]>> {
    let name = name.strip_prefix(b"*.").unwrap_or(name);
    if is_simple(name) {
        let length = suffixes.registrable_len(name)?;
        return Some(Cow::Borrowed(&name[name.len() - length..]));
    }
    // What JSON escapes is no name, with the backslash as little as without.
    let domain = suffixes.registrable_domain(std::str::from_utf8(name).ok()?)?;
    Some(Cow::Owned(domain.into_bytes()))
}

/// Whether a name is in A-labels, lower case, and nothing that needs a closer look: no Punycode, no address.
#[inline]
fn is_simple(name: &[u8]) -> bool {
    let (mut label, mut before) = (0, 0);
    for &byte in name {
        match byte {
            b'-' if before == b'-' => return false,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => label += 1,
            b'.' if (1..=MAX_LABEL).contains(&label) => label = 0,
            _ => return false,
        }
        before = byte;
    }
    before.is_ascii_lowercase() && label <= MAX_LABEL && name.len() <= MAX_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_leads_where_the_long_one_does() {
        let suffixes = Suffixes::shipped();
        let label = "a".repeat(64);
        for name in [
            "a.example.co.uk",
            "*.example.com",
            "com",
            "co.uk",
            "example.com",
            "",
            ".",
            "a..com",
            ".com",
            "com.",
            "example.com.",
            "A.Example.com",
            "192.0.2.1",
            "::1",
            "xn--bcher-kva.example",
            "bücher.example",
            "a_b.example.com",
            "a b.com",
            "*",
            "*.com",
            "a.*.com",
            "www.ck",
            "a.b.kawasaki.jp",
            &format!("{label}.example.com"),
            "x.blogspot.com",
        ] {
            let long = suffixes.registrable_domain(name);
            let short = registrable(name.as_bytes(), &suffixes);
            assert_eq!(short.as_deref(), long.as_deref().map(str::as_bytes), "{name}");
        }
    }
}
