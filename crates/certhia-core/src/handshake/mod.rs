//! A whole TLS 1.2 or 1.3 handshake as a client, and the bytes under it: a state machine without I/O, by rustls.
//!
//! It is made to look, not to trust: any chain is accepted and recorded, whoever signed it and whatever is broken in it,
//! and the handshake's own signature is judged without refusing. Nothing that comes over such a connection is proven to
//! come from the host that was asked for.
//!
//! This is the one place where the core draws randomness (from the system, by ring): keys that another party could
//! foresee would let it read what is said under them.

mod configs;
mod faults;
mod recorder;
mod signature;

use std::io::{BufRead, Write};
use std::sync::Arc;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

pub use configs::{Configs, Versions};
pub use signature::Signature;

use crate::error::{Malformed, Result};
use crate::hello::{Fault, Flight, Kind, MAX_BYTES, MAX_CERTIFICATES, ServerHello, State};
use recorder::Recorder;

/// One connection.
pub struct Handshake {
    connection: ClientConnection,
    recorder: Arc<Recorder>,
    /// What the server says in the clear, read by ourselves: it tells more than rustls does, and also where that fails.
    flight: Flight,
    whole: bool,
    /// Bytes since the handshake began, or since application data last came.
    fed: usize,
    received: Vec<u8>,
    state: State,
    fault: Option<Fault>,
    alert: Option<(u8, u8)>,
    closed: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// None, or an address: the ClientHello names no server.
    pub server_name: Option<&'a str>,
    pub alpn: &'a [&'a [u8]],
    pub versions: Versions,
    /// Else it is done as soon as the certificates are known, and nothing can be said under it.
    pub whole: bool,
}

impl Handshake {
    pub fn new(configs: &Configs, options: &Options<'_>) -> Result<Self> {
        let named = options.server_name.map(|name| ServerName::try_from(name.to_owned())).transpose();
        let named = named.map_err(|_| no_server_name(options.server_name.unwrap_or_default()))?;
        let recorder = Arc::new(Recorder::new(options.whole));
        let config =
            configs.with(options.versions, matches!(named, Some(ServerName::DnsName(_))), options.alpn, &recorder);
        // The name is asked for even where it is not sent.
        let name = named.unwrap_or_else(|| ServerName::IpAddress(std::net::IpAddr::from([0; 4]).into()));
        let mut connection = ClientConnection::new(Arc::new(config), name)
            .map_err(|error| Malformed::new(format!("no ClientHello can be made: {error}"), 0))?;
        connection.set_buffer_limit(None);
        Ok(Self {
            connection,
            recorder,
            flight: Flight::new(MAX_BYTES, MAX_CERTIFICATES),
            whole: options.whole,
            fed: 0,
            received: Vec::new(),
            state: State::More,
            fault: None,
            alert: None,
            closed: false,
        })
    }

    /// What is to be sent now.
    pub fn outgoing(&mut self) -> Vec<u8> {
        if self.state == State::Done && !self.whole {
            return Vec::new(); // rustls would complain of the certificate
        }
        let mut out = Vec::new();
        while self.connection.wants_write() && self.connection.write_tls(&mut out).is_ok_and(|written| written > 0) {}
        out
    }

    /// Takes what came.
    pub fn feed(&mut self, data: &[u8]) -> State {
        if self.state == State::Failed || (self.state == State::Done && !self.whole) {
            return self.state;
        }
        self.flight.feed(data);
        let mut rest = data;
        while !rest.is_empty() && self.state != State::Failed {
            let before = rest.len();
            if let Err(error) = self.step(&mut rest) {
                self.fail(&error);
            }
            self.fed += before - rest.len();
            if self.fed > MAX_BYTES {
                let detail = format!("more than {MAX_BYTES} bytes without an end of the handshake, or data under it");
                self.fail_with(Fault { kind: Kind::TooLarge, detail });
            }
            if rest.len() == before {
                break; // behind close_notify
            }
        }
        self.state
    }

    /// Up to what rustls takes at once.
    fn step(&mut self, rest: &mut &[u8]) -> std::result::Result<(), rustls::Error> {
        // It refuses to read only where plaintext waits, and that is taken out below.
        self.connection.read_tls(rest).map_err(|error| rustls::Error::General(error.to_string()))?;
        let processed = self.connection.process_new_packets();
        while let Ok(chunk @ [_, ..]) = self.connection.reader().into_first_chunk() {
            self.received.extend_from_slice(chunk);
            let length = chunk.len();
            self.connection.reader().consume(length);
            self.fed = 0;
        }
        self.closed |= processed?.peer_has_closed();
        if self.state == State::More && !self.connection.is_handshaking() {
            self.state = State::Done;
            self.fed = 0;
        }
        Ok(())
    }

    fn fail(&mut self, error: &rustls::Error) {
        let (looked, too_many) = self.recorder.looked();
        if too_many {
            let detail = format!("more than {MAX_CERTIFICATES} certificates");
            return self.fail_with(Fault { kind: Kind::TooLarge, detail });
        }
        if looked && !self.whole {
            self.state = State::Done;
            return;
        }
        self.alert = faults::alert(error).or(self.alert);
        let clear = self.flight.fault().filter(|_| self.state == State::More);
        self.fail_with(clear.unwrap_or_else(|| faults::read(error)));
    }

    fn fail_with(&mut self, fault: Fault) {
        self.state = State::Failed;
        self.fault = Some(fault);
    }

    /// Application data; it goes out behind the handshake.
    pub fn send(&mut self, data: &[u8]) {
        // There is no limit, so all of it is taken; where the connection has failed nothing will go out anyway.
        self.connection.writer().write_all(data).ok();
    }

    /// Application data that came since this was last asked.
    pub fn received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.received)
    }

    /// Says close_notify.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Whether the server said close_notify: nothing more comes, and nothing was cut off.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Level and code of the one that ended it, or of a warning in the clear.
    pub fn alert(&self) -> Option<(u8, u8)> {
        self.alert.or(self.flight.alert())
    }

    pub fn version(&self) -> Option<u16> {
        self.connection.protocol_version().map(u16::from).or_else(|| self.hello().map(ServerHello::version))
    }

    pub fn cipher(&self) -> Option<u16> {
        let suite = self.connection.negotiated_cipher_suite().map(|suite| u16::from(suite.suite()));
        suite.or_else(|| self.hello().map(|hello| hello.cipher))
    }

    /// Of the key exchange.
    pub fn group(&self) -> Option<u16> {
        let group = self.connection.negotiated_key_exchange_group().map(|group| u16::from(group.name()));
        group.or_else(|| self.flight.group())
    }

    /// The protocol chosen.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.connection.alpn_protocol().or_else(|| self.flight.alpn())
    }

    /// DER, the leaf first.
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        let seen = self.recorder.seen();
        if seen.looked { seen.certificates.clone() } else { self.flight.certificates().map(<[u8]>::to_vec).collect() }
    }

    /// OCSPResponse (RFC 6960), unread.
    pub fn staple(&self) -> Option<Vec<u8>> {
        let staple = self.recorder.seen().staple.clone();
        staple.or_else(|| self.flight.staple().map(<[u8]>::to_vec))
    }

    /// Whether the server asked for one.
    pub fn client_certificate(&self) -> bool {
        self.recorder.seen().client_certificate || self.flight.client_certificate()
    }

    pub fn signature(&self) -> Signature {
        self.recorder.seen().signature
    }

    /// The first message of the server.
    pub fn hello(&self) -> Option<&ServerHello> {
        self.flight.hello()
    }
}

fn no_server_name(name: &str) -> Malformed {
    let shown: String = name.chars().take(100).collect();
    Malformed::new(format!("{shown:?} is no host name that a ClientHello can carry; give its A-label"), 0)
}
