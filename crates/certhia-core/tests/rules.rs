//! Rules against a plain model of what they mean.

use certhia_core::rules::{Kind, Matcher};
use proptest::prelude::*;

type Found = Vec<(u32, String, &'static str, &'static str)>;

fn matches(rules: &[(Kind, &str)], names: &[&str]) -> Found {
    let matcher = Matcher::new(rules.iter().copied()).unwrap();
    let found = matcher.texts(names.iter().copied());
    found.into_iter().map(|one| (one.rule, one.name, one.place, one.why.as_str())).collect()
}

fn why(kind: Kind, value: &str, name: &str) -> Option<&'static str> {
    let found = matches(&[(kind, value)], &[name]);
    assert!(found.len() <= 1, "{found:?}");
    found.first().map(|one| one.3)
}

#[test]
fn what_kinds_mean() {
    use Kind::{Below, Exact, Tree};
    for (kind, value, name, expected) in [
        (Tree, "example.com", "example.com", Some("apex")),
        (Tree, "example.com", "a.b.example.com", Some("below")),
        (Tree, "example.com", "badexample.com", None),
        (Tree, "example.com", "example.com.evil.org", None),
        (Tree, "example.com", "com", None),
        (Below, "example.com", "example.com", None),
        (Below, "example.com", "a.example.com", Some("below")),
        (Exact, "www.example.com", "www.example.com", Some("exact")),
        (Exact, "www.example.com", "a.www.example.com", None),
        (Tree, "com", "example.com", Some("below")),
    ] {
        assert_eq!(why(kind, value, name), expected, "{kind:?} {value} {name}");
    }
}

#[test]
fn wildcards_of_certificates() {
    use Kind::{Below, Exact, Tree};
    for (kind, value, name, expected) in [
        (Tree, "example.com", "*.example.com", Some("below")),
        (Below, "example.com", "*.example.com", Some("below")),
        (Exact, "example.com", "*.example.com", None),
        (Exact, "www.example.com", "*.example.com", Some("wildcard")),
        (Tree, "www.example.com", "*.example.com", Some("wildcard")),
        (Exact, "a.b.example.com", "*.example.com", None),
        (Exact, "www.example.com", "w*.example.com", Some("wildcard")),
        (Exact, "www.example.com", "*w.example.com", Some("wildcard")),
        (Exact, "www.example.com", "w*x.example.com", None),
        (Exact, "www.example.com", "?.example.com", Some("possible")),
        (Exact, "www.example.com", "(PRIVATE).example.com", Some("possible")),
        (Tree, "a.b.example.com", "*.*.example.com", Some("wildcard")),
        (Exact, "a.b.example.com", "a.*.example.com", Some("wildcard")),
        (Tree, "b.example.com", "a.*.example.com", Some("wildcard")),
        (Exact, "com", "*", Some("wildcard")),
    ] {
        assert_eq!(why(kind, value, name), expected, "{kind:?} {value} {name}");
    }
}

#[test]
fn spellings_of_a_watched_name() {
    for (value, names) in [
        (
            "www.example.com",
            &[
                "WWW.Example.COM",
                "www.example.com.",
                "www.example.com..",
                " www.example.com ",
                "www.example.com\0.evil.org",
                "https://www.example.com/path",
                "www.example.com:443",
                "www\u{3002}example.com",
                "ＷＷＷ.example.com",
            ][..],
        ),
        (
            "xn--bcher-kva.example",
            &["bücher.example", "BÜCHER.example", "XN--BCHER-KVA.example", "b\u{75}\u{308}cher.example"][..],
        ),
    ] {
        for name in names {
            assert!(!matches(&[(Kind::Exact, value)], &[name]).is_empty(), "{value} {name:?}");
        }
    }
    assert_eq!(why(Kind::Tree, "evil.org", "www.example.com\0.evil.org"), Some("below"));
    assert_eq!(why(Kind::Tree, "example.com", "xn--\u{0}.xn--a\u{e9}.example.com"), Some("below"));
}

#[test]
fn addresses() {
    let rules = [
        (Kind::Cidr, "192.0.2.0/24"),
        (Kind::Cidr, "192.0.2.7"),
        (Kind::Cidr, "2001:db8::/32"),
        (Kind::Cidr, "0.0.0.0/0"),
        (Kind::Tree, "example.com"),
    ];
    let numbers = |name| matches(&rules, &[name]).into_iter().map(|one| one.0).collect::<Vec<_>>();
    assert_eq!(numbers("192.0.2.7"), [1, 0, 3]);
    assert_eq!(numbers("192.0.2.8"), [0, 3]);
    assert_eq!(numbers("::ffff:192.0.2.7"), [1, 0, 3]);
    assert_eq!(numbers("2001:db8::1"), [2]);
    assert_eq!(numbers("[2001:db8::1]"), [2]);
    assert_eq!(numbers("2001:db9::1"), [0_u32; 0]);
    assert_eq!(numbers("a.example.com"), [4]);
}

#[test]
fn each_rule_and_name_once_and_every_rule() {
    let rules =
        [(Kind::Tree, "example.com"), (Kind::Exact, "a.example.com"), (Kind::Tree, "example.com"), (Kind::All, "")];
    let found = matches(&rules, &["a.example.com", "A.example.com", "b.example.com"]);
    let pairs: Vec<(u32, &str)> = found.iter().map(|one| (one.0, one.1.as_str())).collect();
    assert_eq!(
        pairs,
        [
            (0, "a.example.com"),
            (2, "a.example.com"),
            (1, "a.example.com"),
            (0, "b.example.com"),
            (2, "b.example.com"),
            (3, "a.example.com")
        ]
    );
}

#[test]
fn values_that_are_none() {
    for (kind, value) in [
        (Kind::Tree, ""),
        (Kind::Tree, "Example.com"),
        (Kind::Tree, "example.com."),
        (Kind::Tree, "a..b"),
        (Kind::Exact, "*.example.com"),
        (Kind::Exact, "bücher.example"),
        (Kind::Cidr, "192.0.2.0/33"),
        (Kind::Cidr, "192.0.2/24"),
        (Kind::Cidr, "192.0.2.0/+4"),
        (Kind::Cidr, "example.com"),
    ] {
        assert!(Matcher::new([(kind, value)]).is_err(), "{value}");
    }
    let long = format!("{}.com", "a".repeat(64));
    assert!(Matcher::new([(Kind::Tree, long.as_str())]).is_err());
}

#[test]
fn wildcards_cost_is_bounded() {
    let values: Vec<String> = (0..5000).map(|number| format!("n{number}.example")).collect();
    let matcher = Matcher::new(values.iter().map(|value| (Kind::Exact, value.as_str()))).unwrap();
    let names: Vec<String> = (0..10_000).map(|number| format!("*.*.{number}.example")).collect();
    assert!(matcher.texts(names.iter().map(String::as_str)).is_empty());
    let names: Vec<String> = (0..100).map(|number| format!("*.example{}", ".".repeat(number))).collect();
    assert_eq!(matcher.texts(names.iter().map(String::as_str)).len(), certhia_core::scan::MAX_MATCHES);
}

#[test]
fn memory_of_a_million_rules() {
    let values: Vec<String> = (0..1_000_000).map(|number| format!("name{number}.com")).collect();
    let matcher = Matcher::new(values.iter().map(|value| (Kind::Tree, value.as_str()))).unwrap();
    assert!(matcher.nbytes() <= 100 * matcher.len());
    assert_eq!(matcher.texts(["a.name999999.com", "a.name1000000.com"]).len(), 1);
}

/// What a rule means, said plainly.
fn model(kind: Kind, value: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let below = |name: &str| name.strip_suffix(value).is_some_and(|rest| rest.ends_with('.'));
    if let Some(base) = name.strip_prefix("*.") {
        let reaches = value.split_once('.').is_some_and(|(_, parent)| parent == base)
            || (base.is_empty() && !value.contains('.'));
        return match kind {
            Kind::Exact => reaches,
            Kind::Tree => reaches || below(&name),
            _ => below(&name),
        };
    }
    match kind {
        Kind::Tree => name == value || below(&name),
        Kind::Below => below(&name),
        _ => name == value,
    }
}

proptest! {
    #[test]
    fn as_the_model_says(
        rules in prop::collection::vec((0..3_usize, "[ab]{1,2}(\\.[ab]{1,2}){0,3}"), 0..30),
        names in prop::collection::vec("(\\*\\.)?[abAB]{1,2}(\\.[abAB]{1,2}){0,4}", 1..10),
    ) {
        let kinds = [Kind::Tree, Kind::Below, Kind::Exact];
        let rules: Vec<(Kind, &str)> = rules.iter().map(|(kind, value)| (kinds[*kind], value.as_str())).collect();
        for name in &names {
            let mut found: Vec<u32> = matches(&rules, &[name]).into_iter().map(|one| one.0).collect();
            found.sort_unstable();
            let expected: Vec<u32> = (0_u32..).zip(&rules).filter(|(_, (kind, value))| model(*kind, value, name)).map(|(number, _)| number).collect();
            prop_assert_eq!(found, expected, "{}", name);
        }
    }

    #[test]
    fn any_name(names in prop::collection::vec("[a*?.\\PC\\x00:/\\[]{0,40}", 0..5)) {
        let rules = [(Kind::Tree, "a"), (Kind::Exact, "a.a"), (Kind::Cidr, "10.0.0.0/8"), (Kind::All, "")];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        matches(&rules, &names);
    }
}
