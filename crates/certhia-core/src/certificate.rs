//! A certificate, or a TBSCertificate alone, read tolerantly (X.509, RFC 5280).
//!
//! Only the frame is walked when it is opened; each field is decoded when it is asked for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::ControlFlow;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::Hash;
use crate::der::{self, Element, Reader};
use crate::error::{Malformed, Result};
use crate::{distinguished, names, text};

/// More names than this are not read.
pub const MAX_NAMES: usize = 100_000;

pub(crate) const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

pub const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
pub const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// RFC 6962 section 3.3.
pub(crate) const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
/// RFC 6962 section 3.1.
pub(crate) const POISON: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03];

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

/// One extension (RFC 5280 section 4.1).
#[derive(Debug, Clone, Copy)]
pub struct Extension<'a> {
    pub oid: &'a [u8],
    /// Content of the OCTET STRING.
    pub value: Element<'a>,
    /// The extension's own bytes, header included.
    pub whole: &'a [u8],
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
        fields.optional(0xa0)?;
        let serial = fields.take("serialNumber")?;
        let algorithm = fields.expect(der::SEQUENCE, "signature")?;
        let issuer = fields.expect(der::SEQUENCE, "issuer")?;
        let validity = fields.expect(der::SEQUENCE, "validity")?;
        let subject = fields.expect(der::SEQUENCE, "subject")?;
        let key = fields.expect(der::SEQUENCE, "subjectPublicKeyInfo")?;
        let head = &tbs.body[..tbs.body.len() - fields.rest().len()];
        Ok(Self { der, tbs, head, serial, algorithm, issuer, validity, subject, key, rest: fields })
    }

    /// Calls `visit` for each name: SANs as they come, then each common name. Stops where a name can't be reached any
    /// more and says why; the names before have been visited.
    #[inline]
    pub fn each_name(&self, mut visit: impl FnMut(Name<'a>)) -> Result<()> {
        let mut left = MAX_NAMES;
        let mut visit = |name| {
            if left == 0 {
                return Err(Malformed::new(format!("more than {MAX_NAMES} names"), 0));
            }
            left -= 1;
            visit(name);
            Ok(())
        };
        let mut fault = self.each_alternative_name(&mut visit);
        let subject = distinguished::each_value(self.subject, COMMON_NAME, |value| {
            visit(Name { place: Place::CommonName, bytes: text::directory_bytes(&value) })
        });
        if fault.is_ok() {
            fault = subject;
        }
        fault
    }

    /// Reads only extensions that are SANs: what is wrong with others hides no name.
    #[inline]
    fn each_alternative_name(&self, visit: &mut impl FnMut(Name<'a>) -> Result<()>) -> Result<()> {
        let mut rest = self.rest;
        while let Some(element) = rest.element()? {
            if element.tag != EXTENSIONS {
                continue;
            }
            let mut list = element.reader().expect(der::SEQUENCE, "extensions")?.reader();
            while let Some(item) = list.element()? {
                if begins_with_oid(item.body, SUBJECT_ALT_NAME) {
                    general_names(extension(&item)?.value.reader(), visit)?;
                }
            }
        }
        Ok(())
    }

    /// Calls `visit` for each extension of every extension block.
    #[inline]
    pub fn each_extension(&self, mut visit: impl FnMut(Extension<'a>) -> Result<ControlFlow<()>>) -> Result<()> {
        let mut rest = self.rest;
        while let Some(element) = rest.element()? {
            if element.tag != EXTENSIONS {
                continue;
            }
            let mut list = element.reader().expect(der::SEQUENCE, "extensions")?.reader();
            while let Some(item) = list.element()? {
                if visit(extension(&item)?)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn find(&self, wanted: impl Fn(&Extension<'a>) -> bool) -> Option<Extension<'a>> {
        let mut found = None;
        let walked = self.each_extension(|extension| {
            Ok(if wanted(&extension) {
                found = Some(extension);
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        });
        // What can't be read behind an extension does not undo it.
        walked.ok();
        found
    }

    /// DNS names and addresses, rendered: SANs in order, then the common name where it is a name not yet given.
    pub fn names(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut common = Vec::new();
        let walked = self.each_name(|name| match name.place {
            Place::San => out.push(text::render(&name.bytes).into_owned()),
            Place::Ip => out.extend(names::ip_address(&name.bytes).map(|ip| ip.to_string())),
            Place::CommonName => common.push(name.bytes),
        });
        walked.ok();
        for name in common.iter().filter(|name| names::looks_like_name(name)).take(16) {
            let name = text::render(name);
            if !out.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                out.push(name.into_owned());
            }
        }
        out
    }

    /// dNSName SANs, rendered, in order.
    pub fn dns_names(&self) -> Vec<String> {
        let mut out = Vec::new();
        let walked = self.each_name(|name| {
            if name.place == Place::San {
                out.push(text::render(&name.bytes).into_owned());
            }
        });
        walked.ok();
        out
    }

    /// iPAddress SANs that are addresses, in order.
    pub fn ip_addresses(&self) -> Vec<IpAddr> {
        let mut out = Vec::new();
        let walked = self.each_name(|name| {
            if name.place == Place::Ip {
                out.extend(names::ip_address(&name.bytes));
            }
        });
        walked.ok();
        out
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

    /// Carries the poison extension (RFC 6962 section 3.1).
    pub fn is_precert(&self) -> bool {
        self.find(|extension| extension.oid == POISON).is_some()
    }

    /// basicConstraints with cA TRUE.
    pub fn is_ca(&self) -> bool {
        let found = self.find(|extension| extension.oid == BASIC_CONSTRAINTS);
        let Some(Ok(constraints)) = found.map(|found| found.value.reader().take("basicConstraints")) else {
            return false;
        };
        let ca = constraints.reader().optional(der::BOOLEAN);
        matches!(ca, Ok(Some(flag)) if flag.body.iter().any(|&byte| byte != 0))
    }

    /// Dotted object identifier of the signature algorithm inside the TBS.
    pub fn signature_algorithm(&self) -> String {
        match self.algorithm.reader().expect(der::OID, "an object identifier") {
            Ok(oid) => der::dotted(oid.body),
            Err(_) => String::new(),
        }
    }
}

fn extension<'a>(item: &Element<'a>) -> Result<Extension<'a>> {
    let mut fields = item.reader();
    let oid = fields.expect(der::OID, "an extension's identifier")?;
    fields.optional(der::BOOLEAN)?;
    let value = fields.expect(der::OCTET_STRING, "an extension's value")?;
    Ok(Extension { oid: oid.body, value, whole: item.whole })
}

/// Reads GeneralNames; what is cut off in the middle of a name is given as far as it goes, then the error.
pub(crate) fn general_names<'a>(mut value: Reader<'a>, visit: &mut impl FnMut(Name<'a>) -> Result<()>) -> Result<()> {
    let mut list = value.expect(der::SEQUENCE, "GeneralNames")?.reader();
    loop {
        let tail = list.rest();
        match list.element() {
            Ok(None) => return Ok(()),
            Ok(Some(item)) => general_name(item.tag, item.body, visit)?,
            Err(fault) => {
                if let [tag, _, name @ ..] = tail {
                    general_name(*tag, name, visit)?;
                }
                return Err(fault);
            }
        }
    }
}

fn general_name<'a>(tag: u8, body: &'a [u8], visit: &mut impl FnMut(Name<'a>) -> Result<()>) -> Result<()> {
    let place = match tag {
        DNS_NAME => Place::San,
        IP_ADDRESS => Place::Ip,
        _ => return Ok(()),
    };
    visit(Name { place, bytes: Cow::Borrowed(body) })
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
