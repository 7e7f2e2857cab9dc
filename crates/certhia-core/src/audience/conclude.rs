//! From what was found in a block to the entries of each filter.

use super::Audience;
use super::filter::Only;
use super::find::Finder;
use super::marks::{self, Bits, Marks, NONE};

/// A block's entries by what conditions ask for.
#[derive(Clone, Copy)]
pub struct Block {
    /// Position of its first entry in the page.
    pub start: usize,
    /// All entries, and those which are precertificates and certificates.
    pub all: Bits,
    pub precerts: Bits,
    pub certificates: Bits,
}

impl Block {
    pub fn new(start: usize, count: usize) -> Self {
        Self { start, all: marks::first(count), precerts: NONE, certificates: NONE }
    }
}

/// Entries that meet each condition, worked out when first asked for.
pub struct Conditions {
    known: Vec<Option<Bits>>,
    /// Those which are known.
    used: Vec<u32>,
}

impl Conditions {
    pub fn new(count: usize) -> Self {
        Self { known: vec![None; count], used: Vec::new() }
    }

    fn clear(&mut self) {
        self.used.drain(..).for_each(|number| self.known[number as usize] = None);
    }

    fn of(&mut self, number: u32, audience: &Audience, finder: &Finder<'_>, block: &Block) -> Bits {
        *self.known[number as usize].get_or_insert_with(|| {
            self.used.push(number);
            let condition = &audience.conditions[number as usize];
            let mut bits = match condition.only {
                None => block.all,
                Some(Only::Precerts) => block.precerts,
                Some(Only::Certificates) => block.certificates,
            };
            for rules in [&condition.issuers, &condition.tlds] {
                if !rules.is_empty() {
                    marks::keep(&mut bits, &any(&finder.rules, rules));
                }
            }
            marks::remove(&mut bits, &any(&finder.barred, &condition.barred));
            bits
        })
    }
}

/// Entries with a bit in one of the rows.
fn any(rows: &Marks, numbers: &[u32]) -> Bits {
    let mut bits = NONE;
    numbers.iter().filter_map(|&number| rows.get(number)).for_each(|row| marks::unite(&mut bits, row));
    bits
}

/// Calls `give` with each filter and its entries, and clears the finder for the next block.
pub fn conclude(
    audience: &Audience,
    finder: &mut Finder<'_>,
    conditions: &mut Conditions,
    block: &Block,
    mut give: impl FnMut(u32, &Bits),
) {
    finder.issuers.conclude(&mut finder.rules, &mut finder.barred);
    for (rule, row) in finder.rules.rows() {
        audience.wanting.of(rule).iter().for_each(|&filter| marks::unite(finder.filters.row(filter), row));
    }
    for &filter in &audience.takers {
        let mut all = block.all;
        if audience.takers_exclude_names
            && let Some(spared) = finder.spared.get(filter)
        {
            marks::remove(&mut all, spared);
        }
        marks::unite(finder.filters.row(filter), &all);
    }
    for (filter, row) in finder.filters.rows() {
        let mut bits = *row;
        let condition = audience.condition_of[filter as usize];
        marks::keep(&mut bits, &conditions.of(condition, audience, finder, block));
        if bits != NONE {
            give(filter, &bits);
        }
    }
    conditions.clear();
    finder.clear();
}
