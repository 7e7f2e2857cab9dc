//! Expressions without a rare text, several in one table: a name is held against all of them at one step a byte.
//!
//! Many expressions with unanchored repeats make no small table, and one that is filled as it is used is emptied again
//! and again (two hundred times slower on real names). So the tables are made beforehand and kept small; what fits in
//! none stands alone.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;

/// Bytes of a table: several stay in the processor's cache.
const MAX_TABLE: usize = 64 << 10;
/// How many are tried together at first.
const TOGETHER: usize = 16;

/// Several expressions, by their places in the list that they were made from.
pub struct Table {
    pub patterns: Vec<usize>,
    /// Bytes; shorter names none of them matches.
    shortest: usize,
    /// None for one that fits in no table.
    dense: Option<Box<dense::DFA<Vec<u32>>>>,
}

impl Table {
    /// Whether any of them may match a name in ASCII, lower case.
    #[inline]
    pub fn may_match(&self, name: &[u8]) -> bool {
        if name.len() < self.shortest {
            return false;
        }
        let Some(dense) = &self.dense else {
            return true;
        };
        // It has no bytes to give up at; were there any, each expression would be asked.
        !matches!(dense.try_search_fwd(&Input::new(name).earliest(true)), Ok(None))
    }

    pub fn nbytes(&self) -> usize {
        self.dense.as_ref().map_or(0, |dense| dense.memory_usage())
    }
}

/// Tables for the expressions at these places; those that need long names stand together.
pub fn tables(mut patterns: Vec<usize>, hir: &impl Fn(usize) -> Hir) -> Vec<Table> {
    let mut out = Vec::new();
    patterns.sort_by_cached_key(|&at| shortest(&hir(at)));
    patterns.chunks(TOGETHER).for_each(|some| divide(some, hir, &mut out));
    out
}

fn shortest(hir: &Hir) -> usize {
    hir.properties().minimum_len().unwrap_or(0)
}

/// One table for all, or for each half.
fn divide(patterns: &[usize], hir: &impl Fn(usize) -> Hir, out: &mut Vec<Table>) {
    let dense = table(patterns, hir).map(Box::new);
    if dense.is_some() || patterns.len() == 1 {
        let shortest = patterns.iter().map(|&at| shortest(&hir(at))).min().unwrap_or(0);
        out.push(Table { patterns: patterns.to_vec(), shortest, dense });
        return;
    }
    let (first, second) = patterns.split_at(patterns.len() / 2);
    divide(first, hir, out);
    divide(second, hir, out);
}

fn table(patterns: &[usize], hir: &impl Fn(usize) -> Hir) -> Option<dense::DFA<Vec<u32>>> {
    let hirs: Vec<Hir> = patterns.iter().map(|&at| hir(at)).collect();
    let limit =
        thompson::Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(16 * MAX_TABLE));
    let nfa = thompson::Compiler::new().configure(limit).build_many_from_hir(&hirs).ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Unanchored)
        .accelerate(false)
        .dfa_size_limit(Some(MAX_TABLE))
        .determinize_size_limit(Some(4 * MAX_TABLE));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
}
