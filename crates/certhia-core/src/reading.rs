//! What is read of an entry so that rules are held against it: its names, then the whole; where it can't be decoded, what
//! can still be found in its bytes.

use std::borrow::Cow;

use crate::certificate::{Certificate, Name, Place};
use crate::error::Result;
use crate::leaf::Kind;
use crate::page::Entry;
use crate::salvage;

/// Takes what is read of one entry after the other.
pub(crate) trait Finds {
    fn name(&mut self, name: &Name<'_>);

    /// What follows are names that could still be found in broken bytes.
    fn salvage(&mut self);

    /// All names were given, and the entry is as it should be.
    fn everything(&mut self);

    /// Whether `whole` is to be called.
    fn looks_at_whole(&self) -> bool;

    /// The certificate, None where the bytes are none; `own`: its bytes where the tree covers them all.
    fn whole(&mut self, certificate: Option<&Certificate<'_>>, own: &[u8]);
}

/// Reads one entry and counts its names; gives what was wrong with it. Without `finds` names are counted alone.
#[inline]
pub(crate) fn entry<F: Finds>(entry: &Entry<'_>, count: &mut usize, mut finds: Option<&mut F>) -> Option<String> {
    let der = entry.certificate();
    if let Some(kept) = entry.names {
        let Some(finds) = finds else {
            *count += kept.len();
            return None;
        };
        for one in kept {
            *count += 1;
            finds.name(&one.name(der));
        }
        sound(entry, finds);
        return None;
    }
    let walked = names(der, count, finds.as_deref_mut());
    if walked.is_ok() && entry.fault().is_none() {
        if let Some(finds) = finds {
            sound(entry, finds);
        }
        return None;
    }
    let leaf = entry.leaf_input();
    let bytes = if der.is_empty() { &leaf } else { der };
    if let Some(finds) = finds.as_deref_mut() {
        finds.salvage();
    }
    salvage::each_name(bytes, |name| {
        *count += 1;
        if let Some(finds) = finds.as_deref_mut() {
            finds.name(&name);
        }
    });
    if let Some(finds) = finds {
        finds.whole(Certificate::parse(der).ok().as_ref(), covered(entry));
    }
    entry.malformed().or(walked.err()).map(|fault| fault.to_string())
}

/// All names were given, and nothing is wrong.
#[inline]
fn sound<F: Finds>(entry: &Entry<'_>, finds: &mut F) {
    finds.everything();
    if finds.looks_at_whole() {
        finds.whole(Certificate::parse(entry.certificate()).ok().as_ref(), covered(entry));
    }
}

/// Reads the names of a certificate; a common name that repeats the first SAN is not given again.
#[inline]
pub(crate) fn names<F: Finds>(der: &[u8], count: &mut usize, mut finds: Option<&mut F>) -> Result<()> {
    let mut first: &[u8] = &[];
    let certificate = Certificate::parse(der)?;
    certificate.each_name(|name| {
        if let (true, Cow::Borrowed(bytes)) = (first.is_empty(), &name.bytes) {
            first = if name.place == Place::San { bytes } else { first };
        }
        if name.place == Place::CommonName && name.bytes.eq_ignore_ascii_case(first) {
            return;
        }
        *count += 1;
        if let Some(finds) = finds.as_deref_mut() {
            finds.name(&name);
        }
    })
}

/// The certificate where the tree covers it. A precertificate as submitted is not: it stands beside the leaf, and a log
/// may give any.
#[inline]
fn covered<'a>(entry: &Entry<'a>) -> &'a [u8] {
    if entry.kind() == Kind::Precert { &[] } else { entry.submitted() }
}
