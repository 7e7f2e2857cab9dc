//! Messages: JSON whatever the entry is, of bounded size, framed so that it can be read again.

mod made;

use base64_simd::STANDARD;
use certhia_core::certstream::{Form, Framing, Messages, Source};
use certhia_core::issuers::Issuers;
use certhia_core::page::Page;
use certhia_core::suffixes::Suffixes;
use made::{certificate, common_name, dns, extension, name, san, tbs, tlv};
use proptest::prelude::*;
use serde_json::Value;

const FORMS: [(&str, &str); 6] = [
    ("lite", "certhia"),
    ("lite", "calidog"),
    ("full", "certhia"),
    ("full", "calidog"),
    ("domains", "certhia"),
    ("domains", "calidog"),
];

fn vector(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes()[1..], content].concat()
}

/// An entry of a certificate with this chain.
fn entry(der: &[u8], chain: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let leaf = [&[0; 12][..], &vector(der), &[0, 0]].concat();
    (leaf, vector(&chain.iter().flat_map(|der| vector(der)).collect::<Vec<_>>()))
}

fn page(entries: &[(Vec<u8>, Vec<u8>)], issuers: &Issuers) -> Page {
    let items = entries.iter().map(|(leaf, extra)| {
        let (leaf, extra) = (STANDARD.encode_to_string(leaf), STANDARD.encode_to_string(extra));
        format!(r#"{{"leaf_input":"{leaf}","extra_data":"{extra}"}}"#)
    });
    let body = format!(r#"{{"entries":[{}]}}"#, items.collect::<Vec<_>>().join(","));
    Page::from_get_entries(&[body.as_bytes()], 7, issuers, 65_536).unwrap()
}

fn messages(page: &Page, issuers: &Issuers, kind: &str, profile: &str) -> Messages {
    let source = Source::new(&[7; 32], "A log", "https://ct.example/", "rfc6962", "", "").unwrap();
    let form = Form::new(kind, profile, None, Suffixes::shipped()).unwrap();
    Messages::new(page, &form, &source, issuers, 1.5, 0, None).unwrap()
}

/// The only message, parsed; at most a mebibyte.
fn only(page: &Page, issuers: &Issuers, kind: &str, profile: &str) -> Value {
    let messages = messages(page, issuers, kind, profile);
    assert_eq!(messages.len(), 1);
    let message = messages.get(0).unwrap();
    assert!(message.len() <= 1 << 20, "{kind} {profile}: {} bytes", message.len());
    serde_json::from_slice(message).unwrap()
}

proptest! {
    #[test]
    fn any_bytes_give_json(
        subject in prop::collection::vec(any::<u8>(), 0..80),
        names in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        tags in prop::collection::vec(any::<u8>(), 3),
        oid in 14_u8..38,
        value in prop::collection::vec(any::<u8>(), 0..60),
        cut in 0_usize..40,
    ) {
        let names: Vec<Vec<u8>> = names.iter().zip(0..).map(|(name, at)| tlv([0x82, tags[0], 0x81, 0x86, 0x87][at % 5], name)).collect();
        let extensions = [san(&names), extension(&[0x55, 0x1d, oid], &value)];
        let subject = name(&[(&[0x55, 4, 3], tags[1], &subject), (&[0x55, 4, 10], tags[2], &value)]);
        let mut der = certificate(tbs(&subject, &extensions));
        der.truncate(der.len().saturating_sub(cut * cut).max(1));
        let issuers = Issuers::new(4);
        let page = page(&[entry(&der, &[&der])], &issuers);
        for (kind, profile) in FORMS {
            let message = only(&page, &issuers, kind, profile);
            prop_assert_eq!(message["cursor"].is_string(), profile == "certhia");
        }
    }

    #[test]
    fn frames_hold_their_messages(lengths in prop::collection::vec(0_usize..400, 1..8)) {
        let issuers = Issuers::new(4);
        let entries: Vec<_> = lengths.iter().map(|&length| {
            let names: Vec<Vec<u8>> = (0..length).map(|at| dns(format!("n{at}.example").as_bytes())).collect();
            entry(&certificate(tbs(&common_name(b"cn.example"), &[san(&names)])), &[])
        }).collect();
        let page = page(&entries, &issuers);
        let messages = messages(&page, &issuers, "domains", "certhia");
        for positions in [None, Some(&[0][..])] {
            let count = positions.map_or(messages.len(), <[u16]>::len);
            let framed = messages.frames(Framing::WebSocket, positions).unwrap();
            prop_assert_eq!(unframed(&framed, 0x81), (0..count).map(|at| messages.get(at).unwrap().to_vec()).collect::<Vec<_>>());
            let packed = messages.frames(Framing::Deflate, positions).unwrap();
            for (at, payload) in unframed(&packed, 0xc1).into_iter().enumerate() {
                prop_assert_eq!(inflated(&payload), messages.get(at).unwrap());
            }
        }
    }
}

/// Payloads of unmasked frames with this first byte (RFC 6455 section 5.2).
fn unframed(mut bytes: &[u8], head: u8) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert_eq!(*first, head);
        let (more, least) = match second {
            0..=125 => (0, 0),
            126 => (2, 126),
            127 => (8, 65_536),
            _ => panic!("a server masks nothing"),
        };
        let length = rest[..more].iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
        let length = if more == 0 { usize::from(*second) } else { length };
        assert!(length >= least, "the shortest way to say a length");
        out.push(rest[more..more + length].to_vec());
        bytes = &rest[more + length..];
    }
    assert!(bytes.is_empty());
    out
}

/// RFC 7692 section 7.2.2.
fn inflated(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 << 20);
    let mut stream = flate2::Decompress::new(false);
    stream.decompress_vec(&[payload, &[0, 0, 0xff, 0xff]].concat(), &mut out, flate2::FlushDecompress::Sync).unwrap();
    out
}

#[test]
fn many_names_are_cut_and_counted() {
    let issuers = Issuers::new(4);
    for (count, length) in [(10_000, 10), (12_000, 10), (12_000, 200), (3, 200_000)] {
        let sans: Vec<Vec<u8>> =
            (0..count).map(|at| dns(format!("{}{at}.example.com", "n".repeat(length)).as_bytes())).collect();
        let page = page(&[entry(&certificate(tbs(&common_name(b"cn.example"), &[san(&sans)])), &[])], &issuers);
        for (kind, profile) in FORMS {
            let message = only(&page, &issuers, kind, profile);
            let data = &message["data"];
            let names = if kind == "domains" { data } else { &data["leaf_cert"]["all_domains"] };
            let given = names.as_array().unwrap().len();
            assert!(given <= 10_000, "{given}");
            let cut = if kind == "domains" { &message["truncated"] } else { &data["truncated"] };
            if profile == "certhia" {
                assert!(cut.as_u64().unwrap() >= (count + 1 - given) as u64, "{cut} of {count}, {given} given");
            } else {
                assert!(cut.is_null());
            }
        }
    }
}

#[test]
fn every_part_has_its_bound() {
    let big = vec![0x01; 300_000]; // a control, which JSON writes in six bytes
    let names: Vec<Vec<u8>> =
        (0..20_000_u32).map(|at| tlv(0x82, &[&at.to_be_bytes()[..], b".example.com"].concat())).collect();
    let subject = name(&[(&[0x55, 4, 3], 12, &big), (&[0x55, 4, 10], 12, &big), (&[0x55, 4, 11], 12, &big)]);
    let uris: Vec<u8> = (0..2000)
        .flat_map(|_| tlv(0x30, &[tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1]), tlv(0x86, &[1; 2000])].concat()))
        .collect();
    let extensions = [
        san(&names),
        extension(&[0x55, 0x1d, 0x0e], &tlv(4, &big)),
        extension(&[0x2b, 6, 1, 5, 5, 7, 1, 1], &tlv(0x30, &uris)),
        extension(&[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2], &tlv(4, &big)),
        extension(&[0x55, 0x1d, 0x12], &tlv(0x30, &names.concat())),
    ];
    let der = certificate(tbs(&subject, &extensions));
    let issuers = Issuers::new(4096);
    let small: Vec<Vec<u8>> = (0..400_u16).map(|at| certificate(tbs(&common_name(&at.to_be_bytes()), &[]))).collect();
    let chain: Vec<&[u8]> = small.iter().map(Vec::as_slice).collect();
    let page = page(&[entry(&der, &chain)], &issuers);
    for (kind, profile) in FORMS {
        only(&page, &issuers, kind, profile);
    }
    let data = &only(&page, &issuers, "full", "certhia")["data"];
    assert!(data["leaf_cert"]["as_der"].is_null());
    let given = data["chain"].as_array().unwrap().len() as u64;
    assert!(given > 10 && data["truncated"].as_u64().unwrap() > 400 - given);
}

#[test]
fn what_is_no_certificate_is_told() {
    let issuers = Issuers::new(4);
    let broken = [&[0x30, 3, 1][..], &san(&[dns(b"still.example"), dns(b"still.example")])].concat();
    let unknown = ([&[0; 10][..], &[0x80, 0], b"anything"].concat(), Vec::new());
    let whole = certificate(tbs(&common_name(b"whole.example"), &[]));
    let page = page(&[unknown, entry(&broken, &[]), (entry(&whole, &[]).0, b"no chain".to_vec())], &issuers);
    let messages = messages(&page, &issuers, "full", "certhia");
    assert_eq!(messages.positions(), [1, 2], "an unknown type gives no message");
    let read = |number| serde_json::from_slice::<Value>(messages.get(number).unwrap()).unwrap();
    let data = &read(0)["data"];
    assert!(data["fault"].as_str().unwrap().contains("at byte"), "{data}");
    assert_eq!(data["leaf_cert"]["all_domains"], serde_json::json!(["still.example"]));
    assert!(data["leaf_cert"]["subject"]["CN"].is_null() && data["leaf_cert"]["sha256"].is_string());
    let data = &read(1)["data"];
    assert!(data["fault"].as_str().unwrap().contains("chain"), "{data}");
    assert_eq!(data["leaf_cert"]["subject"]["CN"], "whole.example");
}

#[test]
fn a_chain_whose_certificates_are_not_known() {
    let issuers = Issuers::new(4);
    let der = certificate(tbs(&common_name(b"a.example"), &[]));
    let page = page(&[entry(&der, &[b"no certificate", &der])], &issuers);
    let full = |issuers: &Issuers, profile| only(&page, issuers, "full", profile)["data"]["chain"].clone();
    let known = full(&issuers, "certhia");
    assert!(known[0]["fault"].is_string() && known[0]["as_der"].is_string());
    assert!(known[1]["fault"].is_null() && known[1]["subject"]["CN"] == "a.example");
    let unknown = full(&Issuers::new(4), "certhia");
    for at in 0..2 {
        assert_eq!(unknown[at]["sha256"], known[at]["sha256"]);
        assert!(unknown[at]["subject"]["CN"].is_null() && unknown[at]["fault"].is_string());
    }
    assert_eq!(full(&issuers, "calidog").as_array().unwrap().len(), 2);
    assert_eq!(full(&Issuers::new(4), "calidog").as_array().unwrap().len(), 0);
}

#[test]
fn pages_are_read_again() {
    let issuers = Issuers::new(4);
    let der = certificate(tbs(&common_name(b"a.example"), &[]));
    let strange = ([&[1; 10][..], b"what"].concat(), b"extra".to_vec());
    let page =
        page(&[entry(&der, &[&der]), strange, (Vec::new(), Vec::new()), (entry(&der, &[]).0, b"?".to_vec())], &issuers);
    let hashes: Vec<_> = page.leaf_hashes().to_vec();
    let alone = Page::from_tile_by_hashes(b"", 11, 100, &hashes[..2]).unwrap();
    for page in [&page, &page.slice(8, 10), &page.slice(9, 9), &alone, &Page::join(&[&page, &alone]).unwrap()] {
        let bytes = page.dump();
        let again = Page::load(&bytes).unwrap();
        assert_eq!((again.first(), again.leaf_hashes()), (page.first(), page.leaf_hashes()));
        for (one, other) in again.entries().zip(page.entries()) {
            assert_eq!(one.leaf_input(), other.leaf_input());
            assert_eq!((one.raw_extra(), one.chain(), one.fault()), (other.raw_extra(), other.chain(), other.fault()));
        }
        assert_eq!(again.dump(), bytes);
        for end in 0..bytes.len() {
            assert!(Page::load(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
        }
        assert!(Page::load(&[&bytes[..], &[0]].concat()).is_err());
    }
}
