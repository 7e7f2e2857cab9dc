//! Flags of an expression, and how often its parts stand.

use regex_syntax::ast::{self, RepetitionKind};

/// Flags in force, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    pub fn has(self, flag: ast::Flag) -> bool {
        self.0 & bit(flag) != 0
    }

    pub fn set(&mut self, flags: &ast::Flags) {
        let mut on = true;
        for item in &flags.items {
            match item.kind {
                ast::FlagsItemKind::Negation => on = false,
                ast::FlagsItemKind::Flag(flag) if on => self.0 |= bit(flag),
                ast::FlagsItemKind::Flag(flag) => self.0 &= !bit(flag),
            }
        }
    }
}

pub fn bit(flag: ast::Flag) -> u8 {
    match flag {
        ast::Flag::CaseInsensitive => 1,
        ast::Flag::MultiLine => 2,
        ast::Flag::DotMatchesNewLine => 4,
        ast::Flag::SwapGreed => 8,
        ast::Flag::Unicode => 16,
        ast::Flag::CRLF => 32,
        ast::Flag::IgnoreWhitespace => 64,
    }
}

/// The least and the most times; None: without end.
pub fn bounds(kind: &RepetitionKind) -> (u32, Option<u32>) {
    match *kind {
        RepetitionKind::ZeroOrOne => (0, Some(1)),
        RepetitionKind::ZeroOrMore => (0, None),
        RepetitionKind::OneOrMore => (1, None),
        RepetitionKind::Range(ast::RepetitionRange::Exactly(times)) => (times, Some(times)),
        RepetitionKind::Range(ast::RepetitionRange::AtLeast(min)) => (min, None),
        RepetitionKind::Range(ast::RepetitionRange::Bounded(min, max)) => (min, Some(max)),
    }
}
