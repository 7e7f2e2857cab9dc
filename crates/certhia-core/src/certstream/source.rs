//! What a log says of itself in messages, its JSON made once.

use std::io::Write;

use crate::certstream::json::{Json, LOWER, push_number};
use crate::error::{Malformed, Result};
use crate::tile::MAX_LEAVES;

/// More bytes than this no name or address has.
const MAX_TEXT: usize = 2048;

#[derive(Debug, Clone)]
pub struct Source {
    /// The first 8 bytes of the log id, hexadecimal, and a colon.
    cursor: [u8; 17],
    tiled: bool,
    /// `"cert_link":"…` up to where the index, or the tile's path, stands.
    link: Vec<u8>,
    /// The object's members by profile, without braces; ours without the timestamp.
    pub(super) certhia: Vec<u8>,
    pub(super) calidog: Vec<u8>,
}

impl Source {
    /// `url` and `monitoring_url` may lack their last slash; without the second, that of a tiled log is `url`.
    pub fn new(log_id: &[u8], name: &str, url: &str, kind: &str, operator: &str, monitoring_url: &str) -> Result<Self> {
        let Some(first) = log_id.first_chunk::<8>() else {
            return Err(Malformed::new(format!("a log id of 32 bytes, not {}", log_id.len()), 0));
        };
        let tiled = match kind {
            "rfc6962" => false,
            "tiled" => true,
            _ => return Err(Malformed::new(format!("a log is rfc6962 or tiled, not {kind:?}"), 0)),
        };
        for text in [name, url, operator, monitoring_url] {
            if text.len() > MAX_TEXT {
                return Err(Malformed::new(format!("a name or URL of a log of at most {MAX_TEXT} bytes"), MAX_TEXT));
            }
        }
        let mut cursor = [b':'; 17];
        for (two, byte) in cursor.chunks_exact_mut(2).zip(first) {
            two.copy_from_slice(&[LOWER[usize::from(byte >> 4)], LOWER[usize::from(byte & 15)]]);
        }
        let monitoring_url = if monitoring_url.is_empty() { url } else { monitoring_url };
        let mut link = Json::default();
        link.raw(r#""cert_link":""#);
        link.text(&slashed(if tiled { monitoring_url } else { url }));
        link.raw(if tiled { "tile/data/" } else { "ct/v1/get-entries?start=" });
        let member = |json: &mut Json, key: &str, value: &[u8]| {
            json.raw(key);
            json.string(value);
        };
        let mut calidog = Json::default();
        member(&mut calidog, r#""name":"#, name.as_bytes());
        member(&mut calidog, r#","url":"#, &slashed(url));
        let mut certhia = Json { out: calidog.out.clone(), cut: 0 };
        member(&mut certhia, r#","type":"#, kind.as_bytes());
        member(&mut certhia, r#","operator":"#, operator.as_bytes());
        Ok(Self { cursor, tiled, link: link.out, certhia: certhia.out, calidog: calidog.out })
    }

    /// Where an entry stands: `<first 8 bytes of the log id, hexadecimal>:<index>`.
    pub fn cursor(&self, index: u64) -> String {
        let mut out = Vec::with_capacity(self.cursor.len() + 12);
        self.push_cursor(index, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[inline]
    pub(super) fn push_cursor(&self, index: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.cursor);
        push_number(index, out);
    }

    /// `"cert_link":"…"`: of a tiled log the full tile that holds the entry, sooner or later.
    #[inline]
    pub(super) fn push_link(&self, index: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.link);
        if self.tiled {
            push_tile_path(index / MAX_LEAVES as u64, out);
        } else {
            push_number(index, out);
            out.extend_from_slice(b"&end=");
            push_number(index, out);
        }
        out.push(b'"');
    }
}

fn slashed(url: &str) -> Vec<u8> {
    let mut out = url.as_bytes().to_vec();
    if !url.ends_with('/') {
        out.push(b'/');
    }
    out
}

/// Three digits a part, an x before all but the last (C2SP tlog-tiles).
fn push_tile_path(tile: u64, out: &mut Vec<u8>) {
    let mut parts = 1;
    while parts < 7 && tile / 1000_u64.pow(parts) > 0 {
        parts += 1;
    }
    for part in (0..parts).rev() {
        let (x, slash) = if part > 0 { ("x", "/") } else { ("", "") };
        // A Vec takes whatever is written.
        write!(out, "{x}{:03}{slash}", tile / 1000_u64.pow(part) % 1000).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn tiles_have_paths() {
        for (tile, path) in [(0, "000"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")] {
            let mut out = Vec::new();
            push_tile_path(tile, &mut out);
            assert_eq!(text(&out), path);
        }
        push_tile_path(u64::MAX, &mut Vec::new());
    }

    #[test]
    fn members() {
        let id = [0xc3, 0x7a, 0x51, 0xe0, 0xbd, 0x66, 0xe0, 0xf1, 9];
        let log = Source::new(&id, "A \"log\"", "https://ct.example/2026", "rfc6962", "An operator", "").unwrap();
        assert_eq!(log.cursor(1_234_567), "c37a51e0bd66e0f1:1234567");
        assert_eq!(text(&log.calidog), r#""name":"A \"log\"","url":"https://ct.example/2026/""#);
        assert_eq!(
            text(&log.certhia),
            r#""name":"A \"log\"","url":"https://ct.example/2026/","type":"rfc6962","operator":"An operator""#
        );
        let mut link = Vec::new();
        log.push_link(7, &mut link);
        assert_eq!(text(&link), r#""cert_link":"https://ct.example/2026/ct/v1/get-entries?start=7&end=7""#);
        let log = Source::new(&id, "", "https://a.example/", "tiled", "", "https://m.example/").unwrap();
        link.clear();
        log.push_link(256_000 + 255, &mut link);
        assert_eq!(text(&link), r#""cert_link":"https://m.example/tile/data/x001/000""#);
    }

    #[test]
    fn what_makes_no_sense() {
        assert!(Source::new(&[0; 7], "", "", "tiled", "", "").is_err());
        assert!(Source::new(&[0; 32], "", "", "static", "", "").is_err());
        assert!(Source::new(&[0; 32], &"a".repeat(4096), "", "tiled", "", "").is_err());
    }
}
