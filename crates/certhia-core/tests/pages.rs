//! Entries from get-entries answers to tiles and back.

use base64_simd::STANDARD;
use certhia_core::issuers::Issuers;
use certhia_core::leaf::Kind;
use certhia_core::merkle::leaf_hash;
use certhia_core::page::Page;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone)]
struct Made {
    precert: bool,
    timestamp: u64,
    certificate: Vec<u8>,
    extensions: Vec<u8>,
    submitted: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

fn vector(bytes: usize, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_be_bytes();
    [&length[8 - bytes..], content].concat()
}

impl Made {
    fn entry(&self) -> Vec<u8> {
        let mut out = self.timestamp.to_be_bytes().to_vec();
        out.extend([0, u8::from(self.precert)]);
        if self.precert {
            out.extend([7; 32]);
        }
        out.extend(vector(3, &self.certificate));
        out.extend(vector(2, &self.extensions));
        out
    }

    fn leaf_input(&self) -> Vec<u8> {
        [&[0, 0], self.entry().as_slice()].concat()
    }

    fn extra_data(&self) -> Vec<u8> {
        let chain: Vec<u8> = self.chain.iter().flat_map(|der| vector(3, der)).collect();
        let submitted = if self.precert { vector(3, &self.submitted) } else { Vec::new() };
        [submitted, vector(3, &chain)].concat()
    }

    fn tile_leaf(&self) -> Vec<u8> {
        let chain: Vec<u8> = self.chain.iter().flat_map(Sha256::digest).collect();
        let submitted = if self.precert { vector(3, &self.submitted) } else { Vec::new() };
        [self.entry(), submitted, vector(2, &chain)].concat()
    }

    fn json(&self) -> String {
        json(&self.leaf_input(), &self.extra_data())
    }
}

fn json(leaf_input: &[u8], extra_data: &[u8]) -> String {
    let (leaf, extra) = (STANDARD.encode_to_string(leaf_input), STANDARD.encode_to_string(extra_data));
    format!(r#"{{"leaf_input":"{leaf}","extra_data":"{extra}"}}"#)
}

fn body(entries: &[String]) -> Vec<u8> {
    format!(r#"{{"entries":[{}]}}"#, entries.join(",")).into_bytes()
}

fn page(entries: &[String], first: u64) -> Page {
    Page::from_get_entries(&[&body(entries)], first, &Issuers::new(100), 65_536).unwrap()
}

fn made() -> impl Strategy<Value = Made> {
    let bytes = |range| prop::collection::vec(any::<u8>(), range);
    let chain = prop::collection::vec(bytes(1..50), 0..4);
    (any::<bool>(), any::<u64>(), bytes(0..300), bytes(0..20), bytes(1..300), chain).prop_map(
        |(precert, timestamp, certificate, extensions, submitted, chain)| Made {
            precert,
            timestamp: timestamp >> 20,
            certificate,
            extensions,
            submitted,
            chain,
        },
    )
}

proptest! {
    #[test]
    fn leaves_and_tiles_round_trip(entries in prop::collection::vec(made(), 0..20), first in 0_u64..1 << 40) {
        let encoded: Vec<String> = entries.iter().map(Made::json).collect();
        let served = page(&encoded, first);
        prop_assert_eq!(served.len(), entries.len());
        let tile: Vec<u8> = served.entries().flat_map(|entry| entry.tile_leaf().into_owned()).collect();
        let read = Page::from_tile(&tile, first, 1 << 26).unwrap();
        prop_assert_eq!(read.leaf_hashes(), served.leaf_hashes());
        for (position, made) in entries.iter().enumerate() {
            for page in [&served, &read] {
                let entry = page.entry(position);
                prop_assert_eq!(entry.index, first + position as u64);
                prop_assert_eq!(entry.timestamp(), made.timestamp);
                prop_assert_eq!(entry.kind() == Kind::Precert, made.precert);
                prop_assert_eq!(&*entry.leaf_input(), &made.leaf_input()[..]);
                prop_assert_eq!(&*entry.tile_leaf(), &made.tile_leaf()[..]);
                prop_assert_eq!(*entry.leaf_hash, leaf_hash(&made.leaf_input()));
                prop_assert_eq!(entry.certificate(), &made.certificate[..]);
                let submitted = if made.precert { &made.submitted } else { &made.certificate };
                prop_assert_eq!(entry.submitted(), &submitted[..]);
                prop_assert_eq!(entry.chain().len(), made.chain.len());
                prop_assert_eq!(entry.fault(), None);
            }
        }
    }

    #[test]
    fn slices_join_again(entries in prop::collection::vec(made(), 1..20), cut in 0_u64..20, broken in any::<bool>()) {
        let mut encoded: Vec<String> = entries.iter().map(Made::json).collect();
        if broken {
            encoded.insert(encoded.len() / 2, json(&[1, 2, 3], b"what"));
        }
        let whole = page(&encoded, 1000);
        let (left, right) = (whole.slice(0, 1000 + cut), whole.slice(1000 + cut, u64::MAX));
        prop_assert_eq!(left.len() + right.len(), whole.len());
        let joined = Page::join(&[&left, &right]).unwrap();
        prop_assert_eq!(joined.first(), 1000);
        prop_assert_eq!(joined.leaf_hashes(), whole.leaf_hashes());
        for (one, other) in joined.entries().zip(whole.entries()) {
            prop_assert_eq!(one.index, other.index);
            prop_assert_eq!(one.leaf_input(), other.leaf_input());
            prop_assert_eq!(one.tile_leaf(), other.tile_leaf());
            prop_assert_eq!(one.raw_extra(), other.raw_extra());
            prop_assert_eq!(one.chain(), other.chain());
        }
    }

    #[test]
    fn any_bytes_as_a_tile(body in prop::collection::vec(any::<u8>(), 0..400)) {
        Page::from_tile(&body, 0, 1 << 16).ok();
    }

    #[test]
    fn any_bytes_as_an_entry(leaf in prop::collection::vec(0_u8..3, 0..80), extra in prop::collection::vec(0_u8..3, 0..80)) {
        let page = page(&[json(&leaf, &extra)], 0);
        let entry = page.entry(0);
        prop_assert_eq!(&*entry.leaf_input(), &leaf[..]);
        prop_assert_eq!(*entry.leaf_hash, leaf_hash(&leaf));
        if !entry.is_framed() {
            prop_assert_eq!(entry.raw_extra(), Some(&extra[..]));
            prop_assert_eq!(entry.chain().len(), 0);
        }
    }
}

#[test]
fn what_cannot_be_framed_is_carried_as_served() {
    let known = Made {
        precert: true,
        timestamp: 5,
        certificate: b"tbs".to_vec(),
        extensions: Vec::new(),
        submitted: b"submitted".to_vec(),
        chain: vec![b"issuer".to_vec()],
    };
    let leaf = known.leaf_input();
    let mut strange = leaf.clone();
    strange[10] = 0x80; // entry type
    let cases = [
        (leaf.clone(), b"Extra\n".to_vec(), None),
        (leaf.clone(), [known.extra_data(), vec![0]].concat(), None),
        (leaf.clone(), Vec::new(), None),
        (strange, known.extra_data(), Some("an unknown entry type")),
        ([&[1], &leaf[1..]].concat(), known.extra_data(), Some("a leaf of unknown version or type")),
        ([&leaf[..], &[0]].concat(), known.extra_data(), Some("bytes behind the leaf's end")),
        (leaf[..leaf.len() - 1].to_vec(), known.extra_data(), Some("a leaf that is cut off")),
        (Vec::new(), Vec::new(), Some("a leaf of unknown version or type")),
    ];
    for (leaf, extra, fault) in cases {
        let page = page(&[json(&leaf, &extra), known.json()], 0);
        let entry = page.entry(0);
        assert_eq!(entry.fault(), fault);
        assert_eq!(&*entry.leaf_input(), &leaf[..]);
        assert_eq!(&*entry.tile_leaf(), &leaf[..]);
        assert_eq!(entry.raw_extra(), Some(&extra[..]));
        assert_eq!(*entry.leaf_hash, leaf_hash(&leaf));
        assert_eq!(entry.certificate().is_empty(), fault.is_some() && fault != Some("bytes behind the leaf's end"));
        assert_eq!(&*page.entry(1).tile_leaf(), &known.tile_leaf()[..]);
    }
}

#[test]
fn chain_certificates_are_kept_once() {
    let made = |chain: &[&[u8]]| Made {
        precert: false,
        timestamp: 1,
        certificate: b"certificate".to_vec(),
        extensions: Vec::new(),
        submitted: Vec::new(),
        chain: chain.iter().map(|der| der.to_vec()).collect(),
    };
    let issuers = Issuers::new(10);
    let entries = [made(&[b"one", b"two"]).json(), made(&[b"one"]).json(), made(&[b"three"]).json()];
    let page = Page::from_get_entries(&[&body(&entries)], 0, &issuers, 10).unwrap();
    assert_eq!(issuers.len(), 3);
    assert_eq!(page.issuers().len(), 3);
    for (fingerprint, der) in page.issuers().iter().zip([&b"one"[..], b"two", b"three"]) {
        assert_eq!(*fingerprint, <[u8; 32]>::from(Sha256::digest(der)));
        assert_eq!(issuers.get(fingerprint).as_deref(), Some(der));
    }
}

#[test]
fn issuers_stay_within_their_capacity() {
    let issuers = Issuers::new(8);
    let first = issuers.add(b"the first");
    for number in 0..1000_u32 {
        issuers.add(&number.to_be_bytes());
        assert!(issuers.get(&first).is_some(), "what is used is kept");
        assert!(issuers.len() <= 8);
    }
    let large = vec![1; 1 << 17];
    for number in 0..40 {
        let mut der = large.clone();
        der[0] = number;
        issuers.add(&der);
    }
    assert!(issuers.len() <= 4);
    assert_eq!(issuers.add(&vec![0; 1 << 20]), <[u8; 32]>::from(Sha256::digest(vec![0; 1 << 20])));
}

#[test]
fn tiles_have_bounds() {
    let entry = Made {
        precert: false,
        timestamp: 1,
        certificate: vec![0; 10],
        extensions: Vec::new(),
        submitted: Vec::new(),
        chain: Vec::new(),
    };
    let leaf = entry.tile_leaf();
    assert_eq!(Page::from_tile(&leaf.repeat(256), 0, 1 << 20).unwrap().len(), 256);
    assert!(Page::from_tile(&leaf.repeat(257), 0, 1 << 20).is_err());
    assert!(Page::from_tile(&leaf.repeat(2), 0, leaf.len()).is_err());
    for end in 1..leaf.len() {
        assert!(Page::from_tile(&leaf[..end], 0, 1 << 20).is_err());
    }
}
