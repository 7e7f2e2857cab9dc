//! What a likely look-alike really is: compared character by character, and scored.

use super::edit::distance;
use super::score::{self, Around, Words};
use super::skeleton::{Skeleton, Strength};
use super::trick::{Trick, Tricks};
use super::words::is_word;

/// A watched label with the domains that have it.
pub struct Label {
    pub text: Box<str>,
    /// The loose one.
    pub skeleton: Box<[u8]>,
    /// Characters of the text.
    pub length: usize,
    /// How many edits away a label may be.
    pub edits: usize,
    pub domains: Vec<Domain>,
}

/// A watched registrable domain.
pub struct Domain {
    pub name: Box<str>,
    pub wishes: Vec<Wish>,
}

/// What one rule wants of a domain.
#[derive(Clone, Copy)]
pub struct Wish {
    pub rule: u32,
    pub tricks: Tricks,
    pub least: u8,
}

/// Rule, trick and score of all that was found for a name.
pub type Found = Vec<(u32, Trick, u8)>;

/// A label of the name that is judged.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The whole normal name.
    pub name: &'a [u8],
    /// What follows the label in it, without the dot.
    pub rest: &'a [u8],
    /// It is the registrable label, so `rest` is the public suffix.
    pub registrable: bool,
    /// The label in Unicode.
    pub text: &'a str,
}

impl Domain {
    fn suffix(&self) -> &[u8] {
        after_dot(self.name.as_bytes())
    }

    /// Whether the name is the domain or below it.
    fn owns(&self, name: &[u8]) -> bool {
        name.strip_suffix(self.name.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    }

    fn tell(&self, trick: Trick, score: u8, found: &mut Found) {
        let wanting = self.wishes.iter().filter(|wish| wish.tricks.contains(trick) && score >= wish.least);
        found.extend(wanting.map(|wish| (wish.rule, trick, score)));
    }
}

impl Label {
    /// The skeleton's bytes from `start` to `end` may be this label's: a homoglyph, the label with words, or itself
    /// under another suffix.
    pub fn same_look(&self, place: Place<'_>, skeleton: &Skeleton, (start, end): (usize, usize), found: &mut Found) {
        if skeleton.bytes[start..end] != *self.skeleton || !skeleton.is_boundary(start) || !skeleton.is_boundary(end) {
            return;
        }
        let (from, to) = (usize::from(skeleton.origin[start]), usize::from(skeleton.origin[end]));
        let (before, part, after) = (&place.text[..from], &place.text[from..to], &place.text[to..]);
        let Some((words, glued)) = words_around(before, after) else {
            return;
        };
        let strength = if part == &*self.text { None } else { Some(self.strength(part)) };
        for domain in self.domains.iter().filter(|domain| !domain.owns(place.name)) {
            let suffix_follows = !place.registrable && after.is_empty() && follows(place.rest, domain.suffix(), b'.')
                || after.strip_prefix('-').is_some_and(|after| follows(after.as_bytes(), domain.suffix(), b'-'));
            let around = Around { words, glued, registrable: place.registrable, suffix_follows };
            let alone = place.registrable && words == Words::None;
            match strength {
                Some(strength) => domain.tell(Trick::Homoglyph, score::homoglyph(strength, self.length, around), found),
                // Decoded it is the very label: another way of writing it that isn't the watched name.
                None if alone && domain.suffix() == place.rest => {
                    let score = score::homoglyph(Strength::Same, self.length, around);
                    domain.tell(Trick::Homoglyph, score, found);
                }
                None if alone => {
                    let near = near_suffix(place.rest, domain.suffix());
                    domain.tell(Trick::Tld, score::tld(self.length, near), found);
                }
                None if words == Words::Other && !suffix_follows && self.length < 5 => {}
                None => domain.tell(Trick::Added, score::added(self.length, around), found),
            }
        }
    }

    fn strength(&self, part: &str) -> Strength {
        let (mut mine, mut its) = (Skeleton::default(), Skeleton::default());
        mine.read(&self.text, Strength::Same);
        its.read(part, Strength::Same);
        if mine.bytes == its.bytes { Strength::Same } else { Strength::Loose }
    }

    /// The registrable label may be this one with a slip of the finger or a few edits. `typed` are its characters,
    /// `meant` is scratch.
    pub fn near(&self, place: Place<'_>, typed: &[char], meant: &mut Vec<char>, found: &mut Found) {
        if typed.len().abs_diff(self.length) > self.edits {
            return;
        }
        meant.clear();
        meant.extend(self.text.chars());
        let Some(edits) = distance(meant, typed, self.edits).filter(|&edits| edits > 0) else {
            return;
        };
        let slip = edits == 1 && super::keyboard::is_slip(meant, typed);
        let score = score::edit(edits, self.length, meant.first() == typed.first());
        for domain in self.domains.iter().filter(|domain| !domain.owns(place.name)) {
            if slip {
                domain.tell(Trick::Keyboard, score::keyboard(self.length), found);
            }
            domain.tell(Trick::Edit, score, found);
        }
    }
}

/// What stands before and behind a part of a label, and whether it is written to it without hyphen; None where it is
/// only letters of another word.
fn words_around(before: &str, after: &str) -> Option<(Words, bool)> {
    let (left, joined) = (before.strip_suffix('-').unwrap_or(before), after.strip_prefix('-').unwrap_or(after));
    let glued_left = !before.is_empty() && left.len() == before.len();
    let glued_right = !after.is_empty() && joined.len() == after.len();
    if glued_left && !left.rsplit('-').next().is_some_and(is_word) {
        return None;
    }
    if glued_right && !joined.split('-').next().is_some_and(is_word) {
        return None;
    }
    let words = if before.is_empty() && after.is_empty() {
        Words::None
    } else if left.split('-').chain(joined.split('-')).all(|part| part.is_empty() || is_word(part)) {
        Words::Typical
    } else {
        Words::Other
    };
    Some((words, glued_left || glued_right))
}

/// Whether a text begins with a suffix whose dots are written as `dot`, and then ends or goes on behind one.
fn follows(text: &[u8], suffix: &[u8], dot: u8) -> bool {
    let same = |(&byte, &of): (&u8, &u8)| byte == if of == b'.' { dot } else { of };
    !suffix.is_empty()
        && text.len() >= suffix.len()
        && text.iter().zip(suffix).all(same)
        && text.get(suffix.len()).is_none_or(|&byte| byte == dot)
}

fn near_suffix(one: &[u8], other: &[u8]) -> bool {
    let characters = |suffix: &[u8]| -> Vec<char> { suffix.iter().map(|&byte| char::from(byte)).collect() };
    distance(&characters(one), &characters(other), 1).is_some()
}

fn after_dot(name: &[u8]) -> &[u8] {
    memchr::memchr(b'.', name).map_or(&[], |dot| &name[dot + 1..])
}
