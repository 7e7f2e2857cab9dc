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
use crate::{names, text};

/// More names than this are not read.
pub const MAX_NAMES: usize = 100_000;

const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

pub const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
pub const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 1.3.6.1.4.1.11129.2.4, below which Certificate Transparency has its extensions (RFC 6962 section 3).
const TRANSPARENCY: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04];
const SCT_LIST: u8 = 2;
const POISON: u8 = 3;

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

impl Extension<'_> {
    /// The poison or the list of SCTs: what a precertificate and its certificate differ in.
    fn is_transparency(&self) -> bool {
        self.is(POISON) || self.is(SCT_LIST)
    }

    fn is(&self, last: u8) -> bool {
        self.oid.strip_prefix(TRANSPARENCY) == Some(&[last])
    }
}

/// The frame of a certificate.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    pub der: &'a [u8],
    pub tbs: Element<'a>,
    /// From the version to the subject's public key, as they stand.
    head: &'a [u8],
    serial: Element<'a>,
    algorithm: Element<'a>,
    issuer: Element<'a>,
    validity: Element<'a>,
    subject: Element<'a>,
    key: Element<'a>,
    /// What follows the key: unique identifiers and extensions.
    rest: Reader<'a>,
}

impl<'a> Certificate<'a> {
    /// Opens a Certificate, or a TBSCertificate (told by what it begins with). Bytes behind it are not looked at.
    #[inline]
    pub fn parse(der: &'a [u8]) -> Result<Self> {
        let outer = Reader::new(der).expect(der::SEQUENCE, "a certificate")?;
        let tbs = if outer.body.first() == Some(&der::SEQUENCE) {
            outer.reader().take("tbsCertificate")?
        } else {
            outer
        };
        let mut fields = tbs.reader();
        fields.optional(0xa0)?;
        let serial = fields.take("serialNumber")?;
        let algorithm = fields.expect(der::SEQUENCE, "signature")?;
        let issuer = fields.expect(der::SEQUENCE, "issuer")?;
        let validity = fields.expect(der::SEQUENCE, "validity")?;
        let subject = fields.expect(der::SEQUENCE, "subject")?;
        let key = fields.expect(der::SEQUENCE, "subjectPublicKeyInfo")?;
        let head = &tbs.body[..tbs.body.len() - fields.rest().len()];
        Ok(Self {
            der,
            tbs,
            head,
            serial,
            algorithm,
            issuer,
            validity,
            subject,
            key,
            rest: fields,
        })
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
        let mut fault = self.each_extension(|extension| {
            if extension.oid == SUBJECT_ALT_NAME {
                general_names(extension.value.reader(), &mut visit)?;
            }
            Ok(ControlFlow::Continue(()))
        });
        let subject = each_attribute(self.subject, |oid, value| {
            if oid == COMMON_NAME {
                visit(Name {
                    place: Place::CommonName,
                    bytes: text::directory_bytes(&value),
                })?;
            }
            Ok(ControlFlow::Continue(()))
        });
        if fault.is_ok() {
            fault = subject;
        }
        fault
    }

    /// Calls `visit` for each extension of every extension block.
    #[inline]
    pub fn each_extension(&self, mut visit: impl FnMut(Extension<'a>) -> Result<ControlFlow<()>>) -> Result<()> {
        let mut rest = self.rest;
        while let Some(element) = rest.next()? {
            if element.tag != EXTENSIONS {
                continue;
            }
            let mut list = element.reader().expect(der::SEQUENCE, "extensions")?.reader();
            while let Some(item) = list.next()? {
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
        distinguished_name(self.subject)
    }

    pub fn issuer(&self) -> String {
        distinguished_name(self.issuer)
    }

    /// First value of the subject's attribute with this object identifier (content bytes), rendered.
    pub fn subject_attribute(&self, oid: &[u8]) -> Option<String> {
        attribute(self.subject, oid)
    }

    pub fn issuer_attribute(&self, oid: &[u8]) -> Option<String> {
        attribute(self.issuer, oid)
    }

    /// Upper-case hexadecimal of the serial number's magnitude, even length.
    pub fn serial(&self) -> String {
        use std::fmt::Write;
        let mut bytes = self.serial.body.to_vec();
        if self.serial.tag == der::INTEGER && bytes.first().is_some_and(|&first| first & 0x80 != 0) {
            negate(&mut bytes);
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let kept = &bytes[zeros.min(bytes.len().saturating_sub(1))..];
        if kept.is_empty() {
            return "00".to_owned();
        }
        kept.iter()
            .fold(String::with_capacity(2 * kept.len()), |mut out, byte| {
                let _ = write!(out, "{byte:02X}");
                out
            })
    }

    /// Unix seconds of (notBefore, notAfter); None for a time that can't be read.
    pub fn validity(&self) -> (Option<i64>, Option<i64>) {
        let mut times = self.validity.reader();
        let mut next = || {
            times
                .next()
                .ok()
                .flatten()
                .and_then(|element| crate::time::parse(&element))
        };
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
        self.find(|extension| extension.is(POISON)).is_some()
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

    /// SHA-256 of the TBS without the poison and SCT list extensions, enclosing lengths in their shortest form: equal
    /// for a precertificate and its certificate. An extension block that becomes empty goes too, as logs do it.
    ///
    /// Where the extensions can't be read it is the SHA-256 of the TBS as it stands.
    pub fn tbs_sha256(&self) -> Hash {
        self.stripped_hash()
            .unwrap_or_else(|| Sha256::digest(self.tbs.whole).into())
    }

    fn stripped_hash(&self) -> Option<Hash> {
        let rest = self.rest.rest();
        let Some(block) = self.extension_block().ok()? else {
            let mut hasher = Sha256::new();
            update_header(&mut hasher, der::SEQUENCE, self.head.len() + rest.len());
            hasher.update(self.head);
            hasher.update(rest);
            return Some(hasher.finalize().into());
        };
        let start = block.offset - (self.tbs.body_offset + self.head.len());
        let (before, after) = (&rest[..start], &rest[start + block.whole.len()..]);
        let mut inside = block.reader();
        let list = inside.expect(der::SEQUENCE, "extensions").ok()?;
        if !inside.is_empty() {
            return None;
        }
        let kept = kept_runs(list).ok()?;
        let length: usize = kept.iter().map(|run| run.len()).sum();
        let list_header = der::header(der::SEQUENCE, length).1;
        let block_length = if length == 0 { 0 } else { list_header + length };
        let block_header = der::header(block.tag, block_length).1;
        let block_whole = if length == 0 { 0 } else { block_header + block_length };
        let mut hasher = Sha256::new();
        update_header(
            &mut hasher,
            der::SEQUENCE,
            self.head.len() + before.len() + block_whole + after.len(),
        );
        hasher.update(self.head);
        hasher.update(before);
        if length != 0 {
            update_header(&mut hasher, block.tag, block_length);
            update_header(&mut hasher, der::SEQUENCE, length);
            kept.iter().for_each(|run| hasher.update(run));
        }
        hasher.update(after);
        Some(hasher.finalize().into())
    }

    fn extension_block(&self) -> Result<Option<Element<'a>>> {
        let mut rest = self.rest;
        while let Some(element) = rest.next()? {
            if element.tag == EXTENSIONS {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }
}

fn update_header(hasher: &mut Sha256, tag: u8, length: usize) {
    let (bytes, used) = der::header(tag, length);
    hasher.update(&bytes[..used]);
}

/// The list's content without transparency extensions, as runs of bytes that stand together.
fn kept_runs(list: Element<'_>) -> Result<Vec<&[u8]>> {
    let mut runs = Vec::with_capacity(2);
    let mut items = list.reader();
    let (mut start, mut end) = (0, 0);
    while let Some(item) = items.next()? {
        let next = end + item.whole.len();
        if extension(&item)?.is_transparency() {
            runs.push(&list.body[start..end]);
            start = next;
        }
        end = next;
    }
    runs.push(&list.body[start..end]);
    Ok(runs)
}

fn extension<'a>(item: &Element<'a>) -> Result<Extension<'a>> {
    let mut fields = item.reader();
    let oid = fields.expect(der::OID, "an extension's identifier")?;
    fields.optional(der::BOOLEAN)?;
    let value = fields.expect(der::OCTET_STRING, "an extension's value")?;
    Ok(Extension {
        oid: oid.body,
        value,
        whole: item.whole,
    })
}

/// Reads GeneralNames; what is cut off in the middle of a name is given as far as it goes, then the error.
pub(crate) fn general_names<'a>(mut value: Reader<'a>, visit: &mut impl FnMut(Name<'a>) -> Result<()>) -> Result<()> {
    let mut list = value.expect(der::SEQUENCE, "GeneralNames")?.reader();
    loop {
        let tail = list.rest();
        match list.next() {
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
    visit(Name {
        place,
        bytes: Cow::Borrowed(body),
    })
}

/// Calls `visit` with the identifier's content and the value of each attribute of a Name.
#[inline]
fn each_attribute<'a>(
    name: Element<'a>,
    mut visit: impl FnMut(&'a [u8], Element<'a>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut sets = name.reader();
    while let Some(set) = sets.next()? {
        let mut attributes = set.reader();
        while let Some(attribute) = attributes.next()? {
            let mut fields = attribute.reader();
            let oid = fields.expect(der::OID, "an attribute's type")?;
            let value = fields.take("an attribute's value")?;
            if visit(oid.body, value)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn attribute(name: Element<'_>, wanted: &[u8]) -> Option<String> {
    let mut found = None;
    let walked = each_attribute(name, |oid, value| {
        Ok(if oid == wanted {
            found = Some(text::render(&text::directory_bytes(&value)).into_owned());
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    });
    walked.ok();
    found
}

/// RFC 4514 section 2.1: relative names last to first, joined by commas; attributes of one by plus signs.
fn distinguished_name(name: Element<'_>) -> String {
    let mut relative: Vec<String> = Vec::new();
    let mut sets = name.reader();
    while let Ok(Some(set)) = sets.next() {
        let mut out = String::new();
        let mut attributes = set.reader();
        while let Ok(Some(attribute)) = attributes.next() {
            let mut fields = attribute.reader();
            if let (Ok(oid), Ok(value)) = (fields.expect(der::OID, "type"), fields.take("value")) {
                if !out.is_empty() {
                    out.push('+');
                }
                text::push_attribute(oid.body, &value, &mut out);
            }
        }
        relative.push(out);
    }
    relative.reverse();
    relative.join(",")
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
