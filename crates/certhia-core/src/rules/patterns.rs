//! Regular expressions: linear in the name, bounded in size, case-insensitive.

use std::ops::Range;

use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::Hir;

use crate::error::{Malformed, Result};

use super::literals::required;
use super::program::{Program, Room};
use super::symbols::Symbols;
use super::tables;
use super::translate::{in_symbols, translate};

/// Bytes of a pattern.
const MAX_PATTERN: usize = 4096;
/// Groups in groups and the like.
const MAX_NESTING: u32 = 50;
/// Bytes that all compiled expressions may take together.
pub const MAX_TOTAL: usize = 64 << 20;
/// Bytes that a text of `required` takes where all are looked for, for each of its own; and besides.
const TEXT_SHARE: (usize, usize) = (24, 64);

/// One expression, compiled. Names are in lower case.
pub struct Pattern {
    value: Box<str>,
    /// Texts one of which a name must have, where there are such.
    pub required: Option<Vec<Vec<u8>>>,
    /// Bytes; no shorter name matches.
    pub shortest: usize,
    /// What it takes of tables that it shares with others, or of a text's.
    pub share: usize,
    programs: Programs,
}

/// Most are one: of names in symbols. Others tell more characters apart.
enum Programs {
    Symbols(Program),
    Exact { bytes: Program, unicode: Program },
}

/// A name in the forms that programs ask for.
#[derive(Clone, Copy)]
pub enum Form<'a> {
    /// ASCII is in symbols as it is.
    Ascii(&'a [u8]),
    Bytes(&'a [u8], &'a Symbols),
    Unicode(&'a str, &'a Symbols),
}

impl Pattern {
    pub fn read(value: &str) -> Result<Self> {
        if value.len() > MAX_PATTERN {
            let reason = format!("a regular expression of {} bytes; at most {MAX_PATTERN}: shorten it", value.len());
            return Err(Malformed::new(reason, MAX_PATTERN));
        }
        let ast = parsed(value)?;
        let unicode = translate(value, &ast, true).map_err(|fault| untold(&fault))?;
        let required = required(&unicode);
        let (programs, hir) = if let Some(hir) = in_symbols(value, &ast).map_err(|fault| untold(&fault))? {
            (Programs::Symbols(Program::new(&hir)?), hir)
        } else {
            let hir = translate(value, &ast, false).unwrap_or_else(|_| unicode.clone());
            (Programs::Exact { bytes: Program::new(&hir)?, unicode: Program::new(&unicode)? }, hir)
        };
        let share = match &required {
            Some(texts) => texts.iter().map(|text| TEXT_SHARE.0 * text.len() + TEXT_SHARE.1).sum(),
            None => tables::share(&hir),
        };
        let shortest = hir.properties().minimum_len().unwrap_or(0);
        Ok(Self { value: value.into(), required, shortest, share, programs })
    }

    /// Memory that it takes, at most.
    pub fn nbytes(&self) -> usize {
        let programs = match &self.programs {
            Programs::Symbols(program) => program.nbytes(),
            Programs::Exact { bytes, unicode } => bytes.nbytes() + unicode.nbytes(),
        };
        let texts = self.required.iter().flatten().map(|text| text.capacity() + size_of::<Vec<u8>>());
        size_of::<Self>() + self.value.len() + programs + texts.sum::<usize>() + self.share
    }

    /// Whether it is one of names in symbols.
    pub fn is_of_symbols(&self) -> bool {
        matches!(self.programs, Programs::Symbols(_))
    }

    /// What is searched for in names in symbols, or else as bytes.
    pub fn program(&self) -> &Program {
        match &self.programs {
            Programs::Symbols(program) => program,
            Programs::Exact { bytes, .. } => bytes,
        }
    }

    /// What it matches of a name in symbols, or else as bytes, where it can be read again.
    pub fn hir(&self) -> Option<Hir> {
        let ast = parsed(&self.value).ok()?;
        match &self.programs {
            Programs::Symbols(_) => in_symbols(&self.value, &ast).ok()?,
            Programs::Exact { .. } => {
                translate(&self.value, &ast, false).or_else(|_| translate(&self.value, &ast, true)).ok()
            }
        }
    }

    /// The first part of a name that it matches.
    pub fn find<'a>(&self, name: Form<'a>, room: &mut Room) -> Option<&'a [u8]> {
        match (&self.programs, name) {
            (Programs::Symbols(program) | Programs::Exact { bytes: program, .. }, Form::Ascii(name))
            | (Programs::Exact { bytes: program, .. }, Form::Bytes(name, _)) => {
                program.find(name, room).map(|found| &name[found])
            }
            (Programs::Exact { unicode, .. }, Form::Unicode(name, _)) => {
                unicode.find(name.as_bytes(), room).map(|found| &name.as_bytes()[found])
            }
            (Programs::Symbols(program), Form::Bytes(name, symbols)) => in_place(program, name, symbols, room),
            (Programs::Symbols(program), Form::Unicode(name, symbols)) => {
                in_place(program, name.as_bytes(), symbols, room)
            }
        }
    }
}

fn in_place<'a>(program: &Program, name: &'a [u8], symbols: &Symbols, room: &mut Room) -> Option<&'a [u8]> {
    let found: Range<usize> = program.find(&symbols.bytes, room)?;
    Some(&name[symbols.place(found)])
}

fn parsed(value: &str) -> Result<Ast> {
    let parsed = ast::parse::ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(value);
    parsed.map_err(|fault| told(&fault.kind().to_string(), fault.span().start.offset))
}

fn untold(fault: &regex_syntax::hir::Error) -> Malformed {
    told(&fault.kind().to_string(), fault.span().start.offset)
}

fn told(what: &str, offset: usize) -> Malformed {
    let reason = format!("a regular expression can't be read: {what}; mend it, with \\ before what is meant as it is");
    Malformed::new(reason, offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta;

    use super::*;

    /// What `regex` finds by itself, in any case.
    fn directly(value: &str, unicode: bool) -> Option<meta::Regex> {
        let syntax = regex_automata::util::syntax::Config::new().case_insensitive(true).unicode(unicode).utf8(false);
        let config = meta::Config::new().utf8_empty(false);
        meta::Builder::new().syntax(syntax).configure(config).build(value).ok()
    }

    fn same(value: &str, name: &str) {
        let Ok(pattern) = Pattern::read(value) else { return };
        let (mut room, mut symbols) = (Room::default(), Symbols::default());
        let unicode = directly(value, true).unwrap();
        let bytes = directly(value, false).unwrap_or_else(|| unicode.clone());
        let place = |found: Option<&[u8]>| {
            found.map(|part| part.as_ptr() as usize - name.as_ptr() as usize).zip(found.map(<[u8]>::len))
        };
        let direct = |found: Option<regex_automata::Match>| found.map(|found| (found.start(), found.len()));
        symbols.of_unicode(name);
        let found = place(pattern.find(Form::Unicode(name, &symbols), &mut room));
        assert_eq!(found, direct(unicode.find(name)), "{value:?} in {name:?}");
        symbols.of_bytes(name.as_bytes());
        let found = place(pattern.find(Form::Bytes(name.as_bytes(), &symbols), &mut room));
        assert_eq!(found, direct(bytes.find(name)), "{value:?} in the bytes of {name:?}");
        if name.is_ascii() {
            let found = place(pattern.find(Form::Ascii(name.as_bytes()), &mut room));
            assert_eq!(found, direct(unicode.find(name)), "{value:?} in {name:?}");
        }
        let hir = pattern.hir().unwrap();
        assert_eq!(hir.properties().minimum_len().unwrap_or(0), pattern.shortest, "{value:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn what_is_found_is_what_is_found_directly(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "a", "K", "s", "ü", "1", "(", ")", "(?:", "(?-i:", "(?-u:", "(?u:", "(?i)", "(?s)", "(?U)", "|", "*", "+",
                "?", "+?", "{2,3}", "[", "[^", "]", "&&", "a-z", "x", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"\pL",
                r"\p{Greek}", ".", r"\.", "^", "$", r"\b", r"\B", r"\<", r"\b{end-half}", "[[:alpha:]]", "[0-9]", "-",
            ]), 0..10),
            names in proptest::collection::vec("[a-cks1_.-]{0,9}|[a-ks1.ü\u{3b1}\u{967}\u{4e2d}\u{301}\u{a0}\u{fffd}\u{1f600}-]{0,9}", 4),
        ) {
            names.iter().for_each(|name| same(&parts.concat(), name));
        }
    }

    #[test]
    fn labels_in_both_forms() {
        for value in [
            r"^\w+\.",
            r"\d{2,}",
            r"[[:alpha:]]+\d",
            "(?i)B.CHER",
            r"\bshop\b",
            r"\w{3}\W",
            r"[^a-z.]+",
            r"(?-u)\w+$",
            r"\pL+\d",
            r"\p{Cyrillic}",
            r"b[ü-ÿ]c",
            r"^[\w-]+(?:\.[\w-]+)*$",
            r"^\S+\.\w{2,}$",
            r"(?-u:.)cher",
            r"\B\w\B",
        ] {
            for name in [
                "xn--bcher-kva.example",
                "bücher.example",
                "bücher-shop.example",
                "пример.рф",
                "αβγ७७.example",
                "中文.cn",
                "shop24.example",
                "a\u{301}b.example",
                "ｘ.example",
                "",
                "*.ü.example",
                "1\u{fffd}2.example",
            ] {
                same(value, name);
            }
        }
    }

    #[test]
    fn case_does_not_count_and_groups_are_not_needed() {
        for (value, name, expected) in [
            ("PAY(pal)?[0-9]+", "www.paypal1.example", Some("paypal1")),
            (r"^(?-i:WWW)\.", "www.example", Some("www.")),
            ("[^a-z.]", "a.b", None),
            (r"(?i-u)[A-Z]\b", "a1.b", Some("b")),
            ("(?:a|b){2,3}$", "xabab", Some("bab")),
        ] {
            let found = Pattern::read(value).unwrap().find(Form::Ascii(name.as_bytes()), &mut Room::default());
            let found = found.map(<[u8]>::to_vec);
            assert_eq!(found, expected.map(|text| text.as_bytes().to_vec()), "{value}");
        }
        for (value, name, expected, of_symbols) in [
            ("BÜCHER", "bücher.example", "bücher", false),
            (r"^\p{Greek}+\.", "αβγ.example", "αβγ.", false),
            (r"b\w{2}h", "bücher.example", "büch", true),
            (r"\b.\b", "ü.example", "ü", true),
            (r"[^a-z]{2,}\d", "a७७७.example", "७७७", true),
        ] {
            let pattern = Pattern::read(value).unwrap();
            assert_eq!(pattern.is_of_symbols(), of_symbols, "{value}");
            let mut symbols = Symbols::default();
            symbols.of_unicode(name);
            let found = pattern.find(Form::Unicode(name, &symbols), &mut Room::default());
            assert_eq!(found, Some(expected.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_is_none_or_too_large_is_refused() {
        for (value, offset) in [
            ("a(b", 1),
            ("ab[", 2),
            (r"a\p{Nope}", 1),
            ("(?:a{1000}){1000}", 0),
            (&format!("{}{}", "(".repeat(100), ")".repeat(100)), 50),
            (r"a(?=b)", 1),
            (r"(a)\1", 3),
            (&"a".repeat(5000), MAX_PATTERN),
        ] {
            assert_eq!(Pattern::read(value).map(|_| ()).map_err(|fault| fault.offset), Err(offset), "{value}");
        }
    }
}
