//! Signed certificate timestamps in a certificate (RFC 6962 sections 3.2 and 3.3).

use crate::certificate::Certificate;
use crate::der::{self, Element};
use crate::error::{First, Malformed, Result};
use crate::leaf::Cursor;
use crate::oids;

/// More SCTs than this are not read. A list of 64 KiB holds some 550 real ones.
pub const MAX_SCTS: usize = 1024;

/// Of versions other than v1 (0) all fields but `raw` are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sct<'a> {
    pub version: u8,
    pub log_id: &'a [u8],
    /// Milliseconds.
    pub timestamp: u64,
    pub extensions: &'a [u8],
    /// RFC 5246 section 7.4.1.4.1.
    pub hash_algorithm: u8,
    pub signature_algorithm: u8,
    pub signature: &'a [u8],
    /// The whole SerializedSCT.
    pub raw: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Those that can be read; `extensions_fault` tells of the others.
    pub fn scts(&self) -> Vec<Sct<'a>> {
        self.gather(oids::SCT_LIST, list).unwrap_or_default()
    }
}

/// Reads a SignedCertificateTimestampList in an OCTET STRING of its own.
pub(crate) fn list<'a>(value: &Element<'a>, out: &mut Vec<Sct<'a>>) -> Result<()> {
    let inner = value.reader().expect(der::OCTET_STRING, "an OCTET STRING with a list of SCTs")?;
    each(inner.body, out).map_err(|fault| fault.within(inner.body_offset))
}

fn each<'a>(data: &'a [u8], out: &mut Vec<Sct<'a>>) -> Result<()> {
    let mut faults = First::default();
    let mut cursor = Cursor { data, position: 0 };
    let total = cursor.number(2, "the length of the list of SCTs")? as usize;
    let room = data.len() - cursor.position;
    if total != room {
        let reason = format!("expected a list of {room} bytes of SCTs, found one of {total}");
        faults.note::<()>(Err(Malformed::new(reason, 0)));
        cursor.data = &data[..cursor.position + total.min(room)];
    }
    while !cursor.is_empty() {
        let Some(span) = faults.note(cursor.vector(2, "an SCT")) else {
            break;
        };
        if out.len() == MAX_SCTS {
            faults.note::<()>(Err(Malformed::new(format!("at most {MAX_SCTS} SCTs"), span.start as usize)));
            break;
        }
        let read = Sct::parse(span.of(data)).map_err(|fault| fault.within(span.start as usize));
        out.extend(faults.note(read));
    }
    faults.end()
}

impl<'a> Sct<'a> {
    /// Reads a SerializedSCT. Bytes behind its end are a fault: a signature does not end where it seems to.
    pub fn parse(raw: &'a [u8]) -> Result<Self> {
        let mut cursor = Cursor { data: raw, position: 0 };
        let version = cursor.take(1, "an SCT's version")?[0];
        let mut sct = Self {
            version,
            log_id: &[],
            timestamp: 0,
            extensions: &[],
            hash_algorithm: 0,
            signature_algorithm: 0,
            signature: &[],
            raw,
        };
        if version != 0 {
            return Ok(sct);
        }
        sct.log_id = cursor.take(32, "an SCT's log id")?;
        sct.timestamp = cursor.number(8, "an SCT's timestamp")?;
        sct.extensions = cursor.vector(2, "an SCT's extensions")?.of(raw);
        sct.hash_algorithm = cursor.take(1, "an SCT's hash algorithm")?[0];
        sct.signature_algorithm = cursor.take(1, "an SCT's signature algorithm")?[0];
        sct.signature = cursor.vector(2, "an SCT's signature")?.of(raw);
        if !cursor.is_empty() {
            return Err(Malformed::new("expected the SCT's end", cursor.position));
        }
        Ok(sct)
    }
}
