//! Filters together against what each says alone.

mod made;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64_simd::STANDARD;
use certhia_core::audience::{Asked, Audience, Filter, Only, Sightings};
use certhia_core::issuers::Issuers;
use certhia_core::leaf;
use certhia_core::page::Page;
use certhia_core::rules::{Kind, Rules};
use certhia_core::suffixes::Suffixes;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sha2::{Digest, Sha256};

type Rule = (Kind, String);

#[derive(Debug, Clone)]
struct Wish {
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
    issuers: Vec<&'static str>,
    tlds: Vec<&'static str>,
    only: Option<Only>,
}

fn borrowed(rules: &[Rule]) -> Vec<(Kind, &str)> {
    rules.iter().map(|(kind, value)| (*kind, value.as_str())).collect()
}

impl Wish {
    fn filter(&self) -> Arc<Filter> {
        let (rules, excluded) = (borrowed(&self.rules), borrowed(&self.excluded));
        let asked =
            Asked { rules: &rules, excluded: &excluded, issuers: &self.issuers, tlds: &self.tlds, only: self.only };
        Arc::new(Filter::new(asked).unwrap())
    }

    /// What passes, each part judged by a matcher of its own.
    fn alone(&self, page: &Page) -> BTreeSet<usize> {
        let all = [(Kind::All, "")];
        let rules = borrowed(&self.rules);
        let rules = if rules.is_empty() { &all[..] } else { &rules };
        let mut passed = hits(page, rules, &borrowed(&self.excluded));
        if rules.contains(&all[0]) {
            // Rules for everything are not given for what can't be decoded; who wants everything gets that too, unless an
            // exclusion on the whole certificate takes it.
            let on_certificates: Vec<Rule> =
                self.excluded.iter().filter(|(kind, _)| kind.is_on_certificates()).cloned().collect();
            let barred = hits(page, &borrowed(&on_certificates), &[]);
            let broken = Rules::default().build(&Suffixes::shipped()).unwrap().scan(page, true).quarantined;
            passed.extend(broken.iter().map(|(at, _)| *at).filter(|at| !barred.contains(at)));
        }
        let tree: Vec<(Kind, &str)> = self.tlds.iter().map(|name| (Kind::Tree, *name)).collect();
        let issuers: Vec<(Kind, &str)> = self.issuers.iter().map(|text| (Kind::Issuer, *text)).collect();
        for rules in [tree, issuers].iter().filter(|rules| !rules.is_empty()) {
            let met = hits(page, rules, &[]);
            passed.retain(|at| met.contains(at));
        }
        passed.retain(|&at| match self.only {
            None => true,
            Some(Only::Precerts) => page.entry(at).kind() == leaf::Kind::Precert,
            Some(Only::Certificates) => page.entry(at).kind() == leaf::Kind::X509,
        });
        passed
    }
}

fn hits(page: &Page, rules: &[(Kind, &str)], excluded: &[(Kind, &str)]) -> BTreeSet<usize> {
    let mut gathered = Rules::default();
    for &(kind, value) in rules {
        gathered.add(kind, value, 0).unwrap();
    }
    excluded.iter().for_each(|&(kind, value)| gathered.exclude(kind, value, 0).unwrap());
    let scan = gathered.build(&Suffixes::shipped()).unwrap().scan(page, true);
    scan.hits.iter().map(|(at, _)| *at).collect()
}

/// One entry, maybe broken.
#[derive(Debug, Clone)]
struct Made {
    names: Vec<&'static str>,
    addresses: Vec<[u8; 4]>,
    common: Option<&'static str>,
    organization: Option<&'static str>,
    issuer: &'static str,
    key: u8,
    precert: bool,
    /// 0 to 2: whole; 3: its SANs break off; 4: cut short; 5: of an unknown type.
    damage: u8,
}

fn key(number: u8) -> Vec<u8> {
    made::sequence(&[made::sequence(&[made::tlv(6, &[0x2a])]), made::tlv(3, &[0, number])])
}

impl Made {
    fn tbs(&self) -> Vec<u8> {
        let mut names: Vec<Vec<u8>> = self.names.iter().map(|name| made::dns(name.as_bytes())).collect();
        names.extend(self.addresses.iter().map(|address| made::tlv(0x87, address)));
        let mut subject: Vec<(&[u8], u8, &[u8])> = Vec::new();
        subject.extend(self.organization.map(|text| (&[0x55, 4, 10][..], 0x0c, text.as_bytes())));
        subject.extend(self.common.map(|text| (&[0x55, 4, 3][..], 0x0c, text.as_bytes())));
        let mut san = made::san(&names);
        if self.damage == 3 {
            // A length inside that reaches beyond the end.
            let at = san.len() - names.last().map_or(0, Vec::len) + 1;
            if let Some(length) = san.get_mut(at) {
                *length = 0x7f;
            }
        }
        let mut fields = made::fields(&made::name(&subject));
        fields[3] = made::common_name(self.issuer.as_bytes());
        fields[6] = key(self.key);
        fields.push(made::tlv(0xa3, &made::sequence(&[san])));
        made::sequence(&fields)
    }

    fn json(&self) -> String {
        let mut der = if self.precert { self.tbs() } else { made::certificate(self.tbs()) };
        if self.damage == 4 {
            der.truncate(der.len() * 3 / 4);
        }
        let kind = if self.damage == 5 { 9 } else { u8::from(self.precert) };
        let length = (der.len() as u32).to_be_bytes();
        let hash: &[u8] = if self.precert { &[7; 32] } else { &[] };
        let leaf = [&[0; 10][..], &[0, kind], hash, &length[1..], &der, &[0, 0]].concat();
        let extra: &[u8] = if self.precert { &[0, 0, 1, 9, 0, 0, 0] } else { &[0, 0, 0] };
        let (leaf, extra) = (STANDARD.encode_to_string(leaf), STANDARD.encode_to_string(extra));
        format!(r#"{{"leaf_input":"{leaf}","extra_data":"{extra}"}}"#)
    }
}

fn page(entries: &[Made], times: usize) -> Page {
    let each: Vec<String> = entries.iter().map(Made::json).collect();
    let body = format!(r#"{{"entries":[{}]}}"#, vec![each.join(","); times].join(","));
    Page::from_get_entries(&[body.as_bytes()], 0, &Issuers::new(1), 65_536).unwrap()
}

const NAMES: [&str; 16] = [
    "a.com",
    "b.com",
    "www.a.com",
    "x.www.a.com",
    "*.a.com",
    "*.b.com",
    "w*.a.com",
    "?.b.com",
    "a.co.uk",
    "*.uk",
    "login.a.net",
    "LOGIN.B.net.",
    "xn--bcher-kva.com",
    "gooogle.com",
    "192.0.2.9",
    "*.*.com",
];

fn entry() -> impl Strategy<Value = Made> {
    let names = subsequence(&NAMES[..], 0..5).prop_shuffle();
    let addresses = prop::collection::vec((0_u8..3).prop_map(|last| [192, 0, 2, last]), 0..2);
    let common = select(vec![None, Some("a.com"), Some("Somebody"), Some("login.b.com")]);
    let organization = select(vec![None, Some("Acme Inc"), Some("Other")]);
    let issuer = select(vec!["R3", "Some CA", "WE1"]);
    (names, addresses, common, organization, issuer, 0_u8..2, any::<bool>(), 0_u8..6).prop_map(
        |(names, addresses, common, organization, issuer, key, precert, damage)| Made {
            names,
            addresses,
            common,
            organization,
            issuer,
            key,
            precert,
            damage,
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    let key = hex(&key(0));
    let fixed: [(Kind, &str); 29] = [
        (Kind::Tree, "a.com"),
        (Kind::Tree, "b.com"),
        (Kind::Tree, "com"),
        (Kind::Tree, "www.a.com"),
        (Kind::Tree, "xn--bcher-kva.com"),
        (Kind::Below, "a.com"),
        (Kind::Below, "uk"),
        (Kind::Exact, "a.com"),
        (Kind::Exact, "www.a.com"),
        (Kind::Exact, "www.b.com"),
        (Kind::Exact, "a.co.uk"),
        (Kind::Cidr, "192.0.2.0/31"),
        (Kind::Cidr, "192.0.2.9"),
        (Kind::Keyword, "login"),
        (Kind::Keyword, "w"),
        (Kind::Keyword, "bücher"),
        (Kind::Regex, r"^[ab]\."),
        (Kind::Regex, "log[io]n"),
        (Kind::Regex, "ü"),
        (Kind::Regex, r"^\w{2,3}\."),
        (Kind::Typo, "google.com"),
        (Kind::Issuer, "R3"),
        (Kind::Issuer, "c"),
        (Kind::Issuer, "CN=WE1"),
        (Kind::Organization, "acme"),
        (Kind::Organization, "=Other"),
        (Kind::Key, &key),
        (Kind::Certificate, "00000000000000000000000000000000000000000000000000000000000000ff"),
        (Kind::All, ""),
    ];
    select(fixed.map(|(kind, value)| (kind, value.to_owned())).to_vec())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

fn wish() -> impl Strategy<Value = Wish> {
    let excluded = rule().prop_filter("takes away everything", |(kind, _)| *kind != Kind::All);
    (
        prop::collection::vec(rule(), 0..4),
        prop_oneof![Just(Vec::new()), prop::collection::vec(excluded, 1..4)],
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(&["R3", "c", "=we1"][..], 1..3)],
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(&["com", "co.uk", "uk", "net"][..], 1..3)],
        select(vec![None, None, Some(Only::Precerts), Some(Only::Certificates)]),
    )
        .prop_map(|(rules, excluded, issuers, tlds, only)| Wish { rules, excluded, issuers, tlds, only })
}

/// The entries that each filter passes, by its number.
fn together(wishes: &[Wish], page: &Page) -> Vec<BTreeSet<usize>> {
    let filters: Vec<Arc<Filter>> = wishes.iter().map(Wish::filter).collect();
    let audience = Audience::new(&filters, &Suffixes::shipped()).unwrap();
    assert_eq!(audience.len(), wishes.len());
    let mut out = vec![BTreeSet::new(); wishes.len()];
    for (distinct, positions) in audience.select(page).each() {
        let list: Vec<usize> = positions.chunks(2).map(|two| usize::from(two[0]) | usize::from(two[1]) << 8).collect();
        assert!(!list.is_empty() && list.is_sorted_by(|one, other| one < other));
        for &number in audience.given(distinct) {
            out[number as usize].extend(&list);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn together_as_alone(
        entries in prop::collection::vec(entry(), 1..12),
        wishes in prop::collection::vec(wish(), 0..12),
        times in select(vec![1_usize, 1, 1, 60]),
    ) {
        let page = page(&entries, times);
        let found = together(&wishes, &page);
        for (wish, found) in wishes.iter().zip(found) {
            prop_assert_eq!(&found, &wish.alone(&page), "{:?}", wish);
        }
    }
}

fn wished(rules: &[(Kind, &str)], excluded: &[(Kind, &str)], tlds: &[&'static str]) -> Wish {
    let owned = |rules: &[(Kind, &str)]| rules.iter().map(|(kind, value)| (*kind, (*value).to_owned())).collect();
    Wish { rules: owned(rules), excluded: owned(excluded), issuers: Vec::new(), tlds: tlds.to_vec(), only: None }
}

#[test]
fn exclusions_on_certificates_are_asked_whatever_matched() {
    let entry = |organization| Made {
        names: vec!["a.com"],
        addresses: Vec::new(),
        common: None,
        organization: Some(organization),
        issuer: "R3",
        key: 0,
        precert: false,
        damage: 0,
    };
    let page = page(&[entry("Acme Inc"), entry("Other")], 1);
    let key = hex(&key(0));
    for rules in [&[(Kind::Issuer, "R3")][..], &[(Kind::Tree, "a.com")], &[(Kind::Key, key.as_str())], &[]] {
        let wish = wished(rules, &[(Kind::Organization, "acme")], &[]);
        assert_eq!(together(&[wish], &page), [BTreeSet::from([1])], "{rules:?}");
    }
}

#[test]
fn equal_filters_are_one() {
    let wishes = [
        wished(&[(Kind::Tree, "a.com"), (Kind::Keyword, "b")], &[], &["com", "net"]),
        wished(&[(Kind::Keyword, "b"), (Kind::Tree, "a.com"), (Kind::Tree, "a.com")], &[], &["net", "com", "net"]),
        wished(&[], &[], &[]),
        wished(&[(Kind::Tree, "a.com"), (Kind::All, "")], &[], &[]),
    ];
    let filters: Vec<Arc<Filter>> = wishes.iter().map(Wish::filter).collect();
    let audience = Audience::new(&filters, &Suffixes::shipped()).unwrap();
    assert_eq!((audience.len(), audience.distinct()), (4, 2));
    assert_eq!((audience.given(0), audience.given(1)), (&[0, 1][..], &[2, 3][..]));
}

#[test]
fn positions_are_checked() {
    let mut sightings = Sightings::new(1).unwrap();
    let empty = Page::from_get_entries(&[br#"{"entries":[]}"#], 0, &Issuers::new(1), 1).unwrap();
    for (bytes, offset) in [(&[0][..], 1), (&[0, 0], 0)] {
        let told = sightings.fresh_among(&empty, &[(0, Some(bytes))]);
        assert_eq!(told.err().map(|fault| fault.offset), Some(offset));
    }
}
