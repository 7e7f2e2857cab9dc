//! The filters of all clients of the stream, held against a page together.
//!
//! Each rule stands in one table once, however many filters have it, and so does each condition. A page's names are read
//! once and asked for once; what is found is a row of bits an entry each, and filters are put together from rows, 64
//! entries at a time. So the work grows with what is found, not with the filters.

use std::sync::Arc;

use crate::error::Result;
use crate::page::{MAX_ENTRIES, Page};
use crate::rules::{Exclusions, Matcher};
use crate::suffixes::Suffixes;

mod conclude;
mod fan;
mod filter;
mod find;
mod gather;
mod issuers;
mod marks;
mod select;
mod sightings;

use fan::Fan;
pub use filter::{Asked, Filter, Only};
use gather::Gathered;
pub use gather::MAX_PARTS;
pub use select::Selected;
pub use sightings::Sightings;

/// Positions are 16 bits wide.
const _: () = assert!(MAX_ENTRIES <= 1 << 16);

/// What of a filter is asked of the entry besides its rules; most filters share few of these.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
struct Condition {
    only: Option<Only>,
    /// Rules one of which the issuer must match, and rules one of which a name must; empty: any does.
    issuers: Vec<u32>,
    tlds: Vec<u32>,
    /// Exclusions on the whole certificate.
    barred: Vec<u32>,
}

/// Compiled filters, numbered as they were given. Equal ones are one inside.
pub struct Audience {
    count: usize,
    /// The rules of all filters, each once: first those of filters that exclude no names and those on the whole
    /// certificate, then those of filters that do, then TLDs.
    matcher: Matcher,
    /// Number of the first rule of the second and of the third part.
    careful: u32,
    tlds: u32,
    exclusions: Option<Exclusions>,
    /// Filters, by rule, and by exclusion.
    wanting: Fan,
    excluding: Fan,
    /// Filters that take what no rule takes too.
    takers: Vec<u32>,
    /// Whether there is one of these that excludes names; and one that excludes certificates.
    takers_exclude_names: bool,
    takers_exclude_certificates: bool,
    /// Whether a filter, rather than a condition, has a rule on issuers.
    wants_issuers: bool,
    /// By filter, the number of its condition.
    condition_of: Vec<u32>,
    conditions: Vec<Condition>,
    /// By filter, the numbers under which it was given.
    given: Fan,
}

impl Audience {
    /// Compiles filters. A fault names the filter, and its offset is the filter's number. `suffixes`: for look-alikes.
    pub fn new(filters: &[Arc<Filter>], suffixes: &Suffixes) -> Result<Self> {
        Gathered::new(filters)?.build(suffixes)
    }

    /// How many filters were given.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many different ones they are.
    pub fn distinct(&self) -> usize {
        self.condition_of.len()
    }

    /// Numbers under which a distinct filter was given, in order.
    pub fn given(&self, distinct: u32) -> &[u32] {
        self.given.of(distinct)
    }

    /// Memory that it takes, compiled expressions included, which it shares with the filters.
    pub fn nbytes(&self) -> usize {
        let conditions: usize = self
            .conditions
            .iter()
            .map(|one| 4 * (one.issuers.len() + one.tlds.len() + one.barred.len()) + size_of::<Condition>())
            .sum();
        self.matcher.nbytes()
            + self.exclusions.as_ref().map_or(0, Exclusions::nbytes)
            + self.wanting.nbytes()
            + self.excluding.nbytes()
            + self.given.nbytes()
            + 4 * (self.takers.capacity() + self.condition_of.capacity())
            + conditions
    }

    /// The entries that each filter passes.
    pub fn select(&self, page: &Page) -> Selected {
        select::select(self, page)
    }

    /// Whether more than the kind of an entry matters to anyone.
    fn looks_at_entries(&self) -> bool {
        !self.matcher.is_empty() || self.exclusions.is_some()
    }

    /// Whether a rule is one of filters that exclude names.
    #[inline]
    fn is_careful(&self, rule: u32) -> bool {
        (self.careful..self.tlds).contains(&rule)
    }
}
