//! Spellings that some client takes for a watched name, and what is told where not all of them can be tried.

mod made;

use certhia_core::issuers::Issuers;
use certhia_core::page::Page;
use certhia_core::rules::{Kind, MAX_TRIES, Matcher, Room, Rules};
use certhia_core::scan::Match;
use certhia_core::suffixes::Suffixes;
use made::{certificate, common_name, dns, san, tbs};

/// What one rule finds for one SAN.
fn found(kind: Kind, value: &str, name: &[u8]) -> Vec<&'static str> {
    let matcher = Matcher::new([(kind, value)]).unwrap();
    let der = certificate(tbs(&made::name(&[]), &[san(&[dns(name)])]));
    matcher.certificate(&der).into_iter().map(|one: Match| one.why.as_str()).collect()
}

#[test]
fn idna2003_and_uts_46_read_letters_differently() {
    let long = format!("{}strasse.de", "\u{ad}".repeat(600));
    let very_long = format!("stra{}\u{df}e.de", "\u{200b}".repeat(4_000));
    for (value, name) in [
        ("strasse.de", "straße.de"),
        ("strasse.de", "STRAẞE.de"),
        ("strasse.de", "www.straße。de"),
        ("strasse.de", &long),
        ("strasse.de", &very_long),
        ("xn--strae-oqa.de", "straße.de"),
        ("xn--strae-oqa.de", "STRAẞE.de"),
        ("xn--strae-oqa.de", "XN--STRAE-OQA.de"),
        ("xn--mxa9ab.gr", "σας.gr"),
        ("xn--mxa9ab.gr", "ΣΑΣ.gr"),
        ("xn--mxa8ab.gr", "σας.gr"),
        ("example.com", "exam\u{200d}ple.com"),
        ("example.com", "www.ex\u{200c}ample.com"),
    ] {
        assert!(matches!(found(Kind::Tree, value, name.as_bytes())[..], ["apex" | "below"]), "{value} {name:.40}");
    }
    assert!(found(Kind::Tree, "strasse.de", b"xn--strae-oqa.de").is_empty(), "A-labels are their own name");
    assert!(found(Kind::Tree, "xn--strae-oqa.de", b"strasse.de").is_empty());
}

#[test]
fn labels_that_nobody_can_read_hide_no_other() {
    let b = "bücher.example";
    for (value, name, why) in [
        ("www.xn--bcher-kva.example", format!("?.{b}").into_bytes(), "possible"),
        ("www.xn--bcher-kva.example", format!("(PRIVATE).{b}").into_bytes(), "possible"),
        ("www.xn--bcher-kva.example", format!("\u{1}.{b}").into_bytes(), "possible"),
        ("www.xn--bcher-kva.example", "?.ｂÜCHER。example.".into(), "possible"),
        ("www.xn--bcher-kva.example", [b"\xff.", b.as_bytes()].concat(), "possible"),
        ("www.xn--bcher-kva.example", format!("?.{b}\0.evil.org").into_bytes(), "possible"),
        ("www.example.com", "?.ｅxample.com".into(), "possible"),
        ("www.strasse.de", "?.straße.de".into(), "possible"),
        ("www.xn--strae-oqa.de", "?.straße.de".into(), "possible"),
        ("www.example.com", format!("xn--{}.example.com", "a".repeat(60)).into(), "possible"),
    ] {
        assert_eq!(found(Kind::Exact, value, &name), [why], "{value} {}", name.escape_ascii());
    }
    for name in
        [[b"\xff.", b.as_bytes()].concat(), [b"\xffwww.", b.as_bytes()].concat(), b"\xff.b\xfccher.example".into()]
    {
        assert_eq!(found(Kind::Tree, "xn--bcher-kva.example", &name), ["below"], "{}", name.escape_ascii());
    }
}

#[test]
fn addresses_with_what_stands_around_them() {
    for name in
        ["[2001:db8::1]:443", "https://[2001:db8::1]/", " 2001:db8::1", "2001:db8::1\0x", "https://192.0.2.7:1/"]
    {
        let value = if name.contains("2001") { "2001:db8::1" } else { "192.0.2.7" };
        assert_eq!(found(Kind::Cidr, value, name.as_bytes()), ["cidr"], "{name}");
    }
}

#[test]
fn rules_on_text_look_at_what_a_client_reads() {
    let (dots, tail, spaces) = (".".repeat(2_000), "x".repeat(2_000), " ".repeat(1_100));
    let hyphens = "\u{ad}".repeat(600);
    for (kind, value) in [(Kind::Keyword, "acme"), (Kind::Regex, "^acme[.]"), (Kind::Typo, "acme-shop.example")] {
        let word = if kind == Kind::Typo { "acme-sh0p" } else { "acme" };
        for name in [
            format!("{word}.example{dots}"),
            format!("{word}.example\0{tail}"),
            format!("{spaces}{word}.example:443"),
            format!("{hyphens}{word}.example"),
        ] {
            assert!(!found(kind, value, name.as_bytes()).is_empty(), "{value} {name:.40}");
        }
    }
}

/// Why names were not looked at in full.
fn told(rules: &[(Kind, &str)], name: &[u8]) -> Option<String> {
    let matcher = Matcher::new(rules.iter().copied()).unwrap();
    let der = certificate(tbs(&common_name(b""), &[san(&[dns(name)])]));
    let leaf = [&[0; 12][..], &(der.len() as u32).to_be_bytes()[1..], &der, &[0; 2]].concat();
    let leaf = base64_simd::STANDARD.encode_to_string(leaf);
    let body = format!(r#"{{"entries":[{{"leaf_input":"{leaf}","extra_data":"AAAA"}}]}}"#);
    let page = Page::from_get_entries(&[body.as_bytes()], 0, &Issuers::new(1), 1).unwrap();
    matcher.scan(&page, true).quarantined.pop().map(|(_, reason)| reason)
}

#[test]
fn a_name_too_long_to_be_read_in_every_way_is_told() {
    let name = |label: &str, count: usize| format!("{}.example.com", label.repeat(count));
    let (domain, keyword) = ((Kind::Tree, "example.com"), (Kind::Keyword, "acme"));
    for (rules, name, tells) in [
        (&[domain][..], name("a", 1_000), false),
        (&[domain], name("a", 60_000), false),
        (&[domain], name("\u{ad}", 8_000), false),
        (&[domain], name("\u{ad}", 9_000), true),
        (&[domain], name("*", 2_000), true),
        (&[domain], name("*", 900), false),
        (&[keyword], name("a", 1_000), false),
        (&[keyword], name("a", 2_000), true),
    ] {
        let reason = told(rules, name.as_bytes());
        assert_eq!(reason.is_some(), tells, "{name:.40} {reason:?}");
        assert!(reason.is_none_or(|reason| reason.contains("too long")));
    }
}

#[test]
fn everything_tells_a_name_that_is_not_left_out() {
    let mut rules = Rules::default();
    rules.add(Kind::All, "", 0).unwrap();
    rules.exclude(Kind::Tree, "example.com", 0).unwrap();
    let matcher = rules.build(&Suffixes::shipped()).unwrap();
    let names = [dns(b"www.example.com"), dns(b"other.example"), dns(b"more.example")];
    let hits = matcher.certificate(&certificate(tbs(&common_name(b"example.com"), &[san(&names)])));
    assert_eq!(hits.iter().map(|hit| hit.name.as_str()).collect::<Vec<_>>(), ["other.example"]);
    assert!(matcher.certificate(&certificate(tbs(&common_name(b"example.com"), &[san(&names[..1])]))).is_empty());
}

#[test]
fn what_can_not_be_searched_is_told_to_who_asks() {
    let matcher = Matcher::new([(Kind::Keyword, "acme")]).unwrap();
    let (mut room, mut tries) = (Room::default(), MAX_TRIES);
    let mut search = |name: &str, host| matcher.search(name.as_bytes(), host, &mut room, &mut tries, &mut |_| ());
    let long = format!("{}.example", "a".repeat(2_000));
    assert!(search(&long, true).is_err());
    assert!(search(&long, false).is_err());
    assert!(search(&"a word ".repeat(2_000), false).is_ok(), "no name is meant");
}
