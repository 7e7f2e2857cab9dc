//! What JARM makes of ten answers: a text of each, and their fingerprint of 62 characters.
//!
//! It reads as the published tool reads, where that is odd too: fingerprints are compared with those of others.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::jarm::PROBES;

/// The tool looks at what it reads at once.
const READ: usize = 1484;
/// Of a server that refuses, or says nothing of TLS.
pub const NOTHING: &str = "|||";

/// Suites in the order in which the fingerprint counts them, from 1.
const COUNTED: [u16; 69] = [
    0x0004, 0x0005, 0x0007, 0x000a, 0x0016, 0x002f, 0x0033, 0x0035, 0x0039, 0x003c, 0x003d, 0x0041, 0x0045, 0x0067,
    0x006b, 0x0084, 0x0088, 0x009a, 0x009c, 0x009d, 0x009e, 0x009f, 0x00ba, 0x00be, 0x00c0, 0x00c4, 0xc007, 0xc008,
    0xc009, 0xc00a, 0xc011, 0xc012, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028, 0xc02b, 0xc02c, 0xc02f, 0xc030,
    0xc060, 0xc061, 0xc072, 0xc073, 0xc076, 0xc077, 0xc09c, 0xc09d, 0xc09e, 0xc09f, 0xc0a0, 0xc0a1, 0xc0a2, 0xc0a3,
    0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xcc13, 0xcc14, 0xcca8, 0xcca9, 0x1301, 0x1302, 0x1303, 0x1304, 0x1305,
];

/// `cipher|version|alpn|extension-extension`, numbers in four hex digits; `|||` of an answer without a ServerHello.
pub fn answer(data: &[u8]) -> String {
    read(&data[..data.len().min(READ)]).unwrap_or_else(|| NOTHING.to_owned())
}

fn read(data: &[u8]) -> Option<String> {
    if data.first() != Some(&22) || data.get(5) != Some(&2) {
        return None;
    }
    let session = usize::from(*data.get(43)?);
    let cipher = hex(part(data, session + 44, session + 46));
    let version = hex(part(data, 9, 11));
    let said = extensions(data, session)?;
    Some(format!("{cipher}|{version}|{said}"))
}

/// `alpn|extension-extension`; None where the tool gives the whole answer up.
fn extensions(data: &[u8], session: usize) -> Option<String> {
    let none = Some("|".to_owned());
    let Some(&first) = data.get(session + 47) else { return none };
    let length = number(part(data, 3, 5))?;
    // Certificate follows at once: there are no extensions. The two strings stand in answers of known servers.
    let is_certificate = first == 11
        || part(data, session + 50, session + 53) == [0x0e, 0xac, 0x0b]
        || part(data, 82, 85) == [0x0f, 0xf0, 0x0b];
    if is_certificate || session + 42 >= length {
        return none;
    }
    let mut at = session + 49;
    let end = number(part(data, session + 47, session + 49))? + at - 1;
    let mut types = Vec::new();
    let mut alpn = None;
    while at < end {
        let kind = part(data, at, at + 2);
        let length = number(part(data, at + 2, at + 4))?;
        if kind == [0, 16] && alpn.is_none() {
            // An empty extension makes the tool stumble.
            let value = Some(part(data, at + 4, at + 4 + length)).filter(|_| length > 0)?;
            alpn = Some(std::str::from_utf8(part(value, 3, value.len())).ok()?);
        }
        types.push(hex(kind));
        at += 4 + length;
    }
    Some(format!("{}|{}", alpn.unwrap_or_default(), types.join("-")))
}

/// Of ten answers; 62 zeros where none has a ServerHello.
pub fn fingerprint(answers: &[&str]) -> crate::error::Result<String> {
    if answers.len() != PROBES {
        return Err(crate::Malformed::new(format!("{PROBES} answers, not {}", answers.len()), 0));
    }
    if answers.iter().all(|&answer| answer == NOTHING) {
        return Ok("0".repeat(62));
    }
    let mut out = String::with_capacity(62);
    let mut rest = Sha256::new();
    for answer in answers {
        let mut parts = answer.split('|');
        let (cipher, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let _ = write!(out, "{:02x}{}", counted(cipher), lettered(version));
        parts.take(2).for_each(|part| rest.update(part));
    }
    out.push_str(&hex(&rest.finalize()[..16]));
    Ok(out)
}

/// 0 for none, one more than there are for another one.
fn counted(cipher: &str) -> usize {
    if cipher.is_empty() {
        return 0;
    }
    let number = u16::from_str_radix(cipher, 16).ok().filter(|_| cipher.len() == 4);
    1 + number.and_then(|number| COUNTED.iter().position(|&one| one == number)).unwrap_or(COUNTED.len())
}

/// SSL 3.0 is a, TLS 1.0 b.
fn lettered(version: &str) -> char {
    let minor = version.as_bytes().get(3).copied().filter(|digit| (b'0'..=b'5').contains(digit));
    minor.map_or('0', |digit| char::from(digit - b'0' + b'a'))
}

/// What is there of a part.
fn part(data: &[u8], start: usize, end: usize) -> &[u8] {
    &data[start.min(data.len())..end.min(data.len())]
}

/// None of no bytes.
fn number(bytes: &[u8]) -> Option<usize> {
    (!bytes.is_empty()).then(|| bytes.iter().fold(0, |value, &byte| value << 8 | usize::from(byte)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
