#![no_main]
//! Rules and names, one a line, rules first up to an empty line.

use certhia_core::rules::{Kind, Matcher};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let (rules, names) = data.split_once("\n\n").unwrap_or((data, ""));
    let kinds = [Kind::Tree, Kind::Below, Kind::Exact, Kind::Cidr];
    let rules = rules.lines().flat_map(|value| kinds.map(|kind| (kind, value)));
    let rules: Vec<(Kind, &str)> = rules.filter(|&rule| Matcher::new([rule]).is_ok()).collect();
    let matcher = Matcher::new(rules.iter().copied()).expect("rules that are good alone are good together");
    matcher.texts(names.lines());
    for &(kind, value) in &rules {
        if matches!(kind, Kind::Tree | Kind::Exact) {
            assert!(!matcher.texts([value]).is_empty(), "{kind:?} {value} matches itself");
        }
    }
});
