//! Handshakes with a server in memory, whose certificates are as wrong as needed.

mod made;

use std::io::{Read, Write};
use std::sync::Arc;

use certhia_core::handshake::{Configs, Handshake, Options, Signature, Versions};
use certhia_core::hello::{Kind, MAX_CERTIFICATES, State};
use proptest::prelude::*;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

const WHOLE: Options<'_> =
    Options { server_name: Some("www.example.com"), alpn: &[], versions: Versions::Both, whole: true };

#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        (hello.server_name() != Some("unknown.example.com")).then(|| self.0.clone())
    }
}

/// An Ed25519 key (RFC 8410 section 7).
fn key(seed: u8) -> PrivateKeyDer<'static> {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    PrivateKeyDer::from(PrivatePkcs8KeyDer::from([&head[..], &[seed; 32]].concat()))
}

/// A certificate of the key, of which nothing else can be believed.
fn certificate(seed: u8) -> Vec<u8> {
    let signing = ring::sign::any_supported_type(&key(seed)).unwrap();
    let spki = signing.public_key().unwrap().to_vec();
    let mut fields = made::fields(&made::common_name(b"no.example"));
    *fields.last_mut().unwrap() = spki;
    made::certificate(made::sequence(&fields))
}

fn server(version: &'static SupportedProtocolVersion, chain: Vec<Vec<u8>>) -> ServerConnection {
    stapling(version, chain, vec![0x30, 3, 0x0a, 1, 3])
}

fn stapling(version: &'static SupportedProtocolVersion, chain: Vec<Vec<u8>>, staple: Vec<u8>) -> ServerConnection {
    let signing = ring::sign::any_supported_type(&key(1)).unwrap();
    let mut shown = CertifiedKey::new(chain.into_iter().map(CertificateDer::from).collect(), signing);
    shown.ocsp = Some(staple);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(shown))));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// What the server says to what the client says.
fn answer(server: &mut ServerConnection, said: &[u8]) -> Vec<u8> {
    let mut said = said;
    let mut out = Vec::new();
    while !said.is_empty() && server.read_tls(&mut said).unwrap() > 0 && server.process_new_packets().is_ok() {}
    while server.wants_write() {
        server.write_tls(&mut out).unwrap();
    }
    out
}

fn start(options: &Options<'_>) -> Handshake {
    Handshake::new(&Configs::new().unwrap(), options).unwrap()
}

/// To its end, in pieces.
fn shake(server: &mut ServerConnection, options: &Options<'_>, piece: usize) -> Handshake {
    let mut handshake = start(options);
    for _ in 0..4 {
        let came = answer(server, &handshake.outgoing());
        for part in came.chunks(piece) {
            handshake.feed(part);
        }
    }
    handshake
}

#[test]
fn both_versions_give_all_that_is_shown() {
    for (version, number) in [(&TLS12, 0x0303), (&TLS13, 0x0304)] {
        for piece in [1, 100, 100_000] {
            let mut server = server(version, vec![certificate(1), b"no certificate".to_vec()]);
            let handshake = shake(&mut server, &Options { alpn: &[b"http/1.1"], ..WHOLE }, piece);
            assert_eq!((handshake.state(), handshake.fault()), (State::Done, None));
            assert_eq!((handshake.version(), handshake.group()), (Some(number), Some(29)));
            assert_eq!(handshake.certificates(), [certificate(1), b"no certificate".to_vec()]);
            assert_eq!(handshake.staple(), Some(vec![0x30, 3, 0x0a, 1, 3]));
            assert_eq!((handshake.alpn(), handshake.signature()), (Some(&b"http/1.1"[..]), Signature::Good));
            assert!(handshake.cipher().is_some() && handshake.hello().is_some() && !handshake.client_certificate());
            assert!(!server.is_handshaking());
        }
    }
}

#[test]
fn data_goes_both_ways() {
    for version in [&TLS12, &TLS13] {
        let mut server = server(version, vec![certificate(1)]);
        let mut handshake = start(&WHOLE);
        handshake.send(b"said before it is done; ");
        for _ in 0..3 {
            let came = answer(&mut server, &handshake.outgoing());
            handshake.feed(&came);
        }
        let long = vec![b'x'; 10_000];
        handshake.send(&long);
        answer(&mut server, &handshake.outgoing());
        let mut heard = vec![0; 30_000];
        let mut length = 0;
        while let Ok(read @ 1..) = server.reader().read(&mut heard[length..]) {
            length += read;
        }
        assert_eq!(&heard[..length], [&b"said before it is done; "[..], &long].concat());
        server.writer().write_all(&[b'y'; 12_000]).unwrap();
        let came = answer(&mut server, b"");
        assert_eq!(handshake.feed(&came), State::Done);
        assert_eq!(handshake.received(), [b'y'; 12_000]);
        assert!(handshake.received().is_empty());
        assert!(!handshake.closed());
        server.send_close_notify();
        assert_eq!(handshake.feed(&[answer(&mut server, b""), vec![1; 100]].concat()), State::Done);
        assert!(handshake.closed() && handshake.received().is_empty());
        handshake.close();
        assert!(!handshake.outgoing().is_empty());
    }
}

#[test]
fn a_broken_certificate_ends_nothing() {
    let mut other_key = certificate(2);
    let chains = [
        (vec![b"\x30\x03abc".to_vec()], Signature::Unchecked),
        (vec![vec![0]], Signature::Unchecked),
        (vec![made::certificate(made::tbs(&made::common_name(b"x"), &[]))], Signature::Unchecked),
        (vec![other_key.clone()], Signature::Bad),
        (
            vec![{
                other_key.push(0);
                other_key
            }],
            Signature::Bad,
        ),
        (vec![[certificate(1), vec![1, 2]].concat()], Signature::Good),
    ];
    for version in [&TLS12, &TLS13] {
        for (chain, signature) in &chains {
            let handshake = shake(&mut server(version, chain.clone()), &WHOLE, 5_000);
            assert_eq!((handshake.state(), handshake.fault()), (State::Done, None), "{chain:02x?}");
            assert_eq!((handshake.certificates(), handshake.signature()), (chain.clone(), *signature), "{version:?}");
        }
    }
}

#[test]
fn a_chain_has_sixteen_certificates_at_most() {
    for version in [&TLS12, &TLS13] {
        for whole in [true, false] {
            let options = Options { whole, ..WHOLE };
            let most = vec![certificate(1); MAX_CERTIFICATES];
            let handshake = shake(&mut server(version, most.clone()), &options, 5_000);
            assert_eq!((handshake.state(), handshake.certificates().len()), (State::Done, MAX_CERTIFICATES));
            let more = [most, vec![certificate(1)]].concat();
            let handshake = shake(&mut server(version, more), &options, 5_000);
            assert_eq!(handshake.state(), State::Failed);
            let fault = handshake.fault().unwrap();
            assert_eq!((fault.kind, fault.detail.as_str()), (Kind::TooLarge, "more than 16 certificates"));
            assert_eq!(handshake.certificates().len(), MAX_CERTIFICATES);
        }
    }
}

#[test]
fn a_message_that_no_handshake_needs_is_too_large() {
    for version in [&TLS12, &TLS13] {
        let handshake = shake(&mut server(version, vec![vec![0x30; 70_000]]), &WHOLE, 4_096);
        assert_eq!(
            (handshake.state(), handshake.fault().unwrap().kind),
            (State::Failed, Kind::TooLarge),
            "{version:?}"
        );
    }
}

#[test]
fn a_handshake_has_an_end() {
    let said = vec![vec![0x30; 60_000]];
    let handshake = shake(&mut stapling(&TLS12, said, vec![0x30; 60_000]), &WHOLE, 4_096);
    assert_eq!(handshake.fault().unwrap().kind, Kind::TooLarge);
    let mut handshake = start(&WHOLE);
    assert_eq!(handshake.feed(&[21, 3, 3, 0, 2, 1, 90].repeat(100)), State::Failed);
}

#[test]
fn an_early_end_knows_the_certificates() {
    for version in [&TLS12, &TLS13] {
        let mut handshake = shake(&mut server(version, vec![certificate(1)]), &Options { whole: false, ..WHOLE }, 700);
        assert_eq!((handshake.state(), handshake.fault()), (State::Done, None));
        assert_eq!((handshake.certificates(), handshake.signature()), (vec![certificate(1)], Signature::Unchecked));
        assert!(handshake.outgoing().is_empty());
        assert_eq!(handshake.feed(b"more"), State::Done);
    }
}

#[test]
fn faults_are_told_apart() {
    let cases: [(&[u8], Kind, &str); 4] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Kind::NotTls, "HTTP/1.1 400 Bad Request"),
        (&[21, 3, 3, 0, 2, 2, 70], Kind::Alert, "protocol_version"),
        (&[22, 3, 3, 0, 5, 2, 0, 0, 1, 9], Kind::Malformed, ""),
        (&[22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff], Kind::TooLarge, ""),
    ];
    for (said, kind, detail) in cases {
        let mut handshake = start(&WHOLE);
        assert_eq!(handshake.feed(said), State::Failed, "{said:?}");
        let fault = handshake.fault().unwrap();
        assert_eq!(fault.kind, kind, "{fault:?}");
        assert!(fault.detail.contains(detail), "{fault:?}");
    }
    let unknown = Options { server_name: Some("unknown.example.com"), ..WHOLE };
    let handshake = shake(&mut server(&TLS13, vec![certificate(1)]), &unknown, 700);
    assert_eq!(handshake.fault().map(|fault| (fault.kind, &*fault.detail)), Some((Kind::Alert, "access_denied")));
    assert_eq!(handshake.alert(), Some((2, 49)));
}

#[test]
fn a_bit_flipped_on_the_way_is_found() {
    let mut handshake = start(&WHOLE);
    let mut came = answer(&mut server(&TLS13, vec![certificate(1)]), &handshake.outgoing());
    *came.last_mut().unwrap() ^= 1;
    assert_eq!(handshake.feed(&came), State::Failed);
    assert_eq!(handshake.fault().unwrap().detail, "a record that can't be decrypted");
    // The alert that says so.
    assert!(!handshake.outgoing().is_empty());
}

#[test]
fn a_name_is_sent_where_there_is_one() {
    let configs = Configs::new().unwrap();
    let sends = |server_name| {
        let mut handshake = Handshake::new(&configs, &Options { server_name, ..WHOLE }).unwrap();
        String::from_utf8_lossy(&handshake.outgoing()).contains("example")
    };
    assert!(sends(Some("www.example.com")) && sends(Some("_x.example.com")));
    assert!(!sends(None) && !sends(Some("192.0.2.1")) && !sends(Some("2001:db8::1")));
    for name in ["", "a b", "münchen.example", "-"] {
        let fault = Handshake::new(&configs, &Options { server_name: Some(name), ..WHOLE }).err().unwrap();
        assert!(fault.reason.contains(&format!("{name:?}")), "{fault}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_answer_is_taken(said in proptest::collection::vec(any::<u8>(), 0..600), piece in 1_usize..200) {
        let mut handshake = start(&WHOLE);
        for part in said.chunks(piece) {
            handshake.feed(part);
        }
        prop_assert!(handshake.state() != State::Done);
        handshake.outgoing();
        handshake.close();
    }

    #[test]
    fn a_changed_answer_is_taken(
        tls13 in any::<bool>(), whole in any::<bool>(), at in any::<prop::sample::Index>(), bits in 1_u8.., piece in 1_usize..2_000,
    ) {
        let mut handshake = start(&Options { whole, ..WHOLE });
        let mut server = server(if tls13 { &TLS13 } else { &TLS12 }, vec![certificate(1)]);
        let mut came = answer(&mut server, &handshake.outgoing());
        let at = at.index(came.len());
        came[at] ^= bits;
        for part in came.chunks(piece) {
            handshake.feed(part);
        }
        prop_assert_eq!(handshake.state() == State::Failed, handshake.fault().is_some());
        handshake.outgoing();
        handshake.certificates();
    }
}
