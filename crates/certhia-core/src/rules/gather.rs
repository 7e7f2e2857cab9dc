//! Rules being gathered for a matcher.

use crate::error::{Malformed, Result};
use crate::networks::Networks;
use crate::suffixes::Suffixes;

use super::Matcher;
use super::domains::{self, Domains, Form};
use super::kinds::Kind;

/// More rules than this are refused.
pub const MAX_RULES: usize = 1 << 24;

/// Rules by number, which is the order in which they are added.
#[derive(Default)]
pub struct Rules {
    count: u32,
    pub(super) domains: Domains,
    pub(super) networks: Networks,
    pub(super) all: Vec<u32>,
    /// Number, kind and value of each that is no domain rule.
    pub(super) others: Vec<(u32, Kind, Box<str>)>,
    /// Number of the first rule of each run with one scope, and that scope.
    pub(super) scopes: Vec<(u32, u32)>,
}

impl Rules {
    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a rule; gives its number. Offsets in faults are in the value.
    pub fn add(&mut self, kind: Kind, value: &str, scope: u32) -> Result<u32> {
        let number = self.count;
        match kind {
            Kind::Tree | Kind::Below | Kind::Exact => {
                domains::check(value)?;
                return self.push_domain(kind, Form::Value, value, scope);
            }
            Kind::All => self.all.push(number),
            Kind::Cidr => self.networks.add(value, number)?,
        }
        self.others.push((number, kind, value.into()));
        self.next(scope)
    }

    /// Adds a domain rule whose name has been checked.
    #[inline]
    pub(super) fn push_domain(&mut self, kind: Kind, form: Form, name: &str, scope: u32) -> Result<u32> {
        self.domains.push(kind, form, name, self.count)?;
        self.next(scope)
    }

    #[inline]
    fn next(&mut self, scope: u32) -> Result<u32> {
        if self.len() >= MAX_RULES {
            return Err(Malformed::new(format!("at most {MAX_RULES} rules; watch fewer names"), 0));
        }
        if self.scopes.last().is_none_or(|&(_, last)| last != scope) {
            self.scopes.push((self.count, scope));
        }
        self.count += 1;
        Ok(self.count - 1)
    }

    /// Compiles them.
    pub fn build(mut self, _suffixes: &Suffixes) -> Matcher {
        self.domains.index();
        self.networks.sort();
        self.others.shrink_to_fit();
        Matcher {
            count: self.len(),
            domains: self.domains,
            networks: self.networks,
            all: self.all,
            others: self.others,
        }
    }
}
