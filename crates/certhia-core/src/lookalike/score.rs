//! How deceptive a look-alike is: 1 to 100, higher is more deceptive.
//!
//! Each trick begins from its own figure. What is short loses, since short labels resemble each other by chance:
//! *short* is 4 for each character that the watched label has less than 8; `n` is its length.
//!
//! | trick | score |
//! |---|---|
//! | homoglyph | 98, or 86 where it takes a hasty reader (marks, i for l, digits for letters); less *short*; less 6 with words around it; less 6 below a foreign domain |
//! | keyboard | 88 less 100 / n |
//! | edit | 90 less 200 for each edit / n, at most 75; less 10 where the first character differs |
//! | added | 90 where the watched domain's own suffix follows (`paypal.com.evil.example`), 80 with typical words only, 66 with others or as a whole label; less *short*; less 4 without hyphen; less 6 below a foreign domain |
//! | tld | 66, or 78 where the suffix is one edit away (`com` and `co`); less *short* |

use super::skeleton::Strength;

/// What is told unless a rule says otherwise.
pub const DEFAULT_LEAST: u8 = 50;

/// What stands around a watched label in a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    pub words: Words,
    /// A word is written to it without hyphen.
    pub glued: bool,
    /// It is in the registrable label, not in one below.
    pub registrable: bool,
    /// The watched domain's suffix follows.
    pub suffix_follows: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Nothing: it is the whole label.
    None,
    /// Words of the list or numbers.
    Typical,
    Other,
}

/// `length`: characters of the watched label, here and below.
pub fn homoglyph(strength: Strength, length: usize, around: Around) -> u8 {
    let base = if strength == Strength::Same { 98 } else { 86 };
    let off = 6 * usize::from(around.words != Words::None) + 6 * usize::from(!around.registrable);
    less(base, short(length) + off)
}

pub fn keyboard(length: usize) -> u8 {
    less(88, 100 / length.max(1))
}

pub fn edit(edits: usize, length: usize, same_first: bool) -> u8 {
    let off = 200 * edits / length.max(1);
    less(90, off.max(15) + 10 * usize::from(!same_first))
}

pub fn added(length: usize, around: Around) -> u8 {
    let base = match around.words {
        _ if around.suffix_follows => 90,
        Words::Typical => 80,
        Words::Other | Words::None => 66,
    };
    less(base, short(length) + 4 * usize::from(around.glued) + 6 * usize::from(!around.registrable))
}

pub fn tld(length: usize, near_suffix: bool) -> u8 {
    less(if near_suffix { 78 } else { 66 }, short(length))
}

/// Four for each character less than eight.
fn short(length: usize) -> usize {
    4 * 8_usize.saturating_sub(length)
}

fn less(base: usize, off: usize) -> u8 {
    base.saturating_sub(off).max(1) as u8
}
