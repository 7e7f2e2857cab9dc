//! Rules on domain names.
//!
//! They stand in a hash table by their value. A name is hashed once from the right, and at each label the table is asked
//! for the suffix so far: the cost does not depend on how many rules there are.

use crate::error::{Malformed, Result};
use crate::table::{Hasher, Table};

use super::kinds::{Kind, Why};
use super::wildcards::Pattern;

/// How a rule was written, where it isn't its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Value,
    /// `.example.com`
    Dot,
    /// `*.example.com`
    Star,
    /// `=www.example.com`
    Equals,
}

impl Form {
    fn mark(self) -> &'static str {
        match self {
            Self::Value => "",
            Self::Dot => ".",
            Self::Star => "*.",
            Self::Equals => "=",
        }
    }
}

struct Domain {
    start: u32,
    rule: u32,
    /// The next domain with the same value, plus one.
    same: u32,
    /// The next domain with the same parent, plus one.
    sibling: u32,
    length: u8,
    kind: Kind,
    form: Form,
}

/// Domain rules, in the order of their numbers.
#[derive(Default)]
pub struct Domains {
    values: String,
    list: Vec<Domain>,
    by_value: Table,
    by_parent: Table,
}

impl Domains {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        self.values.capacity()
            + self.list.capacity() * size_of::<Domain>()
            + self.by_value.nbytes()
            + self.by_parent.nbytes()
    }

    /// Adds a rule whose value has been checked (`check`).
    pub fn push(&mut self, kind: Kind, form: Form, value: &str, rule: u32) -> Result<()> {
        let start = u32::try_from(self.values.len()).map_err(|_| Malformed::new("rules of at most 4 GiB", 0))?;
        self.list.push(Domain { start, rule, same: 0, sibling: 0, length: value.len() as u8, kind, form });
        self.values.push_str(value);
        Ok(())
    }

    /// Makes what `push` added be found.
    pub fn index(&mut self) {
        self.values.shrink_to_fit();
        self.list.shrink_to_fit();
        let mut by_value = Table::with_capacity(self.list.len());
        let mut by_parent = Table::with_capacity(self.list.len());
        for at in (0..self.list.len()).rev() {
            let value = self.value(at);
            let (hash, parent_hash) = hashes(value);
            let parent = parent(value);
            let same = by_value.insert(hash, at, |other| self.value(other) == value);
            let sibling = by_parent.insert(parent_hash, at, |other| self::parent(self.value(other)) == parent);
            self.list[at].same = same;
            self.list[at].sibling = sibling;
        }
        self.by_value = by_value;
        self.by_parent = by_parent;
    }

    /// Kind, value and text as written of a rule.
    pub fn rule(&self, number: u32) -> Option<(Kind, &str, String)> {
        let at = self.list.binary_search_by_key(&number, |domain| domain.rule).ok()?;
        let domain = &self.list[at];
        let value = &self.values[domain.start as usize..][..usize::from(domain.length)];
        Some((domain.kind, value, format!("{}{value}", domain.form.mark())))
    }

    #[inline]
    fn value(&self, at: usize) -> &[u8] {
        let domain = &self.list[at];
        let start = domain.start as usize;
        &self.values.as_bytes()[start..start + usize::from(domain.length)]
    }

    /// Asks the table for every suffix that begins at a label, and for the whole. `whole`: the name is itself, not the
    /// part behind a wildcard. Gives the hash, or None for a name that may mean more than its bytes say.
    #[inline]
    pub fn suffixes(&self, name: &[u8], whole: bool, found: &mut impl FnMut(u32, Why)) -> Option<u64> {
        let mut hasher = Hasher::default();
        let mut usual = true;
        for (at, &byte) in name.iter().enumerate().rev() {
            if byte == b'.' {
                self.probe(&name[at + 1..], hasher.finish(), false, found);
                usual &= !is_a_label(&name[at + 1..]);
            }
            usual &= hasher.push(byte);
        }
        let hash = hasher.finish();
        self.probe(name, hash, whole, found);
        (usual && !is_a_label(name)).then_some(hash)
    }

    #[inline]
    fn probe(&self, suffix: &[u8], hash: u64, whole: bool, found: &mut impl FnMut(u32, Why)) {
        let mut next = self.by_value.find(hash, |at| self.value(at).eq_ignore_ascii_case(suffix));
        while next != 0 {
            let domain = &self.list[next as usize - 1];
            let why = match (domain.kind, whole) {
                (Kind::Tree, true) => Some(Why::Apex),
                (Kind::Exact, true) => Some(Why::Exact),
                (Kind::Tree | Kind::Below, false) => Some(Why::Below),
                _ => None,
            };
            if let Some(why) = why {
                found(domain.rule, why);
            }
            next = domain.same;
        }
    }

    /// Rules one label below `parent` whose label the pattern covers.
    pub fn children(
        &self,
        parent: &[u8],
        hash: u64,
        pattern: Pattern<'_>,
        tries: &mut usize,
        found: &mut impl FnMut(u32),
    ) -> bool {
        let mut next = self.by_parent.find(hash, |at| self::parent(self.value(at)).eq_ignore_ascii_case(parent));
        while next != 0 {
            let Some(left) = tries.checked_sub(1) else {
                return false;
            };
            *tries = left;
            let domain = &self.list[next as usize - 1];
            let value = self.value(next as usize - 1);
            let label = value.split(|&byte| byte == b'.').next().unwrap_or_default();
            if domain.kind != Kind::Below && pattern.covers(label) {
                found(domain.rule);
            }
            next = domain.sibling;
        }
        true
    }

    /// Wildcards anywhere: every rule is held against the name, label by label from the right.
    pub fn patterns(&self, name: Pattern<'_>, tries: &mut usize, found: &mut impl FnMut(u32)) -> bool {
        let Some(left) = tries.checked_sub(self.list.len()) else {
            return false;
        };
        *tries = left;
        let known = name.known_end();
        for (at, domain) in self.list.iter().enumerate() {
            let value = self.value(at);
            // Most rules differ in what is plain at the end.
            if value.len() < known.len() || !value[value.len() - known.len()..].eq_ignore_ascii_case(known) {
                continue;
            }
            let mut labels = name.bytes.rsplit(|&byte| byte == b'.');
            let mut wanted = value.rsplit(|&byte| byte == b'.');
            let reached = wanted.all(|label| labels.next().is_some_and(|part| name.part(part).covers(label)));
            let whole = labels.next().is_none();
            let kind = domain.kind;
            if reached && (kind == Kind::Tree || (kind == Kind::Exact) == whole) {
                found(domain.rule);
            }
        }
        true
    }
}

/// Refuses a value that is no name in A-labels, lower case, without trailing dot.
pub fn check(value: &str) -> Result<()> {
    let fault = |what: &str, at: usize| {
        let shown: String = value.chars().take(80).collect();
        let reason = format!("{what} in {shown:?}; write a name in A-labels, lower case, without trailing dot");
        Err(Malformed::new(reason, at))
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    let mut start = 0;
    for label in value.split('.') {
        if let Some(at) = label.bytes().position(|byte| !plain(byte)) {
            return fault("a character that no name has", start + at);
        }
        if label.is_empty() {
            return fault("an empty label", start);
        }
        if label.len() > 63 {
            return fault("a label of more than 63 characters", start);
        }
        start += label.len() + 1;
    }
    if value.len() > 253 { fault("more than 253 characters", 253) } else { Ok(()) }
}

/// The hashes of a name and of its parent, in one pass.
fn hashes(value: &[u8]) -> (u64, u64) {
    let mut hasher = Hasher::default();
    let dot = memchr::memchr(b'.', value);
    let parent = dot.map_or(&[][..], |dot| &value[dot + 1..]);
    parent.iter().rev().for_each(|&byte| {
        hasher.push(byte);
    });
    let parent_hash = hasher.finish();
    value[..value.len() - parent.len()].iter().rev().for_each(|&byte| {
        hasher.push(byte);
    });
    (hasher.finish(), parent_hash)
}

/// What is behind the first dot.
fn parent(value: &[u8]) -> &[u8] {
    memchr::memchr(b'.', value).map_or(&[], |dot| &value[dot + 1..])
}

/// Whether a label begins with `xn--`: it may be spelled in more than one way.
#[inline]
fn is_a_label(label: &[u8]) -> bool {
    label.first_chunk().is_some_and(|head| u32::from_le_bytes(*head) | 0x2020 == u32::from_le_bytes(*b"xn--"))
}
