//! Work that grows with its input no faster than the input: counted, not timed.

mod made;

use certhia_core::certificate::Certificate;
use certhia_core::rules::{Kind, MAX_TRIES, Matcher};
use certhia_core::salvage;
use made::{certificate, common_name, dns, san, tbs};

/// Watched names that are tried for the given names of one certificate.
fn tries(matcher: &Matcher, names: impl Iterator<Item = String>) -> usize {
    let mut left = MAX_TRIES;
    for name in names {
        assert_eq!(matcher.name(name.as_bytes(), &mut left, &mut |_| ()), Ok(()), "{name}");
    }
    MAX_TRIES - left
}

#[test]
fn each_name_costs_the_same_however_many_there_are() {
    let values: Vec<String> = (0..100).map(|number| format!("n{number}.example")).collect();
    let matcher = Matcher::new(values.iter().map(|value| (Kind::Exact, value.as_str()))).unwrap();
    let plain = |count: usize| tries(&matcher, (0..count).map(|number| format!("n{number}.example")));
    assert_eq!(plain(10_000), 0, "a plain name is looked up");
    let wildcards = |count: usize| tries(&matcher, (0..count).map(|number| format!("w*{number}.example")));
    let one = wildcards(1);
    assert!((1..=100).contains(&one), "{one}");
    assert_eq!(wildcards(100), 100 * one);
    assert_eq!(wildcards(10_000), 10_000 * one);
}

#[test]
fn each_name_is_visited_once() {
    for count in [100, 1_000, 10_000] {
        let names: Vec<Vec<u8>> = (0..count).map(|number| dns(format!("n{number}.example").as_bytes())).collect();
        let der = certificate(tbs(&common_name(b"cn.example"), &[san(&names)]));
        let mut visited = 0;
        Certificate::parse(&der).unwrap().each_name(|_| visited += 1).unwrap();
        assert_eq!(visited, count + 1);
    }
}

#[test]
fn what_overlaps_is_not_read_without_end() {
    // Each identifier begins an extension that claims all the bytes behind it.
    for count in [100, 1_000, 10_000] {
        let one =
            [0x06, 0x03, 0x55, 0x1d, 0x11, 0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30, 0x84, 0xff, 0xff, 0xff, 0xff];
        let bytes = one.repeat(count);
        let mut read = 0;
        salvage::each_name(&bytes, |name| read += name.bytes.len());
        assert!(read <= 8 * bytes.len() + (1 << 16), "{count}: {read}");
    }
}
