//! The registrable domains of a page's entries, and which of them were never seen before.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certificate::{Certificate, Name, Place};
use crate::page::Page;
use crate::reading::{self, Finds};
use crate::recent::Recent;
use crate::seen::{Hash, Seen};
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

/// So many domains are asked for together.
const TOGETHER: usize = 512;

impl Page {
    /// Adds the domains of the entries at `positions`, or of all, to `seen`; gives at most `limit` of those that are new.
    /// Positions that the page does not have are passed over.
    pub fn novel(&self, seen: &Seen<'_>, suffixes: &Suffixes, positions: Option<&[u16]>, limit: usize) -> Novel {
        let mut asked =
            Asked { seen, limit, hashes: Vec::new(), texts: Vec::new(), ends: Vec::new(), novel: Novel::default() };
        let mut finds = Domains::new(suffixes, |position, domain: &[u8]| asked.add(position, domain));
        let (mut names, mut unread) = (0, 0);
        let mut one = |position| unread += usize::from(self.read(position, &mut names, &mut finds));
        match positions {
            None => (0..self.len()).for_each(one),
            Some(chosen) => {
                chosen.iter().map(|&at| usize::from(at)).filter(|&at| at < self.len()).for_each(&mut one);
            }
        }
        asked.ask();
        Novel { names, unread, ..asked.novel }
    }

    /// The registrable domains of each entry, each once, in the order of its names; at most `limit` of an entry.
    pub fn registrable_domains(&self, suffixes: &Suffixes, limit: usize) -> Vec<Vec<Box<str>>> {
        let each = (0..self.len()).map(|position| {
            let mut known = HashSet::new();
            let mut domains = Vec::new();
            let visit = |_, domain: &[u8]| {
                if domains.len() < limit && known.insert(domain.to_vec()) {
                    domains.push(String::from_utf8_lossy(domain).into());
                }
            };
            self.read(position, &mut 0, &mut Domains::new(suffixes, visit));
            domains
        });
        each.collect()
    }

    /// Reads one entry; whether something was wrong with it. A panic, which is a defect of ours, costs that entry alone.
    #[inline]
    fn read<V: FnMut(usize, &[u8])>(&self, position: usize, names: &mut usize, finds: &mut Domains<'_, V>) -> bool {
        finds.position = position;
        finds.last.clear();
        let read = AssertUnwindSafe(|| reading::entry(&self.entry(position), names, Some(finds)));
        catch_unwind(read).map_or(true, |fault| fault.is_some())
    }
}

/// Domains that are to be asked for.
struct Asked<'s> {
    seen: &'s Seen<'s>,
    limit: usize,
    hashes: Vec<Hash>,
    /// Of each the position of its entry, and where it ends in `texts`.
    ends: Vec<(usize, usize)>,
    texts: Vec<u8>,
    novel: Novel,
}

impl Asked<'_> {
    #[inline]
    fn add(&mut self, position: usize, domain: &[u8]) {
        if self.hashes.len() == TOGETHER {
            self.ask();
        }
        self.hashes.push(self.seen.hash(domain));
        self.texts.extend_from_slice(domain);
        self.ends.push((position, self.texts.len()));
    }

    fn ask(&mut self) {
        let Self { novel, ends, texts, .. } = self;
        novel.domains += self.hashes.len();
        self.seen.add_all(&self.hashes, |at| {
            novel.count += 1;
            if novel.new.len() < self.limit {
                let (position, end) = ends[at];
                let start = at.checked_sub(1).map_or(0, |before| ends[before].1);
                novel.new.push((position, String::from_utf8_lossy(&texts[start..end]).into()));
            }
        });
        self.hashes.clear();
        ends.clear();
        texts.clear();
    }
}

/// Calls `visit` for the domain of each name that has one, with the position of the entry that is read.
struct Domains<'s, V> {
    suffixes: &'s Suffixes,
    recent: Recent,
    position: usize,
    last: Vec<u8>,
    visit: V,
}

impl<'s, V: FnMut(usize, &[u8])> Domains<'s, V> {
    fn new(suffixes: &'s Suffixes, visit: V) -> Self {
        Self { suffixes, recent: Recent::default(), position: 0, last: Vec::new(), visit }
    }
}

impl<V: FnMut(usize, &[u8])> Finds for Domains<'_, V> {
    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        if name.place == Place::Ip {
            return;
        }
        let Some(domain) = self.suffixes.domain_of(&name.bytes, &mut self.recent) else {
            return;
        };
        if *domain != *self.last {
            (self.visit)(self.position, &domain);
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
