//! GeneralName in all its kinds (RFC 5280 section 4.2.1.6).

use std::borrow::Cow;
use std::fmt::Write;

use crate::certificate::{Certificate, MAX_NAMES};
use crate::der::{self, Element, Reader};
use crate::error::{First, Malformed, Result};
use crate::{distinguished, names, oids, text};

pub(crate) const DNS_NAME: u8 = 0x82;
pub(crate) const URI: u8 = 0x86;
pub(crate) const IP_ADDRESS: u8 = 0x87;
pub(crate) const EMAIL: u8 = 0x81;
const REGISTERED_ID: u8 = 0x88;
/// Says that a string stands in pieces (X.690 section 8.7.3).
pub(crate) const CONSTRUCTED: u8 = 0x20;

/// One name: its tag, its content, where that begins in the input.
#[derive(Debug, Clone, Copy)]
pub struct GeneralName<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    pub offset: usize,
}

/// (kind, value) as text.
pub type Text = (&'static str, String);

impl Certificate<'_> {
    /// Each SAN that can be read, rendered, in order. Kinds: "dns", "ip", "email", "uri", "dirname" (RFC 4514), "rid"
    /// (dotted), "othername" (identifier;hex of the value), "x400" and "ediparty" (hex of the content).
    pub fn alternative_names(&self) -> Vec<Text> {
        self.gather(oids::SUBJECT_ALT_NAME, texts).unwrap_or_default()
    }

    pub fn issuer_alternative_names(&self) -> Vec<Text> {
        self.gather(oids::ISSUER_ALT_NAME, texts).unwrap_or_default()
    }

    /// rfc822Name SANs, then the subject's emailAddress where it is not one of them.
    pub fn email_addresses(&self) -> Vec<String> {
        let mut out = self.of_kind("email");
        for (oid, value) in distinguished::attributes(self.subject) {
            if oid == oids::EMAIL_ADDRESS && !out.iter().take(16).any(|known| *known == value) {
                out.push(value);
            }
        }
        out
    }

    pub fn uris(&self) -> Vec<String> {
        self.of_kind("uri")
    }

    fn of_kind(&self, wanted: &str) -> Vec<String> {
        self.alternative_names().into_iter().filter(|(kind, _)| *kind == wanted).map(|(_, value)| value).collect()
    }
}

/// Reads GeneralNames into text. A name that can't be read is left out, those behind it are not.
pub(crate) fn texts(value: &Element<'_>, out: &mut Vec<Text>) -> Result<()> {
    let mut faults = First::default();
    let list = value.reader().expect(der::SEQUENCE, "GeneralNames")?;
    let walked = each(list.reader(), |name| {
        if out.len() == MAX_NAMES {
            return Err(Malformed::new(format!("at most {MAX_NAMES} names"), name.offset));
        }
        out.extend(faults.note(name.text()));
        Ok(())
    });
    faults.note(walked);
    faults.end()
}

/// Calls `visit` for each GeneralName of a list; what is cut off in the middle of a name is given as far as it goes, then
/// the error.
#[inline]
pub(crate) fn each<'a>(mut list: Reader<'a>, mut visit: impl FnMut(GeneralName<'a>) -> Result<()>) -> Result<()> {
    loop {
        let before = list;
        match list.element() {
            Ok(None) => return Ok(()),
            Ok(Some(item)) => visit(GeneralName { tag: item.tag, body: item.body, offset: item.body_offset })?,
            Err(fault) => {
                if let Some(name) = cut_off(&before) {
                    visit(name)?;
                }
                return Err(fault);
            }
        }
    }
}

/// What is there of a name whose length goes beyond its list's end.
#[cold]
fn cut_off<'a>(list: &Reader<'a>) -> Option<GeneralName<'a>> {
    let rest = list.rest();
    let (&tag, &length) = (rest.first()?, rest.get(1)?);
    let header = 2 + if length > 0x80 { usize::from(length & 0x7f) } else { 0 };
    Some(GeneralName { tag, body: rest.get(header..)?, offset: list.offset() + header })
}

impl<'a> GeneralName<'a> {
    /// The content of a string; one in pieces is put together (X.690 section 8.7.3).
    #[inline]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        if self.tag & CONSTRUCTED == 0 { Cow::Borrowed(self.body) } else { Cow::Owned(text::joined(self.body)) }
    }

    /// Kind and value.
    pub fn text(&self) -> Result<Text> {
        let string = || text::render(&self.bytes()).into_owned();
        Ok(match self.tag {
            0xa0 => ("othername", self.other_name()?),
            0xa3 => ("x400", hex(self.body)),
            0xa4 => ("dirname", self.directory_name()?),
            0xa5 => ("ediparty", hex(self.body)),
            tag => match tag & !CONSTRUCTED {
                EMAIL => ("email", string()),
                DNS_NAME => ("dns", string()),
                URI => ("uri", string()),
                IP_ADDRESS => ("ip", self.address()?),
                REGISTERED_ID => ("rid", der::dotted(&self.bytes())),
                _ => return Err(Malformed::new(format!("expected a GeneralName, found tag {tag:#04x}"), self.offset)),
            },
        })
    }

    fn reader(&self) -> Reader<'a> {
        Reader::within(self.body, self.offset)
    }

    fn address(&self) -> Result<String> {
        let bytes = self.bytes();
        let ip = names::ip_address(&bytes).map(|ip| ip.to_string());
        ip.ok_or_else(|| {
            Malformed::new(format!("expected an iPAddress of 4 or 16 bytes, found {}", bytes.len()), self.offset)
        })
    }

    /// SEQUENCE { type-id, [0] EXPLICIT value }, itself tagged implicitly.
    fn other_name(&self) -> Result<String> {
        let mut fields = self.reader();
        let oid = fields.expect(der::OID, "an otherName's type")?;
        let value = fields.take("an otherName's value")?;
        Ok(format!("{};{}", der::dotted(oid.body), hex(value.body)))
    }

    fn directory_name(&self) -> Result<String> {
        let name = self.reader().expect(der::SEQUENCE, "a Name")?;
        Ok(distinguished::distinguished_name(name))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
