//! Extensions as they should not be: what can be read is read, and the fault says where.

mod made;

use certhia_core::certificate::Certificate;
use certhia_core::distinguished::MAX_ATTRIBUTES;
use certhia_core::extensions::{MAX_EXTENSIONS, MAX_VALUES};
use certhia_core::sct::{MAX_SCTS, Sct};
use made::{certificate, common_name, dns, extension, fields, name, poison, san, sct_list, sequence, tbs, tlv};

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const BASIC: &[u8] = &[0x55, 0x1d, 0x13];
const PURPOSES: &[u8] = &[0x55, 0x1d, 0x25];
const POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
const SKI: &[u8] = &[0x55, 0x1d, 0x0e];
const AKI: &[u8] = &[0x55, 0x1d, 0x23];
const CRL_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];

fn with(extensions: &[Vec<u8>]) -> Vec<u8> {
    certificate(tbs(&common_name(b"cn.example"), extensions))
}

/// The fault of a certificate that ends with `marked`: its reason and how far behind the mark's beginning it is.
fn fault(extensions: &[Vec<u8>], marked: &[u8]) -> (String, usize) {
    let der = with(extensions);
    let fault = Certificate::parse(&der).unwrap().extensions_fault().expect("a fault");
    let mark = memchr::memmem::rfind(&der, marked).unwrap();
    (fault.reason.into_owned(), fault.offset - mark)
}

#[test]
fn one_that_cannot_be_read_hides_no_other() {
    let broken = sequence(&[tlv(6, &[0x55, 0x1d, 0x63]), tlv(0x0c, b"no octets")]);
    let usage = extension(KEY_USAGE, &tlv(3, &[5, 0xa0]));
    let der = with(&[san(&[dns(b"a.example")]), broken.clone(), usage.clone(), poison()]);
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.key_usage(), ["digitalSignature", "keyEncipherment"]);
    assert!(read.is_precert());
    assert_eq!(read.extensions().len(), 3);
    let (reason, at) = fault(&[broken.clone(), usage], &tlv(0x0c, b"no octets"));
    assert_eq!((reason.as_str(), at), ("expected an extension's value (tag 0x04), found tag 0x0c", 0));
    // The last extension claims more than there is.
    let mut parts = fields(&common_name(b"a"));
    let list = [poison(), vec![0x30, 0x7f, 6, 3, 0x55, 0x1d, 0x11, 4, 9, 0x30, 7, 0x82, 9, b'x', b'.', b'y']].concat();
    parts.push(tlv(0xa3, &tlv(0x30, &list)));
    let der = sequence(&parts);
    let read = Certificate::parse(&der).unwrap();
    assert!(read.is_precert());
    let fault = read.extensions_fault().unwrap();
    assert_eq!(fault.offset, der.len() - 16);
    assert_eq!(fault.reason, "an element of 127 bytes where 14 are left");
    assert_eq!(read.names(), ["a", "x.y"][1..], "what can still be found of a SAN is found");
}

#[test]
fn one_that_comes_twice_adds_up() {
    let der = with(&[
        extension(KEY_USAGE, &tlv(3, &[7, 0x80])),
        extension(KEY_USAGE, &tlv(3, &[7, 0x80, 0x80])),
        extension(BASIC, &sequence(&[tlv(2, &[3])])),
        extension(BASIC, &sequence(&[tlv(1, &[1]), tlv(2, &[4])])),
        extension(PURPOSES, &sequence(&[tlv(6, &[0x2a])])),
        extension(PURPOSES, &sequence(&[tlv(6, &[0x2b])])),
        extension(SKI, &tlv(4, b"first")),
        extension(SKI, &tlv(4, b"second")),
    ]);
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.key_usage(), ["digitalSignature", "decipherOnly"]);
    let basic = read.basic_constraints().unwrap();
    assert_eq!((basic.ca, basic.path_length), (true, Some(3)));
    assert_eq!(read.extended_key_usage(), [[0x2a], [0x2b]]);
    assert_eq!(read.subject_key_id(), Some(&b"first"[..]));
    assert_eq!(read.extensions_fault(), None);
}

#[test]
fn what_stands_before_a_fault_is_kept() {
    let basic = |length: &[u8]| extension(BASIC, &sequence(&[tlv(1, &[0xff]), tlv(2, length)]));
    for wrong in [&b""[..], &[0x80], &[1; 9]] {
        let der = with(&[basic(wrong)]);
        let read = Certificate::parse(&der).unwrap();
        assert!(read.is_ca());
        assert_eq!(read.basic_constraints().unwrap().path_length, None);
        let (reason, at) = fault(&[basic(wrong)], &tlv(1, &[0xff]));
        assert_eq!((reason.as_str(), at), ("expected a path length that is a small number", 3));
    }
    let policy = sequence(&[tlv(6, &[0x2a]), sequence(&[sequence(&[tlv(6, &[0x2a, 3])]), tlv(0x30, &[9])])]);
    let list = extension(POLICIES, &sequence(&[policy, sequence(&[tlv(4, b"x")]), sequence(&[tlv(6, &[0x2b])])]));
    let der = with(std::slice::from_ref(&list));
    let policies = Certificate::parse(&der).unwrap().policies();
    assert_eq!(policies, [("1.2".to_owned(), vec![]), ("1.3".to_owned(), vec![])]);
    assert_eq!(fault(&[list], &[0x30, 1, 9]), ("an element is cut off".to_owned(), 3));
}

#[test]
fn strings_in_pieces_are_put_together() {
    let pieces =
        tlv(0xa2, &[tlv(4, b"www."), tlv(0x24, &[tlv(4, b"a."), tlv(4, b"exam")].concat()), tlv(4, b"ple")].concat());
    let cn = name(&[(&[0x55, 4, 3], 0x2c, &[tlv(0x0c, b"cn."), tlv(0x0c, b"example")].concat())]);
    let der = certificate(tbs(&cn, &[san(&[pieces])]));
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.names(), ["www.a.example", "cn.example"]);
    assert_eq!(read.subject(), "CN=cn.example");
    assert_eq!(read.alternative_names(), [("dns", "www.a.example".to_owned())]);

    let value = sequence(&[dns(b"www.example")]);
    let whole = sequence(&[tlv(6, &[0x55, 0x1d, 0x11]), tlv(0x24, &tlv(4, &value))]);
    assert_eq!(Certificate::parse(&with(&[whole])).unwrap().dns_names(), ["www.example"]);
    let (left, right) = value.split_at(7);
    let halves = sequence(&[tlv(6, &[0x55, 0x1d, 0x11]), tlv(0x24, &[tlv(4, left), tlv(4, right)].concat())]);
    let der = with(&[halves]);
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.dns_names(), ["www.example"]);
    assert!(read.each_name(drop).is_err(), "a fault besides, so that people hear of it");
}

#[test]
fn general_names_of_all_kinds() {
    let other = tlv(0xa0, &[tlv(6, &[0x2a, 3]), tlv(0xa0, &tlv(0x0c, b"u"))].concat());
    let names = [
        tlv(0x81, b"a@b.example"),
        dns(b"a.example"),
        tlv(0x86, b"https://a.example/"),
        tlv(0x87, &[192, 0, 2, 1]),
        tlv(0x87, &[1; 5]),
        tlv(0x88, &[0x2a, 3]),
        other,
        tlv(0xa3, b"x4"),
        tlv(0xa4, &common_name(b"d")),
        tlv(0xa5, b"ep"),
        tlv(0x16, b"none"),
    ];
    let expected = [
        ("email", "a@b.example"),
        ("dns", "a.example"),
        ("uri", "https://a.example/"),
        ("ip", "192.0.2.1"),
        ("rid", "1.2.3"),
        ("othername", "1.2.3;0c0175"),
        ("x400", "7834"),
        ("dirname", "CN=d"),
        ("ediparty", "6570"),
    ]
    .map(|(kind, value)| (kind, value.to_owned()));
    let der = with(&[san(&names), extension(&[0x55, 0x1d, 0x12], &sequence(&names))]);
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.alternative_names(), expected);
    assert_eq!(read.issuer_alternative_names(), expected);
    assert_eq!(read.email_addresses(), ["a@b.example"]);
    assert_eq!(read.uris(), ["https://a.example/"]);
    let (reason, at) = fault(&[san(&names)], &[1; 5]);
    assert_eq!((reason.as_str(), at), ("expected an iPAddress of 4 or 16 bytes, found 5", 0));
}

#[test]
fn identifiers_and_places() {
    let point = |uri: &[u8]| sequence(&[tlv(0xa0, &tlv(0xa0, &tlv(0x86, uri)))]);
    let by_issuer = sequence(&[tlv(0xa2, &tlv(0xa4, &common_name(b"i")))]);
    let description = |oid: &[u8], location: Vec<u8>| sequence(&[tlv(6, oid), location]);
    let access = [
        description(&[0x2b, 6, 1, 5, 5, 7, 0x30, 1], tlv(0x86, b"http://ocsp.example/")),
        description(&[0x2b, 6, 1, 5, 5, 7, 0x30, 2], tlv(0xa4, &common_name(b"no address"))),
        description(&[0x2b, 6, 1, 5, 5, 7, 0x30, 2], tlv(0x86, b"http://ca.example/")),
        description(&[0x2a, 3], tlv(0x86, b"http://x.example/")),
    ];
    let der = with(&[
        extension(AKI, &sequence(&[tlv(0xa1, &[]), tlv(0x82, &[1]), tlv(0x80, b"key")])),
        extension(CRL_POINTS, &sequence(&[point(b"http://1"), by_issuer, point(b"ldap://2")])),
        extension(&[0x2b, 6, 1, 5, 5, 7, 1, 1], &sequence(&access)),
    ]);
    let read = Certificate::parse(&der).unwrap();
    assert_eq!(read.authority_key_id(), Some(&b"key"[..]));
    assert_eq!(read.subject_key_id(), None);
    assert_eq!(read.crl_urls(), ["http://1", "ldap://2"]);
    let told = [("ocsp", "http://ocsp.example/"), ("ca_issuers", "http://ca.example/"), ("1.2.3", "http://x.example/")];
    assert_eq!(read.authority_info(), told.map(|(method, uri)| (method.to_owned(), uri.to_owned())));
    assert_eq!(read.extensions_fault(), None);
}

fn sct(version: u8, signature: &[u8]) -> Vec<u8> {
    let signature_length = (signature.len() as u16).to_be_bytes();
    [&[version][..], &[7; 32], &[0, 0, 1, 2, 3, 4, 5, 6], &[0, 1, 9], &[4, 3], &signature_length, signature].concat()
}

fn list(scts: &[Vec<u8>]) -> Vec<u8> {
    let vector = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
    vector(&scts.iter().map(|sct| vector(sct)).collect::<Vec<_>>().concat())
}

#[test]
fn hostile_lists_of_scts_are_read_as_far_as_they_go() {
    let good = sct(0, b"signature");
    let scts = [good.clone(), good[..40].to_vec(), sct(9, b"x"), [&good[..], b"!"].concat(), sct(0, b"")];
    let content = list(&scts);
    let der = with(&[sct_list(&content)]);
    let read = Certificate::parse(&der).unwrap();
    let found = read.scts();
    assert_eq!(found.iter().map(|sct| sct.version).collect::<Vec<_>>(), [0, 9, 0]);
    let first = &found[0];
    assert_eq!((first.log_id, first.timestamp, first.extensions), (&[7; 32][..], 0x0000_0102_0304_0506, &[9][..]));
    assert_eq!((first.hash_algorithm, first.signature_algorithm, first.signature), (4, 3, &b"signature"[..]));
    assert_eq!(first.raw, good);
    assert_eq!((found[1].log_id, found[1].timestamp, found[1].raw), (&[][..], 0, &scts[2][..]));
    let (reason, at) = fault(&[sct_list(&content)], &content);
    assert_eq!((reason.as_str(), at), ("an SCT's timestamp is cut off", 2 + 2 + good.len() + 2 + 33));
    for end in 0..content.len() {
        let der = with(&[sct_list(&content[..end])]);
        let read = Certificate::parse(&der).unwrap();
        assert!(read.extensions_fault().is_some());
        assert_eq!(read.scts().is_empty(), end < 4 + good.len(), "{end}");
    }
    let longer = [&list(std::slice::from_ref(&good))[..], b"behind"].concat();
    let der = with(&[sct_list(&longer)]);
    assert_eq!(Certificate::parse(&der).unwrap().scts().len(), 1);
    assert!(Sct::parse(&[]).is_err());
}

#[test]
fn everything_has_its_bound() {
    let reason = |der: &[u8]| Certificate::parse(der).unwrap().extensions_fault().unwrap().reason.into_owned();
    let der = with(&vec![extension(&[0x2a], b""); MAX_EXTENSIONS + 1]);
    assert_eq!(Certificate::parse(&der).unwrap().extensions().len(), MAX_EXTENSIONS);
    assert_eq!(reason(&der), format!("at most {MAX_EXTENSIONS} extensions"));

    let der = with(&[extension(PURPOSES, &tlv(0x30, &tlv(6, &[0x2a]).repeat(MAX_VALUES + 1)))]);
    assert_eq!(Certificate::parse(&der).unwrap().extended_key_usage().len(), MAX_VALUES);
    assert_eq!(reason(&der), format!("at most {MAX_VALUES} values"));

    let der = with(&[sct_list(&list(&vec![vec![1]; MAX_SCTS + 1]))]);
    assert_eq!(Certificate::parse(&der).unwrap().scts().len(), MAX_SCTS);
    assert_eq!(reason(&der), format!("at most {MAX_SCTS} SCTs"));

    let attribute = sequence(&[tlv(6, &[0x55, 4, 11]), tlv(0x0c, b"x")]);
    for subject in [tlv(0x31, &attribute.repeat(MAX_ATTRIBUTES + 1)), tlv(0x31, &attribute).repeat(MAX_ATTRIBUTES + 1)]
    {
        let der = certificate(tbs(&tlv(0x30, &subject), &[]));
        let read = Certificate::parse(&der).unwrap();
        assert_eq!(read.subject_attributes().len(), MAX_ATTRIBUTES);
        assert_eq!(read.subject().matches("OU=x").count(), MAX_ATTRIBUTES);
    }
}
