//! Submitted precertificates against what the log signed for: every kind of tampering is found.

mod made;

use std::sync::Arc;

use certhia_core::Hash;
use certhia_core::certificate::Certificate;
use certhia_core::proof::{Unproven, prove};
use made::{certificate, common_name, dns, extension, fields, poison, san, sct_list, sequence, tlv};

const AKI: &[u8] = &[0x55, 0x1d, 0x23];
const PURPOSES: &[u8] = &[0x55, 0x1d, 0x25];

/// A TBSCertificate of these names and extensions.
fn made(issuer: &[u8], subject: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = fields(&common_name(subject));
    parts[3] = common_name(issuer);
    if !extensions.is_empty() {
        parts.push(tlv(0xa3, &sequence(extensions)));
    }
    sequence(&parts)
}

fn key_id(id: &[u8]) -> Vec<u8> {
    extension(AKI, &sequence(&[tlv(0x80, id)]))
}

/// A precertificate signing certificate, with these extensions besides.
fn signing(extensions: &[Vec<u8>]) -> Vec<u8> {
    let purpose = extension(PURPOSES, &sequence(&[tlv(6, &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 4])]));
    certificate(made(b"CA", b"Signing", &[extensions, &[purpose]].concat()))
}

fn ca() -> Vec<u8> {
    certificate(made(b"Root", b"CA", &[]))
}

fn key_hash(der: &[u8]) -> Hash {
    Certificate::parse(der).unwrap().spki_sha256()
}

fn proven(tbs: &[u8], submitted: &[u8], chain: &[Vec<u8>]) -> Result<(), Unproven> {
    proven_by(tbs, &key_hash(&ca()), submitted, chain)
}

fn proven_by(tbs: &[u8], key_hash: &Hash, submitted: &[u8], chain: &[Vec<u8>]) -> Result<(), Unproven> {
    prove(tbs, key_hash, submitted, |at| chain.get(at).map(|der| Arc::from(&der[..])).ok_or(Unproven::Missing(at)))
}

#[test]
fn one_that_its_ca_signed() {
    let names = san(&[dns(b"a.example")]);
    for extensions in [&[names.clone(), key_id(b"ca")][..], &[]] {
        let logged = made(b"CA", b"a", extensions);
        for place in 0..=extensions.len() {
            let mut own = extensions.to_vec();
            own.insert(place, poison());
            let submitted = certificate(made(b"CA", b"a", &own));
            assert_eq!(proven(&logged, &submitted, &[ca()]), Ok(()));
            assert_eq!(proven(&logged, &submitted, &[]), Err(Unproven::Missing(0)));
            assert_eq!(proven_by(&logged, &[0; 32], &submitted, &[ca()]), Err(Unproven::OtherKey));
        }
    }
}

#[test]
fn one_that_a_signing_certificate_signed() {
    let names = san(&[dns(b"a.example")]);
    let (own, of_signer) = (key_id(b"signer"), key_id(b"ca"));
    // (of the precertificate, of the signing certificate, as logged)
    let cases = [
        (vec![own.clone(), names.clone()], vec![of_signer.clone()], vec![of_signer.clone(), names.clone()]),
        (vec![own.clone(), names.clone()], vec![], vec![names.clone()]),
        (vec![names.clone()], vec![of_signer.clone()], vec![names.clone(), of_signer.clone()]),
        (vec![names.clone()], vec![], vec![names.clone()]),
        (vec![own.clone(), own.clone()], vec![of_signer.clone()], vec![of_signer.clone(), own.clone()]),
    ];
    for (own, of_signer, logged) in cases {
        let submitted = certificate(made(b"Signing", b"a", &[own, vec![poison()]].concat()));
        let (logged, signer) = (made(b"CA", b"a", &logged), signing(&of_signer));
        assert_eq!(proven(&logged, &submitted, &[signer.clone(), ca()]), Ok(()));
        assert_eq!(proven(&logged, &submitted, std::slice::from_ref(&signer)), Err(Unproven::Missing(1)));
        assert_eq!(
            proven(&logged, &submitted, &[ca(), signer.clone()]).unwrap_err().to_string().find("differs"),
            Some(0)
        );
        let foreign = certificate(made(b"Other", b"a", &[names.clone(), poison()]));
        assert_eq!(proven(&logged, &foreign, &[signer, ca()]), Err(Unproven::OtherSigner));
    }
}

#[test]
fn the_critical_flag_stays_that_of_the_precertificate() {
    let flagged = |id: &[u8]| sequence(&[tlv(6, AKI), tlv(1, &[0xff]), tlv(4, &sequence(&[tlv(0x80, id)]))]);
    let submitted = certificate(made(b"Signing", b"a", &[flagged(b"signer"), poison()]));
    let chain = [signing(&[key_id(b"a longer one")]), ca()];
    assert_eq!(proven(&made(b"CA", b"a", &[flagged(b"a longer one")]), &submitted, &chain), Ok(()));
    assert!(proven(&made(b"CA", b"a", &[key_id(b"a longer one")]), &submitted, &chain).is_err());
}

#[test]
fn every_changed_byte_is_found() {
    let extensions = [san(&[dns(b"a.example")]), key_id(b"ca"), sct_list(b"x")];
    let logged = made(b"CA", b"a", &extensions);
    let submitted = certificate(made(b"CA", b"a", &[&extensions[..], &[poison()]].concat()));
    assert_eq!(proven(&logged, &submitted, &[ca()]), Ok(()));
    // What is behind the TBS is the signature, which nothing but the issuer's key can prove.
    let tbs = Certificate::parse(&submitted).unwrap().tbs;
    for at in 0..tbs.offset + tbs.whole.len() {
        for bit in 0..8 {
            let mut changed = submitted.clone();
            changed[at] ^= 1 << bit;
            assert!(proven(&logged, &changed, &[ca()]).is_err(), "bit {bit} of byte {at}");
        }
    }
    for end in 0..submitted.len() {
        assert!(proven(&logged, &submitted[..end], &[ca()]).is_err());
    }
    assert!(proven(&logged, &[&submitted[..], &[0]].concat(), &[ca()]).is_err());
}

#[test]
fn reasons_say_what_and_where() {
    let names = |name: &[u8]| san(&[dns(name)]);
    let reason =
        |tbs: &[u8], submitted: &[u8], chain: &[Vec<u8>]| proven(tbs, submitted, chain).unwrap_err().to_string();
    let logged = made(b"CA", b"a", &[names(b"a.example")]);
    let place = |needle: &[u8]| memchr::memmem::find(&logged, needle).unwrap();
    let submitted =
        |issuer: &[u8], subject: &[u8], name: &[u8]| certificate(made(issuer, subject, &[names(name), poison()]));
    for (changed, at, field) in [
        (submitted(b"CB", b"a", b"a.example"), place(b"CA") + 1, "issuer"),
        (submitted(b"CA", b"b", b"a.example"), place(&common_name(b"a")) + common_name(b"a").len() - 1, "subject"),
        (submitted(b"CA", b"a", b"b.example"), place(b"a.example"), "extensions"),
        (submitted(b"CA", b"a", b"a.example.b"), place(&[0xa3]) + 1, "extensions"),
    ] {
        let expected = format!("differs from what the log signed at byte {at} ({field})");
        assert_eq!(reason(&logged, &changed, &[ca()]), expected);
    }
    let good = submitted(b"CA", b"a", b"a.example");
    assert_eq!(reason(&logged, &good, &[]), "the chain's issuer is not at hand");
    assert_eq!(reason(&logged, &good, &[signing(&[])]), "the chain's issuer (certificate 2) is not at hand");
    assert_eq!(
        reason(&logged, &good, &[vec![0x30, 0]]),
        "certificate 1 of the chain can't be read: serialNumber is missing at byte 2"
    );
    assert_eq!(
        proven_by(&logged, &[1; 32], &good, &[ca()]).unwrap_err().to_string(),
        "the chain's key is not the one that the log signed for"
    );
    assert_eq!(reason(&logged, b"", &[ca()]), "the precertificate can't be read: a certificate is missing at byte 0");
    assert_eq!(
        reason(&logged, &certificate(logged.clone()), &[ca()]).split(" at byte").next(),
        Some("the precertificate can't be read: expected the poison extension once, found it 0 times")
    );
    let twice = certificate(made(b"CA", b"a", &[poison(), names(b"a.example"), poison()]));
    assert!(reason(&logged, &twice, &[ca()]).contains("found it 2 times"));
    let none = certificate(made(b"CA", b"a", &[]));
    assert!(reason(&made(b"CA", b"a", &[]), &none, &[ca()]).contains("expected extensions with the poison"));
    let mild = extension(&[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3], &[5, 0]);
    let mild = certificate(made(b"CA", b"a", &[names(b"a.example"), mild]));
    assert!(reason(&logged, &mild, &[ca()]).contains("critical and with a NULL"));
    assert_eq!(good[1], 0x81);
    let long = [&[0x30, 0x82, 0][..], &good[2..]].concat();
    assert!(reason(&logged, &long, &[ca()]).contains("shortest form"));
    let bare = made(b"CA", b"a", &[names(b"a.example"), poison()]);
    assert!(reason(&logged, &bare, &[ca()]).contains("a TBSCertificate alone"));
}
