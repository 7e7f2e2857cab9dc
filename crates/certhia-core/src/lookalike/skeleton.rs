//! Skeletons: texts that look the same have the same one (UTS 39 section 4, with confusables.txt by `unicode-security`).
//!
//! UTS 39 compares what fonts show of a whole character set; names are lower case, and readers forgive more. So besides
//! its prototypes, in lower case: 0 is o, 1 is l, w is vv, d is cl (m is rn in UTS 39 already). The loose skeleton also
//! drops marks (á is a, ł is l), and takes i for l and 3 4 5 7 8 9 for e a s t b g.
//!
//! Each character gives its own part of the skeleton (pairs are written out, never drawn together), so a part of a label
//! has the skeleton that it has alone. The one exception: i behind c stays, or `ci` would be d.

use unicode_normalization::char::is_combining_mark;

use super::index::MAX_TEXT;

/// What counts as the same look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// What a reader can't tell apart.
    Same,
    /// What a hasty reader takes for the same.
    Loose,
}

/// A skeleton with the place in the text that each byte comes from.
#[derive(Default)]
pub struct Skeleton {
    pub bytes: Vec<u8>,
    /// For each byte, and for the end, where its character begins in the text; one more than there are bytes.
    pub origin: Vec<u8>,
}

impl Skeleton {
    /// Reads a text in lower case of at most [`MAX_TEXT`] bytes. False where its skeleton is longer than that.
    #[inline]
    pub fn read(&mut self, text: &str, strength: Strength) -> bool {
        self.bytes.clear();
        self.origin.clear();
        let table = if strength == Strength::Loose { &LOOSE } else { &SAME };
        if text.is_ascii() {
            for (at, &byte) in text.as_bytes().iter().enumerate() {
                self.push(byte, at, table);
            }
        } else {
            self.read_unicode(text, strength, table);
        }
        self.origin.push(text.len() as u8);
        self.bytes.len() <= MAX_TEXT
    }

    #[cold]
    fn read_unicode(&mut self, text: &str, strength: Strength, table: &Table) {
        for (at, c) in text.char_indices() {
            if c.is_ascii() {
                self.push(c as u8, at, table);
                continue;
            }
            let mut buffer = [0; 4];
            for prototype in unicode_security::skeleton(c.encode_utf8(&mut buffer)).flat_map(char::to_lowercase) {
                if self.bytes.len() > MAX_TEXT {
                    return;
                }
                if prototype.is_ascii() {
                    self.push(prototype as u8, at, table);
                } else if strength == Strength::Same || !is_combining_mark(prototype) {
                    let mut buffer = [0; 4];
                    self.bytes.extend_from_slice(prototype.encode_utf8(&mut buffer).as_bytes());
                    self.origin.resize(self.bytes.len(), at as u8);
                }
            }
        }
    }

    #[inline]
    fn push(&mut self, byte: u8, at: usize, table: &Table) {
        let [first, second] = table[usize::from(byte)];
        let kept = byte == b'i' && self.bytes.last() == Some(&b'c');
        self.bytes.push(if kept { byte } else { first });
        self.origin.push(at as u8);
        if second != 0 {
            self.bytes.push(second);
            self.origin.push(at as u8);
        }
    }

    /// Whether a character of the text begins at this byte, or all ends there.
    pub fn is_boundary(&self, at: usize) -> bool {
        at == 0 || self.origin[at] != self.origin[at - 1]
    }
}

/// What each ASCII character looks like: one or two bytes.
pub type Table = [[u8; 2]; 128];

const SAME: Table =
    table(&[(b'0', *b"o\0"), (b'1', *b"l\0"), (b'|', *b"l\0"), (b'm', *b"rn"), (b'w', *b"vv"), (b'd', *b"cl")]);

pub const LOOSE: Table = {
    let mut loose = SAME;
    let pairs = [(b'i', b'l'), (b'3', b'e'), (b'4', b'a'), (b'5', b's'), (b'7', b't'), (b'8', b'b'), (b'9', b'g')];
    let mut at = 0;
    while at < pairs.len() {
        loose[pairs[at].0 as usize] = [pairs[at].1, 0];
        at += 1;
    }
    loose
};

const fn table(looks: &[(u8, [u8; 2])]) -> Table {
    let mut table = [[0; 2]; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = [byte as u8, 0];
        byte += 1;
    }
    let mut at = 0;
    while at < looks.len() {
        table[looks[at].0 as usize] = looks[at].1;
        at += 1;
    }
    table
}
