//! Rules on the text of names: keywords, regular expressions, look-alikes.

use crate::lookalike;
use crate::names;
use crate::spellings::readings;

use super::kinds::{Found, Why};
use super::texts;
use super::{Matcher, Told};

/// Longer ones are not searched, nor are their wildcards tried, and that is told: in text form no name has more than 253
/// characters, of at most 4 bytes.
pub const MAX_NAME: usize = 1024;

/// What is told of a longer one.
pub const LONG: &str = "a name of more than 1024 bytes, too long to be looked at in every way";

/// Room for searches, kept from one to the next.
#[derive(Default)]
pub struct Room {
    lower: Vec<u8>,
    texts: texts::Room,
    looks: lookalike::Scratch,
}

impl Matcher {
    /// Whether there are rules on the text of names.
    #[inline]
    pub fn has_texts(&self) -> bool {
        !self.texts.is_empty() || !self.looks.is_empty()
    }

    /// Calls `found` for each rule that the text of a name matches; a rule may be given more than once. `host`: it is
    /// known to be meant as a name; else it is looked at only where it looks like one. `tries` and the result as for names.
    #[inline]
    pub fn search(
        &self,
        name: &[u8],
        host: bool,
        room: &mut Room,
        tries: &mut usize,
        found: &mut impl FnMut(Found<'_>),
    ) -> Told {
        let mut lower = std::mem::take(&mut room.lower);
        let told = if !is_usual(name, &mut lower) {
            self.unusual_texts(name, host, room, tries, found)
        } else if !host && !names::looks_like_name(name) {
            Ok(())
        } else if lower.len() > MAX_NAME {
            Err(LONG)
        } else {
            if !self.texts.is_empty() {
                self.texts.find(&lower, &mut room.texts, found);
            }
            self.resembled(name, room, tries, found)
        };
        room.lower = lower;
        told
    }

    /// The rules on look-alikes.
    #[inline]
    fn resembled(&self, name: &[u8], room: &mut Room, tries: &mut usize, found: &mut impl FnMut(Found<'_>)) -> Told {
        if self.looks.is_empty() {
            return Ok(());
        }
        let registrable = |name: &[u8]| self.suffixes.registrable_len(name);
        let enough = self.looks.find(name, &registrable, &mut room.looks, tries, &mut |rule, trick, score| {
            found(Found { rule, why: Why::Lookalike, detail: trick.as_str().as_bytes(), score });
        });
        if enough { Ok(()) } else { Err("more look-alikes than can be tried") }
    }

    /// A name that may be meant in several ways: each is looked at, in A-labels and in Unicode.
    #[cold]
    fn unusual_texts(
        &self,
        name: &[u8],
        host: bool,
        room: &mut Room,
        tries: &mut usize,
        found: &mut impl FnMut(Found<'_>),
    ) -> Told {
        let mut told = Ok(());
        let mut forms: Vec<String> = Vec::new();
        for reading in readings(name) {
            if !host && !names::looks_like_name(&reading) {
                continue;
            }
            if reading.len() > MAX_NAME {
                told = Err(LONG);
                continue;
            }
            told = told.and(self.resembled(&reading, room, tries, found));
            self.texts.find(&reading, &mut room.texts, found);
            if let Some((form, _)) = names::lenient_unicode(&reading)
                && !form.is_ascii()
                && !forms.contains(&form)
            {
                self.texts.find_unicode(&form, &mut room.texts, found);
                forms.push(form);
            }
        }
        told
    }
}

/// Puts the name into `lower` in lower case, without the dots at its end; false where it may mean more than its bytes say.
#[inline]
fn is_usual(name: &[u8], lower: &mut Vec<u8>) -> bool {
    let mut name = name;
    while let [rest @ .., b'.'] = name {
        name = rest;
    }
    lower.clear();
    lower.extend(name.iter().map(u8::to_ascii_lowercase));
    let plain = lower
        .iter()
        .fold(true, |plain, &byte| plain & (byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'_' | b'.' | b'*')));
    plain && !lower.windows(4).any(|four| four == b"xn--")
}
