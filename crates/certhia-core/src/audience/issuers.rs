//! Which entries are of which issuer: rules are held against each of a page's issuers once.

use std::collections::HashMap;

use super::marks::{self, Bits, Marks, NONE};

/// What is known of one issuer.
struct Issuer {
    rules: Vec<u32>,
    exclusions: Vec<u32>,
    /// Its entries in this block.
    entries: Bits,
}

/// The issuers of a page.
#[derive(Default)]
pub struct Issuers {
    places: HashMap<Box<[u8]>, usize>,
    list: Vec<Issuer>,
}

impl Issuers {
    /// Notes an entry of the issuer with this name. `judge` gives the rules and the exclusions that match a new one.
    #[inline]
    pub fn note(&mut self, name: &[u8], at: usize, judge: impl FnOnce() -> (Vec<u32>, Vec<u32>)) {
        let place = if let Some(&place) = self.places.get(name) {
            place
        } else {
            let (rules, exclusions) = judge();
            self.list.push(Issuer { rules, exclusions, entries: NONE });
            self.places.insert(name.into(), self.list.len() - 1);
            self.list.len() - 1
        };
        marks::set(&mut self.list[place].entries, at);
    }

    /// Puts the block's entries into the rows of their issuers' rules and exclusions, and begins the next block.
    pub fn conclude(&mut self, rules: &mut Marks, exclusions: &mut Marks) {
        for issuer in self.list.iter_mut().filter(|issuer| issuer.entries != NONE) {
            issuer.rules.iter().for_each(|&rule| marks::unite(rules.row(rule), &issuer.entries));
            issuer.exclusions.iter().for_each(|&rule| marks::unite(exclusions.row(rule), &issuer.entries));
            issuer.entries = NONE;
        }
    }
}
