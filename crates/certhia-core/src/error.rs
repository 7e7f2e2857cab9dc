//! The one error of this crate.

use std::borrow::Cow;
use std::fmt;

/// Bytes that make no sense: what was expected, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    pub reason: Cow<'static, str>,
    /// In bytes from the beginning of the input.
    pub offset: usize,
}

pub type Result<T> = std::result::Result<T, Malformed>;

impl Malformed {
    pub fn new(reason: impl Into<Cow<'static, str>>, offset: usize) -> Self {
        Self { reason: reason.into(), offset }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for Malformed {}
