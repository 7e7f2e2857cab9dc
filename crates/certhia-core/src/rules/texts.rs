//! Keywords and regular expressions held against names.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem::Finder;

use crate::error::{Malformed, Result};

use super::keywords;
use super::kinds::{Found, Why};
use super::patterns::{Form, MAX_TOTAL, Pattern};
use super::program;
use super::symbols::Symbols;
use super::tables::{self, Table};

/// Texts of fewer bytes than this together are found with a full table, which is fastest.
const FULL_TABLE: usize = 64 << 10;
/// So few texts are looked for one by one.
const FEW: usize = 4;

/// What a text in the automaton stands for.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    /// A keyword's rule.
    Keyword(u32),
    /// A text that the expression at this place must have.
    Required(u32),
}

/// Finds the texts.
#[derive(Default)]
enum Words {
    #[default]
    None,
    Few(Vec<Finder<'static>>),
    Many(AhoCorasick),
}

impl Words {
    fn new(texts: &[Vec<u8>]) -> Result<Self> {
        if texts.is_empty() {
            return Ok(Self::None);
        }
        if texts.len() <= FEW {
            return Ok(Self::Few(texts.iter().map(|text| Finder::new(text).into_owned()).collect()));
        }
        let small = texts.iter().map(Vec::len).sum::<usize>() < FULL_TABLE;
        let kind = if small { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let built = AhoCorasick::builder().kind(Some(kind)).prefilter(false).build(texts);
        built.map(Self::Many).map_err(|_| Malformed::new("the keywords take too much memory; use fewer", 0))
    }

    /// Calls `found` with each text that stands in the name, by its place, and where: of each its first place at least.
    #[inline]
    fn find(&self, name: &[u8], mut found: impl FnMut(usize, usize, usize)) {
        match self {
            Self::None => {}
            Self::Few(finders) => {
                for (at, finder) in finders.iter().enumerate() {
                    if let Some(start) = finder.find(name) {
                        found(at, start, start + finder.needle().len());
                    }
                }
            }
            Self::Many(words) => {
                words
                    .find_overlapping_iter(name)
                    .for_each(|hit| found(hit.pattern().as_usize(), hit.start(), hit.end()));
            }
        }
    }

    fn nbytes(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Few(finders) => finders.iter().map(|finder| size_of::<Finder<'_>>() + finder.needle().len()).sum(),
            Self::Many(words) => words.memory_usage(),
        }
    }
}

/// Rules on the text of names, being gathered or compiled.
#[derive(Default)]
pub struct Texts {
    keywords: Vec<(u32, String)>,
    patterns: Vec<(u32, Arc<Pattern>)>,
    size: usize,
    words: Words,
    meanings: Vec<Meaning>,
    /// Of expressions on names in symbols, then of others.
    tables: Vec<Table>,
    exact: Vec<Table>,
}

/// Room for one search, kept from one to the next.
#[derive(Default)]
pub struct Room {
    /// Rule, and where its keyword stands.
    keywords: Vec<(u32, usize, usize)>,
    /// Places of expressions whose texts were found.
    wanted: Vec<u32>,
    symbols: Symbols,
    programs: program::Room,
}

impl Texts {
    pub fn is_empty(&self) -> bool {
        self.keywords.is_empty() && self.patterns.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        self.words.nbytes()
            + self.meanings.capacity() * size_of::<Meaning>()
            + self.size
            + self.patterns.capacity() * size_of::<(u32, Arc<Pattern>)>()
            + self.keywords.iter().map(|(_, text)| text.capacity() + size_of::<(u32, String)>()).sum::<usize>()
    }

    pub fn add_keyword(&mut self, value: &str, rule: u32) -> Result<()> {
        let keyword = keywords::read(value)?;
        if self.keywords.len() == keywords::MAX_KEYWORDS {
            let reason = format!("more than {} keywords; watch fewer", keywords::MAX_KEYWORDS);
            return Err(Malformed::new(reason, 0));
        }
        self.keywords.push((rule, keyword));
        Ok(())
    }

    pub fn add_pattern(&mut self, pattern: Arc<Pattern>, rule: u32) -> Result<()> {
        let size = self.size + pattern.nbytes();
        if size > MAX_TOTAL {
            let reason = format!("the regular expressions take more than {} MiB together; use fewer", MAX_TOTAL >> 20);
            return Err(Malformed::new(reason, 0));
        }
        self.size = size;
        self.patterns.push((rule, pattern));
        Ok(())
    }

    /// Makes what was added be found.
    pub fn index(&mut self) -> Result<()> {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let (mut rest, mut exact) = (Vec::new(), Vec::new());
        for (rule, keyword) in &self.keywords {
            texts.push(keyword.clone().into_bytes());
            self.meanings.push(Meaning::Keyword(*rule));
        }
        for (at, (_, pattern)) in self.patterns.iter().enumerate() {
            match &pattern.required {
                Some(some) => some.iter().for_each(|text| {
                    texts.push(text.clone());
                    self.meanings.push(Meaning::Required(at as u32));
                }),
                None if pattern.is_of_symbols() => rest.push(at),
                None => exact.push(at),
            }
        }
        self.words = Words::new(&texts)?;
        let at = |place: usize| &*self.patterns[place].1;
        (self.tables, self.exact) = (tables::tables(rest, &at), tables::tables(exact, &at));
        Ok(())
    }

    /// Rules that match a name in lower case; what isn't ASCII in it is matched as bytes.
    #[inline]
    pub fn find(&self, name: &[u8], room: &mut Room, found: &mut impl FnMut(Found<'_>)) {
        self.words(name, room, found);
        if self.patterns.is_empty() {
            return;
        }
        if name.is_ascii() {
            self.expressions(Form::Ascii(name), name, Some(name), room, found);
        } else {
            let mut symbols = std::mem::take(&mut room.symbols);
            symbols.of_bytes(name);
            self.expressions(Form::Bytes(name, &symbols), &symbols.bytes, Some(name), room, found);
            room.symbols = symbols;
        }
    }

    /// The same for a name in Unicode.
    pub fn find_unicode(&self, name: &str, room: &mut Room, found: &mut impl FnMut(Found<'_>)) {
        self.words(name.as_bytes(), room, found);
        if self.patterns.is_empty() {
            return;
        }
        let mut symbols = std::mem::take(&mut room.symbols);
        symbols.of_unicode(name);
        let form = Form::Unicode(name, &symbols);
        self.expressions(form, &symbols.bytes, None, room, found);
        // Their tables are of names as bytes.
        let exact = self.exact.iter().flat_map(|table| &table.patterns);
        exact.for_each(|&at| self.confirm(at, form, &mut room.programs, found));
        room.symbols = symbols;
    }

    /// Gives the expressions: `symbols` and `bytes` are the name as tables take it. Without `bytes` no exact ones of tables.
    #[inline]
    fn expressions(
        &self,
        name: Form<'_>,
        symbols: &[u8],
        bytes: Option<&[u8]>,
        room: &mut Room,
        found: &mut impl FnMut(Found<'_>),
    ) {
        for &at in &room.wanted {
            self.confirm(at as usize, name, &mut room.programs, found);
        }
        let forms = [Some((&self.tables, symbols)), bytes.map(|bytes| (&self.exact, bytes))];
        for (tables, text) in forms.into_iter().flatten() {
            for table in tables.iter().filter(|table| table.may_match(text)) {
                table.patterns.iter().for_each(|&at| self.confirm(at, name, &mut room.programs, found));
            }
        }
    }

    /// Gives the keywords; leaves in `room` which expressions may match.
    #[inline]
    fn words(&self, name: &[u8], room: &mut Room, found: &mut impl FnMut(Found<'_>)) {
        room.wanted.clear();
        self.words.find(name, |at, start, end| match self.meanings[at] {
            Meaning::Keyword(rule) => room.keywords.push((rule, start, end)),
            Meaning::Required(at) => room.wanted.push(at),
        });
        if !room.keywords.is_empty() {
            room.keywords.sort_unstable();
            room.keywords.dedup_by_key(|&mut (rule, ..)| rule);
            for (rule, start, end) in room.keywords.drain(..) {
                found(Found::text(rule, Why::Keyword, &name[start..end]));
            }
        }
        room.wanted.sort_unstable();
        room.wanted.dedup();
    }

    fn confirm(&self, at: usize, name: Form<'_>, room: &mut program::Room, found: &mut impl FnMut(Found<'_>)) {
        let (rule, pattern) = &self.patterns[at];
        if let Some(text) = pattern.find(name, room) {
            found(Found::text(*rule, Why::Regex, text));
        }
    }
}
