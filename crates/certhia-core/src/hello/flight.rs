//! The server's flight, fed as it comes: records, the handshake messages in them, and what they say.
//!
//! Bytes in any pieces lead to the same end. What stood before a fault stays readable.

use super::exchange::{self, Exchange};
use super::fault::{Fault, Kind, Result, SHOWN, beginning, malformed};
use super::names;
use super::records::{ALERT, Alerts, CHANGE_CIPHER_SPEC, HANDSHAKE, Records};
use super::server_hello::ServerHello;
use crate::leaf::{Cursor, Span};

/// How many bytes and certificates a flight has at most, unless told otherwise.
pub const MAX_BYTES: usize = 100_000;
pub const MAX_CERTIFICATES: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    More,
    /// ServerHelloDone, or a ServerHello of TLS 1.3.
    Done,
    Failed,
}

/// One server's answer to a [`super::Hello`].
#[derive(Debug, Clone)]
pub struct Flight {
    most_bytes: usize,
    most_certificates: usize,
    /// Bytes looked at.
    taken: usize,
    /// The first of them.
    opening: Vec<u8>,
    records: Records,
    alerts: Alerts,
    /// All handshake messages one behind the other; `read` of them are done.
    joined: Vec<u8>,
    read: usize,
    state: State,
    fault: Option<Fault>,
    hello: Option<ServerHello>,
    certificates: Option<Vec<Span>>,
    staple: Span,
    exchange: Exchange,
    client_certificate: bool,
}

impl Flight {
    /// Of at most so many bytes and certificates.
    pub fn new(most_bytes: usize, most_certificates: usize) -> Self {
        Self {
            most_bytes,
            most_certificates,
            taken: 0,
            opening: Vec::new(),
            records: Records::default(),
            alerts: Alerts::default(),
            joined: Vec::new(),
            read: 0,
            state: State::More,
            fault: None,
            hello: None,
            certificates: None,
            staple: Span::default(),
            exchange: Exchange::default(),
            client_certificate: false,
        }
    }

    /// Takes what came. Bytes behind the end are left alone.
    pub fn feed(&mut self, data: &[u8]) -> State {
        let shown = data.len().min(SHOWN - self.opening.len());
        self.opening.extend_from_slice(&data[..shown]);
        if self.state != State::More {
            return self.state;
        }
        let room = self.most_bytes - self.taken;
        let mut rest = &data[..data.len().min(room)];
        while !rest.is_empty() && self.state == State::More {
            if let Err(fault) = self.step(&mut rest) {
                self.fail(fault);
            }
        }
        if self.state == State::More && data.len() > room {
            self.fail(Fault::new(Kind::TooLarge, format!("more than {} bytes", self.most_bytes)));
        }
        self.state
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// Why it failed.
    pub fn fault(&self) -> Option<Fault> {
        let fault = self.fault.clone()?;
        Some(if fault.kind == Kind::NotTls { Fault { detail: beginning(&self.opening), ..fault } } else { fault })
    }

    /// Level and code of the last one.
    pub fn alert(&self) -> Option<(u8, u8)> {
        self.alerts.last
    }

    pub fn hello(&self) -> Option<&ServerHello> {
        self.hello.as_ref()
    }

    /// Of the key exchange: the curve of TLS 1.2, the key share's group of TLS 1.3.
    pub fn group(&self) -> Option<u16> {
        self.exchange.group.or(self.hello.as_ref()?.group)
    }

    pub fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// DER, the leaf first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().flatten().map(|span| span.of(&self.joined))
    }

    /// OCSPResponse (RFC 6960), unread.
    pub fn staple(&self) -> Option<&[u8]> {
        (!self.staple.is_empty()).then(|| self.staple.of(&self.joined))
    }

    /// SerializedSCTs of the extension.
    pub fn scts(&self) -> impl Iterator<Item = &[u8]> {
        self.hello.iter().flat_map(|hello| &hello.scts).map(|span| span.of(&self.joined))
    }

    /// The protocol chosen.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.hello.as_ref()?.alpn.map(|span| span.of(&self.joined))
    }

    pub fn session_id(&self) -> &[u8] {
        self.hello.as_ref().map_or(&[], |hello| hello.session_id.of(&self.joined))
    }

    /// Whether the server asked for one.
    pub fn client_certificate(&self) -> bool {
        self.client_certificate
    }

    fn fail(&mut self, fault: Fault) {
        self.state = State::Failed;
        self.fault = Some(fault);
    }

    /// A part of a header, or of a payload.
    fn step(&mut self, rest: &mut &[u8]) -> Result<()> {
        let before = rest.len();
        let part = self.records.next(rest);
        self.taken += before - rest.len();
        let Some((kind, payload)) = part? else { return Ok(()) };
        match kind {
            HANDSHAKE => {
                self.joined.extend_from_slice(payload);
                self.messages()
            }
            ALERT => self.alerts.take(payload),
            CHANGE_CIPHER_SPEC => {
                Err(Fault::new(Kind::Malformed, "ChangeCipherSpec before the end of the server's flight"))
            }
            other => Err(Fault::new(Kind::Malformed, format!("a record of type {other} in the handshake"))),
        }
    }

    /// Reads the messages that are there as a whole.
    fn messages(&mut self) -> Result<()> {
        while let [kind, high, middle, low, ..] = self.joined[self.read..]
            && self.state == State::More
        {
            let first = self.hello.is_none();
            if first && !matches!(kind, 0 | 2) {
                return Err(Fault::new(Kind::Malformed, format!("a message of type {kind} before the ServerHello")));
            }
            let start = self.read + 4;
            let end = start + usize::from(high) * 65_536 + usize::from(middle) * 256 + usize::from(low);
            if end > self.most_bytes {
                return Err(Fault::new(Kind::TooLarge, format!("a message of {} bytes", end - start)));
            }
            if end > self.joined.len() {
                return Ok(());
            }
            self.message(kind, start, end)?;
            self.read = end;
        }
        Ok(())
    }

    /// Types: RFC 5246 section 7.4. Others say nothing that is wanted here.
    fn message(&mut self, kind: u8, start: usize, end: usize) -> Result<()> {
        match kind {
            2 => self.server_hello(start, end),
            11 => self.certificate(start, end),
            12 => {
                let hello = self.hello.as_ref().map(|hello| (hello.version(), hello.cipher)).unwrap_or_default();
                let suite = names::suite(hello.1).unwrap_or_default();
                self.exchange = exchange::read(&self.joined, start, end, hello.0, suite);
                Ok(())
            }
            13 => {
                self.client_certificate = true;
                Ok(())
            }
            14 => {
                self.state = State::Done;
                Ok(())
            }
            22 => {
                self.staple = status(&self.joined, start, end).unwrap_or_default();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn server_hello(&mut self, start: usize, end: usize) -> Result<()> {
        if self.hello.is_some() {
            return Err(Fault::new(Kind::Malformed, "a second ServerHello"));
        }
        let hello = ServerHello::parse(&self.joined, start, end).map_err(malformed)?;
        if hello.is_modern() {
            self.state = State::Done;
        }
        self.hello = Some(hello);
        Ok(())
    }

    /// certificate_list (RFC 5246 section 7.4.2).
    fn certificate(&mut self, start: usize, end: usize) -> Result<()> {
        if self.certificates.is_some() {
            return Err(Fault::new(Kind::Malformed, "a second Certificate"));
        }
        let found = self.certificates.insert(Vec::new());
        let mut cursor = Cursor { data: &self.joined[..end], position: start };
        let list = cursor.vector(3, "the list of certificates").map_err(malformed)?;
        let mut list = Cursor { data: &self.joined[..list.end as usize], position: list.start as usize };
        while !list.is_empty() {
            let span = list.vector(3, "a certificate").map_err(malformed)?;
            if found.len() == self.most_certificates {
                return Err(Fault::new(Kind::TooLarge, format!("more than {} certificates", self.most_certificates)));
            }
            found.push(span);
        }
        Ok(())
    }
}

/// The first response of a CertificateStatus (RFC 6066 section 8; of several: RFC 6961 section 2.2).
fn status(data: &[u8], start: usize, end: usize) -> crate::error::Result<Span> {
    let mut cursor = Cursor { data: &data[..end], position: start };
    if cursor.number(1, "the status's type")? == 2 {
        cursor.number(3, "the list of responses")?;
    }
    cursor.vector(3, "the response")
}
