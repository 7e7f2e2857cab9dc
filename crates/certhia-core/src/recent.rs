//! The last name's public suffix, for the names of one certificate that mostly end alike.
//!
//! A list is read from a name's last label on, and mostly not to the first. What was found holds for every name that has
//! the labels which were read.

use psl::Psl;

use crate::suffixes::Suffixes;

/// Longer ends are not kept; no name of the DNS is longer.
const MAX_END: usize = 255;

/// How a name ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Bytes of its public suffix.
    pub suffix: usize,
    /// Bytes of the labels by which that was found, whatever stands before them; 0 where it matters that nothing does.
    pub read: usize,
}

impl Ending {
    /// By the shipped list.
    pub fn shipped(name: &[u8]) -> Option<Self> {
        let (bare, dot) = name.strip_suffix(b".").map_or((name, 0), |bare| (bare, 1));
        let mut labels = Labels { name: bare, end: Some(bare.len()), read: 0, ended: false };
        let suffix = psl::List.find(&mut labels).len + dot;
        let read = if labels.ended || dot == 1 { 0 } else { labels.read };
        (suffix > 0).then_some(Self { suffix, read })
    }
}

/// Labels from the last on; knows how many were asked for.
struct Labels<'n> {
    name: &'n [u8],
    /// Of the next one.
    end: Option<usize>,
    /// Bytes of those that were given, with the dots between them.
    read: usize,
    /// Whether one was asked for when there was none.
    ended: bool,
}

impl<'n> Iterator for Labels<'n> {
    type Item = &'n [u8];

    #[inline]
    fn next(&mut self) -> Option<&'n [u8]> {
        let Some(end) = self.end else {
            self.ended = true;
            return None;
        };
        let dot = self.name[..end].iter().rposition(|&byte| byte == b'.');
        let start = dot.map_or(0, |dot| dot + 1);
        (self.end, self.read) = (dot, self.name.len() - start);
        Some(&self.name[start..end])
    }
}

/// What was found last, and by which list.
#[derive(Debug, Default)]
pub struct Recent {
    list: Suffixes,
    end: Vec<u8>,
    suffix: usize,
}

impl Recent {
    /// The public suffix of a name with the same end.
    #[inline]
    pub(crate) fn suffix(&self, list: &Suffixes, name: &[u8]) -> Option<usize> {
        let rest = name.strip_suffix(self.end.as_slice())?;
        let whole = matches!(rest, [] | [.., b'.']) && !self.end.is_empty();
        (whole && self.list.is(list)).then_some(self.suffix)
    }

    /// Keeps what was found of a name; gives its public suffix.
    #[inline]
    pub(crate) fn keep(&mut self, list: &Suffixes, name: &[u8], found: Ending) -> usize {
        if !self.list.is(list) {
            self.list = list.clone();
        }
        self.end.clear();
        if found.read <= MAX_END {
            self.end.extend_from_slice(&name[name.len() - found.read..]);
        }
        self.suffix = found.suffix;
        found.suffix
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::suffixes::MIN_RULES;
    use proptest::prelude::*;

    /// A list with rules of every kind below each other.
    fn read() -> Suffixes {
        let rules = "com\nuk\nco.uk\n*.ck\n!www.ck\njp\n*.kawasaki.jp\n!city.kawasaki.jp\ns3.example.com\n*.b.example.com\na.s3.example.com\n";
        let filler = (0..MIN_RULES).fold(String::new(), |mut text, number| {
            writeln!(text, "filler{number}").unwrap();
            text
        });
        Suffixes::parse(format!("{rules}{filler}").as_bytes()).unwrap()
    }

    /// By the definition: all rules are tried.
    fn plain(name: &str) -> Option<usize> {
        let rules = ["com", "uk", "co.uk", "*.ck", "!www.ck", "jp", "*.kawasaki.jp", "!city.kawasaki.jp"];
        let more = ["s3.example.com", "*.b.example.com", "a.s3.example.com"];
        let labels: Vec<&str> = name.split('.').collect();
        let length = |rule: &str| {
            let parts: Vec<&str> = rule.trim_start_matches('!').split('.').collect();
            let pairs = || parts.iter().rev().zip(labels.iter().rev());
            let fits = parts.len() <= labels.len() && pairs().all(|(part, label)| *part == "*" || part == label);
            fits.then_some((rule.starts_with('!'), parts.len()))
        };
        let found = rules.iter().chain(&more).filter_map(|rule| length(rule)).max();
        let suffix = found.map_or(1, |(exception, length)| length - usize::from(exception));
        let begin = labels.len().checked_sub(suffix + 1)?;
        Some(labels[begin..].join(".").len())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn what_was_found_before_changes_nothing(names in prop::collection::vec(
            "((a|b|s3|www|city|x)\\.){0,3}(com|example\\.com|co\\.uk|uk|ck|www\\.ck|kawasaki\\.jp|jp|zz|blogspot\\.com|s3\\.amazonaws\\.com|github\\.io|filler1)", 1..12)
        ) {
            let (read, shipped) = (read(), Suffixes::shipped());
            let mut recent = Recent::default();
            for (number, name) in names.iter().enumerate() {
                let bytes = name.as_bytes();
                let theirs = psl::domain(bytes).map(|domain| domain.as_bytes().len());
                prop_assert_eq!(shipped.registrable_len(bytes), theirs);
                prop_assert_eq!(shipped.registrable_after(bytes, &mut recent), theirs, "{}", name);
                prop_assert_eq!(read.registrable_len(bytes), plain(name), "{}", name);
                if number % 3 != 0 {
                    prop_assert_eq!(read.registrable_after(bytes, &mut recent), plain(name), "{}", name);
                    prop_assert_eq!(read.registrable_after(bytes, &mut recent), plain(name), "{}", name);
                }
            }
        }

        #[test]
        fn the_shipped_list_as_its_own_code_says(name in "[.a]{0,4}(com|uk|ck|co\\.uk)?[.]{0,2}") {
            let theirs = psl::domain(name.as_bytes()).map(|domain| domain.as_bytes().len());
            prop_assert_eq!(Suffixes::shipped().registrable_len(name.as_bytes()), theirs, "{}", name);
        }
    }

    #[test]
    fn names_that_end_alike_are_not_looked_up() {
        for list in [read(), Suffixes::shipped()] {
            let mut recent = Recent::default();
            let mut known = |name: &str| {
                let known = recent.suffix(&list, name.as_bytes()).is_some();
                list.registrable_after(name.as_bytes(), &mut recent);
                known
            };
            let found = ["www.other.com", "other.com", "a.b.other.com", "another.com", "x.other.com"].map(&mut known);
            assert_eq!(found, [false, true, true, false, false]);
            let found = ["example.zz", "other.zz", "com", "com"].map(&mut known);
            assert_eq!(found, [false, true, false, false]);
        }
    }
}
