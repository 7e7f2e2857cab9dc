//! The hash by which a precertificate and its certificate are known to be one (RFC 6962 section 3.2).

use sha2::{Digest, Sha256};

use crate::Hash;
use crate::certificate::{Certificate, begins_with_oid};
use crate::der::{self, Element};
use crate::error::Result;
use crate::extensions::EXTENSIONS;
use crate::oids::{POISON, SCT_LIST};

impl<'a> Certificate<'a> {
    /// SHA-256 of the TBS without the poison and SCT list extensions, enclosing lengths in their shortest form: equal
    /// for a precertificate and its certificate. An extension block that becomes empty goes too, as logs do it.
    ///
    /// Where the extensions can't be read it is the SHA-256 of the TBS as it stands.
    pub fn tbs_sha256(&self) -> Hash {
        self.tbs_sha256_by(&mut Vec::new())
    }

    /// The same; `scratch` is written over, and may be used again and again.
    ///
    /// One hash of all bytes together takes two thirds of the time that piece after piece does.
    pub(crate) fn tbs_sha256_by(&self, scratch: &mut Vec<u8>) -> Hash {
        scratch.clear();
        match self.strip(scratch) {
            Some(()) => Sha256::digest(scratch).into(),
            None => Sha256::digest(self.tbs.whole).into(),
        }
    }

    /// What `tbs_sha256` is the hash of, and what an embedded SCT signs (RFC 6962 section 3.2).
    pub fn logged_tbs(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self.strip(&mut out) {
            Some(()) => out,
            None => self.tbs.whole.to_vec(),
        }
    }

    /// Appends the TBS without transparency extensions; None, with nothing appended, where it can't be taken apart.
    fn strip(&self, out: &mut Vec<u8>) -> Option<()> {
        let rest = self.rest.rest();
        out.reserve(self.tbs.whole.len() + 16);
        let Some(block) = self.extension_block().ok()? else {
            push_header(out, der::SEQUENCE, self.head.len() + rest.len());
            out.extend_from_slice(self.head);
            out.extend_from_slice(rest);
            return Some(());
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
        push_header(out, der::SEQUENCE, self.head.len() + before.len() + block_whole + after.len());
        out.extend_from_slice(self.head);
        out.extend_from_slice(before);
        if length != 0 {
            push_header(out, block.tag, block_length);
            push_header(out, der::SEQUENCE, length);
            kept.iter().for_each(|run| out.extend_from_slice(run));
        }
        out.extend_from_slice(after);
        Some(())
    }

    /// The first extension block.
    pub(crate) fn extension_block(&self) -> Result<Option<Element<'a>>> {
        let mut rest = self.rest;
        while let Some(element) = rest.element()? {
            if element.tag == EXTENSIONS {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }
}

fn push_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    let (bytes, used) = der::header(tag, length);
    out.extend_from_slice(&bytes[..used]);
}

/// The list's content without transparency extensions, as runs of bytes that stand together.
fn kept_runs(list: Element<'_>) -> Result<Vec<&[u8]>> {
    let mut runs = Vec::with_capacity(2);
    let mut items = list.reader();
    let (mut start, mut end) = (0, 0);
    while let Some(item) = items.element()? {
        let next = end + item.whole.len();
        if is_transparency(item.body) {
            runs.push(&list.body[start..end]);
            start = next;
        }
        end = next;
    }
    runs.push(&list.body[start..end]);
    Ok(runs)
}

/// The poison or the list of SCTs: what a precertificate and its certificate differ in.
fn is_transparency(extension: &[u8]) -> bool {
    begins_with_oid(extension, POISON) || begins_with_oid(extension, SCT_LIST)
}
