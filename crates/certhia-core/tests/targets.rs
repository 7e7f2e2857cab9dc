//! Ranges hold what was named and not excluded; a permutation gives each number once; both at every size.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use certhia_core::targets::{Permutation, Ranges};
use proptest::prelude::*;

fn ranges(texts: &[&str]) -> Ranges {
    Ranges::parse(texts.iter().copied()).unwrap()
}

fn shown(ranges: &Ranges) -> Vec<String> {
    ranges.spans().map(|(first, last)| format!("{first}-{last}")).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn each_form_names_its_addresses() {
    let cases = [
        ("192.0.2.7", "192.0.2.7-192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0-192.0.2.255"),
        ("192.0.2.1-99", "192.0.2.1-192.0.2.99"),
        ("192.0.2.1 - 192.0.3.9", "192.0.2.1-192.0.3.9"),
        ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
        ("2001:db8::1", "2001:db8::1-2001:db8::1"),
        ("2001:db8::/126", "2001:db8::-2001:db8::3"),
        ("2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"),
        ("::ffff:192.0.2.0/120", "192.0.2.0-192.0.2.255"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&ranges(&[text])), [expected], "{text}");
    }
}

#[test]
fn what_is_no_range_is_named_with_its_position() {
    for text in [
        "",
        "x",
        "192.0.2.0/33",
        "192.0.2.0/+8",
        "192.0.2.0/",
        "2001:db8::/129",
        "192.0.2.9-1",
        "192.0.2.1-300",
        "192.0.2.1-",
        "192.0.2.1-+5",
        "192.0.2.1-::5",
        "fe80::1%eth0",
        "::1-5",
        "1.2.3",
    ] {
        let fault = Ranges::parse(["192.0.2.1", text]).unwrap_err();
        assert_eq!(fault.offset, 1, "{text}");
        assert!(fault.reason.contains(&format!("{text:?}")), "{fault}");
    }
}

#[test]
fn ranges_are_sorted_and_merged() {
    let merged =
        ranges(&["192.0.2.128/25", "2001:db8::1", "10.0.0.1", "192.0.2.0-127", "10.0.0.2", "10.0.0.1", "10.0.0.4"]);
    assert_eq!(
        shown(&merged),
        ["10.0.0.1-10.0.0.2", "10.0.0.4-10.0.0.4", "192.0.2.0-192.0.2.255", "2001:db8::1-2001:db8::1"]
    );
    assert_eq!(merged.count(), 260);
    assert_eq!(merged.at(0), Some(ip("10.0.0.1")));
    assert_eq!(merged.at(3), Some(ip("192.0.2.0")));
    assert_eq!(merged.at(259), Some(ip("2001:db8::1")));
    assert_eq!(merged.at(260), None);
}

#[test]
fn ipv6_around_ipv4_leaves_it_out() {
    let all = ranges(&["::/0"]);
    assert_eq!(shown(&all), ["::-::fffe:ffff:ffff", "::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
    assert_eq!(all.count(), u128::MAX - u128::from(u32::MAX));
    assert!(!all.contains(ip("192.0.2.1")));
    assert!(!all.contains(ip("::ffff:192.0.2.1")));
    assert!(all.contains(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
    assert_eq!(ranges(&["192.0.2.0/24", "2001:db8::/32"]).minus(&all).unwrap(), ranges(&["192.0.2.0/24"]));
    assert!(Ranges::parse(["::/0", "0.0.0.0/0"]).is_err());
}

#[test]
fn excluded_ranges_are_cut_out() {
    let whole = ranges(&["192.0.2.0/24", "198.51.100.0/24"]);
    let cases: [(&[&str], &[&str]); 6] = [
        (&[], &["192.0.2.0-192.0.2.255", "198.51.100.0-198.51.100.255"]),
        (&["192.0.2.0/25"], &["192.0.2.128-192.0.2.255", "198.51.100.0-198.51.100.255"]),
        (
            &["192.0.2.5", "192.0.2.7"],
            &["192.0.2.0-192.0.2.4", "192.0.2.6-192.0.2.6", "192.0.2.8-192.0.2.255", "198.51.100.0-198.51.100.255"],
        ),
        (&["192.0.2.200-198.51.100.9"], &["192.0.2.0-192.0.2.199", "198.51.100.10-198.51.100.255"]),
        (&["::ffff:192.0.2.0/120"], &["198.51.100.0-198.51.100.255"]),
        (&["0.0.0.0/0"], &[]),
    ];
    for (excluded, expected) in cases {
        assert_eq!(shown(&whole.minus(&ranges(excluded)).unwrap()), expected, "{excluded:?}");
    }
}

#[test]
fn a_permutation_is_the_same_everywhere() {
    let order = Permutation::new(1 << 24, b"a key");
    let first: Vec<u128> = (0..4).filter_map(|position| order.at(position)).collect();
    assert_eq!(first, [13_411_871, 12_206_064, 11_595_418, 9_096_699]);
    let wide = Permutation::new((1 << 96) - 5, b"a key");
    assert_eq!(wide.at(0), Some(74_267_623_150_289_375_356_757_501_025));
}

#[test]
fn a_permutation_of_a_million_gives_each_number_once() {
    let order = Permutation::new(1 << 20, b"another");
    let mut seen = vec![0_u64; 1 << 14];
    for position in 0..1 << 20 {
        let value = order.at(position).unwrap() as usize;
        let bit = 1 << (value % 64);
        assert_eq!(seen[value / 64] & bit, 0, "{value} comes twice");
        seen[value / 64] |= bit;
    }
}

#[test]
fn neighbours_in_the_order_are_rarely_neighbours_in_the_network() {
    let order = Permutation::new(1 << 24, b"spread");
    let networks: Vec<u128> = (0..100_000).map(|position| order.at(position).unwrap() >> 8).collect();
    let equal = networks.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(equal <= 12, "{equal} of 100,000 neighbours share their /24: 1.5 are to be expected");
    let distinct: HashSet<_> = networks.iter().collect();
    // 2^16 networks, 100,000 draws: 1 - exp(-1.526) of them are met, 78 %.
    assert!((50_600..51_900).contains(&distinct.len()), "{} networks met", distinct.len());
}

#[test]
fn another_key_is_another_order() {
    let [one, other] = [b"1", b"2"].map(|key| Permutation::new(1 << 24, key));
    let equal = (0..10_000).filter(|&position| one.at(position) == other.at(position)).count();
    assert!(equal <= 2, "{equal} positions are equal");
}

#[test]
fn sizes_beyond_64_bits_are_permuted_within() {
    for length in [1 << 40, 1 << 64, (1 << 64) + 1, (1 << 96) - 1, 1 << 96, u128::MAX] {
        let order = Permutation::new(length, b"wide");
        let mut seen = HashSet::new();
        for position in (0..2_000).chain(length - 2_000..length) {
            let value = order.at(position).unwrap();
            assert!(value < length);
            assert!(seen.insert(value), "{value} comes twice in {length}");
        }
        assert_eq!(order.at(length), None);
    }
}

#[test]
fn a_visit_needs_the_permutation_of_its_targets() {
    let few = ranges(&["192.0.2.0/24"]);
    for length in [0, 255, 256, 513] {
        assert!(few.visit(&Permutation::new(length, b""), &[443, 8443], 0, 1).is_err(), "{length}");
    }
    let none = Ranges::default();
    assert_eq!(none.visit(&Permutation::new(0, b""), &[443], 0, 10), Ok(vec![]));
    let all = ranges(&["::/0"]);
    assert!(all.visit(&Permutation::new(u128::MAX, b""), &[1, 2], 0, 1).is_err());
}

/// Ranges within 10.0.0.0/24 and 2001:db8::/120, as (v6, first, last).
fn small() -> impl Strategy<Value = Vec<(bool, u8, u8)>> {
    let one = (any::<bool>(), any::<u8>(), any::<u8>());
    proptest::collection::vec(one.prop_map(|(v6, a, b)| (v6, a.min(b), a.max(b))), 0..8)
}

fn address(v6: bool, last: u8) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)))
    } else {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }
}

fn made(parts: &[(bool, u8, u8)]) -> Ranges {
    let texts: Vec<String> =
        parts.iter().map(|&(v6, first, last)| format!("{}-{}", address(v6, first), address(v6, last))).collect();
    Ranges::parse(texts.iter().map(String::as_str)).unwrap()
}

fn within(parts: &[(bool, u8, u8)], v6: bool, last: u8) -> bool {
    parts.iter().any(|&(family, first, end)| family == v6 && (first..=end).contains(&last))
}

proptest! {
    #[test]
    fn ranges_hold_what_is_wanted_and_not_excluded(wanted in small(), excluded in small()) {
        let left = made(&wanted).minus(&made(&excluded)).unwrap();
        let expected: Vec<IpAddr> = [false, true]
            .into_iter()
            .flat_map(|v6| (0..=255).map(move |last| (v6, last)))
            .filter(|&(v6, last)| within(&wanted, v6, last) && !within(&excluded, v6, last))
            .map(|(v6, last)| address(v6, last))
            .collect();
        let found: Vec<IpAddr> = (0..left.count()).map(|position| left.at(position).unwrap()).collect();
        prop_assert_eq!(&found, &expected);
        for (v6, last) in (0..=255).flat_map(|last| [(false, last), (true, last)]) {
            prop_assert_eq!(left.contains(address(v6, last)), expected.contains(&address(v6, last)));
        }
    }

    #[test]
    fn a_permutation_gives_each_number_once(length in 0_u128..3_000, key in any::<[u8; 4]>()) {
        let order = Permutation::new(length, &key);
        let mut values: Vec<u128> = (0..length).map(|position| order.at(position).unwrap()).collect();
        values.sort_unstable();
        prop_assert_eq!(values, (0..length).collect::<Vec<_>>());
        prop_assert_eq!(order.at(length), None);
    }

    #[test]
    fn a_visit_meets_every_target_once_however_it_is_cut(
        wanted in small(), excluded in small(), width in 1_u16..4, step in 1_usize..300, key in any::<[u8; 4]>(),
    ) {
        let targets = made(&wanted).minus(&made(&excluded)).unwrap();
        let ports: Vec<u16> = (0..width).map(|port| 440 + port).collect();
        let order = Permutation::new(targets.count() * u128::from(width), &key);
        let mut met = Vec::new();
        for start in (0..=order.len()).step_by(step) {
            met.extend(targets.visit(&order, &ports, start, step).unwrap());
        }
        prop_assert_eq!(met.len() as u128, order.len());
        prop_assert!(met.iter().all(|(address, port)| targets.contains(*address) && ports.contains(port)));
        prop_assert_eq!(met.iter().collect::<HashSet<_>>().len(), met.len());
        prop_assert_eq!(targets.visit(&order, &ports, u128::MAX, step), Ok(vec![]));
    }

    #[test]
    fn any_text_is_a_range_or_a_fault(text in "\\PC{0,40}|[0-9a-f:./ -]{0,30}") {
        let _ = Ranges::parse([text.as_str()]);
    }
}
