//! Extensions as they stand in a certificate (RFC 5280 section 4.1.2.9), and what is wrong with them.

use std::ops::ControlFlow;

use crate::certificate::{Certificate, begins_with_oid};
use crate::der::{self, Element};
use crate::error::{First, Malformed, Result};
use crate::oids;
use crate::{access, constraints, general_names, sct};

/// More extensions than this are not listed.
pub const MAX_EXTENSIONS: usize = 10_000;
/// More values than this of one kind (policies, purposes, addresses) are not listed.
pub const MAX_VALUES: usize = 10_000;

pub(crate) const EXTENSIONS: u8 = 0xa3;
/// An OCTET STRING in pieces (X.690 section 8.7.3).
const PIECES: u8 = 0x24;

/// One extension.
#[derive(Debug, Clone, Copy)]
pub struct Extension<'a> {
    /// Content of the object identifier.
    pub oid: &'a [u8],
    pub critical: bool,
    /// The OCTET STRING.
    pub value: Element<'a>,
    /// The extension's own bytes, header included.
    pub whole: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Calls `visit` for each extension of every extension block. One that can't be read is left out, the others are
    /// given; the first fault is told in the end, unless `visit` breaks off before.
    #[inline]
    pub fn each_extension(&self, mut visit: impl FnMut(Extension<'a>) -> ControlFlow<()>) -> Result<()> {
        let mut faults = First::default();
        let mut rest = self.rest;
        while let Some(Some(block)) = faults.note(rest.element()) {
            if block.tag != EXTENSIONS {
                continue;
            }
            let Some(list) = faults.note(block.reader().expect(der::SEQUENCE, "extensions")) else {
                continue;
            };
            let mut items = list.reader();
            while let Some(Some(item)) = faults.note(items.element()) {
                if let Some(extension) = faults.note(extension(&item))
                    && visit(extension).is_break()
                {
                    return Ok(());
                }
            }
        }
        faults.end()
    }

    /// All extensions in order, at most `MAX_EXTENSIONS`.
    pub fn extensions(&self) -> Vec<Extension<'a>> {
        let mut out = Vec::new();
        let walked = self.each_extension(|extension| {
            if out.len() == MAX_EXTENSIONS {
                return ControlFlow::Break(());
            }
            out.push(extension);
            ControlFlow::Continue(())
        });
        // The fault is told by `extensions_fault`.
        walked.ok();
        out
    }

    /// The first thing that is wrong with the extensions' frame, or else with the value of one that this crate reads.
    pub fn extensions_fault(&self) -> Option<Malformed> {
        let mut faults = First::default();
        let mut count = 0;
        let walked = self.each_extension(|extension| {
            count += 1;
            if count > MAX_EXTENSIONS {
                faults.note::<()>(Err(Malformed::new(
                    format!("at most {MAX_EXTENSIONS} extensions"),
                    extension.value.offset,
                )));
                return ControlFlow::Break(());
            }
            faults.note(check(&extension));
            ControlFlow::Continue(())
        });
        walked.err().or_else(|| faults.end().err())
    }

    /// What `read` makes of all extensions with one identifier, one after the other; None when there is none.
    pub(crate) fn gather<T: Default>(
        &self,
        wanted: &[u8],
        read: impl Fn(&Element<'a>, &mut T) -> Result<()>,
    ) -> Option<T> {
        let mut found: Option<T> = None;
        // What was read before a fault stays; `extensions_fault` tells of it. Only those that are wanted are taken apart.
        let mut rest = self.rest;
        while let Ok(Some(block)) = rest.element() {
            if block.tag != EXTENSIONS {
                continue;
            }
            let mut items = match block.reader().expect(der::SEQUENCE, "extensions") {
                Ok(list) => list.reader(),
                Err(_) => continue,
            };
            while let Ok(Some(item)) = items.element() {
                if begins_with_oid(item.body, wanted)
                    && let Ok(extension) = extension(&item)
                {
                    read(&extension.value, found.get_or_insert_default()).ok();
                }
            }
        }
        found
    }

    /// Carries the poison extension (RFC 6962 section 3.1).
    pub fn is_precert(&self) -> bool {
        self.gather(oids::POISON, |_, (): &mut ()| Ok(())).is_some()
    }
}

impl Extension<'_> {
    /// Dotted object identifier.
    pub fn dotted(&self) -> String {
        der::dotted(self.oid)
    }
}

/// Takes an extension apart.
#[inline]
pub(crate) fn extension<'a>(item: &Element<'a>) -> Result<Extension<'a>> {
    let mut fields = item.reader();
    let oid = fields.expect(der::OID, "an extension's identifier")?;
    let critical = fields.optional(der::BOOLEAN)?;
    let critical = critical.is_some_and(|flag| flag.body.iter().any(|&byte| byte != 0));
    let value = if fields.peek() == Some(PIECES) {
        one_piece(fields.take("an extension's value")?)?
    } else {
        fields.expect(der::OCTET_STRING, "an extension's value")?
    };
    Ok(Extension { oid: oid.body, critical, value, whole: item.whole })
}

/// The only piece of an OCTET STRING in pieces. With several the value does not stand together.
#[cold]
fn one_piece(mut value: Element<'_>) -> Result<Element<'_>> {
    while value.tag == PIECES {
        let mut pieces = value.reader();
        value = pieces.take("a piece of an extension's value")?;
        if !pieces.is_empty() {
            return Err(Malformed::new("expected an extension's value in one piece", pieces.offset()));
        }
    }
    if value.tag == der::OCTET_STRING {
        return Ok(value);
    }
    Err(Malformed::new("expected a piece of an extension's value (tag 0x04)", value.offset))
}

/// Reads the value of an extension that this crate knows.
fn check(extension: &Extension<'_>) -> Result<()> {
    let value = &extension.value;
    match extension.oid {
        oids::SUBJECT_ALT_NAME | oids::ISSUER_ALT_NAME => general_names::texts(value, &mut Vec::new()),
        oids::BASIC_CONSTRAINTS => constraints::basic(value, &mut constraints::Basic::default()),
        oids::KEY_USAGE => constraints::usage(value, &mut 0),
        oids::EXTENDED_KEY_USAGE => constraints::purposes(value, &mut Vec::new()),
        oids::SUBJECT_KEY_ID => constraints::subject_key_id(value, &mut None),
        oids::AUTHORITY_KEY_ID => constraints::authority_key_id(value, &mut None),
        oids::SCT_LIST => sct::list(value, &mut Vec::new()),
        oids::POLICIES => access::policies(value, &mut Vec::new()),
        oids::CRL_POINTS => access::crl_points(value, &mut Vec::new()),
        oids::AUTHORITY_INFO => access::authority_info(value, &mut Vec::new()),
        _ => Ok(()),
    }
}
