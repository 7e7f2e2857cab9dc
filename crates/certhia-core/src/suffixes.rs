//! A public suffix list (publicsuffix.org): the shipped one, or one that was read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Malformed, Result};
use crate::names::{self, MAX_LABEL, MAX_NAME};
use crate::recent::{Ending, Recent};

/// A longer list is refused.
pub const MAX_LIST: usize = 4 << 20;
/// A list of fewer rules is not the whole one.
pub const MIN_RULES: usize = 1000;
/// What the shipped list holds (crate `psl` 2.1.247).
const SHIPPED_RULES: usize = 10_396;

const NORMAL: u8 = 1;
const WILDCARD: u8 = 2;
const EXCEPTION: u8 = 4;
/// Of a name that others with rules are below.
const ABOVE: u8 = 8;

/// Which names are suffixes under which people register.
#[derive(Debug, Clone, Default)]
pub struct Suffixes {
    /// None for the shipped list.
    read: Option<Arc<Read>>,
}

#[derive(Debug, Clone, Default)]
struct Read {
    /// By name in A-labels, of a wildcard rule what is behind the star.
    rules: HashMap<Box<[u8]>, u8>,
    count: usize,
    version: String,
}

impl Suffixes {
    pub fn shipped() -> Self {
        Self { read: None }
    }

    /// Reads `public_suffix_list.dat`: a rule a line up to the first white space, `//` comments, `*.` for any label,
    /// `!` for an exception.
    pub fn parse(text: &[u8]) -> Result<Self> {
        if text.len() > MAX_LIST {
            let reason = format!("a public suffix list of {} bytes; at most {MAX_LIST} are read", text.len());
            return Err(Malformed::new(reason, MAX_LIST));
        }
        let mut read = Read::default();
        let mut start = 0;
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            read.line(line).map_err(|reason| {
                Malformed::new(format!("line {} of the public suffix list: {reason}", number + 1), start)
            })?;
            start += line.len() + 1;
        }
        if read.count < MIN_RULES {
            let reason = format!(
                "a public suffix list of {} rules; the whole one has more than {MIN_RULES}: get it from \
                 https://publicsuffix.org/list/public_suffix_list.dat",
                read.count
            );
            return Err(Malformed::new(reason, text.len()));
        }
        read.rules.shrink_to_fit();
        Ok(Self { read: Some(Arc::new(read)) })
    }

    /// How many rules it has.
    pub fn len(&self) -> usize {
        self.read.as_ref().map_or(SHIPPED_RULES, |read| read.count)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The list's VERSION line, or "".
    pub fn version(&self) -> &str {
        self.read.as_ref().map_or("", |read| &read.version)
    }

    /// The registrable domain, in A-labels; None for a public suffix, an address, and what is no name.
    pub fn registrable_domain(&self, name: &str) -> Option<String> {
        if names::address(name.as_bytes()).is_some() {
            return None;
        }
        let mut ascii = names::to_ascii(name.strip_prefix("*.").unwrap_or(name)).ok()?;
        let length = self.registrable_len(ascii.as_bytes())?;
        Some(ascii.split_off(ascii.len() - length))
    }

    /// The same of a name's bytes as they stand in a certificate or in JSON, borrowed where they are plain. `recent`: of
    /// the name before.
    #[inline]
    pub fn domain_of<'n>(&self, name: &'n [u8], recent: &mut Recent) -> Option<Cow<'n, [u8]>> {
        let name = name.strip_prefix(b"*.").unwrap_or(name);
        if is_simple(name) {
            let length = self.registrable_after(name, recent)?;
            return Some(Cow::Borrowed(&name[name.len() - length..]));
        }
        // What JSON escapes is no name, with the backslash as little as without.
        let domain = self.registrable_domain(std::str::from_utf8(name).ok()?)?;
        Some(Cow::Owned(domain.into_bytes()))
    }

    /// Length in bytes of the registrable domain at the end of a name in A-labels, lower case, without trailing dot;
    /// None for a public suffix.
    pub fn registrable_len(&self, name: &[u8]) -> Option<usize> {
        self.before(name, self.ending(name)?.suffix)
    }

    /// The same, quicker where the name ends as the one before.
    #[inline]
    pub fn registrable_after(&self, name: &[u8], recent: &mut Recent) -> Option<usize> {
        let suffix = match recent.suffix(self, name) {
            Some(known) => known,
            None => recent.keep(self, name, self.ending(name)?),
        };
        self.before(name, suffix)
    }

    /// Whether it is the same list, not only the same rules.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.read, &other.read) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// The public suffix; None where there is none.
    fn ending(&self, name: &[u8]) -> Option<Ending> {
        match &self.read {
            Some(read) => read.ending(name),
            None => Ending::shipped(name),
        }
    }

    /// The length with the label before a public suffix.
    #[inline]
    fn before(&self, name: &[u8], suffix: usize) -> Option<usize> {
        let before = name.len().checked_sub(suffix + 1).filter(|&before| before > 0)?;
        let start = name[..before].iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1);
        // An empty label is none; in the shipped list it is one.
        (start < before || self.read.is_none()).then_some(name.len() - start)
    }

    /// Whether a name, as above, is a public suffix.
    pub fn is_suffix(&self, name: &str) -> bool {
        self.registrable_len(name.as_bytes()).is_none()
    }
}

impl Read {
    fn line(&mut self, line: &[u8]) -> std::result::Result<(), &'static str> {
        let Ok(line) = std::str::from_utf8(line) else {
            return Err("it is not UTF-8");
        };
        let line = line.trim_start_matches('\u{feff}').trim();
        if let Some(comment) = line.strip_prefix("//") {
            if let Some(version) = comment.trim().strip_prefix("VERSION:")
                && self.version.is_empty()
            {
                version.trim().chars().take(80).collect::<String>().clone_into(&mut self.version);
            }
            return Ok(());
        }
        let Some(rule) = line.split_whitespace().next() else {
            return Ok(());
        };
        let (name, flag) = match (rule.strip_prefix("*."), rule.strip_prefix('!')) {
            (Some(name), _) => (name, WILDCARD),
            (_, Some(name)) => (name, EXCEPTION),
            _ => (rule, NORMAL),
        };
        if name == "*" {
            return Ok(()); // what holds for names without a rule anyway
        }
        let ascii = names::to_ascii(name).map_err(|_| "a name, or one behind `*.` or `!`, was expected")?;
        for (dot, _) in ascii.match_indices('.') {
            *self.rules.entry(ascii.as_bytes()[dot + 1..].into()).or_default() |= ABOVE;
        }
        *self.rules.entry(ascii.into_bytes().into()).or_default() |= flag;
        self.count += 1;
        Ok(())
    }

    /// The public suffix: by the longest rule, or an exception's parent, or the last label alone
    /// (publicsuffix.org/list, "Formal Algorithm").
    fn ending(&self, name: &[u8]) -> Option<Ending> {
        if name.is_empty() {
            return None;
        }
        let (mut suffix, mut parent, mut starred) = (0, 0, false);
        let mut end = name.len();
        loop {
            let start = memchr::memrchr(b'.', &name[..end]).map_or(0, |dot| dot + 1);
            let here = name.len() - start;
            let flags = self.rules.get(&name[start..]).copied().unwrap_or(0);
            if flags & EXCEPTION != 0 {
                return Some(Ending { suffix: parent, read: here });
            }
            if flags & NORMAL != 0 || starred || suffix == 0 {
                suffix = here;
            }
            if flags & (ABOVE | WILDCARD) == 0 {
                return Some(Ending { suffix, read: here });
            }
            (parent, starred) = (here, flags & WILDCARD != 0);
            match start.checked_sub(1) {
                Some(dot) => end = dot,
                None => return Some(Ending { suffix, read: 0 }),
            }
        }
    }
}

/// Whether a name is in A-labels, lower case, and nothing that needs a closer look: no Punycode, no address.
#[inline]
fn is_simple(name: &[u8]) -> bool {
    // Few names are not: the bytes are looked at without a branch.
    let (mut odd, mut before) = (0, b'.');
    for &byte in name {
        let kind = KINDS[usize::from(byte)];
        odd |= kind & ODD | kind & ALONE & u8::from(byte == before);
        before = byte;
    }
    odd == 0
        && before.is_ascii_lowercase()
        && name.len() <= MAX_NAME
        && (name.len() <= MAX_LABEL || name.split(|&byte| byte == b'.').all(|label| label.len() <= MAX_LABEL))
}

/// Of a character that simple names don't have.
const ODD: u8 = 2;
/// Of one that they don't have twice in a row.
const ALONE: u8 = 1;
const KINDS: [u8; 256] = {
    let mut table = [ODD; 256];
    let mut byte = 0;
    while byte < 128 {
        let one = byte as u8;
        if one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'_' {
            table[byte] = 0;
        } else if matches!(one, b'-' | b'.') {
            table[byte] = ALONE;
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn list(rules: &str) -> String {
        let mut text = format!("// VERSION: 2026-01-01\n{rules}\n");
        (0..MIN_RULES).for_each(|number| writeln!(text, "filler{number}").unwrap());
        text
    }

    #[test]
    fn the_formal_algorithm() {
        let text = list("com\nuk\nco.uk\n*.ck\n!www.ck\n*.kawasaki.jp\njp\n// ===END\nסייבר.co.il private\nexamplé");
        let suffixes = Suffixes::parse(text.as_bytes()).unwrap();
        assert_eq!((suffixes.len(), suffixes.version()), (MIN_RULES + 9, "2026-01-01"));
        let domain = |name| suffixes.registrable_domain(name);
        for (name, expected) in [
            ("com", None),
            ("example.com", Some("example.com")),
            ("WWW.Example.COM.", Some("example.com")),
            ("*.example.com", Some("example.com")),
            ("co.uk", None),
            ("b.co.uk", Some("b.co.uk")),
            ("uk.com", Some("uk.com")),
            ("ck", None),
            ("test.ck", None),
            ("b.test.ck", Some("b.test.ck")),
            ("www.ck", Some("www.ck")),
            ("www.www.ck", Some("www.ck")),
            ("a.b.kawasaki.jp", Some("a.b.kawasaki.jp")),
            ("kawasaki.jp", Some("kawasaki.jp")),
            ("c.unknown", Some("c.unknown")),
            ("a.examplé", Some("a.xn--exampl-gva")),
            ("192.0.2.1", None),
            ("", None),
        ] {
            assert_eq!(domain(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(Suffixes::parse(b"<html>").is_err());
        assert!(Suffixes::parse(list("a..b").as_bytes()).is_err_and(|fault| fault.reason.contains("line 2")));
        assert!(Suffixes::parse(&vec![b'\n'; MAX_LIST + 1]).is_err());
        assert!(Suffixes::parse(b"com\n").is_err_and(|fault| fault.reason.contains("1 rules")));
    }

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
            "xn--a.example",
            "a--b.example.com",
            "a-.-b.example.com",
            "-.com",
            "bücher.example",
            "a_b.example.com",
            "a b.com",
            "*",
            "*.com",
            "a.*.com",
            "www.ck",
            "a.b.kawasaki.jp",
            &format!("{label}.example.com"),
            &format!("{}.example.com", &label[1..]),
            &format!("{0}.{0}.{0}.{0}.com", &label[4..]),
            "x.blogspot.com",
        ] {
            assert!(!name.contains("..") && !name.contains("--") || !is_simple(name.as_bytes()), "{name}");
            let long = suffixes.registrable_domain(name);
            let short = suffixes.domain_of(name.as_bytes(), &mut Recent::default());
            assert_eq!(short.as_deref(), long.as_deref().map(str::as_bytes), "{name}");
        }
    }
}
