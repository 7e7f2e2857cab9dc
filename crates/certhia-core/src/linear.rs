//! The work that fields take grows with the certificate, not with its square: elements read are counted.

use crate::certificate::Certificate;
use crate::der::READ;
use crate::names::CONVERTED;
use crate::rules::{Kind, Matcher};

#[path = "../tests/made/mod.rs"]
pub(crate) mod made;

use made::{certificate, common_name, dns, extension, name, san, sequence, tbs, tlv};

/// A field's name, and what reads it.
type Field<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// Elements read by each field.
fn work(der: &[u8]) -> Vec<(&'static str, usize)> {
    let read = Certificate::parse(der).expect("a certificate");
    let fields: Vec<Field<'_>> = vec![
        ("names", Box::new(|| drop(read.names()))),
        ("dns_names", Box::new(|| drop(read.dns_names()))),
        ("alternative_names", Box::new(|| drop(read.alternative_names()))),
        ("email_addresses", Box::new(|| drop(read.email_addresses()))),
        ("subject", Box::new(|| drop(read.subject()))),
        ("subject_attributes", Box::new(|| drop(read.subject_attributes()))),
        ("extensions", Box::new(|| drop(read.extensions()))),
        ("extensions_fault", Box::new(|| drop(read.extensions_fault()))),
        ("scts", Box::new(|| drop(read.scts()))),
        ("is_ca", Box::new(|| _ = read.is_ca())),
        ("is_precert", Box::new(|| _ = read.is_precert())),
        ("key_usage", Box::new(|| drop(read.key_usage()))),
        ("extended_key_usage", Box::new(|| drop(read.extended_key_usage()))),
        ("policies", Box::new(|| drop(read.policies()))),
        ("crl_urls", Box::new(|| drop(read.crl_urls()))),
        ("authority_info", Box::new(|| drop(read.authority_info()))),
        ("tbs_sha256", Box::new(|| _ = read.tbs_sha256())),
        ("key", Box::new(|| _ = read.key())),
    ];
    let counted = fields.into_iter().map(|(name, field)| {
        let before = READ.get();
        field();
        (name, READ.get() - before)
    });
    counted.collect()
}

/// A certificate with `count` of everything that may come often.
fn many(count: usize) -> Vec<u8> {
    let subject: Vec<_> = (0..count).map(|_| (&[0x55, 4, 11][..], 0x0c, &b"unit"[..])).collect();
    let mut extensions = vec![
        san(&(0..count).map(|number| dns(format!("n{number}.example").as_bytes())).collect::<Vec<_>>()),
        san(&vec![tlv(0xa4, &common_name(b"a")); count]),
        extension(&[0x55, 0x1d, 0x25], &tlv(0x30, &tlv(6, &[0x2a]).repeat(count))),
        extension(&[0x55, 0x1d, 0x20], &tlv(0x30, &sequence(&[tlv(6, &[0x2a])]).repeat(count))),
        extension(
            &[0x55, 0x1d, 0x1f],
            &tlv(0x30, &sequence(&[tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://a/")))]).repeat(count)),
        ),
        extension(
            &[0x2b, 6, 1, 5, 5, 7, 1, 1],
            &tlv(0x30, &sequence(&[tlv(6, &[0x2a]), tlv(0x86, b"http://a/")]).repeat(count)),
        ),
    ];
    extensions.extend(vec![extension(&[0x2a], b"anything"); count]);
    extensions.extend(vec![extension(&[0x55, 0x1d, 0x0f], &tlv(3, &[0, 1])); count]);
    // Behind it all one that can't be read.
    extensions.push(sequence(&[tlv(6, &[0x55, 0x1d, 0x11]), tlv(4, &[0x30, 9, 0x82, 7, b'a'])]));
    certificate(tbs(&name(&subject), &extensions))
}

#[test]
fn twice_as_much_of_everything_is_twice_the_work() {
    let (small, large) = (work(&many(2_000)), work(&many(4_000)));
    for ((field, once), (_, twice)) in small.into_iter().zip(large) {
        assert!(twice <= 2 * once + 16, "{field} reads {once} elements of one, {twice} of twice as much");
    }
}

#[test]
fn ten_thousand_names_are_read_once_each() {
    let names: Vec<_> = (0..10_000).map(|number| dns(format!("n{number}.example").as_bytes())).collect();
    let der = certificate(tbs(&common_name(b"n0.example"), &[san(&names)]));
    let read = Certificate::parse(&der).expect("a certificate");
    let before = READ.get();
    assert_eq!(read.names().len(), 10_000);
    assert!(READ.get() - before < 10_000 + 32);
}

/// What converting the labels of names may have cost a matcher.
fn converted(names: &[String]) -> usize {
    let rules = [(Kind::Tree, "example.com"), (Kind::Keyword, "acme"), (Kind::Typo, "example.com")];
    let matcher = Matcher::new(rules).expect("rules");
    let before = CONVERTED.get();
    matcher.texts(names.iter().map(String::as_str));
    CONVERTED.get() - before
}

#[test]
fn long_labels_cost_no_more_than_short_ones_of_as_many_bytes() {
    for (prefix, letter) in [("xn--", "a"), ("", "\u{fc}"), ("\u{ff58}n--", "a"), ("", "\u{ad}")] {
        let label = |bytes: usize| format!("{prefix}{}", letter.repeat(bytes / letter.len()));
        for length in [50, 120, 240, 475, 950, 8_000] {
            let name = format!("{}.example", label(length));
            let cost = converted(&vec![name.clone(); 20]);
            let bytes = 20 * name.len();
            assert!(cost <= 12 * 256 * bytes, "{cost} for {bytes} bytes in labels of {length}");
        }
    }
    let names: Vec<String> = (0..500).map(|number| format!("xn--{}{number}.com", "a".repeat(946))).collect();
    assert_eq!(converted(&names), 0, "labels of more than 63 bytes are none");
}

#[test]
fn common_names_are_all_given_once() {
    let common: Vec<String> = (0..3_000).map(|number| format!("N{}.example", number % 2_000)).collect();
    let attributes: Vec<_> = common.iter().map(|text| (&[0x55, 4, 3][..], 0x0c, text.as_bytes())).collect();
    let der = certificate(tbs(&name(&attributes), &[san(&[dns(b"n7.example")])]));
    let names = Certificate::parse(&der).expect("a certificate").names();
    assert_eq!(names.len(), 2_000);
    assert_eq!(names[..3], ["n7.example", "N0.example", "N1.example"]);
}
