//! The names that an unusual spelling may stand for. What is decided here is never the last word on a certificate: all
//! readings are tried, since some client would accept each.
//!
//! Percent signs are not decoded: a client that decodes a URL's host does so before it looks at a certificate, whose names
//! it takes as they are; no client decodes those.

use crate::names::lenient_ascii;

/// Longer names are read as they are, and up to a NUL.
pub(crate) const MAX_INPUT: usize = 1024;

/// All readings of a name, lower case, without trailing dots; the name as it is comes first.
pub fn readings(name: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::with_capacity(4);
    add(&mut out, name);
    if let Some(nul) = memchr::memchr(0, name) {
        add(&mut out, &name[..nul]);
    }
    if name.len() > MAX_INPUT {
        return out;
    }
    for at in 0..out.len() {
        let host = host_part(&out[at]).to_vec();
        add(&mut out, &host);
    }
    for at in 0..out.len() {
        let reading = out[at].clone();
        for converted in a_labels(&reading) {
            add(&mut out, converted.as_bytes());
        }
    }
    out
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
    if host.starts_with(b"[") {
        return host;
    }
    let end = host.iter().position(|&byte| byte == b'/' || byte == b':' || byte.is_ascii_whitespace());
    let host = &host[..end.unwrap_or(host.len())];
    host.strip_suffix(b".").unwrap_or(host)
}

/// The name in A-labels as UTS 46 gives them: of its UTF-8 or, where it is none, of its Latin-1 characters. Labels that
/// can't be converted stay as they are, so that they don't hide the others.
fn a_labels(name: &[u8]) -> Vec<String> {
    let text = match std::str::from_utf8(name) {
        Ok(text) if text.is_ascii() && !text.contains("xn--") => return Vec::new(),
        Ok(text) => text.to_owned(),
        Err(_) => name.iter().map(|&byte| char::from(byte)).collect(),
    };
    if let Some(whole) = lenient_ascii(text.as_bytes()) {
        return vec![whole];
    }
    let labels = text.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
    let converted = labels.map(|label| lenient_ascii(label.as_bytes()).unwrap_or_else(|| label.to_owned()));
    vec![converted.collect::<Vec<_>>().join(".")]
}
