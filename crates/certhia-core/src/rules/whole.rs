//! Rules on the whole certificate: who issued it, to whom, its key, the certificate itself.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::Hash;
use crate::certificate::Certificate;
use crate::distinguished;
use crate::error::{Malformed, Result};

use super::attributes::Attributes;
use super::kinds::{Kind, Why};

/// A rule that matched the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub rule: u32,
    pub why: Why,
    /// The attribute's value in which its text was found.
    pub detail: String,
}

/// What was found for an issuer stays while a page is scanned.
pub type Memo = HashMap<Box<[u8]>, Vec<Seen>>;

/// Rules by what they look at, being gathered or compiled.
#[derive(Default)]
pub struct Whole {
    issuer: Attributes,
    organization: Attributes,
    keys: HashMap<Hash, Vec<u32>>,
    certificates: HashMap<Hash, Vec<u32>>,
}

impl Whole {
    pub fn is_empty(&self) -> bool {
        self.issuer.is_empty() && self.organization.is_empty() && self.keys.is_empty() && self.certificates.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        let hashes = self.keys.capacity() + self.certificates.capacity();
        let rules: usize = self.keys.values().chain(self.certificates.values()).map(Vec::capacity).sum();
        self.issuer.nbytes()
            + self.organization.nbytes()
            + hashes * size_of::<(Hash, Vec<u32>)>()
            + rules * size_of::<u32>()
    }

    /// Adds a rule of one of the four kinds.
    pub fn add(&mut self, kind: Kind, value: &str, rule: u32) -> Result<()> {
        match kind {
            Kind::Issuer => self.issuer.add(value, &["CN", "O", "OU"], rule),
            Kind::Organization => self.organization.add(value, &["O"], rule),
            Kind::Key => {
                self.keys.entry(hash(value)?).or_default().push(rule);
                Ok(())
            }
            _ => {
                self.certificates.entry(hash(value)?).or_default().push(rule);
                Ok(())
            }
        }
    }

    /// Makes what was added be found.
    pub fn index(&mut self) -> Result<()> {
        self.issuer.index()?;
        self.organization.index()
    }

    /// Calls `found` for each rule that matches a certificate. `own`: its bytes where the tree covers them all, as it does
    /// not for a precertificate's.
    pub fn find(&self, certificate: &Certificate<'_>, own: &[u8], memo: &mut Memo, found: &mut impl FnMut(&Seen)) {
        if self.has_issuers() {
            let issuer = certificate.issuer;
            if !memo.contains_key(issuer.body) {
                memo.insert(issuer.body.into(), self.issuer(certificate));
            }
            memo[issuer.body].iter().for_each(&mut *found);
        }
        self.besides_issuer(certificate, own, found);
    }

    pub fn has_issuers(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// Whether there are rules on something else than the issuer.
    pub fn has_others(&self) -> bool {
        !(self.organization.is_empty() && self.keys.is_empty() && self.certificates.is_empty())
    }

    /// Rules that match the issuer, which are the same for all certificates of one.
    pub fn issuer(&self, certificate: &Certificate<'_>) -> Vec<Seen> {
        self.issuer.find(&distinguished::attributes(certificate.issuer), Why::Issuer)
    }

    /// The same as `find` for all other rules.
    pub fn besides_issuer(&self, certificate: &Certificate<'_>, own: &[u8], found: &mut impl FnMut(&Seen)) {
        if !self.organization.is_empty() {
            let attributes = distinguished::attributes(certificate.subject);
            self.organization.find(&attributes, Why::Organization).iter().for_each(&mut *found);
        }
        if !self.keys.is_empty() {
            each(&self.keys, &certificate.spki_sha256(), Why::Key, found);
        }
        if !self.certificates.is_empty() {
            each(&self.certificates, &certificate.tbs_sha256(), Why::Certificate, found);
            self.bytes(own, found);
        }
    }

    /// Rules for these very bytes, a certificate or not.
    pub fn bytes(&self, own: &[u8], found: &mut impl FnMut(&Seen)) {
        if !self.certificates.is_empty() && !own.is_empty() {
            each(&self.certificates, &Sha256::digest(own).into(), Why::Certificate, found);
        }
    }
}

fn each(rules: &HashMap<Hash, Vec<u32>>, hash: &Hash, why: Why, found: &mut impl FnMut(&Seen)) {
    for &rule in rules.get(hash).into_iter().flatten() {
        found(&Seen { rule, why, detail: String::new() });
    }
}

/// 64 hexadecimal digits; colons between bytes, as `openssl` prints them, are passed over.
fn hash(value: &str) -> Result<Hash> {
    let fault = |at| Err(Malformed::new("a SHA-256 has 64 hexadecimal digits; write them all", at));
    let mut out = Hash::default();
    let mut digits = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte == b':' && digits % 2 == 0 {
            continue;
        }
        match char::from(byte).to_digit(16) {
            Some(digit) if digits < 64 => out[digits / 2] = out[digits / 2] << 4 | digit as u8,
            _ => return fault(at),
        }
        digits += 1;
    }
    if digits == 64 { Ok(out) } else { fault(value.len()) }
}
