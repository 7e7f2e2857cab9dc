//! Expressions without a rare text, several in one table: a name is held against all of them at one step a byte.
//!
//! Many expressions with unanchored repeats make no small table, and one that is filled as it is used is emptied again
//! and again (two hundred times slower on real names). So the tables are made beforehand and kept small. What fits in
//! none stands alone, and its table is filled as it is used, for as long as that helps: emptied three times, it is filled
//! no more for a name that it would be emptied for again.

use std::sync::Mutex;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::hybrid::dfa as lazy;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;

use super::patterns::Pattern;
use super::program::Program;

/// Bytes of a table: several stay in the processor's cache.
const MAX_TABLE: usize = 64 << 10;
/// How many are tried together at first.
const TOGETHER: usize = 16;
/// Bytes of tables that each may take, however few it takes alone: several together take more than each.
const LEAST_SHARE: usize = 4 << 10;
/// Bytes of a table that is filled as it is used.
const LAZY: usize = 128 << 10;
/// How often such a table is emptied before it is asked whether that helps, and bytes of a name for each of its states
/// where it does.
const EMPTIED: usize = 3;
const BYTES_PER_STATE: usize = 10;

/// Several expressions, by their places in the list that they were made from.
pub struct Table {
    pub patterns: Vec<usize>,
    /// Bytes; shorter names none of them matches.
    shortest: usize,
    kind: Kind,
}

enum Kind {
    Dense(Box<dense::DFA<Vec<u32>>>),
    /// Of one that fits in no table.
    Lazy(Box<(lazy::DFA, Mutex<lazy::Cache>)>),
    /// Nothing is known before it is tried.
    Untold,
}

impl Table {
    /// Whether any of them may match a name in symbols, or else as bytes.
    #[inline]
    pub fn may_match(&self, name: &[u8]) -> bool {
        if name.len() < self.shortest {
            return false;
        }
        let input = Input::new(name).earliest(true);
        // Where one of these gives up, each expression is asked.
        match &self.kind {
            Kind::Dense(dense) => !matches!(dense.try_search_fwd(&input), Ok(None)),
            Kind::Lazy(lazy) => {
                let (lazy, cache) = &**lazy;
                // Nobody waits for another thread: there is another way.
                cache.try_lock().map_or(true, |mut cache| !matches!(lazy.try_search_fwd(&mut cache, &input), Ok(None)))
            }
            Kind::Untold => true,
        }
    }
}

/// What an expression takes of tables, in bytes: at most, whatever stands beside it.
pub fn share(hir: &Hir) -> usize {
    table(std::slice::from_ref(hir), MAX_TABLE).map_or(LAZY, |dense| taken(&dense).max(LEAST_SHARE))
}

fn taken(dense: &dense::DFA<Vec<u32>>) -> usize {
    dense.memory_usage() + size_of::<dense::DFA<Vec<u32>>>() + size_of::<Table>()
}

/// Tables for the expressions at these places; those that need long names stand together.
pub fn tables<'a>(mut patterns: Vec<usize>, at: &impl Fn(usize) -> &'a Pattern) -> Vec<Table> {
    let mut out = Vec::new();
    patterns.sort_by_key(|&one| at(one).shortest);
    patterns.retain(|&one| {
        let fits = at(one).share < LAZY;
        if !fits {
            out.push(alone(one, at(one)));
        }
        fits
    });
    for some in patterns.chunks(TOGETHER) {
        let read: Vec<Option<Hir>> = some.iter().map(|&one| at(one).hir()).collect();
        let hirs: Vec<Hir> = read.into_iter().flatten().collect();
        if hirs.len() == some.len() {
            divide(some, &hirs, at, &mut out);
        } else {
            some.iter().for_each(|&one| out.push(alone(one, at(one))));
        }
    }
    out.shrink_to_fit();
    out
}

/// One table for all, or for each half.
fn divide<'a>(patterns: &[usize], hirs: &[Hir], at: &impl Fn(usize) -> &'a Pattern, out: &mut Vec<Table>) {
    let most = patterns.iter().map(|&one| at(one).share).sum::<usize>().min(MAX_TABLE);
    if let Some(dense) = table(hirs, most) {
        let shortest = patterns.iter().map(|&one| at(one).shortest).min().unwrap_or(0);
        out.push(Table { patterns: patterns.to_vec(), shortest, kind: Kind::Dense(Box::new(dense)) });
    } else if let &[one] = patterns {
        out.push(alone(one, at(one)));
    } else {
        let half = patterns.len() / 2;
        divide(&patterns[..half], &hirs[..half], at, out);
        divide(&patterns[half..], &hirs[half..], at, out);
    }
}

fn alone(place: usize, pattern: &Pattern) -> Table {
    let kind = lazily(pattern.program()).map_or(Kind::Untold, |lazy| {
        let cache = Mutex::new(lazy.create_cache());
        Kind::Lazy(Box::new((lazy, cache)))
    });
    Table { patterns: vec![place], shortest: pattern.shortest, kind }
}

fn lazily(program: &Program) -> Option<lazy::DFA> {
    let config = lazy::Config::new()
        .cache_capacity(LAZY)
        .minimum_cache_clear_count(Some(EMPTIED))
        .minimum_bytes_per_state(Some(BYTES_PER_STATE));
    lazy::Builder::new().configure(config).build_from_nfa(program.nfa().clone()).ok()
}

/// One of at most `most` bytes.
fn table(hirs: &[Hir], most: usize) -> Option<dense::DFA<Vec<u32>>> {
    let limit =
        thompson::Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(16 * MAX_TABLE));
    let nfa = thompson::Compiler::new().configure(limit).build_many_from_hir(hirs).ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Unanchored)
        .accelerate(false)
        .dfa_size_limit(Some(MAX_TABLE))
        .determinize_size_limit(Some(4 * MAX_TABLE));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok().filter(|dense| taken(dense) <= most)
}
