//! Public keys, signatures and versions of all kinds.

mod made;

use certhia_core::certificate::Certificate;
use certhia_core::der;
use made::{certificate, common_name, fields, sequence, tbs, tlv};

fn oid(dotted: &str) -> Vec<u8> {
    tlv(6, &der::from_dotted(dotted).unwrap())
}

/// A certificate in which one field of the TBS is another.
fn with(place: usize, field: Vec<u8>) -> Vec<u8> {
    let mut parts = fields(&common_name(b"a"));
    parts[place] = field;
    certificate(sequence(&parts))
}

fn key(algorithm: &[Vec<u8>], bits: &[u8]) -> (String, usize, String) {
    let der = with(6, sequence(&[sequence(algorithm), tlv(3, bits)]));
    let key = Certificate::parse(&der).unwrap().key();
    (key.algorithm, key.bits, key.curve)
}

#[test]
fn keys() {
    let told = |algorithm: &str, bits: usize, curve: &str| (algorithm.to_owned(), bits, curve.to_owned());
    let modulus = |number: &[u8]| [&[0][..], &sequence(&[tlv(2, number), tlv(2, &[3])])].concat();
    let rsa = [oid("1.2.840.113549.1.1.1"), tlv(5, &[])];
    assert_eq!(key(&rsa, &modulus(&[0, 0x80, 0])), told("rsa", 16, ""));
    assert_eq!(key(&rsa, &modulus(&[0x7f, 0])), told("rsa", 15, ""));
    assert_eq!(key(&rsa, &modulus(&[0x80])), told("rsa", 8, ""), "without its leading zero");
    assert_eq!(key(&rsa, &modulus(&[])), told("rsa", 0, ""));
    assert_eq!(key(&rsa, &[]), told("rsa", 0, ""));
    assert_eq!(key(&[oid("1.2.840.113549.1.1.10")], &modulus(&[1, 0])), told("rsassa-pss", 9, ""));
    let ec = |parameters: Vec<u8>| key(&[oid("1.2.840.10045.2.1"), parameters], &[0, 4]);
    assert_eq!(ec(oid("1.2.840.10045.3.1.7")), told("ec", 256, "P-256"));
    assert_eq!(ec(oid("1.3.132.0.35")), told("ec", 521, "P-521"));
    assert_eq!(ec(oid("1.2.3.4")), told("ec", 0, "1.2.3.4"));
    assert_eq!(ec(tlv(5, &[])), told("ec", 0, ""));
    let prime = sequence(&[oid("1.2.840.10045.1.1"), tlv(2, &[0, 0xff, 0xff])]);
    assert_eq!(ec(sequence(&[tlv(2, &[1]), prime])), told("ec", 16, "explicit"));
    let binary = sequence(&[oid("1.2.840.10045.1.2"), sequence(&[tlv(2, &[1, 0x1b])])]);
    assert_eq!(ec(sequence(&[tlv(2, &[1]), binary])), told("ec", 283, "explicit"));
    let dsa = sequence(&[tlv(2, &[0, 0x80, 0, 0]), tlv(2, &[5]), tlv(2, &[7])]);
    assert_eq!(key(&[oid("1.2.840.10040.4.1"), dsa], &[0]), told("dsa", 24, ""));
    assert_eq!(key(&[oid("1.2.840.10040.4.1")], &[0]), told("dsa", 0, ""));
    assert_eq!(key(&[oid("1.3.101.112")], &[0]), told("ed25519", 255, ""));
    assert_eq!(key(&[oid("1.3.101.113")], &[0]), told("ed448", 448, ""));
    assert_eq!(key(&[oid("2.16.840.1.101.3.4.3.17")], &[0]), told("ml-dsa-44", 0, ""));
    assert_eq!(key(&[oid("1.2.3.4")], &[0]), told("1.2.3.4", 0, ""));
    assert_eq!(key(&[tlv(5, &[])], &[0]), told("", 0, ""));
}

#[test]
fn signature_algorithms() {
    let name = |parts: &[Vec<u8>]| {
        let der = with(2, sequence(parts));
        Certificate::parse(&der).unwrap().signature_algorithm_name()
    };
    assert_eq!(name(&[oid("1.2.840.10045.4.3.3")]), "ecdsa-with-SHA384");
    assert_eq!(name(&[oid("2.16.840.1.101.3.4.3.31")]), "SLH-DSA-SHAKE-256f");
    assert_eq!(name(&[oid("2.16.840.1.101.3.4.3.99")]), "2.16.840.1.101.3.4.3.99");
    assert_eq!(name(&[]), "");
    let pss = |parameters: &[Vec<u8>]| name(&[&[oid("1.2.840.113549.1.1.10")], parameters].concat());
    let digest = |dotted: &str| tlv(0xa0, &sequence(&[oid(dotted)]));
    assert_eq!(pss(&[sequence(&[digest("2.16.840.1.101.3.4.2.2")])]), "RSASSA-PSS-SHA384");
    assert_eq!(pss(&[sequence(&[])]), "RSASSA-PSS-SHA1");
    assert_eq!(pss(&[]), "RSASSA-PSS-SHA1");
    assert_eq!(pss(&[sequence(&[digest("1.2.3")])]), "RSASSA-PSS");
}

#[test]
fn versions_and_signatures() {
    let version = |body: &[u8]| Certificate::parse(&with(0, tlv(0xa0, &tlv(2, body)))).unwrap().version();
    assert_eq!([version(&[2]), version(&[1]), version(&[0]), version(&[6])], [3, 2, 1, 7]);
    assert_eq!([version(&[0x80]), version(&[]), version(&[0, 2])], [0, 0, 0]);
    let first = sequence(&fields(&common_name(b"a"))[1..]);
    assert_eq!(Certificate::parse(&certificate(first)).unwrap().version(), 1);

    let tbs = tbs(&common_name(b"Some CA"), &[]);
    let read = Certificate::parse(&tbs).unwrap();
    assert_eq!(read.signature(), b"");
    assert!(read.is_self_issued());
    let der = certificate(tbs.clone());
    assert_eq!(Certificate::parse(&der).unwrap().signature(), [9]);
    let cut = sequence(&[tbs, sequence(&[]), tlv(3, &[])]);
    assert_eq!(Certificate::parse(&cut).unwrap().signature(), b"");
    assert!(!Certificate::parse(&with(5, common_name(b"b"))).unwrap().is_self_issued());
}
