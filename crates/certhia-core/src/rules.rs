//! Compiled rules: which names concern whom.
//!
//! Domain rules stand in a hash table by their value. A name is hashed once from the right, and at each label the table
//! is asked for the suffix so far: the cost does not depend on how many rules there are.

use std::net::IpAddr;

use crate::error::{Malformed, Result};
use crate::names;
use crate::networks::Networks;
use crate::spellings::readings;
use crate::table::{Hasher, Table};

/// More rules than this are refused.
pub const MAX_RULES: usize = 1 << 24;
/// How many rules may be tried one by one for the wildcards of one certificate.
pub const MAX_TRIES: usize = 1 << 22;

/// What a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name and everything below it.
    Tree,
    /// Everything below a name.
    Below,
    /// One name.
    Exact,
    /// An IP network or address.
    Cidr,
    /// Everything.
    All,
}

impl Kind {
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "tree" => Self::Tree,
            "below" => Self::Below,
            "exact" => Self::Exact,
            "cidr" => Self::Cidr,
            "all" => Self::All,
            _ => return None,
        })
    }
}

/// Why a rule matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Exact,
    Apex,
    Below,
    Wildcard,
    Cidr,
    Everything,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Apex => "apex",
            Self::Below => "below",
            Self::Wildcard => "wildcard",
            Self::Cidr => "cidr",
            Self::Everything => "everything",
        }
    }
}

struct Domain {
    start: u32,
    length: u8,
    kind: Kind,
    rule: u32,
    /// The next domain with the same value, plus one.
    same: u32,
    /// The next domain with the same parent, plus one.
    sibling: u32,
}

/// Rules by number, which is their place in what they were compiled from.
#[derive(Default)]
pub struct Matcher {
    count: usize,
    values: String,
    domains: Vec<Domain>,
    by_value: Table,
    by_parent: Table,
    networks: Networks,
    all: Vec<u32>,
}

impl Matcher {
    pub fn new<'a>(rules: impl IntoIterator<Item = (Kind, &'a str)>) -> Result<Self> {
        let mut matcher = Self::default();
        for (kind, value) in rules {
            let number = matcher.count as u32;
            if matcher.count == MAX_RULES {
                return Err(Malformed::new(format!("at most {MAX_RULES} rules"), 0));
            }
            matcher.count += 1;
            match kind {
                Kind::All => matcher.all.push(number),
                Kind::Cidr => matcher.networks.add(value, number)?,
                Kind::Tree | Kind::Below | Kind::Exact => matcher.add_domain(kind, value, number)?,
            }
        }
        matcher.networks.sort();
        matcher.values.shrink_to_fit();
        matcher.domains.shrink_to_fit();
        matcher.index();
        Ok(matcher)
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Memory that the rules take.
    pub fn nbytes(&self) -> usize {
        self.values.capacity()
            + self.domains.capacity() * size_of::<Domain>()
            + self.by_value.nbytes()
            + self.by_parent.nbytes()
            + self.networks.nbytes()
            + self.all.capacity() * size_of::<u32>()
    }

    /// Numbers of the rules that match everything.
    pub fn all(&self) -> &[u32] {
        &self.all
    }

    fn add_domain(&mut self, kind: Kind, value: &str, rule: u32) -> Result<()> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(plain);
        if value.len() > 253 || !value.split('.').all(label) {
            let shown: String = value.chars().take(80).collect();
            return Err(Malformed::new(
                format!("rule {rule}: a name in A-labels, lower case, no trailing dot, not {shown:?}"),
                0,
            ));
        }
        self.domains.push(Domain {
            start: u32::try_from(self.values.len()).map_err(|_| Malformed::new("rules of at most 4 GiB", 0))?,
            length: value.len() as u8,
            kind,
            rule,
            same: 0,
            sibling: 0,
        });
        self.values.push_str(value);
        Ok(())
    }

    fn index(&mut self) {
        let mut by_value = Table::with_capacity(self.domains.len());
        let mut by_parent = Table::with_capacity(self.domains.len());
        for at in (0..self.domains.len()).rev() {
            let value = self.value(at);
            let parent = parent(value);
            let (value_hash, parent_hash) = (Hasher::of(value), Hasher::of(parent));
            let same = by_value.insert(value_hash, at, |other| self.value(other) == value);
            let sibling = by_parent.insert(parent_hash, at, |other| self::parent(self.value(other)) == parent);
            self.domains[at].same = same;
            self.domains[at].sibling = sibling;
        }
        self.by_value = by_value;
        self.by_parent = by_parent;
    }

    #[inline]
    fn value(&self, at: usize) -> &[u8] {
        let domain = &self.domains[at];
        let start = domain.start as usize;
        &self.values.as_bytes()[start..start + usize::from(domain.length)]
    }

    /// Calls `found` for each rule that the name matches; a rule may be given more than once. Rules for everything are
    /// not given. `tries` is what may still be spent on wildcards; false when it did not suffice.
    #[inline]
    pub fn name(&self, name: &[u8], tries: &mut usize, found: &mut impl FnMut(u32, Why)) -> bool {
        let mut name = name;
        while let [rest @ .., b'.'] = name {
            name = rest;
        }
        if self.networks.any()
            && name.last().is_some_and(u8::is_ascii_digit)
            && let Some(ip) = names::address(name)
        {
            self.address(ip, found);
        }
        let (base, wildcard) = match name {
            [b'*', b'.', base @ ..] => (base, true),
            _ => (name, false),
        };
        match self.suffixes(base, !wildcard, found) {
            Some(hash) if wildcard => self.children(base, hash, b"*", tries, found),
            Some(_) => true,
            None => self.unusual(name, tries, found),
        }
    }

    /// Rules that match an address.
    pub fn address(&self, ip: IpAddr, found: &mut impl FnMut(u32, Why)) {
        self.networks.find(ip, &mut |rule| found(rule, Why::Cidr));
    }

    /// Asks the table for every suffix that begins at a label, and for the whole. `whole`: the name is itself, not the
    /// part behind a wildcard. Gives the hash, or None for a name that may mean more than its bytes say.
    #[inline]
    fn suffixes(&self, name: &[u8], whole: bool, found: &mut impl FnMut(u32, Why)) -> Option<u64> {
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
            let domain = &self.domains[next as usize - 1];
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
    fn children(
        &self,
        parent: &[u8],
        hash: u64,
        pattern: &[u8],
        tries: &mut usize,
        found: &mut impl FnMut(u32, Why),
    ) -> bool {
        let mut next = self.by_parent.find(hash, |at| self::parent(self.value(at)).eq_ignore_ascii_case(parent));
        while next != 0 {
            let Some(left) = tries.checked_sub(1) else {
                return false;
            };
            *tries = left;
            let domain = &self.domains[next as usize - 1];
            let value = self.value(next as usize - 1);
            let label = value.split(|&byte| byte == b'.').next().unwrap_or_default();
            if domain.kind != Kind::Below && covers(pattern, label) {
                found(domain.rule, Why::Wildcard);
            }
            next = domain.sibling;
        }
        true
    }

    /// A name that may be meant in several ways: each is tried.
    #[cold]
    fn unusual(&self, name: &[u8], tries: &mut usize, found: &mut impl FnMut(u32, Why)) -> bool {
        let mut enough = true;
        for reading in readings(name) {
            if let Some(ip) = names::address(&reading) {
                self.address(ip, found);
            }
            let wild = |label: &[u8]| label.contains(&b'*') || label.contains(&b'?');
            let (first, rest) = match memchr::memchr(b'.', &reading) {
                Some(dot) => (&reading[..dot], &reading[dot + 1..]),
                None => (&reading[..], &[][..]),
            };
            if !wild(&reading) {
                self.suffixes(&reading, true, found);
            } else if wild(rest) {
                self.suffixes(&reading, true, found);
                enough &= self.patterns(&reading, tries, found);
            } else {
                self.suffixes(rest, false, found);
                enough &= self.children(rest, Hasher::of(rest), first, tries, found);
            }
        }
        enough
    }

    /// Wildcards anywhere: every domain rule is held against the name, label by label from the right.
    fn patterns(&self, name: &[u8], tries: &mut usize, found: &mut impl FnMut(u32, Why)) -> bool {
        let Some(left) = tries.checked_sub(self.domains.len()) else {
            return false;
        };
        *tries = left;
        for (at, domain) in self.domains.iter().enumerate() {
            let mut labels = name.rsplit(|&byte| byte == b'.');
            let mut wanted = self.value(at).rsplit(|&byte| byte == b'.');
            let reached = wanted.all(|label| labels.next().is_some_and(|pattern| covers(pattern, label)));
            let whole = labels.next().is_none();
            let kind = domain.kind;
            if reached && (kind == Kind::Tree || (kind == Kind::Exact) == whole) {
                found(domain.rule, Why::Wildcard);
            }
        }
        true
    }
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

/// Whether a label is one that the pattern stands for; `*` and `?` stand for any characters.
fn covers(pattern: &[u8], label: &[u8]) -> bool {
    let (mut p, mut l) = (0, 0);
    let mut star = None;
    while l < label.len() {
        match pattern.get(p) {
            Some(b'*' | b'?') => {
                star = Some((p, l));
                p += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&label[l]) => {
                p += 1;
                l += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    l = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| matches!(byte, b'*' | b'?'))
}
