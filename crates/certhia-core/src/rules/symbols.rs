//! Names as symbols of a byte each, so that one small program finds what an expression finds in names of all scripts.
//!
//! ASCII stands for itself; names have no capitals of it, so those are free. Most expressions tell other characters apart
//! only as `\w`, `\d` and `\s` do: each such kind is one symbol. Those that are part of words are capitals, which are part
//! of words of ASCII too: so boundaries of words are the same.

use std::ops::Range;
use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

use super::classes;

/// A byte that is no ASCII, in a name that is taken as bytes.
const RAW: u8 = 0x80;
/// Parts of words; digits of other scripts; and what no class has, as it is in no name in lower case.
const WORD: u8 = b'A';
const DIGIT: u8 = b'B';
const CAPITAL: u8 = b'C';
/// White space, and all the rest.
const SPACE: u8 = 0x81;
const OTHER: u8 = 0x82;

/// Each kind of characters beyond ASCII, with its symbol.
fn kinds() -> &'static [(ClassUnicode, u8); 4] {
    static KINDS: OnceLock<[(ClassUnicode, u8); 4]> = OnceLock::new();
    KINDS.get_or_init(|| {
        let class = |value| regex_syntax::parse(value).map_or_else(|_| ClassUnicode::empty(), classes::characters);
        let named = |value| classes::without_capitals(beyond_ascii(&class(value)));
        let (mut word, digit, space) = (named(r"\w"), named(r"\d"), named(r"\s"));
        let mut other = classes::without_capitals(beyond_ascii(&class(r"(?s).")));
        other.difference(&word);
        other.difference(&space);
        word.difference(&digit);
        [(word, WORD), (digit, DIGIT), (space, SPACE), (other, OTHER)]
    })
}

fn beyond_ascii(class: &ClassUnicode) -> ClassUnicode {
    let mut beyond = ClassUnicode::new([ClassUnicodeRange::new('\u{80}', char::MAX)]);
    beyond.intersect(class);
    beyond
}

/// What a part of an expression without parts is in symbols, by what it is of names in Unicode and of names as bytes; None
/// where it tells more apart than symbols do, or on ASCII the two differ.
pub fn both(unicode: &Hir, bytes: &Hir) -> Option<Hir> {
    match (unicode.kind(), bytes.kind()) {
        (HirKind::Empty, HirKind::Empty) => Some(Hir::empty()),
        (HirKind::Look(one), HirKind::Look(other)) => look(*one, *other).map(Hir::look),
        _ => {
            let (characters, (plain, is_raw)) = (of_unicode(unicode)?, of_bytes(bytes)?);
            let ascii = |class: &ClassUnicode| {
                class
                    .iter()
                    .filter(|one| one.start().is_ascii())
                    .map(|one| ClassBytesRange::new(one.start() as u8, (one.end() as u32).min(0x7f) as u8))
                    .collect::<Vec<_>>()
            };
            let mut out = ClassBytes::new(ascii(&characters));
            if out != plain {
                return None;
            }
            let beyond = beyond_ascii(&characters);
            let symbols = if beyond.ranges().is_empty() { Vec::new() } else { symbols_of(&beyond)? };
            let raw = is_raw.then_some(RAW);
            out.union(&ClassBytes::new(symbols.into_iter().chain(raw).map(|one| ClassBytesRange::new(one, one))));
            Some(Hir::class(Class::Bytes(out)))
        }
    }
}

fn symbols_of(beyond: &ClassUnicode) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut left = beyond.clone();
    for (kind, symbol) in kinds() {
        let mut common = kind.clone();
        common.intersect(beyond);
        if common.ranges().is_empty() {
            continue;
        }
        if common != *kind {
            return None;
        }
        left.difference(kind);
        out.push(*symbol);
    }
    left.ranges().is_empty().then_some(out)
}

fn of_unicode(hir: &Hir) -> Option<ClassUnicode> {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        HirKind::Class(Class::Bytes(class)) => class.to_unicode_class(),
        HirKind::Literal(literal) => {
            let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
            let only = characters.next().filter(|_| characters.next().is_none())?;
            Some(ClassUnicode::new([ClassUnicodeRange::new(only, only)]))
        }
        _ => None,
    }
}

/// The part in ASCII, and whether it has all other bytes; None where it has some of them.
fn of_bytes(hir: &Hir) -> Option<(ClassBytes, bool)> {
    let class = match hir.kind() {
        HirKind::Class(Class::Bytes(class)) => class.clone(),
        HirKind::Class(Class::Unicode(class)) => class.to_byte_class()?,
        HirKind::Literal(literal) => match literal.0[..] {
            [only] => ClassBytes::new([ClassBytesRange::new(only, only)]),
            _ => return None,
        },
        _ => return None,
    };
    let part = |first, last| {
        let mut part = ClassBytes::new([ClassBytesRange::new(first, last)]);
        part.intersect(&class);
        part
    };
    let beyond = part(0x80, 0xff);
    let is_raw = match beyond.ranges() {
        [] => false,
        [all] if (all.start(), all.end()) == (0x80, 0xff) => true,
        _ => return None,
    };
    Some((part(0, 0x7f), is_raw))
}

/// Boundaries of words: those of Unicode in the one and of ASCII in the other.
fn look(unicode: Look, bytes: Look) -> Option<Look> {
    let said = match unicode {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF => unicode,
        _ => return None,
    };
    (said == bytes).then_some(said)
}

/// A name in symbols.
#[derive(Default)]
pub struct Symbols {
    pub bytes: Vec<u8>,
    /// Where in the name each stands, and its end; none where all are of one byte.
    places: Vec<usize>,
}

impl Symbols {
    /// Of a name as bytes.
    pub fn of_bytes(&mut self, name: &[u8]) {
        self.places.clear();
        self.bytes.clear();
        self.bytes.extend(name.iter().map(|&byte| if byte.is_ascii() { byte } else { RAW }));
    }

    /// Of a name in Unicode, lower case.
    pub fn of_unicode(&mut self, name: &str) {
        self.bytes.clear();
        self.places.clear();
        for (at, character) in name.char_indices() {
            self.bytes.push(symbol(character));
            self.places.push(at);
        }
        self.places.push(name.len());
    }

    /// Where in the name this part of the symbols stands.
    pub fn place(&self, part: Range<usize>) -> Range<usize> {
        if self.places.is_empty() { part } else { self.places[part.start]..self.places[part.end] }
    }
}

fn symbol(character: char) -> u8 {
    if character.is_ascii() {
        // None in lower case; were there any, no class would have them, but words.
        return if character.is_ascii_uppercase() { CAPITAL } else { character as u8 };
    }
    let holds = |class: &ClassUnicode| {
        let ranges = class.ranges();
        let at = ranges.partition_point(|range| range.end() < character);
        ranges.get(at).is_some_and(|range| range.start() <= character)
    };
    kinds().iter().find(|(kind, _)| holds(kind)).map_or(CAPITAL, |&(_, symbol)| symbol)
}
