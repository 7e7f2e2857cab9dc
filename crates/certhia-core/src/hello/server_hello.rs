//! ServerHello and HelloRetryRequest (RFC 5246 section 7.4.1.3, RFC 8446 section 4.1.3).

use super::{TLS_1_2, TLS_1_3, extension};
use crate::error::Result;
use crate::leaf::{Cursor, Span};
use crate::sct::MAX_SCTS;

/// The random of a HelloRetryRequest: SHA-256 of those words.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// How a random ends with which a server says that it could have spoken a higher version than the client (RFC 8446 section
/// 4.1.3): the last byte is 1 for TLS 1.3, 0 for TLS 1.2.
const DOWNGRADE: &[u8] = b"DOWNGRD";

/// Spans are of the bytes that it was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// The field of that name: TLS 1.3 says 0x0303 there.
    pub legacy_version: u16,
    /// supported_versions, as TLS 1.3 has it.
    pub selected_version: Option<u16>,
    pub random: [u8; 32],
    pub session_id: Span,
    pub cipher: u16,
    pub compression: u8,
    /// Their types in the order in which they come.
    pub extensions: Vec<u16>,
    pub alpn: Option<Span>,
    /// Each a SerializedSCT.
    pub scts: Vec<Span>,
    /// Of the key share: the server's own, or the one it asks for.
    pub group: Option<u16>,
}

impl ServerHello {
    /// Reads the message's body from `start` to `end` in `data`.
    pub fn parse(data: &[u8], start: usize, end: usize) -> Result<Self> {
        let mut cursor = Cursor { data: &data[..end], position: start };
        let mut hello = Self { legacy_version: cursor.number(2, "the version")? as u16, ..Self::default() };
        hello.random.copy_from_slice(cursor.take(32, "the server's random")?);
        hello.session_id = cursor.vector(1, "the session id")?;
        hello.cipher = cursor.number(2, "the cipher suite")? as u16;
        hello.compression = cursor.number(1, "the compression method")? as u8;
        if !cursor.is_empty() {
            let list = cursor.vector(2, "the list of extensions")?;
            hello.read_extensions(Cursor { data: &data[..list.end as usize], position: list.start as usize })?;
        }
        Ok(hello)
    }

    /// The version agreed on.
    pub fn version(&self) -> u16 {
        self.selected_version.unwrap_or(self.legacy_version)
    }

    /// TLS 1.3 or one of its drafts: all that follows is encrypted.
    pub fn is_modern(&self) -> bool {
        self.version() >= TLS_1_3
    }

    /// HelloRetryRequest: the server wants another key share.
    pub fn is_retry(&self) -> bool {
        self.random == RETRY
    }

    /// The higher version that the server says it speaks as well, in passing; not all that do say so.
    pub fn higher_version(&self) -> Option<u16> {
        match self.random[24..].split_last() {
            Some((1, DOWNGRADE)) => Some(TLS_1_3),
            Some((0, DOWNGRADE)) => Some(TLS_1_2),
            _ => None,
        }
    }

    fn read_extensions(&mut self, mut list: Cursor<'_>) -> Result<()> {
        while !list.is_empty() {
            let kind = list.number(2, "an extension's type")? as u16;
            let body = list.vector(2, "an extension")?;
            self.extensions.push(kind);
            let body = Cursor { data: &list.data[..body.end as usize], position: body.start as usize };
            // What is wrong inside of one says nothing about the others.
            match kind {
                extension::ALPN => self.alpn = protocol(body).ok().or(self.alpn),
                extension::SCTS => self.read_scts(body),
                extension::SUPPORTED_VERSIONS => self.selected_version = short(body).or(self.selected_version),
                extension::KEY_SHARE => self.group = short(body).or(self.group),
                _ => {}
            }
        }
        Ok(())
    }

    /// SignedCertificateTimestampList (RFC 6962 section 3.3).
    fn read_scts(&mut self, mut body: Cursor<'_>) {
        let Ok(list) = body.vector(2, "the list of SCTs") else { return };
        let mut list = Cursor { data: &body.data[..list.end as usize], position: list.start as usize };
        while let Ok(sct) = list.vector(2, "an SCT") {
            if !sct.is_empty() && self.scts.len() < MAX_SCTS {
                self.scts.push(sct);
            }
        }
    }
}

/// The one name of a ProtocolNameList (RFC 7301 section 3.1).
fn protocol(mut body: Cursor<'_>) -> Result<Span> {
    body.number(2, "the list of protocols")?;
    body.vector(1, "a protocol")
}

fn short(mut body: Cursor<'_>) -> Option<u16> {
    body.number(2, "a number").ok().map(|value| value as u16)
}
