//! One label of a name, asked for in the tables.

use super::edit::{self, deletions, window};
use super::judge::Place;
use super::skeleton::Strength;
use super::{Lookalikes, Scratch, forms};

/// Words before a label have at most so many bytes in their skeletons.
pub const MAX_WORD: usize = 16;

impl Lookalikes {
    /// Judges one label; false when `tries` did not suffice.
    #[inline]
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
    #[inline]
    fn part(&self, place: Place<'_>, range: (usize, usize), scratch: &mut Scratch, tries: &mut usize) -> bool {
        for number in self.skeletons.find(scratch.prefixes.hash(range.0, range.1)) {
            let Some(left) = tries.checked_sub(1) else {
                return false;
            };
            *tries = left;
            let place = Place { text: &scratch.text, ..place };
            self.labels[number as usize].same_look(place, &scratch.skeleton, range, &mut scratch.found);
        }
        true
    }

    /// Labels with words written before or behind them, in the part from `start` to `end`.
    #[inline]
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
            if self.words.find(scratch.prefixes.hash(start, word_end)).next().is_some() {
                enough &= self.beginning(place, (word_end, end), scratch, tries);
            }
        }
        enough
    }

    /// Labels at the beginning of what stands from `start` to `end`, without the whole.
    #[inline]
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
    #[inline]
    fn near(&self, place: Place<'_>, scratch: &mut Scratch, tries: &mut usize) -> bool {
        let Scratch { text, typed, meant, found, .. } = scratch;
        let window = window(text);
        // What has two edits less than the least length can't be near one that may have two.
        let edits = if window.1 < edit::MIN_TWO - 2 { 1 } else { self.edits };
        let mut enough = true;
        typed.clear();
        deletions(window, edits, |hash| {
            for number in self.deletions.find(hash) {
                let Some(left) = tries.checked_sub(1) else {
                    enough = false;
                    return;
                };
                *tries = left;
                if typed.is_empty() {
                    typed.extend(text.chars());
                }
                self.labels[number as usize].near(Place { text, ..place }, typed, meant, found);
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
