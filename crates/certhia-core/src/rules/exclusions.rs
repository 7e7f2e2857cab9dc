//! What is taken away from the rules of a scope.

use std::net::IpAddr;

use crate::certificate::Certificate;
use crate::error::Result;
use crate::names;
use crate::suffixes::Suffixes;

use super::gather::Rules;
use super::kinds::Why;
use super::search::Room;
use super::whole::{Memo, Whole};
use super::{MAX_TRIES, Matcher};

/// Rules whose matches are left out, by their own numbers.
#[derive(Default)]
pub struct Exclusions {
    rules: Matcher,
    /// The scope of each; 0 is all.
    scopes: Vec<u32>,
}

/// The scopes in which something is left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Left(Vec<u32>);

impl Left {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is left out for rules of this scope.
    pub fn holds(&self, scope: u32) -> bool {
        self.0.iter().any(|&one| one == 0 || one == scope)
    }

    fn add(&mut self, scope: u32) {
        if !self.0.contains(&scope) {
            self.0.push(scope);
        }
    }
}

impl Exclusions {
    pub fn new(rules: Rules, suffixes: &Suffixes) -> Result<Self> {
        let scopes = rules.each_scope();
        Ok(Self { rules: rules.build(suffixes)?, scopes })
    }

    pub fn len(&self) -> usize {
        self.scopes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Whether there are any on the whole certificate.
    pub fn on_certificates(&self) -> bool {
        !self.rules.whole.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        self.rules.nbytes() + self.scopes.capacity() * size_of::<u32>()
    }

    /// Those on the whole certificate, by their own numbers.
    pub fn whole(&self) -> &Whole {
        &self.rules.whole
    }

    /// Where a name is left out.
    pub fn name(&self, name: &[u8], room: &mut Room) -> Left {
        let mut left = Left::default();
        self.each_of_name(name, room, &mut |rule| left.add(self.scopes[rule as usize]));
        left
    }

    /// Calls `found` for each exclusion that leaves a name out, maybe more than once: only one that can mean nothing else than it says. A wildcard is left out by what covers
    /// all that it stands for.
    pub fn each_of_name(&self, name: &[u8], room: &mut Room, found: &mut (impl FnMut(u32) + ?Sized)) {
        let (base, wildcard) = match name {
            [b'*', b'.', base @ ..] => (base, true),
            _ => (name, false),
        };
        if !wildcard && let Some(ip) = names::address(base) {
            return self.each_of_address(ip, found);
        }
        let lower = base.to_ascii_lowercase();
        if !std::str::from_utf8(&lower).is_ok_and(|text| names::to_ascii(text).as_deref() == Ok(text)) {
            return;
        }
        let rules = &self.rules;
        rules.domains.suffixes(&lower, !wildcard, &mut |rule, _| found(rule));
        if rules.has_texts() {
            // What a keyword finds behind the star stands in all names; what others find need not.
            let mut tries = MAX_TRIES;
            // What can't be tried to its end takes nothing away.
            _ = rules.search(&lower, true, room, &mut tries, &mut |one| {
                if !wildcard || one.why == Why::Keyword {
                    found(one.rule);
                }
            });
        }
    }

    /// Where an address is left out.
    pub fn address(&self, ip: IpAddr) -> Left {
        let mut left = Left::default();
        self.each_of_address(ip, &mut |rule| left.add(self.scopes[rule as usize]));
        left
    }

    /// Calls `found` for each exclusion that leaves an address out.
    pub fn each_of_address(&self, ip: IpAddr, found: &mut (impl FnMut(u32) + ?Sized)) {
        self.rules.address(ip, &mut |one| found(one.rule));
    }

    /// Where a certificate is left out as a whole. `own` as for `Whole::find`.
    pub fn certificate(&self, certificate: &Certificate<'_>, own: &[u8], memo: &mut Memo) -> Left {
        let mut left = Left::default();
        self.rules.whole.find(certificate, own, memo, &mut |seen| left.add(self.scopes[seen.rule as usize]));
        left
    }
}
