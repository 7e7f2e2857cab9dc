#![no_main]
//! Rules (`KIND VALUE`, or `not KIND VALUE`) and names, one a line, rules first up to an empty line.

use std::sync::LazyLock;

use certhia_core::names;
use certhia_core::rules::{Kind, Matcher, Rules};
use certhia_core::suffixes::Suffixes;
use libfuzzer_sys::fuzz_target;

static SUFFIXES: LazyLock<Suffixes> = LazyLock::new(Suffixes::shipped);

fn rule(line: &str) -> Option<(Kind, &str)> {
    let (kind, value) = line.split_once(' ')?;
    let rule = (Kind::from_name(kind)?, value);
    Rules::default().add(rule.0, value, 0).is_ok().then_some(rule)
}

fn build(rules: &[(Kind, &str)], excluded: &[(Kind, &str)]) -> Matcher {
    let mut gathered = Rules::default();
    for &(kind, value) in rules {
        gathered.add(kind, value, 0).expect("a rule that is good alone");
    }
    for &(kind, value) in excluded {
        gathered.exclude(kind, value, 0).expect("a rule that is good alone");
    }
    gathered.build(&SUFFIXES).expect("rules that are few")
}

fuzz_target!(|data: &str| {
    let (lines, names) = data.split_once("\n\n").unwrap_or((data, ""));
    let rules: Vec<_> = lines.lines().filter_map(rule).take(20).collect();
    let excluded = lines.lines().filter_map(|line| rule(line.strip_prefix("not ")?));
    let excluded: Vec<_> = excluded.filter(|(kind, _)| *kind != Kind::All).take(20).collect();
    let whole = build(&rules, &[]);
    for &(kind, value) in &rules {
        if matches!(kind, Kind::Tree | Kind::Exact) && names::address(value.as_bytes()).is_none() {
            assert!(!whole.texts([value]).is_empty(), "{kind:?} {value} matches itself");
        }
    }
    let parts = build(&rules, &excluded);
    for name in names.lines() {
        let all: Vec<u32> = whole.texts([name]).into_iter().map(|found| found.rule).collect();
        let left = parts.texts([name]);
        assert!(left.iter().all(|found| all.contains(&found.rule)), "an exclusion only takes away");
    }
    let mut plain = Rules::default();
    let read = plain.add_lines(lines.as_bytes(), 0).expect("few enough lines");
    assert_eq!(plain.len(), read.count as usize);
});
