//! A compiled expression, and searching with it: small, and in time linear in the name, whatever the expression.
//!
//! Nothing is kept from one search to the next but room, which all expressions share: tables that are filled as they are
//! used take many times what the expression does.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::nfa::thompson::backtrack::{self, BoundedBacktracker};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{self, NFA, State};
use regex_syntax::hir::Hir;

use crate::error::{Malformed, Result};

/// Bytes that one compiled expression may take.
pub const MAX_SIZE: usize = 1 << 20;

pub struct Program(NFA);

/// Room for searches.
#[derive(Default)]
pub struct Room {
    /// For most; and for those that are long for long names.
    few: Option<backtrack::Cache>,
    many: Option<pikevm::Cache>,
}

impl Program {
    pub fn new(hir: &Hir) -> Result<Self> {
        let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(MAX_SIZE));
        thompson::Compiler::new().configure(config).build_from_hir(hir).map(Self).map_err(|_| {
            let reason = format!("a regular expression takes more than {} KiB; repeat less in it", MAX_SIZE >> 10);
            Malformed::new(reason, 0)
        })
    }

    pub fn nfa(&self) -> &NFA {
        &self.0
    }

    /// Its list of states was grown by doubling.
    pub fn nbytes(&self) -> usize {
        let states = self.0.states().len();
        self.0.memory_usage() + (states.next_power_of_two() - states) * size_of::<State>()
    }

    /// The first place where it matches, as one would try from the left.
    pub fn find(&self, text: &[u8], room: &mut Room) -> Option<Range<usize>> {
        let input = Input::new(text);
        if let Ok(engine) = BoundedBacktracker::new_from_nfa(self.0.clone())
            && text.len() <= engine.max_haystack_len()
        {
            let cache = room.few.get_or_insert_with(|| engine.create_cache());
            let mut slots = [None; 2];
            return match engine.try_search_slots(cache, &input, &mut slots) {
                Ok(Some(_)) => Some(slots[0]?.get()..slots[1]?.get()),
                _ => None,
            };
        }
        let engine = PikeVM::new_from_nfa(self.0.clone()).ok()?;
        let cache = room.many.get_or_insert_with(|| engine.create_cache());
        engine.reset_cache(cache);
        let mut slots = [None; 2];
        engine.search_slots(cache, &input, &mut slots)?;
        Some(slots[0]?.get()..slots[1]?.get())
    }
}
