//! Hellos, flights, and what JARM makes of them.

use certhia_core::hello::{Flight, Hello, Kind, Options, State, jarm, jarm_answers, names};
use proptest::prelude::*;

const RANDOM: [u8; 64] = [7; 64];

fn vector(size: usize, content: &[u8]) -> Vec<u8> {
    [&content.len().to_be_bytes()[8 - size..], content].concat()
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &vector(2, payload)].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &vector(3, body)].concat()
}

fn server_hello(cipher: u16, extensions: &[u8]) -> Vec<u8> {
    let body = [&[3, 3][..], &[0; 33], &cipher.to_be_bytes(), &[0], &vector(2, extensions)].concat();
    message(2, &body)
}

fn certificates(chain: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = chain.iter().flat_map(|one| vector(3, one)).collect();
    message(11, &vector(3, &list))
}

/// Everything that a flight can say of what it read.
fn outcome(flight: &Flight) -> String {
    let certificates: Vec<&[u8]> = flight.certificates().collect();
    let scts: Vec<&[u8]> = flight.scts().collect();
    let hello = flight.hello().map(|hello| (hello.clone(), hello.version(), hello.ja3s(), hello.ja3s_hash()));
    format!(
        "{:?} {:?} {:?} {hello:?} {:?} {:?} {certificates:?} {:?} {scts:?} {:?} {:?} {}",
        flight.state(),
        flight.fault(),
        flight.alert(),
        flight.group(),
        flight.exchange(),
        flight.staple(),
        flight.alpn(),
        flight.session_id(),
        flight.client_certificate(),
    )
}

fn whole(data: &[u8]) -> Flight {
    let mut flight = Flight::new(2000, 3);
    flight.feed(data);
    flight
}

#[test]
fn a_hello_is_one_record_with_its_name() {
    let hello = Hello::new(&Options::default()).unwrap();
    let made = hello.make(Some("www.example.com"), &RANDOM).unwrap();
    assert_eq!(made.len(), 5 + usize::from(u16::from_be_bytes([made[3], made[4]])));
    assert_eq!(made.len() - 9, usize::from(u16::from_be_bytes([made[7], made[8]])));
    assert!(made.windows(15).any(|bytes| bytes == b"www.example.com"));
}

#[test]
fn key_exchanges() {
    let curve = [3, 0, 23, 2, 1, 1, 4, 3, 0, 1, 9];
    let prime = [0, 2, 0x01, 0xff, 0, 1, 2, 0, 1, 5, 8, 4, 0, 1, 9];
    for (cipher, body, group, bits, scheme) in [
        (0xc02f_u16, &curve[..], Some(23), None, Some(0x0403)),
        (0xc018, &curve[..6], Some(23), None, None),
        (0xc035, &[&[0, 0][..], &curve[..6]].concat(), Some(23), None, None),
        (0xc02f, &[1, 2, 3], None, None, None),
        (0xc02f, &curve[..5], Some(23), None, None),
        (0x009e, &prime, None, Some(9), Some(0x0804)),
        (0x0034, &prime[..10], None, Some(9), None),
        (0x002f, &curve[..], None, None, None),
        (0xeeee, &curve[..], None, None, None),
    ] {
        let flight = whole(&record(22, &[server_hello(cipher, &[]), message(12, body)].concat()));
        let read = flight.exchange();
        assert_eq!((read.group, read.prime_bits, read.scheme), (group, bits, scheme), "{cipher:04x} {body:?}");
        assert_eq!(flight.state(), State::More);
    }
}

#[test]
fn ja3s_is_the_published_one() {
    // From the description of JA3S by its authors.
    let extensions =
        [[0xff, 1, 0, 0], [0, 0, 0, 0], [0, 11, 0, 0], [0, 35, 0, 0], [0, 5, 0, 0], [0, 16, 0, 0]].concat();
    let mut said = server_hello(0x002f, &extensions);
    said[5] = 1;
    let flight = whole(&record(22, &said));
    let hello = flight.hello().unwrap();
    assert_eq!(hello.ja3s(), "769,47,65281-0-11-35-5-16");
    assert_eq!(hello.ja3s_hash(), "836ce314215654b5b1f85f97c73e506f");
}

#[test]
fn fingerprints_that_are_known() {
    let one = "c02b|0303|h2|0000-0017-ff01-000b-0023-0010";
    let expected = "27d27d27d27d27d27d27d27d27d27debd865e63a4441da99411bab3aadfedf";
    assert_eq!(jarm_answers::fingerprint(&[one; 10]).unwrap(), expected);
    assert_eq!(jarm_answers::fingerprint(&["|||"; 10]).unwrap(), "0".repeat(62));
    assert!(jarm_answers::fingerprint(&["|||"; 9]).is_err());
    let odd =
        ["0004|0301||", "1305|0304||", "ffff|0300||", "|||", "zz", "", "c02|030a|a|b", "1301|03|c|d", "|", "||||"];
    assert!(jarm_answers::fingerprint(&odd).unwrap().starts_with("01b45e46a000460000460410000000"));
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces(data: Vec<u8>, cuts in proptest::collection::vec(1_usize..40, 0..40)) {
        let expected = outcome(&whole(&data));
        let mut flight = Flight::new(2000, 3);
        let mut rest = &data[..];
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            flight.feed(piece);
            rest = behind;
        }
        flight.feed(rest);
        prop_assert_eq!(outcome(&flight), expected);
    }

    /// Sound flights with a few bytes changed, in pieces.
    #[test]
    fn a_flight_with_faults_in_any_pieces(
        size in 1_usize..300,
        step in 1_usize..300,
        faults in proptest::collection::vec((0_usize..1000, any::<u8>()), 0..4),
        filler in 0_usize..600,
        chain in 0_usize..5,
    ) {
        let extensions = [&[0, 16, 0, 5, 0, 3, 2][..], b"h2", &[0, 18, 0, 5, 0, 3, 0, 1, 9], &[0, 51, 0, 2, 0, 23]].concat();
        let leaf = vec![0x30; filler];
        let mut plain = server_hello(0xc02f, &extensions);
        plain.extend(certificates(&vec![&leaf[..]; chain]));
        plain.extend(message(22, &[1, 0, 0, 2, 5, 6]));
        plain.extend(message(12, &[3, 0, 29, 2, 1, 1, 4, 3, 0, 1, 9]));
        plain.extend(message(13, &[]));
        plain.extend(message(14, &[]));
        let mut sent: Vec<u8> = plain.chunks(size).flat_map(|part| record(22, part)).collect();
        sent.splice(0..0, record(21, &[1, 112]));
        for (at, byte) in faults {
            if let Some(place) = sent.get_mut(at) {
                *place = byte;
            }
        }
        let expected = outcome(&whole(&sent));
        let mut flight = Flight::new(2000, 3);
        for piece in sent.chunks(step) {
            flight.feed(piece);
        }
        prop_assert_eq!(outcome(&flight), expected);
    }

    #[test]
    fn a_flight_ends_within_its_bounds(pieces in proptest::collection::vec((20_u8..25, 0_usize..30), 0..200)) {
        let sent: Vec<u8> = pieces.iter().flat_map(|&(kind, size)| record(kind, &vec![0; size])).collect();
        let flight = whole(&sent);
        prop_assert!(flight.state() != State::More || sent.len() <= 2000);
        if let Some(fault) = flight.fault() {
            prop_assert!(!fault.detail.is_empty() && fault.detail.len() < 200);
            prop_assert!(!fault.detail.chars().any(char::is_control));
            prop_assert!(fault.kind != Kind::NotTls);
        }
    }

    #[test]
    fn any_bytes_as_an_answer_to_jarm(data: Vec<u8>, start in 0_usize..58) {
        let mut hello = record(22, &server_hello(0xc02f, &[0, 16, 0, 5, 0, 3, 2, 104, 50]));
        hello.splice(start..start, data.iter().copied());
        for bytes in [data, hello] {
            let answer = jarm_answers::answer(&bytes);
            prop_assert!(answer.split('|').count() >= 4, "{answer}");
            prop_assert_eq!(jarm_answers::fingerprint(&[answer.as_str(); 10]).unwrap().len(), 62);
        }
    }

    #[test]
    fn every_option_gives_a_hello_or_a_fault(
        versions in (0x02ff_u16..0x0306, 0x02ff_u16..0x0306),
        ciphers in proptest::option::of(proptest::collection::vec(any::<u16>(), 0..300)),
        groups in proptest::option::of(proptest::collection::vec(any::<u16>(), 0..5)),
        protocol: Vec<u8>,
        extensions: bool,
        name in "[!-~]{0,260}",
        random in proptest::collection::vec(any::<u8>(), 63..66),
    ) {
        let alpn = [&protocol[..]];
        let options = Options {
            versions,
            ciphers: ciphers.as_deref(),
            groups: groups.as_deref(),
            alpn: &alpn,
            extensions,
            ..Options::default()
        };
        let Ok(hello) = Hello::new(&options) else { return Ok(()) };
        let Ok(made) = hello.make(Some(&name), &random) else { return Ok(()) };
        prop_assert_eq!(made.len() - 5, usize::from(u16::from_be_bytes([made[3], made[4]])));
        prop_assert!(!(256..512).contains(&(made.len() - 5)) || !extensions || versions.1 == 0x0300);
        prop_assert!(jarm::probes(&name, &random).is_ok_and(|probes| probes.len() == 10));
    }

    #[test]
    fn every_number_has_a_name(number: u16) {
        for name in [names::cipher(number), names::version(number), names::group(number), names::signature_scheme(number)] {
            prop_assert!(!name.is_empty() && name.is_ascii());
        }
        prop_assert!(!names::alert(number as u8).is_empty());
    }
}
