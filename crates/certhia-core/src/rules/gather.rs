//! Rules being gathered for a matcher.

use std::sync::Arc;

use crate::error::{Malformed, Result};
use crate::lookalike::{Lookalike, Lookalikes};
use crate::networks::Networks;
use crate::suffixes::Suffixes;

use super::Matcher;
use super::domains::{self, Domains, Form};
use super::exclusions::Exclusions;
use super::kinds::Kind;
use super::patterns::Pattern;
use super::texts::Texts;
use super::whole::Whole;

/// More rules than this are refused.
pub const MAX_RULES: usize = 1 << 24;
/// More rules for look-alikes are refused; each takes about a kilobyte.
const MAX_LOOKALIKES: usize = 100_000;

/// Rules by number, which is the order in which they are added.
#[derive(Default)]
pub struct Rules {
    count: u32,
    domains: Domains,
    networks: Networks,
    all: Vec<u32>,
    texts: Texts,
    looks: Vec<(u32, Lookalike)>,
    whole: Whole,
    /// Number, kind and value of each that is no domain rule.
    others: Vec<(u32, Kind, Box<str>)>,
    /// Number of the first rule of each run with one scope, and that scope.
    scopes: Vec<(u32, u32)>,
    excluded: Option<Box<Rules>>,
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
            Kind::Keyword => self.texts.add_keyword(value, number)?,
            Kind::Regex => return self.add_pattern(value, Arc::new(Pattern::read(value)?), scope),
            Kind::Typo => self.add_lookalike(value)?,
            Kind::Issuer | Kind::Organization | Kind::Key | Kind::Certificate => self.whole.add(kind, value, number)?,
        }
        self.others.push((number, kind, value.into()));
        self.next(scope)
    }

    /// Adds a regular expression that has been read; `value` is how it was written.
    pub(crate) fn add_pattern(&mut self, value: &str, pattern: Arc<Pattern>, scope: u32) -> Result<u32> {
        let number = self.count;
        self.texts.add_pattern(pattern, number)?;
        self.others.push((number, Kind::Regex, value.into()));
        self.next(scope)
    }

    fn add_lookalike(&mut self, value: &str) -> Result<()> {
        if self.looks.len() == MAX_LOOKALIKES {
            let reason = format!("more than {MAX_LOOKALIKES} rules for look-alikes; watch fewer");
            return Err(Malformed::new(reason, 0));
        }
        self.looks.push((self.count, Lookalike::parse(value)?));
        Ok(())
    }

    /// Takes what such a rule matches away from the rules of a scope; of scope 0 from all.
    pub fn exclude(&mut self, kind: Kind, value: &str, scope: u32) -> Result<()> {
        if kind == Kind::All {
            return Err(Malformed::new("an exclusion of everything leaves nothing to watch; leave it out", 0));
        }
        self.excluded.get_or_insert_default().add(kind, value, scope).map(|_| ())
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

    /// Compiles them. Fails only where they take too much memory.
    pub fn build(mut self, suffixes: &Suffixes) -> Result<Matcher> {
        self.domains.index();
        self.networks.sort();
        self.texts.index()?;
        self.whole.index()?;
        self.others.shrink_to_fit();
        let registrable = |name: &[u8]| suffixes.registrable_len(name);
        let looks = Lookalikes::new(self.looks.iter().map(|(number, rule)| (*number, rule)), &registrable);
        let exclusions = match self.excluded {
            Some(excluded) => Some(Box::new(Exclusions::new(*excluded, suffixes)?)),
            None => None,
        };
        Ok(Matcher {
            count: self.count,
            domains: self.domains,
            networks: self.networks,
            all: self.all,
            texts: self.texts,
            looks,
            suffixes: suffixes.clone(),
            whole: self.whole,
            others: self.others,
            scopes: self.scopes,
            exclusions,
        })
    }

    /// The scope of each rule, in the order of their numbers.
    pub(super) fn each_scope(&self) -> Vec<u32> {
        let ends = self.scopes.iter().skip(1).map(|&(first, _)| first).chain([self.count]);
        let runs = self.scopes.iter().zip(ends);
        runs.flat_map(|(&(first, scope), end)| std::iter::repeat_n(scope, (end - first) as usize)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted() {
        for (kind, value) in [(Kind::Tree, "example.com"), (Kind::All, ""), (Kind::Keyword, "word")] {
            let mut rules = Rules { count: MAX_RULES as u32 - 1, ..Rules::default() };
            assert_eq!(rules.add(kind, value, 0), Ok(MAX_RULES as u32 - 1));
            let refused = rules.add(kind, value, 0).unwrap_err();
            assert_eq!(refused.reason, "at most 16777216 rules; watch fewer names");
            assert_eq!(rules.len(), MAX_RULES);
        }
    }
}
