//! Regular expressions: linear in the name, bounded in size, case-insensitive.

use regex_automata::meta;
use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::Hir;

use crate::error::{Malformed, Result};

use super::literals::required;
use super::translate::translate;

/// Bytes of a pattern.
const MAX_PATTERN: usize = 4096;
/// Groups in groups and the like.
const MAX_NESTING: u32 = 50;
/// Bytes that one compiled expression may take.
pub const MAX_SIZE: usize = 1 << 20;
/// Bytes that all compiled expressions may take together.
pub const MAX_TOTAL: usize = 64 << 20;
/// What one search may keep of what it learned.
const CACHE: usize = 128 << 10;

/// One expression, compiled for names in ASCII and for names in Unicode.
pub struct Pattern {
    /// What it matches of names in ASCII, lower case.
    pub ascii: Hir,
    /// Texts one of which a name must have, where there are such.
    pub required: Option<Vec<Vec<u8>>>,
    narrow: meta::Regex,
    wide: meta::Regex,
}

impl Pattern {
    pub fn read(value: &str) -> Result<Self> {
        if value.len() > MAX_PATTERN {
            let reason = format!("a regular expression of {} bytes; at most {MAX_PATTERN}: shorten it", value.len());
            return Err(Malformed::new(reason, MAX_PATTERN));
        }
        let parsed = ast::parse::ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(value);
        let ast = parsed.map_err(|fault| told(&fault.kind().to_string(), fault.span().start.offset))?;
        let unicode = translated(value, &ast, true)?;
        // On ASCII both mean the same; the narrow one is smaller by far. Some can only be said in Unicode.
        let ascii = translated(value, &ast, false).unwrap_or_else(|_| unicode.clone());
        let (narrow, wide) = (compile(&ascii)?, compile(&unicode)?);
        Ok(Self { ascii, required: required(&unicode), narrow, wide })
    }

    pub fn nbytes(&self) -> usize {
        self.narrow.memory_usage() + self.wide.memory_usage()
    }

    /// Where it matches a name in ASCII, lower case.
    pub fn find<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        self.narrow.find(name).map(|found| &name[found.range()])
    }

    /// Where it matches a name in Unicode, lower case.
    pub fn find_unicode<'a>(&self, name: &'a str) -> Option<&'a [u8]> {
        self.wide.find(name).map(|found| &name.as_bytes()[found.range()])
    }
}

fn translated(value: &str, ast: &Ast, unicode: bool) -> Result<Hir> {
    translate(value, ast, unicode).map_err(|fault| told(&fault.kind().to_string(), fault.span().start.offset))
}

fn told(what: &str, offset: usize) -> Malformed {
    let reason = format!("a regular expression can't be read: {what}; mend it, with \\ before what is meant as it is");
    Malformed::new(reason, offset)
}

fn compile(hir: &Hir) -> Result<meta::Regex> {
    let config = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(MAX_SIZE))
        .hybrid_cache_capacity(CACHE)
        .onepass(false)
        .dfa(false);
    meta::Builder::new().configure(config).build_from_hir(hir).map_err(|_| {
        let reason = format!("a regular expression takes more than {} KiB; repeat less in it", MAX_SIZE >> 10);
        Malformed::new(reason, 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count_and_groups_are_not_needed() {
        for (value, name, expected) in [
            ("PAY(pal)?[0-9]+", "www.paypal1.example", Some("paypal1")),
            (r"^(?-i:WWW)\.", "www.example", Some("www.")),
            ("[^a-z.]", "a.b", None),
            (r"(?i-u)[A-Z]\b", "a1.b", Some("b")),
            ("(?:a|b){2,3}$", "xabab", Some("bab")),
        ] {
            let found = Pattern::read(value).unwrap().find(name.as_bytes()).map(<[u8]>::to_vec);
            assert_eq!(found, expected.map(|text| text.as_bytes().to_vec()), "{value}");
        }
        assert_eq!(Pattern::read("BÜCHER").unwrap().find_unicode("bücher.example"), Some("bücher".as_bytes()));
        assert_eq!(Pattern::read(r"^\p{Greek}+\.").unwrap().find_unicode("αβγ.example"), Some("αβγ.".as_bytes()));
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
