//! Look-alikes: what each trick finds, and what must not be found.

use certhia_core::lookalike::{Lookalike, Lookalikes, Scratch};
use proptest::prelude::*;

fn registrable(name: &[u8]) -> Option<usize> {
    psl::domain(name).map(|domain| domain.as_bytes().len())
}

fn found(values: &[&str], name: &[u8]) -> Vec<(u32, &'static str, u8)> {
    let rules: Vec<Lookalike> = values.iter().map(|value| Lookalike::parse(value).unwrap()).collect();
    let looks = Lookalikes::new((0..).zip(&rules), &registrable);
    let mut out = Vec::new();
    let mut tries = 1 << 20;
    let enough = looks.find(name, &mut registrable, &mut Scratch::default(), &mut tries, &mut |rule, trick, score| {
        out.push((rule, trick.as_str(), score));
    });
    assert!(enough);
    out
}

fn trick(value: &str, name: &str) -> Option<(&'static str, u8)> {
    let all = found(&[value], name.as_bytes());
    assert!(all.len() <= 1, "{name}: {all:?}");
    all.first().map(|&(_, trick, score)| (trick, score))
}

fn a_labels(name: &str) -> String {
    let labels = name.split('.').map(|label| {
        let encoded = idna::punycode::encode_str(label).unwrap();
        if label.is_ascii() { label.to_owned() } else { format!("xn--{encoded}") }
    });
    labels.collect::<Vec<_>>().join(".")
}

#[test]
fn homoglyphs() {
    for name in [
        "p\u{430}ypal.com",                               // Cyrillic a
        "\u{440}\u{430}\u{443}\u{440}\u{430}\u{4cf}.com", // all of it Cyrillic
        "\u{3c1}\u{3b1}ypal.com",                         // Greek rho, alpha
        "p\u{251}ypal.com",                               // Latin alpha
        "payp\u{430}l.net",                               // under another suffix
        "paypa1.com",
        "paypai.com",
        "p4ypal.com",
        "p\u{e1}ypal.com",
        "pa\u{301}ypal.com",        // combining acute
        "p\u{335}aypal.com",        // a stroke through it
        "paypa\u{142}.com",         // l with stroke
        "\u{1d4f9}\u{430}ypal.com", // mathematical script p
        "\u{ff50}\u{430}ypal.com",  // fullwidth p
        "www.p\u{430}ypal.com",
        "p\u{430}ypal.com.evil.example",
        "login.paypa1-secure.evil.example",
        "paypa1login.com",
        "pay\u{202e}pal.com", // RLO
    ] {
        for spelling in [name.to_owned(), a_labels(name), name.to_uppercase()] {
            assert!(matches!(trick("paypal.com", &spelling), Some(("homoglyph", 60..))), "{spelling:?}");
        }
    }
    for (value, name) in [
        ("microsoft.com", "rnicrosoft.com"),
        ("wellsfargo.com", "vvellsfargo.com"),
        ("dropbox.com", "clropbox.com"),
        ("dropbox.com", "c1ropbox.com"),
        ("google.com", "g00gle.com"),
        ("facebook.com", "faceb00k.com"),
        ("modern.com", "rnodem.com"),
        ("twitter.com", "tw\u{131}tter.com"), // dotless i
        ("ing.com", "1ng.com"),
        ("xn--mnchen-3ya.de", "munchen.de"),
        ("xn--mnchen-3ya.de", "m\u{fc}nch\u{435}n.de"),
    ] {
        assert!(matches!(trick(value, name), Some(("homoglyph", 60..))), "{name}: {:?}", trick(value, name));
    }
}

#[test]
fn each_kind_with_its_score() {
    for (value, name, expected) in [
        ("paypal.com", "paypa1.com", Some(("homoglyph", 90))),
        ("paypal.com", "paypai.com", Some(("homoglyph", 78))),
        ("paypal.com", "paypa1-login.com", Some(("homoglyph", 84))),
        ("paypal.com", "payapl.com", Some(("keyboard", 72))),
        ("paypal.com", "payypal.com", Some(("keyboard", 72))),
        ("paypal.com", "oaypal.com", Some(("keyboard", 72))),
        ("paypal.com", "paypalk.com", Some(("keyboard", 72))),
        ("paypal.com", "paypl.com", Some(("edit", 57))),
        ("paypal.com,score=1", "bpaypal.com", Some(("edit", 47))),
        ("microsoft.com", "micrsft.com", None),
        ("microsoft.com,score=40", "micrsft.com", Some(("edit", 46))),
        ("wellsfargo.com", "welsfrgo.com", Some(("edit", 50))),
        ("paypal.com", "paypal-login.com", Some(("added", 72))),
        ("paypal.com", "paypallogin.com", Some(("added", 68))),
        ("paypal.com", "securepaypal24.com", Some(("added", 68))),
        ("paypal.com", "my-paypal-account.evil.com", Some(("added", 66))),
        ("paypal.com", "paypal-flowers.com", Some(("added", 58))),
        ("paypal.com", "paypal.evil.example", Some(("added", 52))),
        ("paypal.com", "paypal.com.evil.example", Some(("added", 76))),
        ("paypal.com", "paypal-com.evil.example", Some(("added", 76))),
        ("paypal.com", "paypal.net", Some(("tld", 58))),
        ("paypal.com", "www.paypal.co", Some(("tld", 70))),
        ("paypal.com", "paypal.github.io", Some(("tld", 58))),
        ("ing.com,score=1", "ing.net", Some(("tld", 46))),
    ] {
        assert_eq!(trick(value, name), expected, "{value} {name}");
    }
}

#[test]
fn what_is_no_look_alike() {
    for (value, name) in [
        ("paypal.com,score=1", "paypal.com"),
        ("paypal.com,score=1", "www.paypal.com"),
        ("paypal.com,score=1", "*.paypal.com"),
        ("paypal.com,score=1", "PayPal.COM."),
        ("paypal.com,score=1", "xn--pypal-4ve.paypal.com"),
        ("paypal.com,score=1", "paypal-login.paypal.com"),
        ("paypal.com,score=1", "\u{ff50}aypal.com"), // clients take fullwidth for the letters themselves
        ("www.paypal.com,score=1", "paypal.com"),
        ("amazonaws.com,score=1", "bucket.s3.amazonaws.com"),
        ("paypal.com", "example.com"),
        ("paypal.com", "com"),
        ("paypal.com", ""),
        ("paypal.com", "..."),
        ("paypal.com", "*"),
        ("apple.com,score=1", "pineapple.com"),
        ("apple.com,score=1", "applesauce.com"),
        ("apple.com,score=1", "appleton.com"),
        ("chase.com,score=1", "purchase.com"),
        ("ing.com,score=1", "king.com"),
        ("ing.com,score=1", "ping.com"),
        ("ing.com,score=1", "shopping.com"),
        ("dhl.com,score=1", "dhi1.com"),
        ("visa.com,score=1", "blue-visa.com"),
        ("citi.com,score=1", "dti.com"),
        ("paypal.com,score=1", "pay.pal.com"),
    ] {
        let got = trick(value, name);
        assert_eq!(got, None, "{value} {name}");
    }
}

#[test]
fn kinds_on_and_off() {
    let names = [
        ("homoglyph", "examp1ename.com"),
        ("keyboard", "examplwname.com"),
        ("edit", "examplenme.com"),
        ("added", "examplename-login.com"),
        ("tld", "examplename.net"),
    ];
    for (kind, name) in names {
        assert_eq!(trick("examplename.com", name).unwrap().0, kind);
        assert_eq!(trick(&format!("examplename.com,{kind}"), name).unwrap().0, kind);
        assert_ne!(trick(&format!("examplename.com,-{kind}"), name).map(|found| found.0), Some(kind));
        for (other, _) in names.into_iter().filter(|&(other, _)| other != kind) {
            let found = trick(&format!("examplename.com,{other}"), name).map(|found| found.0);
            assert!(found.is_none_or(|found| found == other), "{other} {name}");
        }
    }
    assert_eq!(trick("examplename.com,score=100", "examplename-login.com"), None);
    assert_eq!(trick("examplename.com,added,-edit", "examplename-login.com").unwrap().0, "added");
}

#[test]
fn many_rules_at_once() {
    let found = found(&["paypal.com", "paypal.de", "www.paypal.com", "ebay.com"], b"paypal.de");
    assert_eq!(found, [(0, "tld", 58), (2, "tld", 58)]);
    assert!(Lookalikes::default().is_empty());
}

#[test]
fn values_that_make_no_sense() {
    for (value, offset, part) in [
        ("", 0, "1 to 63"),
        ("Example.com", 0, "lower case"),
        ("ex\u{e4}mple.com", 2, "A-labels"),
        ("a..b", 0, "1 to 63"),
        ("192.0.2.1", 0, "address"),
        ("example.com,", 12, "homoglyph, keyboard"),
        ("example.com,typo", 12, "\"typo\""),
        ("example.com, -x", 13, "\"-x\""),
        ("example.com,score=0", 18, "1 to 100"),
        ("example.com,score=101", 18, "1 to 100"),
        ("example.com,score=+5", 18, "1 to 100"),
        ("example.com,score=5,score=6", 20, "twice"),
        ("example.com,edit,-edit", 12, "switched off"),
    ] {
        let error = Lookalike::parse(value).unwrap_err();
        assert_eq!(error.offset, offset, "{value}: {error}");
        assert!(error.reason.contains(part), "{value}: {error}");
    }
    assert_eq!(Lookalike::parse("example.com, edit , score=7").unwrap().name(), "example.com");
}

#[test]
fn work_is_bounded() {
    let dashes = format!("{}.com", "a-".repeat(2000));
    let labels = format!("{}evil.com", "paypal.".repeat(400));
    let long = format!("{}.com", "x".repeat(100_000));
    let bidi = format!("{}.com", "\u{202e}".repeat(300));
    let wide = format!("xn--{}.com", "a".repeat(900));
    for name in [dashes, labels, long, bidi, wide] {
        let _ = found(&["paypal.com", "a-a-a-a.com"], name.as_bytes());
    }
    let rule = Lookalike::parse("paypal.com").unwrap();
    let looks = Lookalikes::new([(0, &rule)], &registrable);
    let mut none = 0;
    assert!(!looks.find(b"paypal.net", &mut registrable, &mut Scratch::default(), &mut none, &mut |_, _, _| {}));
    assert!(looks.find(b"example.net", &mut registrable, &mut Scratch::default(), &mut none, &mut |_, _, _| {}));
}

#[test]
fn a_rule_takes_little_memory() {
    let rules: Vec<Lookalike> =
        (0..10_000).map(|number| Lookalike::parse(&format!("brand{number}name.com")).unwrap()).collect();
    let looks = Lookalikes::new((0..).zip(&rules), &registrable);
    assert!(looks.nbytes() < 1024 * rules.len(), "{}", looks.nbytes());
}

const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

proptest! {
    #[test]
    fn any_bytes(name in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = found(&["paypal.com,score=1", "x.com,score=1"], &name);
    }

    #[test]
    fn any_text(name in "\\PC{0,40}") {
        let _ = found(&["paypal.com,score=1"], name.as_bytes());
    }

    #[test]
    fn each_made_look_alike_is_found(brand in "[a-z]{5,16}", at in any::<prop::sample::Index>(), key in "[a-z]") {
        let (at, value) = (at.index(brand.len()), format!("{brand}.com,score=1"));
        let (head, tail) = brand.split_at(at);
        let neighbour = KEYS.iter().find_map(|row| {
            let place = row.find(&tail[..1])?;
            row.get(place + 1..place + 2).or(row.get(place.wrapping_sub(1)..place))
        });
        let made = [
            ("keyboard", format!("{head}{}{}.com", neighbour.unwrap(), &tail[1..])),
            ("keyboard", format!("{head}{}{tail}.com", &tail[..1])),
            ("edit", format!("{head}{}.com", &tail[1..])),
            ("edit", format!("{head}{key}{tail}.com")),
            ("added", format!("{brand}-login.com")),
            ("added", format!("secure{brand}.com")),
            ("added", format!("{brand}.evil.org")),
            ("tld", format!("{brand}.org")),
        ];
        let order = ["homoglyph", "keyboard", "edit", "added", "tld"];
        for (expected, name) in made {
            if name == format!("{brand}.com") {
                continue;
            }
            let got = trick(&value, &name);
            let strong = got.is_some_and(|(got, _)| {
                order.iter().position(|&one| one == got) <= order.iter().position(|&one| one == expected)
            });
            prop_assert!(strong, "{} {}: {:?}", value, name, got);
        }
    }
}
