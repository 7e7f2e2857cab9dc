//! Certificates as they should not be.

mod made;

use certhia_core::certificate::{Certificate, Place};
use certhia_core::proof::prove;
use certhia_core::salvage;
use certhia_core::{der, text};
use made::{certificate, common_name, dns, extension, fields, name, poison, san, sct_list, sequence, tbs, tlv};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn names(der: &[u8]) -> Vec<String> {
    Certificate::parse(der).unwrap().names()
}

#[test]
fn fields_are_read() {
    let subject =
        name(&[(&[0x55, 4, 6], 0x13, b"DE"), (&[0x55, 4, 10], 0x0c, b" A, B+C "), (&[0x55, 4, 3], 0x0c, b"a.example")]);
    let der = certificate(tbs(&subject, &[san(&[dns(b"a.example"), tlv(0x87, &[192, 0, 2, 1]), tlv(0x87, &[0; 16])])]));
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.names(), ["a.example", "192.0.2.1", "::"]);
    assert_eq!(read.subject(), r"CN=a.example,O=\ A\, B\+C\ ,C=DE");
    assert_eq!(read.issuer(), "CN=Some CA");
    assert_eq!(read.subject_attribute(&[0x55, 4, 10]).as_deref(), Some(" A, B+C "));
    assert_eq!(read.serial(), "FF01");
    assert_eq!(read.validity(), (Some(1_735_787_045), Some(2_524_705_445)));
    assert_eq!(read.signature_algorithm(), "1.2.840");
    assert_eq!(read.sha256(), <[u8; 32]>::from(Sha256::digest(&der)));
    assert!(!read.is_ca() && !read.is_precert());
}

#[test]
fn a_precertificate_and_its_certificate_have_one_hash() {
    let subject = common_name(b"a.example");
    let other = vec![san(&[dns(b"a.example")]), extension(&[0x55, 0x1d, 0x13], &sequence(&[]))];
    for others in [other, Vec::new()] {
        let with = |place: usize, one: &[Vec<u8>]| {
            let mut all = others.clone();
            all.splice(place..place, one.iter().cloned());
            tbs(&subject, &all)
        };
        let logged = with(0, &[]);
        let hash = Certificate::parse(&logged).unwrap().tbs_sha256();
        assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(&logged)));
        for place in 0..=others.len() {
            for form in
                [with(place, &[poison()]), with(place, &[sct_list(&[7; 300])]), with(place, &[poison(), sct_list(b"")])]
            {
                assert_eq!(Certificate::parse(&form).unwrap().tbs_sha256(), hash);
                assert_eq!(Certificate::parse(&certificate(form)).unwrap().tbs_sha256(), hash);
            }
        }
    }
}

#[test]
fn lengths_in_every_form() {
    let long = |tag: u8, content: &[u8]| [&[tag, 0x84], &(content.len() as u32).to_be_bytes()[..], content].concat();
    let indefinite = |tag: u8, content: &[u8]| [&[tag, 0x80], content, &[0, 0]].concat();
    for form in [&long as &dyn Fn(u8, &[u8]) -> Vec<u8>, &indefinite] {
        let list = form(0x30, &[san(&[dns(b"a.example")]), poison()].concat());
        let mut parts = fields(&common_name(b"cn.example"));
        parts.push(form(0xa3, &list));
        let der = form(0x30, &form(0x30, &parts.concat()));
        assert_eq!(names(&der), ["a.example", "cn.example"]);
        assert!(Certificate::parse(&der).unwrap().is_precert());
    }
    let deep = [&[0x30, 0x80].repeat(100_000)[..], &[0, 0].repeat(100_000)].concat();
    assert!(Certificate::parse(&deep).is_err());
}

#[test]
fn names_in_every_form() {
    let der =
        tbs(&common_name(b"not a name"), &[san(&[dns(b"caf\xc3\xa9.example"), dns(b"a\0b\\.example"), dns(b"\xff")])]);
    assert_eq!(names(&der), ["café.example", r"a\x00b\x5c.example", r"\xff"]);
    let wide: Vec<u8> = "w.example".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let der = tbs(&name(&[(&[0x55, 4, 3], 0x1e, &wide), (&[0x55, 4, 3], 0x13, b"203.0.113.9")]), &[]);
    assert_eq!(names(&der), ["w.example", "203.0.113.9"]);
    let der = tbs(
        &common_name(b"A.example"),
        &[san(&[dns(b"a.example")]), san(&[tlv(0x87, b"10.0.0.1"), tlv(0x87, &[1; 8])])],
    );
    assert_eq!(names(&der), ["a.example", "10.0.0.1"]);
}

#[test]
fn one_fault_hides_no_name() {
    let broken = tlv(0x30, &[6, 3, 0x55, 0x1d, 0x0f, 4, 99]);
    let der = tbs(&common_name(b"cn.example"), &[broken, san(&[dns(b"a.example")])]);
    assert_eq!(names(&der), ["a.example", "cn.example"]);
    let cut =
        extension(&[0x55, 0x1d, 0x11], &[0x30, 18, 0x82, 5, b'a', b'.', b'b', b'.', b'c', 0x82, 40, b'd', b'.', b'e']);
    let mut found = Vec::new();
    let der = tbs(&common_name(b"cn.example"), &[cut]);
    let walked = Certificate::parse(&der).unwrap().each_name(|name| found.push(name.bytes.into_owned()));
    assert!(walked.is_err());
    assert!(found.contains(&b"cn.example".to_vec()));
}

#[test]
fn salvage_finds_names_wherever_a_certificate_is_cut() {
    let der =
        certificate(tbs(&common_name(b"cn.example"), &[san(&[dns(b"one.example"), dns(b"two.example")]), poison()]));
    let place = |needle: &[u8]| memchr::memmem::find(&der, needle).unwrap() + needle.len();
    for end in 0..=der.len() {
        let mut found = Vec::new();
        salvage::each_name(&der[..end], |name| found.push(text::render(&name.bytes).into_owned()));
        for name in ["cn.example", "one.example", "two.example"] {
            if end >= place(name.as_bytes()) {
                assert!(found.iter().any(|known| known == name), "{name} is there at {end}: {found:?}");
            }
        }
    }
}

#[test]
fn serials_and_times() {
    for (serial, hex) in
        [(&[0x80][..], "80"), (&[0xff], "01"), (&[0, 0x80], "80"), (&[0], "00"), (&[], "00"), (&[0xff, 0], "0100")]
    {
        let mut parts = fields(&common_name(b"a"));
        parts[1] = tlv(2, serial);
        assert_eq!(Certificate::parse(&sequence(&parts)).unwrap().serial(), hex);
    }
    let time = |tag, text: &[u8]| {
        let mut parts = fields(&common_name(b"a"));
        parts[4] = sequence(&[tlv(tag, text)]);
        Certificate::parse(&sequence(&parts)).unwrap().validity().0
    };
    assert_eq!(time(0x17, b"700101000000Z"), Some(0));
    assert_eq!(time(0x17, b"7001010001Z"), Some(60));
    assert_eq!(time(0x17, b"700101020000+0200"), Some(0));
    assert_eq!(time(0x18, b"19700101000000.25Z"), Some(0));
    assert_eq!(time(0x18, b"00010101000000Z"), Some(-62_135_596_800));
    assert_eq!(time(0x18, b"99991231235959Z"), Some(253_402_300_799));
    for wrong in [&b""[..], b"Z", b"701301000000Z", b"19x0", b"70010100000"] {
        time(0x17, wrong);
    }
    assert_eq!(time(0x17, b"701301000000Z"), None);
}

#[test]
fn identifiers() {
    for dotted in ["2.5.4.10", "1.2.840.113549.1.1.11", "0.9.2342.19200300.100.1.1", "2.999.3"] {
        assert_eq!(der::dotted(&der::from_dotted(dotted).unwrap()), dotted);
    }
    for wrong in ["", "1", "3.1", "1.40", "1.2.x", "1..2", "2.18446744073709551615"] {
        assert_eq!(der::from_dotted(wrong), None, "{wrong}");
    }
    assert_eq!(der::dotted(&[0x80]), "#80");
}

#[test]
fn many_names_in_linear_time() {
    let all: Vec<Vec<u8>> = (0..200_000).map(|number| dns(format!("n{number}.example").as_bytes())).collect();
    let mut found = 0;
    let der = tbs(&common_name(b"a"), &[san(&all)]);
    let walked = Certificate::parse(&der).unwrap().each_name(|name| found += usize::from(name.place == Place::San));
    assert_eq!(found, certhia_core::certificate::MAX_NAMES);
    assert!(walked.unwrap_err().reason.contains("100000 names"));
    assert_eq!(names(&tbs(&common_name(b"a"), &[san(&all[..10_000])])).len(), 10_000);
}

fn everything(der: &[u8]) {
    salvage::each_name(der, |name| drop(text::render(&name.bytes)));
    let Ok(read) = Certificate::parse(der) else { return };
    let _ = (read.names(), read.dns_names(), read.ip_addresses(), read.subject(), read.issuer());
    let _ = (read.serial(), read.validity(), read.spki_sha256(), read.tbs_sha256(), read.logged_tbs());
    let _ = (read.is_ca(), read.is_precert(), read.signature_algorithm_name(), read.signature(), read.version());
    let _ = (read.key(), read.alternative_names(), read.issuer_alternative_names(), read.email_addresses());
    let _ = (read.subject_attributes(), read.issuer_attributes(), read.scts(), read.key_usage());
    let _ = (read.extended_key_usage(), read.policies(), read.crl_urls(), read.authority_info());
    let _ = (read.subject_key_id(), read.authority_key_id(), read.basic_constraints());
    assert!(read.extensions_fault().is_none_or(|fault| fault.offset <= der.len()));
    let whole: std::sync::Arc<[u8]> = der.into();
    let proven = prove(der, &read.spki_sha256(), der, |_| Ok(std::sync::Arc::clone(&whole)));
    assert!(proven.is_err(), "no certificate is the TBS that is signed for it");
}

/// One of each extension that is read.
fn rich() -> Vec<u8> {
    let names = [dns(b"one.example"), tlv(0x87, &[1; 4]), tlv(0xa4, &common_name(b"d")), tlv(0x86, b"http://a")];
    let uri = || tlv(0x86, b"http://a/");
    certificate(tbs(
        &common_name(b"cn.example"),
        &[
            san(&names),
            extension(&[0x55, 0x1d, 0x12], &sequence(&names)),
            poison(),
            sct_list(&[0, 3, 0, 1, 1]),
            extension(&[0x55, 0x1d, 0x13], &sequence(&[tlv(1, &[0xff]), tlv(2, &[1])])),
            extension(&[0x55, 0x1d, 0x0f], &tlv(3, &[1, 6])),
            extension(&[0x55, 0x1d, 0x25], &sequence(&[tlv(6, &[0x2a]), tlv(6, &[0x2b])])),
            extension(&[0x55, 0x1d, 0x0e], &tlv(4, b"id")),
            extension(&[0x55, 0x1d, 0x23], &sequence(&[tlv(0x80, b"id"), tlv(0x82, &[1])])),
            extension(&[0x55, 0x1d, 0x20], &sequence(&[sequence(&[tlv(6, &[0x2a]), sequence(&[])])])),
            extension(&[0x55, 0x1d, 0x1f], &sequence(&[sequence(&[tlv(0xa0, &tlv(0xa0, &uri()))])])),
            extension(&[0x2b, 6, 1, 5, 5, 7, 1, 1], &sequence(&[sequence(&[tlv(6, &[0x2a]), uri()])])),
        ],
    ))
}

#[test]
fn one_of_each_is_read() {
    let der = rich();
    assert_eq!(Certificate::parse(&der).unwrap().extensions_fault().map(|fault| fault.to_string()), None);
    for end in 0..der.len() {
        everything(&der[..end]);
    }
}

proptest! {
    #[test]
    fn any_bytes(der in prop::collection::vec(any::<u8>(), 0..200)) {
        everything(&der);
    }

    #[test]
    fn any_change_of_a_certificate(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), end: prop::sample::Index) {
        let mut der = rich();
        for (at, byte) in changes {
            let at = at.index(der.len());
            der[at] = byte;
        }
        everything(&der);
        everything(&der[..end.index(der.len())]);
    }
}
