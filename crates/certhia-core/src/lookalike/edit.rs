//! Edit distance, and the deletion neighbourhoods that find what is near without comparing all with all.
//!
//! Two texts that are at most `k` edits apart have beginnings of [`WINDOW`] characters that become equal when at most
//! `k` characters are deleted from each (the idea of SymSpell). So each watched label is indexed by all that is left of
//! its beginning after deletions, and a name asks for all that is left of its own: 9 questions for one edit, 37 for two,
//! however many rules there are and however long the labels.

use super::index::mix;

/// Characters of a label's beginning that are looked at.
pub const WINDOW: usize = 8;
/// Labels shorter than this have no edits: almost everything short is near everything else short.
pub const MIN_ONE: usize = 4;
/// From this length on two edits are allowed.
pub const MIN_TWO: usize = 8;
/// Labels longer than this aren't compared; no label of the DNS is longer.
pub const MAX_LABEL: usize = 63;

/// How many edits a label of so many characters may be away.
#[inline]
pub fn allowed(length: usize) -> usize {
    match length {
        0..MIN_ONE => 0,
        MIN_ONE..MIN_TWO => 1,
        MIN_TWO..=MAX_LABEL => 2,
        _ => 0,
    }
}

/// Restricted Damerau-Levenshtein distance (insertion, deletion, substitution, transposition of neighbours, no part
/// edited twice), if it is at most `most`.
pub fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let same = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    if a.is_empty() || b.is_empty() {
        return Some(a.len().max(b.len()));
    }
    let left = most.checked_sub(1)?;
    let transposed = a.len() > 1 && b.len() > 1 && a[0] == b[1] && a[1] == b[0];
    let swap = if transposed { distance(&a[2..], &b[2..], left) } else { None };
    let ways = [swap, distance(&a[1..], &b[1..], left), distance(&a[1..], b, left), distance(a, &b[1..], left)];
    ways.into_iter().flatten().min().map(|rest| rest + 1)
}

/// Which characters a label has, and how many: tells most of what is far apart without comparing.
#[derive(Debug, Clone, Copy)]
pub struct Outline {
    /// A bit for each letter, the upper six shared by all other characters.
    letters: u32,
    length: u32,
}

impl Outline {
    #[inline]
    pub fn of(label: impl Iterator<Item = u32>) -> Self {
        let (mut letters, mut length) = (0, 0);
        for c in label {
            let letter = c.wrapping_sub(u32::from(b'a'));
            letters |= 1 << if letter < 26 { letter } else { 26 + c % 6 };
            length += 1;
        }
        Self { letters, length }
    }

    /// Whether a label with this outline may be so many edits from one with the other: an edit takes a letter away,
    /// adds one, or both.
    #[inline]
    pub fn is_near(self, other: Self, edits: usize) -> bool {
        let different = (self.letters ^ other.letters).count_ones();
        different as usize <= 2 * edits && self.length.abs_diff(other.length) as usize <= edits
    }
}

/// The first [`WINDOW`] characters, a byte each (characters beyond ASCII by what tells most of them apart), and how many
/// there are.
#[inline]
pub fn window(label: &str) -> (u64, usize) {
    if label.is_ascii() {
        return window_of(label.as_bytes());
    }
    let fold = |c: char| if c.is_ascii() { c as u8 } else { 0x80 | (c as u32 ^ c as u32 >> 7) as u8 };
    let mut bytes = [0; WINDOW];
    let characters = bytes.iter_mut().zip(label.chars()).map(|(byte, c)| *byte = fold(c)).count();
    (u64::from_le_bytes(bytes), characters)
}

/// The window of a label in ASCII.
#[inline]
pub fn window_of(label: &[u8]) -> (u64, usize) {
    let mut bytes = [0; WINDOW];
    let count = label.len().min(WINDOW);
    bytes[..count].copy_from_slice(&label[..count]);
    (u64::from_le_bytes(bytes), count)
}

/// Calls `visit` with the hash of each text that is left when at most `edits` (0 to 2) characters are deleted from the
/// window. The same may come more than once.
#[inline]
pub fn deletions((packed, count): (u64, usize), edits: usize, mut visit: impl FnMut(u64)) {
    visit(mix(packed));
    if edits == 0 {
        return;
    }
    for first in 0..count {
        let once = without(packed, first);
        visit(mix(once));
        if edits > 1 {
            for second in first..count - 1 {
                visit(mix(without(once, second)));
            }
        }
    }
}

#[inline]
fn without(packed: u64, at: usize) -> u64 {
    let below = (1_u64 << (8 * at)) - 1;
    packed & below | packed >> 8 & !below
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// As the definition has it, the whole table.
    fn plain(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    let transposed = if swapped { table[i - 2][j - 2] + 1 } else { usize::MAX };
                    replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1).min(transposed)
                };
            }
        }
        table[a.len()][b.len()]
    }

    fn left(text: &str, edits: usize) -> HashSet<u64> {
        let mut out = HashSet::new();
        deletions(window(text), edits, |hash| {
            out.insert(hash);
        });
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn distances_and_neighbourhoods(a in "[abcä]{3,12}", b in "[abcä]{3,12}") {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let edits = plain(&x, &y);
            for most in 0..3 {
                prop_assert_eq!(distance(&x, &y, most), (edits <= most).then_some(edits));
                prop_assert!(edits > most || !left(&a, most).is_disjoint(&left(&b, most)));
                let outline = |label: &[char]| Outline::of(label.iter().map(|&c| c as u32));
                prop_assert!(edits > most || outline(&x).is_near(outline(&y), most));
            }
        }
    }
}
