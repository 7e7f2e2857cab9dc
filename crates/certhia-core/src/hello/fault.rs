//! Why a server's answer is no flight.

use std::fmt::Write;

use crate::text;

/// What is shown of an answer that isn't TLS.
pub const SHOWN: usize = 64;

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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// The alert's name, the beginning of what isn't TLS, or what is wrong.
    pub detail: String,
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// What is wrong with a message.
pub(super) fn malformed(fault: crate::Malformed) -> Fault {
    Fault::new(Kind::Malformed, fault.reason)
}

/// The first line where it can be read, else the first 16 bytes in hexadecimal.
pub(super) fn beginning(opening: &[u8]) -> String {
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
