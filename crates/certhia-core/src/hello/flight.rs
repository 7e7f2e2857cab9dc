//! The server's flight, fed as it comes: records, the handshake messages in them, and what they say.
//!
//! Bytes in any pieces lead to the same end. What stood before a fault stays readable.

use std::fmt::Write;

use super::exchange::{self, Exchange};
use super::names;
use super::server_hello::ServerHello;
use crate::leaf::{Cursor, Span};
use crate::text;

/// How many bytes and certificates a flight has at most, unless told otherwise.
pub const MAX_BYTES: usize = 100_000;
pub const MAX_CERTIFICATES: usize = 16;
/// A record's payload: 2^14 bytes and 2,048 that protection may add (RFC 5246 section 6.2.3).
const MAX_RECORD: usize = 18_432;
/// Records without content, and alerts that are warnings: more of them make no flight.
const MAX_EMPTY: usize = 32;
const MAX_WARNINGS: usize = 16;
/// What is shown of an answer that isn't TLS.
const SHOWN: usize = 64;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    More,
    /// ServerHelloDone, or a ServerHello of TLS 1.3.
    Done,
    Failed,
}

/// What kind of answer stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    NotTls,
    Alert,
    Malformed,
    TooLarge,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTls => "not-tls",
            Self::Alert => "alert",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
        }
    }
}

/// Why there is no flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// The alert's name, the beginning of what isn't TLS, or what is wrong.
    pub detail: String,
}

impl Fault {
    fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

type Result<T> = std::result::Result<T, Fault>;

/// One server's answer to a [`super::Hello`].
#[derive(Debug, Clone)]
pub struct Flight {
    most_bytes: usize,
    most_certificates: usize,
    /// Bytes looked at.
    taken: usize,
    /// The first of them.
    opening: Vec<u8>,
    header: [u8; 5],
    /// Bytes of the header that are there.
    headed: usize,
    /// Bytes of the record's payload that are to come.
    left: usize,
    records: usize,
    empty: usize,
    warnings: usize,
    alert: [u8; 2],
    alerted: usize,
    /// All handshake messages one behind the other; `read` of them are done.
    joined: Vec<u8>,
    read: usize,
    state: State,
    fault: Option<Fault>,
    last_alert: Option<(u8, u8)>,
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
            header: [0; 5],
            headed: 0,
            left: 0,
            records: 0,
            empty: 0,
            warnings: 0,
            alert: [0; 2],
            alerted: 0,
            joined: Vec::new(),
            read: 0,
            state: State::More,
            fault: None,
            last_alert: None,
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
        Some(if fault.kind == Kind::NotTls { Fault { detail: start(&self.opening), ..fault } } else { fault })
    }

    /// Level and code of the last one.
    pub fn alert(&self) -> Option<(u8, u8)> {
        self.last_alert
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
        let (chunk, behind) = if self.left == 0 {
            rest.split_at((self.header.len() - self.headed).min(rest.len()))
        } else {
            rest.split_at(self.left.min(rest.len()))
        };
        *rest = behind;
        self.taken += chunk.len();
        if self.left == 0 {
            self.header[self.headed..self.headed + chunk.len()].copy_from_slice(chunk);
            self.headed += chunk.len();
            return self.begin();
        }
        self.left -= chunk.len();
        match self.header[0] {
            HANDSHAKE => {
                self.joined.extend_from_slice(chunk);
                self.messages()
            }
            ALERT => self.alerts(chunk),
            20 => Err(Fault::new(Kind::Malformed, "ChangeCipherSpec before the end of the server's flight")),
            other => Err(Fault::new(Kind::Malformed, format!("a record of type {other} in the handshake"))),
        }
    }

    /// Looks at what is there of a record's header.
    fn begin(&mut self) -> Result<()> {
        let header = self.header;
        let known = (20..=24).contains(&header[0]) && (self.headed < 2 || header[1] == 3);
        if !known {
            let kind = if self.records == 0 { Kind::NotTls } else { Kind::Malformed };
            return Err(Fault::new(kind, "what follows a record is none"));
        }
        if self.headed < header.len() {
            return Ok(());
        }
        self.headed = 0;
        self.records += 1;
        self.left = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if self.left > MAX_RECORD {
            return Err(Fault::new(Kind::Malformed, format!("a record of {} bytes", self.left)));
        }
        if self.left == 0 {
            self.empty += 1;
            if self.empty > MAX_EMPTY {
                return Err(Fault::new(Kind::Malformed, format!("more than {MAX_EMPTY} records without content")));
            }
        }
        Ok(())
    }

    fn alerts(&mut self, chunk: &[u8]) -> Result<()> {
        for &byte in chunk {
            self.alert[self.alerted] = byte;
            self.alerted += 1;
            if self.alerted == self.alert.len() {
                self.alerted = 0;
                self.alerted()?;
            }
        }
        Ok(())
    }

    fn alerted(&mut self) -> Result<()> {
        let [level, code] = self.alert;
        self.last_alert = Some((level, code));
        let warning = level == 1 && code != 0;
        self.warnings += 1;
        if !warning {
            return Err(Fault::new(Kind::Alert, names::alert(code)));
        }
        if self.warnings > MAX_WARNINGS {
            return Err(Fault::new(Kind::Malformed, format!("more than {MAX_WARNINGS} warnings")));
        }
        Ok(())
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

fn malformed(fault: crate::Malformed) -> Fault {
    Fault::new(Kind::Malformed, fault.reason)
}

/// The first line where it can be read, else bytes in hexadecimal.
fn start(opening: &[u8]) -> String {
    let line = opening.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let readable = !line.is_empty() && line.iter().all(|&byte| byte == b'\t' || (0x20..0x7f).contains(&byte));
    if readable {
        return text::render(line).into_owned();
    }
    opening.iter().take(16).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
