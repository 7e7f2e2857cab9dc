#![no_main]
//! Rules (`KIND VALUE`) and names, one a line, rules first up to an empty line.

use certhia_core::rules::{Kind, Matcher, Rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let (lines, names) = data.split_once("\n\n").unwrap_or((data, ""));
    let rules = lines.lines().filter_map(|line| line.split_once(' '));
    let rules = rules.filter_map(|(kind, value)| Some((Kind::from_name(kind)?, value)));
    let rules: Vec<(Kind, &str)> = rules.filter(|&rule| Matcher::new([rule]).is_ok()).collect();
    let matcher = Matcher::new(rules.iter().copied()).expect("rules that are good alone are good together");
    matcher.texts(names.lines());
    for &(kind, value) in &rules {
        if matches!(kind, Kind::Tree | Kind::Exact) {
            assert!(!matcher.texts([value]).is_empty(), "{kind:?} {value} matches itself");
        }
    }
    let mut plain = Rules::default();
    let read = plain.add_lines(lines.as_bytes(), 0).expect("few enough lines");
    assert_eq!(plain.len(), read.count as usize);
});
