//! Whether a precertificate as submitted, and its chain's issuer, are what the log signed for (RFC 6962 sections 3.1, 3.2).
//!
//! The tree covers the leaf alone: the TBS, and the hash of the issuer's key. What comes beside it is believed when it
//! leads to both, byte by byte. Signatures are not checked: those of the precertificate and of its signing certificate stay
//! claims, and so do the key identifier that a signing certificate gave it and the certificates above the issuer.

use std::fmt;
use std::sync::Arc;

use crate::Hash;
use crate::certificate::{Certificate, begins_with_oid};
use crate::der::{self, Element, Reader};
use crate::error::Malformed;
use crate::extensions::extension;
use crate::issuers::Issuers;
use crate::leaf::Kind;
use crate::oids::{AUTHORITY_KEY_ID, POISON};
use crate::page::Entry;

/// The poison extension, which can be written in one way only (RFC 6962 section 3.1): critical, its value a NULL.
const POISON_EXTENSION: &[u8] = &[0x30, 0x13, 6, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3, 1, 1, 0xff, 4, 2, 5, 0];

/// Why what was submitted can't be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unproven {
    /// The leaf itself can't be read.
    Leaf(Malformed),
    /// Nothing came with the leaf.
    Nothing,
    /// extra_data can't be framed; the offset is in extra_data.
    Extra(Malformed),
    /// The precertificate, or the extensions in it, can't be read; the offset is in the precertificate.
    Precertificate(Malformed),
    /// No chain came with it.
    NoChain,
    /// The certificate at this place of the chain was not given.
    Missing(usize),
    /// The certificate at this place of the chain can't be read; the offset is in it.
    Chain(usize, Malformed),
    /// A Precertificate Signing Certificate, but not the issuer that the precertificate names.
    OtherSigner,
    /// The issuer's key does not hash to `issuer_key_hash`.
    OtherKey,
    /// The first byte of the leaf's TBS that differs, and the field that it is in.
    Differs(usize, &'static str),
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(fault) => write!(f, "the leaf can't be read: {fault}"),
            Self::Nothing => write!(f, "nothing came with the leaf"),
            Self::Extra(fault) => write!(f, "what came with the leaf can't be framed: {fault} of extra_data"),
            Self::Precertificate(fault) => write!(f, "the precertificate can't be read: {fault}"),
            Self::NoChain => write!(f, "no chain came with the precertificate"),
            Self::Missing(0) => write!(f, "the chain's issuer is not at hand"),
            Self::Missing(at) => write!(f, "the chain's issuer (certificate {}) is not at hand", at + 1),
            Self::Chain(at, fault) => write!(f, "certificate {} of the chain can't be read: {fault}", at + 1),
            Self::OtherSigner => {
                write!(f, "the chain's signing certificate is not the one that the precertificate names")
            }
            Self::OtherKey => write!(f, "the chain's key is not the one that the log signed for"),
            Self::Differs(at, field) => write!(f, "differs from what the log signed at byte {at} ({field})"),
        }
    }
}

/// What a proof comes to.
type Outcome<T> = std::result::Result<T, Unproven>;

impl Entry<'_> {
    /// Why `submitted` and the chain's issuer can't be believed; None where they are proven, and for a certificate, which
    /// is the leaf itself.
    pub fn unproven(&self, issuers: &Issuers) -> Option<Unproven> {
        if let Some(fault) = self.malformed() {
            return Some(Unproven::Leaf(fault));
        }
        if self.kind() == Kind::X509 {
            return None;
        }
        if self.raw_extra().is_some_and(<[u8]>::is_empty) {
            return Some(Unproven::Nothing);
        }
        if let Some(fault) = self.extra_fault() {
            return Some(Unproven::Extra(fault));
        }
        let chain = |at: usize| match self.chain().get(at) {
            None if at == 0 => Err(Unproven::NoChain),
            None => Err(Unproven::Missing(at)),
            Some(fingerprint) => issuers.get(fingerprint).ok_or(Unproven::Missing(at)),
        };
        let key_hash = self.issuer_key_hash().copied().unwrap_or_default();
        prove(self.certificate(), &key_hash, self.submitted(), chain).err()
    }
}

/// Leads from the precertificate to the leaf's `tbs` and `key_hash`. `chain` gives the DER of the chain's certificates.
pub fn prove(
    tbs: &[u8],
    key_hash: &Hash,
    submitted: &[u8],
    chain: impl Fn(usize) -> Outcome<Arc<[u8]>>,
) -> Outcome<()> {
    let precertificate = whole(submitted).map_err(Unproven::Precertificate)?;
    let first = chain(0)?;
    let signer = Certificate::parse(&first).map_err(|fault| Unproven::Chain(0, fault))?;
    let signer = signer.is_precert_signing().then_some(signer);
    let (place, issuer) = if signer.is_some() { (1, chain(1)?) } else { (0, Arc::clone(&first)) };
    let issuer = Certificate::parse(&issuer).map_err(|fault| Unproven::Chain(place, fault))?;
    if signer.is_some_and(|signer| signer.subject.body != precertificate.issuer.body) {
        return Err(Unproven::OtherSigner);
    }
    let logged = logged(&precertificate, signer.as_ref()).map_err(Unproven::Precertificate)?;
    if let Some(at) = difference(tbs, &logged) {
        return Err(Unproven::Differs(at, field(tbs, at)));
    }
    if issuer.spki_sha256() != *key_hash {
        return Err(Unproven::OtherKey);
    }
    Ok(())
}

/// A Certificate that the bytes are no more and no less than.
fn whole(der: &[u8]) -> Result<Certificate<'_>, Malformed> {
    let read = Certificate::parse(der)?;
    if read.tbs.offset == 0 {
        return Err(Malformed::new("expected a certificate, found a TBSCertificate alone", 0));
    }
    let mut outer = Reader::new(der);
    let certificate = outer.take("a certificate")?;
    shortest(&certificate)?;
    shortest(&read.tbs)?;
    let mut fields = certificate.reader();
    if !outer.is_empty() {
        return Err(Malformed::new("expected the certificate's end", outer.offset()));
    }
    fields.take("tbsCertificate")?;
    fields.expect(der::SEQUENCE, "signatureAlgorithm")?;
    fields.expect(der::BIT_STRING, "signatureValue")?;
    if !fields.is_empty() {
        return Err(Malformed::new("expected the certificate's end", fields.offset()));
    }
    Ok(read)
}

/// A length must be written as DER has it, or the bytes around what is compared could differ.
fn shortest(element: &Element<'_>) -> Result<(), Malformed> {
    let header = der::header(element.tag, element.body.len()).1;
    if header + element.body.len() == element.whole.len() {
        return Ok(());
    }
    Err(Malformed::new("expected a length in its shortest form", element.offset))
}

/// The TBS that a log signs for a precertificate: the poison goes. Where a Precertificate Signing Certificate made it, the
/// names of the issuer and of its key become that certificate's own (its issuer is the final one).
fn logged(precertificate: &Certificate<'_>, signer: Option<&Certificate<'_>>) -> Result<Vec<u8>, Malformed> {
    let own = precertificate.issuer;
    let issuer = signer.map_or(own, |signer| signer.issuer);
    let start = own.offset - precertificate.tbs.body_offset;
    let (before, after) = (&precertificate.head[..start], &precertificate.head[start + own.whole.len()..]);
    let mut content = [before, issuer.whole, after].concat();
    let mut blocks = 0;
    let mut rest = precertificate.rest;
    while let Some(element) = rest.element()? {
        if element.tag != crate::extensions::EXTENSIONS {
            content.extend_from_slice(element.whole);
            continue;
        }
        blocks += 1;
        if blocks > 1 {
            return Err(Malformed::new("expected one block of extensions", element.offset));
        }
        let list = without_poison(&element, signer)?;
        if !list.is_empty() {
            content.extend(enclosed(element.tag, &enclosed(der::SEQUENCE, &list)));
        }
    }
    if blocks == 0 {
        return Err(Malformed::new("expected extensions with the poison", rest.offset()));
    }
    Ok(enclosed(der::SEQUENCE, &content))
}

/// The extensions as the log signed them.
fn without_poison(block: &Element<'_>, signer: Option<&Certificate<'_>>) -> Result<Vec<u8>, Malformed> {
    let mut inside = block.reader();
    let list = inside.expect(der::SEQUENCE, "extensions")?;
    shortest(block)?;
    shortest(&list)?;
    if !inside.is_empty() {
        return Err(Malformed::new("expected the extensions' end", inside.offset()));
    }
    let replacement = signer.map(key_id_of);
    let mut out = Vec::with_capacity(list.body.len());
    let mut items = list.reader();
    let (mut poisons, mut replaced) = (0, false);
    while let Some(item) = items.element()? {
        if begins_with_oid(item.body, POISON) {
            if item.whole != POISON_EXTENSION {
                return Err(Malformed::new("expected the poison extension, critical and with a NULL", item.offset));
            }
            poisons += 1;
        } else if let Some(replacement) = replacement
            && !replaced
            && begins_with_oid(item.body, AUTHORITY_KEY_ID)
        {
            replaced = true;
            out.extend(replacement.map(|value| with_value(&item, value)).transpose()?.unwrap_or_default());
        } else {
            out.extend_from_slice(item.whole);
        }
    }
    if poisons != 1 {
        let reason = format!("expected the poison extension once, found it {poisons} times");
        return Err(Malformed::new(reason, list.offset));
    }
    // One that had no key identifier gets the final issuer's at its end, as logs do it.
    if let (false, Some(Some(value))) = (replaced, replacement) {
        let oid = enclosed(der::OID, AUTHORITY_KEY_ID);
        out.extend(enclosed(der::SEQUENCE, &[oid, enclosed(der::OCTET_STRING, value)].concat()));
    }
    Ok(out)
}

/// Content of the first authority key identifier extension.
fn key_id_of<'a>(signer: &Certificate<'a>) -> Option<&'a [u8]> {
    let first = |value: &Element<'a>, out: &mut Option<&'a [u8]>| {
        out.get_or_insert(value.body);
        Ok(())
    };
    signer.gather(AUTHORITY_KEY_ID, first).flatten()
}

/// An extension with another value.
fn with_value(item: &Element<'_>, value: &[u8]) -> Result<Vec<u8>, Malformed> {
    let own = extension(item)?.value;
    let before = &item.body[..own.offset - item.body_offset];
    Ok(enclosed(der::SEQUENCE, &[before, &enclosed(der::OCTET_STRING, value)].concat()))
}

fn enclosed(tag: u8, content: &[u8]) -> Vec<u8> {
    let (header, used) = der::header(tag, content.len());
    [&header[..used], content].concat()
}

/// The first byte of `signed` in which `other` differs. Where the lengths of the two differ, so do their headers, which
/// says nothing: then it is the first byte of the content.
fn difference(signed: &[u8], other: &[u8]) -> Option<usize> {
    if signed == other {
        return None;
    }
    let body = |der| Reader::new(der).take("a TBSCertificate").ok();
    let (start, left, right) = match (body(signed), body(other)) {
        (Some(left), Some(right)) if left.body != right.body && left.whole.len() == signed.len() => {
            (left.body_offset, left.body, right.body)
        }
        _ => (0, signed, other),
    };
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    Some(start + same)
}

/// Which field of the TBS holds this byte.
fn field(tbs: &[u8], at: usize) -> &'static str {
    let Ok(read) = Certificate::parse(tbs) else {
        return "not a certificate";
    };
    let mut fields = read.tbs.reader();
    let first = fields.peek();
    let names = ["serial number", "signature algorithm", "issuer", "validity", "subject", "key"];
    if first == Some(0xa0) && matches!(fields.element(), Ok(Some(version)) if at < version.offset + version.whole.len())
    {
        return "version";
    }
    for name in names {
        match fields.element() {
            Ok(Some(element)) if at < element.offset + element.whole.len() => return name,
            Ok(Some(_)) => {}
            _ => return "end",
        }
    }
    "extensions"
}
