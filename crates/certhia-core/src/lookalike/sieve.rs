//! Whether a label deserves a closer look: all questions of [`super::search`] put to the tables' filters, in one pass
//! over the bytes and without writing anything down. Most labels end here.
//!
//! It may pass a label in which nothing is found, never the other way round.

use super::Lookalikes;
use super::edit::{self, Outline, deletions};
use super::index::{BASE, POWERS, mix};
use super::search::MAX_WORD;
use super::skeleton::LOOSE;

/// Longer labels, and those beyond ASCII, always pass.
const MAX_LABEL: usize = 63;
/// So do registrable labels with longer parts between hyphens.
const MAX_PART: usize = 31;

/// What a character does to the hash of a skeleton: times the first, plus the second; and the bytes that it adds.
#[derive(Clone, Copy)]
struct Step(u64, u64, u8);

const STEPS: [Step; 128] = {
    let mut steps = [Step(0, 0, 0); 128];
    let mut byte = 0;
    while byte < 128 {
        let [first, second] = LOOSE[byte];
        let add = first as u64 + 1;
        steps[byte] = if second == 0 {
            Step(BASE, add, 1)
        } else {
            Step(BASE.wrapping_mul(BASE), add.wrapping_mul(BASE).wrapping_add(second as u64 + 1), 2)
        };
        byte += 1;
    }
    steps
};

/// i behind c, which stays.
const KEPT: Step = Step(BASE, b'i' as u64 + 1, 1);

/// Hash and length of a skeleton so far.
#[derive(Clone, Copy, Default)]
struct Sum {
    hash: u64,
    length: usize,
}

impl Sum {
    #[inline]
    fn push(&mut self, byte: u8, last: u8) {
        let Step(times, plus, bytes) =
            if byte == b'i' && last == b'c' { KEPT } else { STEPS[usize::from(byte & 0x7f)] };
        self.hash = self.hash.wrapping_mul(times).wrapping_add(plus);
        self.length += usize::from(bytes);
    }
}

/// A label that the tables can be asked for as it stands.
#[inline]
fn is_plain(label: &[u8]) -> bool {
    label.len() <= MAX_LABEL && label.is_ascii() && !label.starts_with(b"xn--")
}

impl Lookalikes {
    /// A label below the registrable one.
    #[inline]
    pub(super) fn passes_below(&self, label: &[u8]) -> bool {
        if !is_plain(label) {
            return true;
        }
        if self.is_short(label) {
            return false;
        }
        let (mut sum, mut last) = (Sum::default(), 0);
        for &byte in label {
            if byte == b'-' {
                if self.parts > 1 || self.watches(sum) {
                    return true;
                }
                (sum, last) = (Sum::default(), 0);
            } else {
                sum.push(byte, last);
                last = byte;
            }
        }
        self.watches(sum)
    }

    /// The registrable label; `dull` is the last that did not pass.
    #[inline]
    pub(super) fn is_striking(&self, label: &[u8], dull: &mut Vec<u8>) -> bool {
        if label == dull.as_slice() {
            return false;
        }
        let passes = self.passes(label);
        if !passes {
            dull.clear();
            dull.extend_from_slice(label);
        }
        passes
    }

    #[inline]
    fn passes(&self, label: &[u8]) -> bool {
        if !is_plain(label) {
            return true;
        }
        if self.is_short(label) {
            return self.edits > 0 && self.may_be_near(label);
        }
        let mut rest = label;
        loop {
            let part = memchr::memchr(b'-', rest).map_or(rest, |hyphen| &rest[..hyphen]);
            if self.passes_part(part) {
                return true;
            }
            if part.len() == rest.len() {
                return self.edits > 0 && self.may_be_near(label);
            }
            if self.parts > 1 {
                return true;
            }
            rest = &rest[part.len() + 1..];
        }
    }

    /// Whether no watched skeleton stands in a label's: that has at most two bytes for each of its own.
    #[inline]
    fn is_short(&self, label: &[u8]) -> bool {
        2 * label.len() < self.shortest
    }

    /// A part between hyphens: whether it is watched, or begins or ends with what is, or does so behind a word.
    #[inline]
    fn passes_part(&self, part: &[u8]) -> bool {
        if part.len() > MAX_PART {
            return true;
        }
        let mut sums = [Sum::default(); MAX_PART + 1];
        let (mut sum, mut last) = (Sum::default(), 0);
        let mut word = false;
        for (at, &byte) in part.iter().enumerate() {
            sum.push(byte, last);
            last = byte;
            sums[at + 1] = sum;
            if self.glued >> (sum.length & 63) & 1 != 0 && self.watches(sum) {
                return true;
            }
            word |= at < MAX_WORD && self.words.holds(mix(sum.hash));
        }
        if self.watches(sum) {
            return true;
        }
        sums[..part.len()].iter().any(|begin| {
            let length = sum.length - begin.length;
            let hash = sum.hash.wrapping_sub(begin.hash.wrapping_mul(POWERS[length]));
            self.glued >> (length & 63) & 1 != 0 && self.watches(Sum { hash, length })
        }) || word && self.watched_behind_word(&sums[..=part.len()])
    }

    #[cold]
    fn watched_behind_word(&self, sums: &[Sum]) -> bool {
        let words = sums.iter().take(MAX_WORD + 1).enumerate();
        let mut words = words.filter(|(_, sum)| self.words.holds(mix(sum.hash)));
        words.any(|(at, begin)| {
            sums[at + 1..].iter().any(|end| {
                let length = end.length - begin.length;
                let hash = end.hash.wrapping_sub(begin.hash.wrapping_mul(POWERS[length]));
                self.watches(Sum { hash, length })
            })
        })
    }

    #[inline]
    fn watches(&self, sum: Sum) -> bool {
        self.lengths >> (sum.length & 63) & 1 != 0 && self.skeletons.holds(mix(sum.hash))
    }

    #[inline]
    fn may_be_near(&self, label: &[u8]) -> bool {
        let mut near = false;
        let outline = || Outline::of(label.iter().copied().map(u32::from));
        self.neighbours(edit::window_of(label), label.len(), outline, |_| near = true);
        near
    }

    /// Calls `visit` with the watched labels that may be near one of `length` characters with this window and outline.
    #[inline]
    pub(super) fn neighbours(
        &self,
        window: (u64, usize),
        length: usize,
        outline: impl Fn() -> Outline,
        mut visit: impl FnMut(u32),
    ) {
        let mut known = None;
        let mut visit = |number: u32| {
            let (watched, edits) = self.outlines[number as usize];
            if watched.is_near(*known.get_or_insert_with(&outline), edits) {
                visit(number);
            }
        };
        if self.near_one.0 <= length + 1 && length <= self.near_one.1 + 1 {
            deletions(window, 1, |hash| self.once.find(hash, &mut visit));
        }
        if self.edits > 1 && length + 2 >= edit::MIN_TWO {
            deletions(window, 2, |hash| self.twice.find(hash, &mut visit));
        }
    }
}
