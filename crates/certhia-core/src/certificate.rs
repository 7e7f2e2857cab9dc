//! A certificate, or a TBSCertificate alone, read tolerantly (X.509, RFC 5280).
//!
//! Only the frame is walked when it is opened; each field is decoded when it is asked for.

use std::borrow::Cow;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::Hash;
use crate::der::{self, Element, Reader};
use crate::error::Result;
use crate::{distinguished, oids};

pub use crate::oids::COMMON_NAME;

/// More names than this are not read.
pub const MAX_NAMES: usize = 100_000;

const VERSION: u8 = 0xa0;

/// Where a name stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    San,
    CommonName,
    Ip,
}

impl Place {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::San => "san",
            Self::CommonName => "cn",
            Self::Ip => "ip",
        }
    }
}

/// A name as its bytes stand in the certificate; for an iPAddress these are the address's.
#[derive(Debug, Clone)]
pub struct Name<'a> {
    pub place: Place,
    pub bytes: Cow<'a, [u8]>,
}

/// The frame of a certificate.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    pub der: &'a [u8],
    pub tbs: Element<'a>,
    /// From the version to the subject's public key, as they stand.
    pub(crate) head: &'a [u8],
    pub(crate) serial: Element<'a>,
    pub(crate) algorithm: Element<'a>,
    pub(crate) issuer: Element<'a>,
    pub(crate) validity: Element<'a>,
    pub(crate) subject: Element<'a>,
    pub(crate) key: Element<'a>,
    /// What follows the key: unique identifiers and extensions.
    pub(crate) rest: Reader<'a>,
}

impl<'a> Certificate<'a> {
    /// Opens a Certificate, or a TBSCertificate (told by what it begins with). Bytes behind it are not looked at.
    #[inline]
    pub fn parse(der: &'a [u8]) -> Result<Self> {
        let outer = Reader::new(der).expect(der::SEQUENCE, "a certificate")?;
        let tbs =
            if outer.body.first() == Some(&der::SEQUENCE) { outer.reader().take("tbsCertificate")? } else { outer };
        let mut fields = tbs.reader();
        fields.optional(VERSION)?;
        let serial = fields.take("serialNumber")?;
        let algorithm = fields.expect(der::SEQUENCE, "signature")?;
        let issuer = fields.expect(der::SEQUENCE, "issuer")?;
        let validity = fields.expect(der::SEQUENCE, "validity")?;
        let subject = fields.expect(der::SEQUENCE, "subject")?;
        let key = fields.expect(der::SEQUENCE, "subjectPublicKeyInfo")?;
        let head = &tbs.body[..tbs.body.len() - fields.rest().len()];
        Ok(Self { der, tbs, head, serial, algorithm, issuer, validity, subject, key, rest: fields })
    }

    /// RFC 4514 string of the subject.
    pub fn subject(&self) -> String {
        distinguished::distinguished_name(self.subject)
    }

    /// Appends what `subject` gives.
    pub(crate) fn push_subject(&self, out: &mut String) {
        distinguished::push_name(self.subject, out);
    }

    pub fn issuer(&self) -> String {
        distinguished::distinguished_name(self.issuer)
    }

    /// First value of the subject's attribute with this object identifier (content bytes), rendered.
    pub fn subject_attribute(&self, oid: &[u8]) -> Option<String> {
        distinguished::attribute(self.subject, oid)
    }

    /// (identifier's content, value) of each of the subject's attributes, rendered, in the order of the certificate.
    pub fn subject_attributes(&self) -> Vec<(&'a [u8], String)> {
        distinguished::attributes(self.subject)
    }

    pub fn issuer_attributes(&self) -> Vec<(&'a [u8], String)> {
        distinguished::attributes(self.issuer)
    }

    pub fn issuer_attribute(&self, oid: &[u8]) -> Option<String> {
        distinguished::attribute(self.issuer, oid)
    }

    /// Upper-case hexadecimal of the serial number's magnitude, even length.
    pub fn serial(&self) -> String {
        let mut out = String::new();
        self.push_serial(&mut out);
        out
    }

    /// Appends what `serial` gives.
    pub(crate) fn push_serial(&self, out: &mut String) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut bytes = Cow::Borrowed(self.serial.body);
        if self.serial.tag == der::INTEGER && bytes.first().is_some_and(|&first| first & 0x80 != 0) {
            negate(bytes.to_mut());
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let kept = &bytes[zeros.min(bytes.len().saturating_sub(1))..];
        if kept.is_empty() {
            out.push_str("00");
        }
        for &byte in kept {
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }

    /// Unix seconds of (notBefore, notAfter); None for a time that can't be read.
    pub fn validity(&self) -> (Option<i64>, Option<i64>) {
        let mut times = self.validity.reader();
        let mut next = || times.element().ok().flatten().and_then(|element| crate::time::parse(&element));
        (next(), next())
    }

    pub fn sha256(&self) -> Hash {
        Sha256::digest(self.der).into()
    }

    pub fn sha1(&self) -> [u8; 20] {
        Sha1::digest(self.der).into()
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn spki_sha256(&self) -> Hash {
        Sha256::digest(self.key.whole).into()
    }

    /// Dotted object identifier of the signature algorithm inside the TBS.
    pub fn signature_algorithm(&self) -> String {
        match self.algorithm.reader().expect(der::OID, "an object identifier") {
            Ok(oid) => der::dotted(oid.body),
            Err(_) => String::new(),
        }
    }

    /// The algorithm's name, of RSASSA-PSS with its digest ("RSASSA-PSS-SHA256"); the dotted identifier where none is known.
    pub fn signature_algorithm_name(&self) -> String {
        let dotted = self.signature_algorithm();
        match oids::signature(&dotted) {
            Some("RSASSA-PSS") => {
                format!("RSASSA-PSS{}", self.pss_digest().map_or(String::new(), |name| format!("-{name}")))
            }
            Some(name) => name.to_owned(),
            None => dotted,
        }
    }

    /// The digest that RSASSA-PSS-params names (RFC 4055 section 3.1), SHA-1 where it names none.
    pub(crate) fn pss_digest(&self) -> Option<&'static str> {
        let mut fields = self.algorithm.reader();
        fields.element().ok()?;
        let Some(parameters) = fields.element().ok()? else {
            return Some("SHA1");
        };
        let Some(digest) = parameters.reader().optional(0xa0).ok()? else {
            return Some("SHA1");
        };
        let algorithm = digest.reader().expect(der::SEQUENCE, "a digest").ok()?;
        oids::digest(&der::dotted(algorithm.reader().expect(der::OID, "a digest").ok()?.body))
    }

    /// Content of the signature's BIT STRING, without the count of unused bits; empty for a TBSCertificate alone, and
    /// where it can't be read.
    pub fn signature(&self) -> &'a [u8] {
        self.read_signature().unwrap_or_default()
    }

    fn read_signature(&self) -> Option<&'a [u8]> {
        if self.tbs.offset == 0 {
            return None;
        }
        let mut fields = Reader::new(self.der).element().ok()??.reader();
        fields.element().ok()?;
        fields.expect(der::SEQUENCE, "signatureAlgorithm").ok()?;
        fields.expect(der::BIT_STRING, "signatureValue").ok()?.body.get(1..)
    }

    /// 1, 2 or 3, or what follows these; 0 where it can't be read.
    pub fn version(&self) -> u32 {
        let Ok(Some(field)) = self.tbs.reader().optional(VERSION) else {
            return 1;
        };
        match field.reader().expect(der::INTEGER, "a version") {
            Ok(number) if matches!(number.body, [0..=0x7f]) => u32::from(number.body[0]) + 1,
            _ => 0,
        }
    }

    /// Subject and issuer are the same bytes.
    pub fn is_self_issued(&self) -> bool {
        self.subject.body == self.issuer.body
    }
}

/// Whether the first element is this object identifier, however its length is written.
#[inline]
pub(crate) fn begins_with_oid(bytes: &[u8], oid: &[u8]) -> bool {
    match bytes {
        [der::OID, length, rest @ ..] if *length < 0x80 => usize::from(*length) == oid.len() && rest.starts_with(oid),
        [der::OID, ..] => matches!(Reader::new(bytes).element(), Ok(Some(found)) if found.body == oid),
        _ => false,
    }
}

/// Two's complement.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (value, overflow) = (!*byte).overflowing_add(u8::from(carry));
        *byte = value;
        carry = overflow;
    }
}
