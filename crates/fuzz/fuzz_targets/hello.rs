#![no_main]
//! What a server says, whole and in pieces as long as its first byte: the same is read, within bounds.

use certhia_core::hello::{Flight, State, jarm_answers, names};
use certhia_core::text;
use libfuzzer_sys::fuzz_target;

const MOST_BYTES: usize = 20_000;
const MOST_CERTIFICATES: usize = 4;

fn outcome(flight: &Flight) -> String {
    let lists = [flight.certificates().collect::<Vec<_>>(), flight.scts().collect()];
    let facts = (flight.state(), flight.fault(), flight.alert(), flight.hello(), flight.group(), flight.exchange());
    format!("{lists:?} {facts:?} {:?} {:?} {:?} {}", flight.staple(), flight.alpn(), flight.session_id(), flight.client_certificate())
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, data)) = data.split_first() else { return };
    let mut whole = Flight::new(MOST_BYTES, MOST_CERTIFICATES);
    whole.feed(data);
    let mut pieces = Flight::new(MOST_BYTES, MOST_CERTIFICATES);
    for piece in data.chunks(usize::from(size.max(1))) {
        pieces.feed(piece);
    }
    assert_eq!(outcome(&whole), outcome(&pieces));
    assert!(whole.state() != State::More || data.len() <= MOST_BYTES);
    assert!(whole.certificates().count() <= MOST_CERTIFICATES);
    if let Some(fault) = whole.fault() {
        assert!(!fault.detail.is_empty() && !fault.detail.chars().any(char::is_control), "{fault:?}");
    }
    if let Some(hello) = whole.hello() {
        assert!(hello.ja3s().starts_with(&format!("{},{},", hello.legacy_version, hello.cipher)));
        drop((names::cipher(hello.cipher), names::version(hello.version()), whole.alpn().map(text::render)));
    }
    let answer = jarm_answers::answer(data);
    assert_eq!(jarm_answers::fingerprint(&[answer.as_str(); 10]).map(|print| print.len()), Ok(62));
});
