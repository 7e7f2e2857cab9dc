//! Filters being put together into one table.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::error::{Malformed, Result};
use crate::rules::{Exclusions, Kind, Rules};
use crate::suffixes::Suffixes;

use super::fan::Fan;
use super::filter::{Filter, Rule};
use super::{Audience, Condition};

/// More filters with their rules, exclusions, issuers and TLDs together are refused.
pub const MAX_PARTS: usize = 1_000_000;
/// Nor more than so many bytes of text in them.
const MAX_TEXT: usize = 64 << 20;
/// Nor more than so many in keywords and in texts of issuers and organisations, of each of which a state is made.
const MAX_SEARCHED: usize = 2 << 20;

/// Things each once, numbered as they first come.
struct Once<T>(HashMap<T, u32>);

impl<T: Eq + Hash> Once<T> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn len(&self) -> u32 {
        self.0.len() as u32
    }

    /// The number, and whether it is a new one.
    fn number(&mut self, thing: T) -> (u32, bool) {
        let next = self.len();
        let number = *self.0.entry(thing).or_insert(next);
        (number, number == next)
    }
}

/// Rules each once, with the filters that have them.
struct Part<'a> {
    numbers: Once<(Kind, &'a str)>,
    /// With the number of the filter in which it came first, as it was given.
    rules: Vec<(&'a Rule, usize)>,
    /// (rule, filter)
    pairs: Vec<(u32, u32)>,
}

impl<'a> Part<'a> {
    fn new() -> Self {
        Self { numbers: Once::new(), rules: Vec::new(), pairs: Vec::new() }
    }

    fn number(&mut self, rule: &'a Rule, given: usize) -> u32 {
        let (number, new) = self.numbers.number(rule.key());
        if new {
            self.rules.push((rule, given));
        }
        number
    }

    fn len(&self) -> u32 {
        self.numbers.len()
    }

    /// Adds the rules to those of a matcher, in order.
    fn add_to(&self, gathered: &mut Rules) -> Result<()> {
        for (rule, given) in &self.rules {
            let added = match &rule.expression {
                Some(expression) => gathered.add_pattern(&rule.value, Arc::clone(expression), 0),
                None => gathered.add(rule.kind, &rule.value, 0),
            };
            added.map_err(|fault| of_filter(*given, &fault.reason))?;
        }
        Ok(())
    }
}

fn of_filter(given: usize, reason: &str) -> Malformed {
    Malformed::new(format!("filter {given}: {reason}"), given)
}

/// Everything that the filters have, each once.
pub struct Gathered<'a> {
    count: usize,
    plain: Part<'a>,
    careful: Part<'a>,
    tlds: Part<'a>,
    excluded: Part<'a>,
    conditions: Once<Condition>,
    condition_of: Vec<u32>,
    takers: Vec<u32>,
    takers_exclude_names: bool,
    takers_exclude_certificates: bool,
    wants_issuers: bool,
    /// (filter, number as given)
    given: Vec<(u32, u32)>,
}

impl<'a> Gathered<'a> {
    pub fn new(filters: &'a [Arc<Filter>]) -> Result<Self> {
        let mut gathered = Self {
            count: filters.len(),
            plain: Part::new(),
            careful: Part::new(),
            tlds: Part::new(),
            excluded: Part::new(),
            conditions: Once::new(),
            condition_of: Vec::new(),
            takers: Vec::new(),
            takers_exclude_names: false,
            takers_exclude_certificates: false,
            wants_issuers: false,
            given: Vec::with_capacity(filters.len().min(MAX_PARTS)),
        };
        let mut known: Once<&Filter> = Once::new();
        let (mut parts, mut text, mut searched) = (0_usize, 0_usize, 0_usize);
        for (given, filter) in filters.iter().enumerate() {
            let (number, new) = known.number(filter);
            let (filter_parts, filter_text, filter_searched) =
                if new { (filter.len(), filter.text(|_| true), filter.text(Kind::is_searched)) } else { (0, 0, 0) };
            parts += 1 + filter_parts;
            text += filter_text;
            searched += filter_searched;
            let too_much = [
                (parts > MAX_PARTS).then(|| format!("{MAX_PARTS} filters and rules")),
                (text > MAX_TEXT).then(|| format!("{} MiB of text", MAX_TEXT >> 20)),
                (searched > MAX_SEARCHED)
                    .then(|| format!("{} MiB of keywords, issuers and organisations", MAX_SEARCHED >> 20)),
            ];
            if let Some(what) = too_much.into_iter().flatten().next() {
                return Err(of_filter(given, &format!("more than {what} in all filters together; take fewer")));
            }
            gathered.given.push((number, given as u32));
            if new {
                gathered.add(filter, number, given);
            }
        }
        Ok(gathered)
    }

    fn add(&mut self, filter: &'a Filter, number: u32, given: usize) {
        let careful = filter.excludes_names();
        for rule in &filter.rules {
            // No exclusion of names touches a rule on the whole certificate.
            let part = if careful && !rule.kind.is_on_certificates() { &mut self.careful } else { &mut self.plain };
            let at = part.number(rule, given);
            part.pairs.push((at, number));
            self.wants_issuers |= rule.kind == Kind::Issuer;
        }
        let mut condition = Condition { only: filter.only, ..Condition::default() };
        for rule in &filter.excluded {
            let at = self.excluded.number(rule, given);
            if rule.kind.is_on_certificates() {
                condition.barred.push(at);
            } else {
                self.excluded.pairs.push((at, number));
            }
        }
        condition.issuers.extend(filter.issuers.iter().map(|rule| self.plain.number(rule, given)));
        condition.tlds.extend(filter.tlds.iter().map(|rule| self.tlds.number(rule, given)));
        if filter.takes_all {
            self.takers.push(number);
            self.takers_exclude_names |= careful;
            self.takers_exclude_certificates |= !condition.barred.is_empty();
        }
        self.condition_of.push(self.conditions.number(condition).0);
    }

    /// Compiles it all.
    pub fn build(self, suffixes: &Suffixes) -> Result<Audience> {
        let (careful, tlds) = (self.plain.len(), self.plain.len() + self.careful.len());
        let mut rules = Rules::default();
        for part in [&self.plain, &self.careful, &self.tlds] {
            part.add_to(&mut rules)?;
        }
        let total = rules.len();
        let behind = self.careful.pairs.iter().map(|&(rule, filter)| (careful + rule, filter));
        let pairs: Vec<(u32, u32)> = self.plain.pairs.iter().copied().chain(behind).collect();
        let mut conditions: Vec<(Condition, u32)> = self.conditions.0.into_iter().collect();
        conditions.sort_unstable_by_key(|&(_, number)| number);
        let mut conditions: Vec<Condition> = conditions.into_iter().map(|(condition, _)| condition).collect();
        conditions.iter_mut().flat_map(|condition| &mut condition.tlds).for_each(|rule| *rule += tlds);
        let exclusions = if self.excluded.len() == 0 {
            None
        } else {
            let mut excluded = Rules::default();
            self.excluded.add_to(&mut excluded)?;
            Some(Exclusions::new(excluded, suffixes)?)
        };
        Ok(Audience {
            count: self.count,
            matcher: rules.build(suffixes)?,
            careful,
            tlds,
            exclusions,
            wanting: Fan::new(total, &pairs),
            excluding: Fan::new(self.excluded.len() as usize, &self.excluded.pairs),
            takers: self.takers,
            takers_exclude_names: self.takers_exclude_names,
            takers_exclude_certificates: self.takers_exclude_certificates,
            wants_issuers: self.wants_issuers,
            given: Fan::new(self.condition_of.len(), &self.given),
            condition_of: self.condition_of,
            conditions,
        })
    }
}
