//! The record layer (RFC 5246 section 6.2) as it comes, and the alerts in it (section 7.2).

use super::fault::{Fault, Kind, Result};
use super::names;

/// A record's payload: 2^14 bytes and 2,048 that protection may add (RFC 5246 section 6.2.3).
const MAX_RECORD: usize = 18_432;
/// Records without content, and alerts that are warnings: more of them make no flight.
const MAX_EMPTY: usize = 32;
const MAX_WARNINGS: usize = 16;

/// Types of records.
pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;

/// Takes records apart, wherever the pieces are cut in which they come.
#[derive(Debug, Clone, Default)]
pub struct Records {
    header: [u8; 5],
    /// Bytes of the header that are there.
    headed: usize,
    /// Bytes of the record's payload that are to come.
    left: usize,
    count: usize,
    empty: usize,
}

impl Records {
    /// Takes what belongs together from the front of `rest`: a part of a payload with the record's type, or of a header.
    pub fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Result<Option<(u8, &'a [u8])>> {
        if self.left == 0 {
            let chunk = taken(rest, self.header.len() - self.headed);
            self.header[self.headed..self.headed + chunk.len()].copy_from_slice(chunk);
            self.headed += chunk.len();
            return self.begin().map(|()| None);
        }
        let chunk = taken(rest, self.left);
        self.left -= chunk.len();
        Ok(Some((self.header[0], chunk)))
    }

    /// Looks at what is there of a header.
    fn begin(&mut self) -> Result<()> {
        let header = self.header;
        let known = (20..=24).contains(&header[0]) && (self.headed < 2 || header[1] == 3);
        if !known {
            let kind = if self.count == 0 { Kind::NotTls } else { Kind::Malformed };
            return Err(Fault::new(kind, "what follows a record is none"));
        }
        if self.headed < header.len() {
            return Ok(());
        }
        self.headed = 0;
        self.count += 1;
        self.left = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if self.left > MAX_RECORD {
            return Err(Fault::new(Kind::Malformed, format!("a record of {} bytes", self.left)));
        }
        self.empty += usize::from(self.left == 0);
        if self.empty > MAX_EMPTY {
            return Err(Fault::new(Kind::Malformed, format!("more than {MAX_EMPTY} records without content")));
        }
        Ok(())
    }
}

fn taken<'a>(rest: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (chunk, behind) = rest.split_at(most.min(rest.len()));
    *rest = behind;
    chunk
}

/// Alerts one after the other: level and code.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    begun: Option<u8>,
    warnings: usize,
    pub last: Option<(u8, u8)>,
}

impl Alerts {
    /// Warnings pass, whatever else ends the flight.
    pub fn take(&mut self, chunk: &[u8]) -> Result<()> {
        for &byte in chunk {
            let Some(level) = self.begun.take() else {
                self.begun = Some(byte);
                continue;
            };
            self.last = Some((level, byte));
            if level != 1 || byte == 0 {
                return Err(Fault::new(Kind::Alert, names::alert(byte)));
            }
            self.warnings += 1;
            if self.warnings > MAX_WARNINGS {
                return Err(Fault::new(Kind::Malformed, format!("more than {MAX_WARNINGS} warnings")));
            }
        }
        Ok(())
    }
}
