//! One label of a name, asked for in the tables: what the sieve let pass, so a few in a hundred.

use super::edit::{Outline, window};
use super::judge::Place;
use super::skeleton::Strength;
use super::{Lookalikes, Scratch, forms};

/// Words before a label have at most so many bytes in their skeletons.
pub const MAX_WORD: usize = 16;

impl Lookalikes {
    /// Judges one label; false when `tries` did not suffice.
    pub(super) fn label(&self, place: Place<'_>, label: &[u8], scratch: &mut Scratch, tries: &mut usize) -> bool {
        if !forms::unicode(label, &mut scratch.text) || !scratch.skeleton.read(&scratch.text, Strength::Loose) {
            return true;
        }
        scratch.prefixes.read(&scratch.skeleton.bytes);
        let end = scratch.skeleton.bytes.len();
        let mut start = 0;
        while start < end {
            let mut to = start;
            for _ in 0..self.parts {
                to = next_break(&scratch.skeleton.bytes, to);
                if !self.part(place, (start, to), scratch, tries) {
                    return false;
                }
                if to == end {
                    break;
                }
                to += 1;
            }
            let part_end = next_break(&scratch.skeleton.bytes, start);
            if place.registrable && !self.written_together(place, (start, part_end), scratch, tries) {
                return false;
            }
            start = part_end + 1;
        }
        !place.registrable || self.edits == 0 || self.near(place, scratch, tries)
    }

    /// Labels whose skeleton may stand from `start` to `end`.
    fn part(&self, place: Place<'_>, range: (usize, usize), scratch: &mut Scratch, tries: &mut usize) -> bool {
        let mut enough = true;
        self.skeletons.find(scratch.prefixes.hash(range.0, range.1), |number| {
            enough &= spend(tries);
            let place = Place { text: &scratch.text, ..place };
            if enough {
                self.labels[number as usize].same_look(place, &scratch.skeleton, range, &mut scratch.found);
            }
        });
        enough
    }

    /// Labels with words written before or behind them, in the part from `start` to `end`.
    fn written_together(
        &self,
        place: Place<'_>,
        (start, end): (usize, usize),
        scratch: &mut Scratch,
        tries: &mut usize,
    ) -> bool {
        let mut enough = self.beginning(place, (start, end), scratch, tries);
        let mut lengths = self.glued & below(end - start);
        while lengths != 0 {
            let from = end - lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            enough &= self.part(place, (from, end), scratch, tries);
        }
        for word_end in start + 1..end.min(start + MAX_WORD + 1) {
            if self.words.holds(scratch.prefixes.hash(start, word_end)) {
                enough &= self.beginning(place, (word_end, end), scratch, tries);
            }
        }
        enough
    }

    /// Labels at the beginning of what stands from `start` to `end`, without the whole.
    fn beginning(
        &self,
        place: Place<'_>,
        (start, end): (usize, usize),
        scratch: &mut Scratch,
        tries: &mut usize,
    ) -> bool {
        let mut enough = true;
        let mut lengths = self.glued & below(end - start);
        while lengths != 0 {
            let to = start + lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            enough &= self.part(place, (start, to), scratch, tries);
        }
        enough
    }

    /// Labels that are a few edits away from the whole text.
    fn near(&self, place: Place<'_>, scratch: &mut Scratch, tries: &mut usize) -> bool {
        let Scratch { text, typed, meant, found, .. } = scratch;
        let mut enough = true;
        let mut last = None;
        typed.clear();
        typed.extend(text.chars());
        let outline = || Outline::of(text.chars().map(u32::from));
        self.neighbours(window(text), typed.len(), outline, |number| {
            // One label is found by many of its deletions, mostly in a row.
            if last.replace(number) != Some(number) {
                enough &= spend(tries);
                if enough {
                    self.labels[number as usize].near(Place { text, ..place }, typed, meant, found);
                }
            }
        });
        enough
    }
}

fn next_break(text: &[u8], from: usize) -> usize {
    memchr::memchr(b'-', &text[from..]).map_or(text.len(), |at| from + at)
}

/// All bits below this one.
#[inline]
fn below(bit: usize) -> u64 {
    if bit >= 64 { u64::MAX } else { (1 << bit) - 1 }
}

/// False when there is nothing left.
fn spend(tries: &mut usize) -> bool {
    let left = tries.checked_sub(1);
    *tries = left.unwrap_or(0);
    left.is_some()
}
