//! Rules on the text of names: keywords, regular expressions, look-alikes.

use crate::lookalike;
use crate::names;
use crate::spellings::readings;

use super::Matcher;
use super::kinds::{Found, Why};
use super::texts;

/// Longer names are not searched: in text form none has more than 253 characters, of at most 4 bytes.
pub const MAX_NAME: usize = 1024;

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
    /// known to be meant as a name; else it is looked at only where it looks like one. `tries` as for names.
    #[inline]
    pub fn search(
        &self,
        name: &[u8],
        host: bool,
        room: &mut Room,
        tries: &mut usize,
        found: &mut impl FnMut(Found<'_>),
    ) -> bool {
        if name.len() > MAX_NAME {
            return true;
        }
        let mut lower = std::mem::take(&mut room.lower);
        let named = if is_usual(name, &mut lower) {
            let named = host || names::looks_like_name(name);
            if named && !self.texts.is_empty() {
                self.texts.find(&lower, &mut room.texts, found);
            }
            named
        } else {
            self.unusual_texts(name, host, room, found)
        };
        room.lower = lower;
        if !named || self.looks.is_empty() {
            return true;
        }
        let registrable = |name: &[u8]| self.suffixes.registrable_len(name);
        self.looks.find(name, &registrable, &mut room.looks, tries, &mut |rule, trick, score| {
            found(Found { rule, why: Why::Lookalike, detail: trick.as_str().as_bytes(), score });
        })
    }

    /// A name that may be meant in several ways: each is looked at, in A-labels and in Unicode. Gives whether one looks
    /// like a name.
    #[cold]
    fn unusual_texts(&self, name: &[u8], host: bool, room: &mut Room, found: &mut impl FnMut(Found<'_>)) -> bool {
        let mut named = host;
        let mut forms: Vec<String> = Vec::new();
        for reading in readings(name) {
            if !host && !names::looks_like_name(&reading) {
                continue;
            }
            named = true;
            self.texts.find(&reading, &mut room.texts, found);
            if let Some((form, _)) = names::lenient_unicode(&reading)
                && !form.is_ascii()
                && !forms.contains(&form)
            {
                self.texts.find_unicode(&form, &mut room.texts, found);
                forms.push(form);
            }
        }
        named
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
