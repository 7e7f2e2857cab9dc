//! A page worked through in blocks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Malformed, Result};
use crate::leaf::Kind;
use crate::page::Page;
use crate::reading;

use super::Audience;
use super::conclude::{Block, Conditions, conclude};
use super::find::Finder;
use super::marks::{self, BLOCK};

/// The entries of a page that each distinct filter passes.
pub struct Selected {
    /// By filter, its place in `list` plus one; 0 where no entry passes.
    places: Vec<u32>,
    list: Vec<(u32, Vec<u8>)>,
}

impl Selected {
    /// Distinct filters with the positions of their entries, 16 bits little-endian each, ascending.
    pub fn each(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.list.iter().map(|(filter, positions)| (*filter, positions.as_slice()))
    }

    fn positions(&mut self, filter: u32) -> &mut Vec<u8> {
        let place = &mut self.places[filter as usize];
        if *place == 0 {
            self.list.push((filter, Vec::new()));
            *place = self.list.len() as u32;
        }
        &mut self.list[*place as usize - 1].1
    }
}

pub fn select(audience: &Audience, page: &Page) -> Selected {
    let mut selected = Selected { places: vec![0; audience.distinct()], list: Vec::new() };
    let mut finder = Finder::new(audience);
    let mut conditions = Conditions::new(audience.conditions.len());
    for start in (0..page.len()).step_by(BLOCK) {
        let count = BLOCK.min(page.len() - start);
        let mut block = Block::new(start, count);
        read(page, &mut block, count, audience.looks_at_entries(), &mut finder);
        conclude(audience, &mut finder, &mut conditions, &block, |filter, bits| {
            let positions = selected.positions(filter);
            marks::each(bits, |at| positions.extend_from_slice(&((start + at) as u16).to_le_bytes()));
        });
    }
    selected
}

/// Reads the entries of a block. A panic is a defect of ours and costs that entry alone: what was found in it so far is
/// kept. `looks`: at more than kinds.
fn read(page: &Page, block: &mut Block, count: usize, looks: bool, finder: &mut Finder<'_>) {
    let mut at = 0;
    while at < count {
        let work = AssertUnwindSafe(|| {
            while at < count {
                let entry = page.entry(block.start + at);
                match entry.kind() {
                    Kind::Precert => marks::set(&mut block.precerts, at),
                    Kind::X509 => marks::set(&mut block.certificates, at),
                    Kind::Unknown => {}
                }
                if looks {
                    finder.begin(at);
                    reading::entry(&entry, &mut 0, Some(&mut *finder));
                }
                at += 1;
            }
        });
        if catch_unwind(work).is_err() {
            at += 1;
        }
    }
}

/// Positions in a page, ascending, of 16 bits little-endian each.
pub(super) fn positions(bytes: &[u8], entries: usize) -> Result<Vec<usize>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Malformed::new("positions have two bytes each; give them as Audience.select does", bytes.len()));
    }
    let list: Vec<usize> = pairs.iter().map(|pair| usize::from(u16::from_le_bytes(*pair))).collect();
    let wrong = (0..list.len()).find(|&at| list[at] >= entries || (at > 0 && list[at - 1] >= list[at]));
    match wrong {
        None => Ok(list),
        Some(at) => {
            let reason =
                format!("position {} in a page of {entries}; they ascend, as Audience.select gives them", list[at]);
            Err(Malformed::new(reason, 2 * at))
        }
    }
}
