//! What a certificate's key may do, and whose key it is (RFC 5280 sections 4.2.1.1 to 4.2.1.3, 4.2.1.9, 4.2.1.12).
//!
//! An extension should stand in a certificate once. Of one that comes again all usages and purposes count, and of the
//! values that can't be added up the first.

use crate::certificate::Certificate;
use crate::der::{self, Element};
use crate::error::{Malformed, Result};
use crate::extensions::MAX_VALUES;
use crate::oids;

/// The bits of KeyUsage, from 0.
const USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// BasicConstraints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Basic {
    pub ca: bool,
    pub path_length: Option<u64>,
}

impl<'a> Certificate<'a> {
    /// None where there is no such extension.
    pub fn basic_constraints(&self) -> Option<Basic> {
        self.gather(oids::BASIC_CONSTRAINTS, basic)
    }

    /// basicConstraints with cA TRUE.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|basic| basic.ca)
    }

    /// Names of the bits that are set, in their order.
    pub fn key_usage(&self) -> Vec<&'static str> {
        let bits = self.gather(oids::KEY_USAGE, usage).unwrap_or_default();
        USAGES.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 != 0).map(|(_, name)| name).collect()
    }

    /// Object identifiers (their content) of the purposes.
    pub fn extended_key_usage(&self) -> Vec<&'a [u8]> {
        self.gather(oids::EXTENDED_KEY_USAGE, purposes).unwrap_or_default()
    }

    /// Has the extended key usage of a Precertificate Signing Certificate (RFC 6962 section 3.1).
    pub fn is_precert_signing(&self) -> bool {
        self.extended_key_usage().contains(&oids::PRECERT_SIGNING)
    }

    pub fn subject_key_id(&self) -> Option<&'a [u8]> {
        self.gather(oids::SUBJECT_KEY_ID, subject_key_id).flatten()
    }

    /// keyIdentifier of the authority key identifier.
    pub fn authority_key_id(&self) -> Option<&'a [u8]> {
        self.gather(oids::AUTHORITY_KEY_ID, authority_key_id).flatten()
    }
}

pub(crate) fn basic(value: &Element<'_>, out: &mut Basic) -> Result<()> {
    let mut fields = value.reader().expect(der::SEQUENCE, "BasicConstraints")?.reader();
    if let Some(flag) = fields.optional(der::BOOLEAN)? {
        out.ca |= flag.body.iter().any(|&byte| byte != 0);
    }
    if let Some(length) = fields.optional(der::INTEGER)? {
        let length = small(&length)?;
        out.path_length.get_or_insert(length);
    }
    Ok(())
}

/// A number that is not negative and fits 64 bits.
fn small(integer: &Element<'_>) -> Result<u64> {
    let zeros = integer.body.iter().take_while(|&&byte| byte == 0).count();
    let digits = &integer.body[zeros..];
    let negative = zeros == 0 && digits.first().is_some_and(|&byte| byte & 0x80 != 0);
    if negative || digits.len() > 8 || integer.body.is_empty() {
        return Err(Malformed::new("expected a path length that is a small number", integer.offset));
    }
    Ok(digits.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// Bit 0 of KeyUsage is bit 0 of `out`.
pub(crate) fn usage(value: &Element<'_>, out: &mut u32) -> Result<()> {
    let bits = value.reader().expect(der::BIT_STRING, "KeyUsage")?;
    let [unused, bytes @ ..] = bits.body else {
        return Err(Malformed::new("expected a BIT STRING of at least one byte", bits.body_offset));
    };
    // Bits that are said to be unused are 0 wherever the encoder knew what it did.
    let last = bytes.len().wrapping_sub(1);
    for (at, byte) in bytes.iter().enumerate().take(2) {
        let masked = if at == last { byte & 0xff_u8.checked_shl(u32::from(*unused)).unwrap_or(0) } else { *byte };
        *out |= u32::from(masked.reverse_bits()) << (8 * at);
    }
    Ok(())
}

pub(crate) fn purposes<'a>(value: &Element<'a>, out: &mut Vec<&'a [u8]>) -> Result<()> {
    let mut list = value.reader().expect(der::SEQUENCE, "ExtKeyUsageSyntax")?.reader();
    while !list.is_empty() {
        let purpose = list.expect(der::OID, "a key purpose")?;
        push(out, purpose.body, purpose.offset)?;
    }
    Ok(())
}

/// Appends a value that was found at `offset`, up to `MAX_VALUES`.
pub(crate) fn push<T>(out: &mut Vec<T>, value: T, offset: usize) -> Result<()> {
    if out.len() == MAX_VALUES {
        return Err(Malformed::new(format!("at most {MAX_VALUES} values"), offset));
    }
    out.push(value);
    Ok(())
}

pub(crate) fn subject_key_id<'a>(value: &Element<'a>, out: &mut Option<&'a [u8]>) -> Result<()> {
    let id = value.reader().expect(der::OCTET_STRING, "a key identifier")?;
    out.get_or_insert(id.body);
    Ok(())
}

pub(crate) fn authority_key_id<'a>(value: &Element<'a>, out: &mut Option<&'a [u8]>) -> Result<()> {
    let mut fields = value.reader().expect(der::SEQUENCE, "AuthorityKeyIdentifier")?.reader();
    while let Some(field) = fields.element()? {
        if field.tag == 0x80 {
            out.get_or_insert(field.body);
        }
    }
    Ok(())
}
