//! Rules on the text of names, exclusions, and names that nobody can read.

use std::sync::OnceLock;

use certhia_core::rules::{Kind, Matcher, Rules};
use certhia_core::scan::Match;
use certhia_core::suffixes::Suffixes;
use proptest::prelude::*;

use Kind::{All, Below, Cidr, Exact, Keyword, Regex, Tree, Typo};

fn matcher(rules: &[(Kind, &str)], excluded: &[(Kind, &str)]) -> Matcher {
    let mut gathered = Rules::default();
    for &(kind, value) in rules {
        gathered.add(kind, value, 0).unwrap();
    }
    excluded.iter().for_each(|&(kind, value)| gathered.exclude(kind, value, 0).unwrap());
    gathered.build(&Suffixes::shipped()).unwrap()
}

/// (why, detail) of the one match, if there is one.
fn found(kind: Kind, value: &str, name: &str) -> Option<(&'static str, String)> {
    let mut found = matcher(&[(kind, value)], &[]).texts([name]);
    assert!(found.len() <= 1, "{found:?}");
    found.pop().map(|one| (one.why.as_str(), one.detail))
}

fn why(kind: Kind, value: &str, name: &str) -> Option<&'static str> {
    found(kind, value, name).map(|(why, _)| why)
}

#[test]
fn keywords_are_parts_of_labels() {
    for (value, name, detail) in [
        ("acme", "www.ACME-login.example", Some("acme")),
        ("Acme", "*.acme.example", Some("acme")),
        ("acme", "ac.me.example", None),
        ("eexample", "ae.example", None),
        ("bücher", "xn--alte-bcher-feb.example", Some("bücher")),
        ("BÜCHER", "www.alte-bücher.example", Some("bücher")),
        ("BÜCHER", "www.alte-BU\u{308}CHER.example", Some("bücher")),
        ("xn--alte", "xn--alte-bcher-feb.example", Some("xn--alte")),
        ("acme", "ａｃｍｅ.example", Some("acme")),
        ("acme", "acme.example.", Some("acme")),
        ("acme", "a.example\0acme", Some("acme")),
        ("acme", "acme", Some("acme")),
    ] {
        let expected = detail.map(|detail| ("keyword", detail.to_owned()));
        assert_eq!(found(Keyword, value, name), expected, "{value} {name}");
    }
    let many: Vec<String> = (0..2000).map(|number| format!("word{number}x")).collect();
    let rules: Vec<(Kind, &str)> = many.iter().map(|word| (Keyword, word.as_str())).collect();
    let numbers = |name: &str| matcher(&rules, &[]).texts([name]).iter().map(|one| one.rule).collect::<Vec<_>>();
    assert_eq!(numbers("word7xword1999xword7x.example"), [7, 1999]);
}

#[test]
fn expressions_look_at_whole_names_in_every_form() {
    for (value, name, detail) in [
        (r"pay[a-z]{3}\.", "www.PayPal.example", Some("paypal.")),
        (r"^www\d*\.", "www2.example.", Some("www2.")),
        (r"^example$", "www.example", None),
        (r"^[^.]+\.example$", "*.example", Some("*.example")),
        (r"^bü", "xn--bcher-kva.example", Some("bü")),
        (r"^xn--", "xn--bcher-kva.example", Some("xn--")),
        (r"^xn--", "bücher.example", Some("xn--")),
        (r"^\p{Greek}+\.", "αβγ.example", Some("αβγ.")),
        (r"\bacme\b.*\.(?:top|xyz)$", "login-acme-1.top", Some("acme-1.top")),
        (r"login", "https://login.example/", Some("login")),
        (r"[\x{212a}]elvin", "kelvin.example", Some("kelvin")),
    ] {
        let expected = detail.map(|detail| ("regex", detail.to_owned()));
        assert_eq!(found(Regex, value, name), expected, "{value} {name}");
    }
}

#[test]
fn expressions_together_are_as_each_alone() {
    let values = [
        r"[0-9]{3}",
        r"acme",
        r"(?:ab|cd)+x",
        r"^.{12,}$",
        r"[aeiou]{3}",
        r"\.example$",
        r"\w-\w",
        r"pay|acme",
        r"q[^u]",
        r"^a.*z\.",
        r"(?:[a-z][0-9]){2}",
        r"^$",
        r"é",
        r"\p{Cyrillic}",
        r"x*",
        r"[a-d]{2}[0-9]*\.e",
        r"\bexam",
        r"ple\b",
    ];
    let rules: Vec<(Kind, &str)> = values.iter().map(|&value| (Regex, value)).collect();
    let names =
        ["acme123.example", "abcdx.a1b2.example", "a-z.example", "xn--e1afmkfd.xn--p1ai", "é.example", "qa.eau"];
    for name in names {
        let together: Vec<u32> = matcher(&rules, &[]).texts([name]).iter().map(|one| one.rule).collect();
        let alone = (0..).zip(&rules).filter(|(_, rule)| why(rule.0, rule.1, name).is_some());
        let alone: Vec<u32> = alone.map(|(number, _)| number).collect();
        let mut sorted = together.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, alone, "{name}");
    }
}

#[test]
fn look_alikes_have_a_trick_and_a_score() {
    let hits = matcher(&[(Typo, "paypal.com")], &[]).texts(["www.paypa1.com", "paypal.com", "nothing.example"]);
    assert_eq!(hits.len(), 1, "{hits:?}");
    let Match { name, why, detail, score, .. } = &hits[0];
    assert_eq!((name.as_str(), why.as_str()), ("www.paypa1.com", "lookalike"));
    assert!(!detail.is_empty() && (1..=100).contains(score));
}

#[test]
fn exclusions_take_away_what_can_mean_nothing_else() {
    let rules = [(Tree, "example.com"), (Keyword, "example"), (Cidr, "192.0.2.0/24")];
    for (kind, value, name, left) in [
        (Exact, "www.example.com", "www.example.com", true),
        (Exact, "www.example.com", "WWW.example.com", true),
        (Exact, "www.example.com", "a.example.com", false),
        (Exact, "www.example.com", "*.example.com", false),
        (Exact, "www.example.com", "www.example.com.", false),
        (Exact, "www.example.com", " www.example.com", false),
        (Exact, "www.example.com", "www.example.com\0", false),
        (Tree, "example.com", "*.example.com", true),
        (Below, "example.com", "*.example.com", true),
        (Below, "example.com", "example.com", false),
        (Below, "example.com", "w*.example.com", false),
        (Below, "example.com", "*.*.example.com", false),
        (Below, "example.com", "?.example.com", false),
        (Below, "example.com", "xn--zzzzzzzz99.example.com", false),
        (Below, "example.com", "xn--bcher-kva.example.com", true),
        (Below, "example.com", "bücher.example.com", false),
        (Keyword, "test", "a-test.example.com", true),
        (Keyword, "test", "*.test.example.com", true),
        (Regex, r"^[^.]{1,4}\.example\.com$", "test.example.com", true),
        (Regex, r"example\.com$", "*.example.com", false),
        (Typo, "examp1e.com", "www.example.com", true),
        (Cidr, "192.0.2.7", "192.0.2.7", true),
        (Cidr, "192.0.2.7", "192.0.2.8", false),
    ] {
        let hits = matcher(&rules, &[(kind, value)]).texts([name]);
        assert_eq!(hits.is_empty(), left, "{kind:?} {value} {name:?}: {hits:?}");
    }
    assert!(Rules::default().exclude(All, "", 0).is_err());
}

#[test]
fn exclusions_hold_in_their_scope() {
    let mut rules = Rules::default();
    for scope in [0, 1, 2] {
        rules.add(Tree, "example.com", scope).unwrap();
        rules.add(All, "", scope).unwrap();
    }
    rules.exclude(Tree, "one.example.com", 1).unwrap();
    rules.exclude(Tree, "all.example.com", 0).unwrap();
    let matcher = rules.build(&Suffixes::shipped()).unwrap();
    let numbers = |names: &[&str]| {
        let mut numbers: Vec<u32> = matcher.texts(names.iter().copied()).iter().map(|one| one.rule).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!((0..6).map(|rule| matcher.scope(rule)).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
    assert_eq!(numbers(&["www.example.com"]), [0, 1, 2, 3, 4, 5]);
    assert_eq!(numbers(&["one.example.com"]), [0, 1, 4, 5]);
    assert_eq!(numbers(&["all.example.com"]), []);
    // Rules for everything stay while one name is not left out.
    assert_eq!(numbers(&["one.example.com", "else.example"]), [0, 1, 3, 4, 5]);
    assert_eq!(numbers(&["all.example.com", "192.0.2.1"]), [1, 3, 5]);
}

#[test]
fn what_nobody_can_read_is_possible() {
    for (kind, value, name, expected) in [
        (Exact, "www.example.com", "?.example.com", Some("possible")),
        (Tree, "www.example.com", "(PRIVATE).example.com", Some("possible")),
        (Below, "www.example.com", "?.example.com", None),
        (Below, "www.example.com", "?.?.example.com", Some("possible")),
        (Tree, "example.com", "?.example.com", Some("below")),
        (Exact, "a.b.example.com", "?.example.com", None),
        (Tree, "b.example.com", "a.?.example.com", Some("possible")),
        (Exact, "www.example.com", "www.xn--zzzzzzzz99.com", Some("possible")),
        (Exact, "www.example.com", "w\u{1}w.example.com", Some("possible")),
        (Exact, "www.example.com", "w\u{fffd}w.example.com", Some("possible")),
        (Exact, "www.evil.org", "www.example.com\0.evil.org", None),
        (Exact, "www.example.com", "www.example.com\0.evil.org", Some("exact")),
        (Exact, "www.example.com", "*.example.com", Some("wildcard")),
        (Exact, "www.example.com", "xn--bcher-kva.example.com", None),
        (Keyword, "www", "?.example.com", None),
    ] {
        assert_eq!(why(kind, value, name), expected, "{kind:?} {value} {name:?}");
    }
}

#[test]
fn long_names_and_many_are_linear() {
    let rules = [(Keyword, "a"), (Regex, "a+$"), (Typo, "example.com"), (Tree, "example.com")];
    let matcher = matcher(&rules, &[(Keyword, "zz")]);
    let long = "a".repeat(1 << 20);
    assert!(matcher.texts([long.as_str()]).is_empty());
    let names: Vec<String> = (0..10_000).map(|number| format!("{}{number}a.example", "a.".repeat(60))).collect();
    assert_eq!(matcher.texts(names.iter().map(String::as_str)).len(), 10_000);
}

/// Spellings that some client takes for the name.
fn spelled(name: &str, how: u32, at: usize) -> String {
    match how {
        0 => name.to_uppercase(),
        1 => format!("{name}."),
        2 => format!(" {name}\t"),
        3 => format!("https://{name}:8443/path?query"),
        4 => format!("{name}\0.evil.example"),
        5 => name.replacen('.', ["\u{3002}", "\u{ff0e}", "\u{ff61}"][at % 3], 1 + at % 2),
        6 => name.chars().map(|c| if c.is_ascii_alphanumeric() { wide(c) } else { c }).collect(),
        7 => certhia_core::names::to_unicode(name.as_bytes()).unwrap(),
        8 => format!("*{}", &name[name.find('.').unwrap()..]),
        _ => name
            .chars()
            .enumerate()
            .map(|(i, c)| if (i + at).is_multiple_of(3) { c.to_ascii_uppercase() } else { c })
            .collect(),
    }
}

/// The fullwidth form.
fn wide(c: char) -> char {
    char::from_u32(c as u32 + 0xfee0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_spelling_of_a_watched_name_is_certain(
        label in "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?|[äöüéßжя]{1,6}", how in 0..10_u32, at in 0..6_usize,
    ) {
        let Ok(name) = certhia_core::names::to_ascii(&format!("{label}.example.com")) else { return Ok(()) };
        let spelling = spelled(&name, how, at);
        for kind in [Exact, Tree] {
            let reached = why(kind, &name, &spelling);
            prop_assert!(reached.is_some_and(|why| why != "possible"), "{} {:?} {:?}", name, spelling, reached);
        }
        if how != 8 {
            let regex = format!("^{}$", name.replace('.', "\\."));
            prop_assert_eq!(why(Regex, &regex, &spelling), Some("regex"), "{:?}", spelling);
        }
    }

    #[test]
    fn no_name_breaks_any_kind(names in prop::collection::vec("[a-c*?.é\\PC\\x00:/\\[-]{0,40}", 0..5)) {
        static MATCHER: OnceLock<Matcher> = OnceLock::new();
        let matcher = MATCHER.get_or_init(|| {
            let rules = [
                (Tree, "a"), (Exact, "a.b"), (Keyword, "é"), (Keyword, "ab"), (Regex, "(?:a|b)+[^c]"), (Regex, "ab.*é"),
                (Typo, "abc.com"), (Cidr, "10.0.0.0/8"), (All, ""),
            ];
            matcher(&rules, &[(Keyword, "c"), (Regex, "b$"), (Below, "b")])
        });
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        matcher.texts(names);
    }
}
