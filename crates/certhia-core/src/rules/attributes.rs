//! Texts in the attributes of distinguished names.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::error::{Malformed, Result};

use super::kinds::Why;
use super::whole::Seen;

/// More rules of one kind than this are refused.
const MAX_TEXTS: usize = 100_000;
/// Bytes of a text.
const MAX_LENGTH: usize = 1024;
/// Characters of an attribute's value that explain a match.
const MAX_DETAIL: usize = 200;

/// Attribute types by the names that people write (RFC 4514 section 3), with the content of their identifiers.
const TYPES: [(&str, &[u8]); 6] = [
    ("CN", &[0x55, 0x04, 0x03]),
    ("C", &[0x55, 0x04, 0x06]),
    ("L", &[0x55, 0x04, 0x07]),
    ("ST", &[0x55, 0x04, 0x08]),
    ("O", &[0x55, 0x04, 0x0a]),
    ("OU", &[0x55, 0x04, 0x0b]),
];

/// A rule on a whole value, and the attribute where one was named.
type Value = (u32, Option<&'static [u8]>);

/// Rules on a name's attributes, case folded by Unicode lower case.
#[derive(Default)]
pub struct Attributes {
    /// Identifiers of the attributes in which a text without a type is looked for.
    usual: Vec<&'static [u8]>,
    contained: Vec<(u32, String)>,
    /// Rules on whole values.
    whole: HashMap<String, Vec<Value>>,
    words: Option<AhoCorasick>,
}

impl Attributes {
    pub fn is_empty(&self) -> bool {
        self.contained.is_empty() && self.whole.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        let contained: usize =
            self.contained.iter().map(|(_, text)| text.capacity() + size_of::<(u32, String)>()).sum();
        let whole: usize = self.whole.iter().map(|(text, rules)| text.capacity() + 24 * (rules.capacity() + 2)).sum();
        contained + whole + self.words.as_ref().map_or(0, AhoCorasick::memory_usage)
    }

    /// Adds `text`, `=text` or `TYPE=text`. `usual`: the types that stand without being named.
    pub fn add(&mut self, value: &str, usual: &[&str], rule: u32) -> Result<()> {
        if self.usual.is_empty() {
            self.usual = usual.iter().filter_map(|name| identifier(name)).collect();
        }
        let (named, text) = match value.split_once('=') {
            Some(("", text)) => (Some(None), text),
            Some((name, text)) => match identifier(name) {
                Some(identifier) => (Some(Some(identifier)), text),
                None => (None, value),
            },
            None => (None, value),
        };
        let at = value.len() - text.len();
        let text = text.trim();
        if text.is_empty() {
            return Err(Malformed::new("there is no text to look for; write part of the name, or = and all of it", at));
        }
        if text.len() > MAX_LENGTH {
            let reason = format!("a text of {} bytes; at most {MAX_LENGTH}: shorten it", text.len());
            return Err(Malformed::new(reason, at + MAX_LENGTH));
        }
        if let Some(Some(identifier)) = named
            && usual.len() == 1
            && !self.usual.contains(&identifier)
        {
            let reason = format!("only the attribute {} is looked at here; write {}=…", usual[0], usual[0]);
            return Err(Malformed::new(reason, 0));
        }
        if self.contained.len() + self.whole.len() >= MAX_TEXTS {
            return Err(Malformed::new(format!("more than {MAX_TEXTS} texts; watch fewer"), 0));
        }
        let lower = text.to_lowercase();
        match named {
            Some(named) => self.whole.entry(lower).or_default().push((rule, named)),
            None => self.contained.push((rule, lower)),
        }
        Ok(())
    }

    pub fn index(&mut self) -> Result<()> {
        if !self.contained.is_empty() {
            let texts = self.contained.iter().map(|(_, text)| text);
            let built = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(texts);
            self.words = Some(built.map_err(|_| Malformed::new("the texts take too much memory; use fewer", 0))?);
        }
        Ok(())
    }

    /// Each rule that matches one of the attributes (identifier, value), once.
    pub fn find(&self, attributes: &[(&[u8], String)], why: Why) -> Vec<Seen> {
        let mut out: Vec<Seen> = Vec::new();
        let mut given = std::collections::HashSet::new();
        for (identifier, value) in attributes {
            let lower = value.to_lowercase();
            let usual = self.usual.contains(identifier);
            let mut found = |rule| {
                if given.insert(rule) {
                    out.push(Seen { rule, why, detail: value.chars().take(MAX_DETAIL).collect() });
                }
            };
            for (rule, named) in self.whole.get(&lower).into_iter().flatten() {
                if named.map_or(usual, |named| named == *identifier) {
                    found(*rule);
                }
            }
            if usual && let Some(words) = &self.words {
                words.find_overlapping_iter(&lower).for_each(|hit| found(self.contained[hit.pattern().as_usize()].0));
            }
        }
        out.sort_by_key(|seen| seen.rule);
        out
    }
}

fn identifier(name: &str) -> Option<&'static [u8]> {
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim())).map(|&(_, identifier)| identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
    const COUNTRY: &[u8] = &[0x55, 0x04, 0x06];

    #[test]
    fn texts_whole_values_and_named_attributes() {
        let values = ["encrypt", "=r3", "=let's", "O=let's encrypt", "CN=let's encrypt", "us", "c=US", "ÉLAN=", "a=b"];
        let mut rules = Attributes::default();
        for (number, value) in (0..).zip(values) {
            rules.add(value, &["CN", "O", "OU"], number).unwrap();
        }
        rules.index().unwrap();
        let name = |parts: &[(&'static [u8], &str)]| -> Vec<(u32, String)> {
            let attributes: Vec<(&[u8], String)> = parts.iter().map(|(id, text)| (*id, (*text).to_owned())).collect();
            rules.find(&attributes, Why::Issuer).into_iter().map(|seen| (seen.rule, seen.detail)).collect()
        };
        let found = name(&[(COUNTRY, "US"), (ORGANIZATION, "Let's Encrypt"), (COMMON_NAME, "R3")]);
        let numbers: Vec<u32> = found.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(numbers, [0, 1, 3, 6]);
        assert_eq!(found[0].1, "Let's Encrypt");
        assert_eq!(name(&[(COMMON_NAME, "élan="), (COUNTRY, "a=b")]), [(7, "élan=".to_owned())]);
        assert_eq!(name(&[(COUNTRY, "us us")]), []);
    }

    #[test]
    fn what_can_match_nothing_is_refused() {
        for (value, offset) in [("", 0), ("=", 1), ("O= ", 2), ("CN=acme", 0)] {
            let refused = Attributes::default().add(value, &["O"], 0);
            assert_eq!(refused.map_err(|fault| fault.offset), Err(offset), "{value:?}");
        }
        assert!(Attributes::default().add(&"a".repeat(MAX_LENGTH + 1), &["O"], 0).is_err());
    }
}
