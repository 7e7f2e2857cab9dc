//! The one error of this crate.

use std::any::Any;
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

    /// The same of an input in which the bytes read begin at `start`.
    #[must_use]
    pub fn within(self, start: usize) -> Self {
        Self { offset: start + self.offset, ..self }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for Malformed {}

/// The first fault of a reading that goes on behind it.
#[derive(Debug, Default)]
pub(crate) struct First(Option<Malformed>);

impl First {
    /// The value; a fault is kept if it is the first.
    #[inline]
    pub fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.0.get_or_insert(fault);
                None
            }
        }
    }

    #[inline]
    pub fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// What is said of a panic that was caught: a defect of ours.
pub fn defect(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    format!("a defect in Certhia's core ({text}); please report it with the input")
}
