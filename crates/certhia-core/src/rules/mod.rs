//! Compiled rules: which names concern whom.

use std::net::IpAddr;

use crate::error::{Malformed, Result};
use crate::lookalike::Lookalikes;
use crate::names::{self, MAX_INPUT};
use crate::networks::Networks;
use crate::spellings::readings;
use crate::suffixes::Suffixes;
use crate::table::Hasher;

mod attributes;
mod classes;
mod domains;
mod exclusions;
mod flags;
mod gather;
mod keywords;
mod kinds;
mod lines;
mod literals;
mod patterns;
mod program;
mod search;
mod symbols;
mod tables;
mod texts;
mod translate;
mod unread;
mod whole;
mod wildcards;

use domains::Domains;
pub use exclusions::{Exclusions, Left};
pub use gather::{MAX_RULES, Rules};
pub use kinds::{Found, Kind, Why};
pub use lines::LinesRead;
pub(crate) use patterns::Pattern as Expression;
pub use search::Room;
use texts::Texts;
pub use whole::{Memo, Seen, Whole};
use wildcards::Pattern;

/// How many rules may be tried one by one for the wildcards of one certificate.
pub const MAX_TRIES: usize = 1 << 22;

/// What could not be tried of a name, if anything.
pub type Told = std::result::Result<(), &'static str>;

const WILDCARDS: &str = "more wildcards than can be tried";

/// Rules by number, which is the order in which they were gathered.
#[derive(Default)]
pub struct Matcher {
    count: u32,
    domains: Domains,
    networks: Networks,
    all: Vec<u32>,
    texts: Texts,
    looks: Lookalikes,
    /// By which look-alikes tell what people register.
    suffixes: Suffixes,
    /// Rules on the whole certificate.
    pub whole: Whole,
    /// Number, kind and value of each that is no domain rule.
    others: Vec<(u32, Kind, Box<str>)>,
    /// Number of the first rule of each run with one scope, and that scope.
    scopes: Vec<(u32, u32)>,
    /// What is left out.
    pub exclusions: Option<Box<Exclusions>>,
}

impl Matcher {
    /// Compiles rules, numbered as they come; without exclusions.
    pub fn new<'a>(rules: impl IntoIterator<Item = (Kind, &'a str)>) -> Result<Self> {
        let mut gathered = Rules::default();
        for (number, (kind, value)) in rules.into_iter().enumerate() {
            let told = |fault: Malformed| Malformed::new(format!("rule {number}: {}", fault.reason), fault.offset);
            gathered.add(kind, value, 0).map_err(told)?;
        }
        gathered.build(&Suffixes::shipped())
    }

    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Memory that the rules take.
    pub fn nbytes(&self) -> usize {
        let others: usize = self.others.iter().map(|(_, _, value)| value.len()).sum();
        self.domains.nbytes()
            + self.networks.nbytes()
            + self.all.capacity() * size_of::<u32>()
            + self.texts.nbytes()
            + self.looks.nbytes()
            + self.whole.nbytes()
            + self.others.capacity() * size_of::<(u32, Kind, Box<str>)>()
            + others
            + self.scopes.capacity() * size_of::<(u32, u32)>()
            + self.exclusions.as_ref().map_or(0, |exclusions| exclusions.nbytes())
    }

    /// The scope that a rule was added with.
    pub fn scope(&self, rule: u32) -> u32 {
        let after = self.scopes.partition_point(|&(first, _)| first <= rule);
        after.checked_sub(1).map_or(0, |at| self.scopes[at].1)
    }

    /// Kind, value and text as written of a rule.
    pub fn rule(&self, number: u32) -> Option<(Kind, &str, String)> {
        if let Ok(at) = self.others.binary_search_by_key(&number, |&(number, ..)| number) {
            let (_, kind, value) = &self.others[at];
            return Some((*kind, value, value.to_string()));
        }
        self.domains.rule(number)
    }

    /// Numbers of the rules that match everything.
    pub fn all(&self) -> &[u32] {
        &self.all
    }

    /// Calls `found` for each rule that the name matches; a rule may be given more than once. Rules for everything are
    /// not given. `tries` is what may still be spent on wildcards. What could not be tried is told; all else was.
    #[inline]
    pub fn name(&self, name: &[u8], tries: &mut usize, found: &mut impl FnMut(Found<'_>)) -> Told {
        if self.domains.is_empty() && !self.networks.any() && name.len() <= search::MAX_NAME && name.is_ascii() {
            return Ok(()); // it has no reading that is longer, none of which could not be tried
        }
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
        match self.domains.suffixes(base, !wildcard, &mut |rule, why| found(Found::plain(rule, why))) {
            Some(hash) if wildcard => {
                let mut reached = |rule| found(Found::plain(rule, Why::Wildcard));
                if self.domains.children(base, hash, Pattern::of_certificate(b"*"), tries, &mut reached) {
                    Ok(())
                } else {
                    Err(WILDCARDS)
                }
            }
            Some(_) => Ok(()),
            None => self.unusual(name, tries, found),
        }
    }

    /// Rules that match an address.
    pub fn address(&self, ip: IpAddr, found: &mut impl FnMut(Found<'_>)) {
        self.networks.find(ip, &mut |rule| found(Found::plain(rule, Why::Cidr)));
    }

    /// A name that may be meant in several ways: each is tried. What only a label that nobody can read leads to is given
    /// last.
    #[cold]
    fn unusual(&self, name: &[u8], tries: &mut usize, found: &mut impl FnMut(Found<'_>)) -> Told {
        let mut told = if name.len() > MAX_INPUT { Err(search::LONG) } else { Ok(()) };
        for reading in readings(name) {
            if let Some(ip) = names::address(&reading) {
                self.address(ip, found);
            }
            let mut certain = |rule, why| found(Found::plain(rule, why));
            let pattern = Pattern::of_certificate(&reading);
            match pattern.only_first() {
                Some((_, rest)) => self.domains.suffixes(rest, false, &mut certain),
                None => self.domains.suffixes(&reading, true, &mut certain),
            };
            told = told.and(self.reach(pattern, tries, &mut |rule| certain(rule, Why::Wildcard)));
        }
        for reading in unread::readings(name) {
            let pattern = Pattern::of_unread(&reading);
            told = told.and(self.reach(pattern, tries, &mut |rule| found(Found::plain(rule, Why::Possible))));
        }
        told
    }

    /// Domain rules that a pattern stands for.
    fn reach(&self, pattern: Pattern<'_>, tries: &mut usize, found: &mut impl FnMut(u32)) -> Told {
        if !pattern.is_wild() {
            return Ok(());
        }
        if pattern.bytes.len() > search::MAX_NAME {
            return Err(search::LONG);
        }
        let enough = match pattern.only_first() {
            Some((first, rest)) => self.domains.children(rest, Hasher::of(rest), first, tries, found),
            None => self.domains.patterns(pattern, tries, found),
        };
        if enough { Ok(()) } else { Err(WILDCARDS) }
    }
}
