//! The registrable domains of a page's entries, and which of them were never seen before.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certificate::{Certificate, Name, Place};
use crate::page::Page;
use crate::reading::{self, Finds};
use crate::seen::Seen;
use crate::suffixes::Suffixes;

/// What a page had.
#[derive(Debug, Default)]
pub struct Novel {
    /// Position and name of domains that were not in the set, in the order of the entries; as many as were asked for.
    pub new: Vec<(usize, Box<str>)>,
    /// How many there were.
    pub count: usize,
    /// How many names were read, and how many domains they have; of one entry's names that follow each other and have
    /// the same, it counts once.
    pub names: usize,
    pub domains: usize,
    /// How many entries could not be read to their end.
    pub unread: usize,
}

impl Page {
    /// Adds the domains of the entries at `positions`, or of all, to `seen`; gives at most `limit` of those that are new.
    /// Positions that the page does not have are passed over.
    pub fn novel(&self, seen: &Seen<'_>, suffixes: &Suffixes, positions: Option<&[u16]>, limit: usize) -> Novel {
        let mut novel = Novel::default();
        let mut names = 0;
        let mut one = |position: usize| {
            let mut finds = Domains {
                suffixes,
                last: Vec::new(),
                visit: |domain: &[u8]| {
                    novel.domains += 1;
                    if seen.add(domain) {
                        novel.count += 1;
                        if novel.new.len() < limit {
                            novel.new.push((position, String::from_utf8_lossy(domain).into()));
                        }
                    }
                },
            };
            let fault = self.read(position, &mut names, &mut finds);
            novel.unread += usize::from(fault);
        };
        match positions {
            None => (0..self.len()).for_each(one),
            Some(chosen) => {
                chosen.iter().map(|&at| usize::from(at)).filter(|&at| at < self.len()).for_each(&mut one);
            }
        }
        novel.names = names;
        novel
    }

    /// The registrable domains of each entry, each once, in the order of its names; at most `limit` of an entry.
    pub fn registrable_domains(&self, suffixes: &Suffixes, limit: usize) -> Vec<Vec<Box<str>>> {
        let each = (0..self.len()).map(|position| {
            let mut known = HashSet::new();
            let mut domains = Vec::new();
            let visit = |domain: &[u8]| {
                if domains.len() < limit && known.insert(domain.to_vec()) {
                    domains.push(String::from_utf8_lossy(domain).into());
                }
            };
            self.read(position, &mut 0, &mut Domains { suffixes, last: Vec::new(), visit });
            domains
        });
        each.collect()
    }

    /// Reads one entry; whether something was wrong with it. A panic, which is a defect of ours, costs that entry alone.
    #[inline]
    fn read<F: Finds>(&self, position: usize, names: &mut usize, finds: &mut F) -> bool {
        let read = AssertUnwindSafe(|| reading::entry(&self.entry(position), names, Some(finds)));
        catch_unwind(read).map_or(true, |fault| fault.is_some())
    }
}

/// Calls `visit` for the domain of each name that has one.
struct Domains<'s, V> {
    suffixes: &'s Suffixes,
    last: Vec<u8>,
    visit: V,
}

impl<V: FnMut(&[u8])> Finds for Domains<'_, V> {
    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        if name.place == Place::Ip {
            return;
        }
        let Some(domain) = self.suffixes.domain_of(&name.bytes) else {
            return;
        };
        if *domain != *self.last {
            (self.visit)(&domain);
            self.last.clear();
            self.last.extend_from_slice(&domain);
        }
    }

    fn salvage(&mut self) {}

    fn everything(&mut self) {}

    fn looks_at_whole(&self) -> bool {
        false
    }

    fn whole(&mut self, _: Option<&Certificate<'_>>, _: &[u8]) {}
}
