//! Host names: A-labels and registrable domains.

use std::net::IpAddr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::error::{Malformed, Result};
use crate::suffixes::Suffixes;

/// The longest name in text form (RFC 1035 section 2.3.4, without the root's dot).
pub(crate) const MAX_NAME: usize = 253;
pub(crate) const MAX_LABEL: usize = 63;
/// Names beyond this are not converted: no name of 253 bytes is written so long.
pub(crate) const MAX_INPUT: usize = 16 << 10;
/// Characters of a label, invisible ones aside, that UTS 46 may still make 63 of: composition takes four for one at most.
const MAX_COMPOSED: usize = 4 * MAX_LABEL;

#[cfg(test)]
thread_local! {
    /// What conversion may have cost: the square of each label's length, as Punycode does.
    pub static CONVERTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A name in A-labels, lower case, no trailing dot (UTS 46). Letters, digits, hyphens and underscores.
pub fn to_ascii(name: &str) -> Result<String> {
    let converted = lenient_ascii(name.as_bytes())
        .ok_or_else(|| Malformed::new(format!("not a name that UTS 46 can convert: {}", quote(name)), 0))?;
    let ascii = converted.strip_suffix('.').unwrap_or(&converted);
    if ascii.is_empty() || ascii.len() > MAX_NAME {
        return Err(Malformed::new(format!("a name has 1 to {MAX_NAME} characters: {}", quote(name)), 0));
    }
    if ascii.split('.').any(|label| label.is_empty() || label.len() > MAX_LABEL) {
        return Err(Malformed::new(format!("a label has 1 to {MAX_LABEL} characters: {}", quote(name)), 0));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.';
    if let Some(at) = ascii.bytes().position(|byte| !plain(byte)) {
        return Err(Malformed::new(format!("a name has letters, digits, hyphens and dots: {}", quote(name)), at));
    }
    Ok(ascii.to_owned())
}

/// UTS 46 as browsers do it, without any rule on length, hyphens or which ASCII characters are allowed.
pub fn lenient_ascii(name: &[u8]) -> Option<String> {
    if name.len() > MAX_INPUT || labels(name).any(is_too_long) {
        return None;
    }
    Uts46::new()
        .to_ascii(name, AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// A name in Unicode as UTS 46 maps it, lower case, labels in A-labels decoded; those that can't be stand with U+FFFD in
/// them, and then the second is false.
pub fn lenient_unicode(name: &[u8]) -> Option<(String, bool)> {
    if name.len() > MAX_INPUT {
        return None;
    }
    if !labels(name).any(is_too_long) {
        return Some(mapped(name));
    }
    let parts = labels(name)
        .map(|label| if is_too_long(label) { String::from_utf8_lossy(label).to_lowercase() } else { mapped(label).0 });
    Some((parts.collect::<Vec<_>>().join("."), false))
}

fn mapped(name: &[u8]) -> (String, bool) {
    let (text, result) = Uts46::new().to_unicode(name, AsciiDenyList::EMPTY, Hyphens::Allow);
    (text.into_owned(), result.is_ok())
}

/// The labels between the dots of IDNA (RFC 3490 section 3.1).
pub(crate) fn labels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(name);
    std::iter::from_fn(move || {
        let label = rest?;
        for (at, &byte) in label.iter().enumerate() {
            let dot = match byte {
                b'.' => 1,
                0xe3 | 0xef if DOTS.iter().any(|dot| label[at..].starts_with(dot.as_bytes())) => 3,
                _ => continue,
            };
            rest = Some(&label[at + dot..]);
            return Some(&label[..at]);
        }
        rest.take()
    })
}

/// The full stops that stand for a dot, besides itself.
const DOTS: [&str; 3] = ["\u{3002}", "\u{ff0e}", "\u{ff61}"];

/// Whether no label of 63 characters can be meant. Such are not converted: Punycode takes time by the square of a label.
fn is_too_long(label: &[u8]) -> bool {
    let is_ascii = label.is_ascii();
    let too_long = if is_ascii {
        label.len() > MAX_LABEL && label[..4].eq_ignore_ascii_case(b"xn--")
    } else if label.len() > MAX_COMPOSED {
        let text = String::from_utf8_lossy(label);
        text.chars().filter(|&c| !is_invisible(c)).nth(MAX_COMPOSED).is_some()
    } else {
        false
    };
    #[cfg(test)]
    if !too_long && (!is_ascii || label.starts_with(b"xn--")) {
        let seen = String::from_utf8_lossy(label).chars().filter(|&c| !is_invisible(c)).count();
        CONVERTED.with(|all| all.set(all.get() + seen * seen + label.len()));
    }
    too_long
}

/// Default_Ignorable_Code_Point and Bidi_Control (Unicode's DerivedCoreProperties and PropList), and controls.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The same where all of it can be converted.
pub fn to_unicode(name: &[u8]) -> Option<String> {
    lenient_unicode(name).and_then(|(text, whole)| whole.then_some(text))
}

/// The registrable domain by the shipped public suffix list, in A-labels; None for a public suffix or an address.
pub fn registrable_domain(name: &str) -> Option<String> {
    Suffixes::shipped().registrable_domain(name)
}

/// A name that is a written address: `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`.
pub fn address(name: &[u8]) -> Option<IpAddr> {
    if name.len() > 48 {
        return None;
    }
    let text = std::str::from_utf8(name).ok()?;
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    text.parse().ok()
}

/// The address that an iPAddress holds (RFC 5280 section 4.2.1.6): 4 or 16 bytes, or by mistake its text.
pub fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
        return Some(IpAddr::from(sixteen));
    }
    address(bytes)
}

/// Whether a common name is meant as a host name or address: dotted labels of letters, digits, hyphens, underscores
/// (of any script), wildcards allowed.
pub fn looks_like_name(bytes: &[u8]) -> bool {
    if address(bytes).is_some() {
        return true;
    }
    let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b"-_*?".contains(&byte);
    bytes.contains(&b'.')
        && bytes.split(|&byte| byte == b'.').all(|label| !label.is_empty() && label.iter().all(|&byte| plain(byte)))
}

fn quote(name: &str) -> String {
    let short: String = name.chars().take(80).collect();
    format!("{short:?}")
}
