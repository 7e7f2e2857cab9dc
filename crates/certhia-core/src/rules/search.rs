//! Rules on the text of names: keywords, regular expressions, look-alikes.

use crate::lookalike;
use crate::names;
use crate::recent::Recent;
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
    recent: Recent,
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
            self.resembled(&lower, true, room, tries, found)
        };
        room.lower = lower;
        told
    }

    /// The rules on look-alikes. `usual`: the name is, and in lower case.
    #[inline]
    fn resembled(
        &self,
        name: &[u8],
        usual: bool,
        room: &mut Room,
        tries: &mut usize,
        found: &mut impl FnMut(Found<'_>),
    ) -> Told {
        if self.looks.is_empty() {
            return Ok(());
        }
        let Room { looks: scratch, recent, .. } = room;
        let mut registrable = |name: &[u8]| self.suffixes.registrable_after(name, recent);
        let mut found = |rule, trick: lookalike::Trick, score| {
            found(Found { rule, why: Why::Lookalike, detail: trick.as_str().as_bytes(), score });
        };
        let enough = if usual {
            let name = name.strip_prefix(b"*.").unwrap_or(name);
            self.looks.find_normal(name, &mut registrable, scratch, tries, &mut found)
        } else {
            self.looks.find(name, &mut registrable, scratch, tries, &mut found)
        };
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
            told = told.and(self.resembled(&reading, false, room, tries, found));
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

/// Usual characters in lower case; 0 for others.
const USUAL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let one = byte as u8;
        if one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.' | b'*') {
            table[byte] = one.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

/// Puts the name into `lower` in lower case, without the dots at its end; false where it may mean more than its bytes say.
#[inline]
fn is_usual(name: &[u8], lower: &mut Vec<u8>) -> bool {
    let mut name = name;
    while let [rest @ .., b'.'] = name {
        name = rest;
    }
    lower.clear();
    let (mut plain, mut doubled, mut before) = (true, false, 0);
    lower.extend(name.iter().map(|&byte| {
        let folded = USUAL[usize::from(byte)];
        plain &= folded != 0;
        doubled |= byte == b'-' && before == b'-';
        before = byte;
        folded
    }));
    plain && !(doubled && lower.windows(4).any(|four| four == b"xn--"))
}
