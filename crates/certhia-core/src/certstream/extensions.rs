//! The object `extensions`.

use crate::batch::memo::Memo;
use crate::certificate::Certificate;
use crate::certstream::form::Profile;
use crate::certstream::json::Json;
use crate::certstream::values::{self, Scratch};
use crate::constraints::{self, Basic};
use crate::der::{self, Element, Reader};
use crate::extensions::{self, EXTENSIONS};
use crate::oids;

/// The keys in the order of the original, and which of them ours has too.
const KEYS: [(Key, &str, bool); 12] = [
    (Key::AuthorityInfo, r#""authorityInfoAccess":"#, true),
    (Key::AuthorityKeyId, r#""authorityKeyIdentifier":"#, true),
    (Key::BasicConstraints, r#""basicConstraints":"#, true),
    (Key::Policies, r#""certificatePolicies":"#, true),
    (Key::CrlPoints, r#""crlDistributionPoints":"#, false),
    (Key::Poison, r#""ctlPoisonByte":"#, true),
    (Key::SctList, r#""ctlSignedCertificateTimestamp":"#, false),
    (Key::Purposes, r#""extendedKeyUsage":"#, true),
    (Key::IssuerAltName, r#""issuerAltName":"#, false),
    (Key::Usages, r#""keyUsage":"#, true),
    (Key::SubjectAltName, r#""subjectAltName":"#, true),
    (Key::SubjectKeyId, r#""subjectKeyIdentifier":"#, true),
];

/// Places in `KEYS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    AuthorityInfo,
    AuthorityKeyId,
    BasicConstraints,
    Policies,
    CrlPoints,
    Poison,
    SctList,
    Purposes,
    IssuerAltName,
    Usages,
    SubjectAltName,
    SubjectKeyId,
}

/// More identifiers of unknown extensions than this are not given.
const MAX_EXTRA: usize = 100;
/// What is remembered of values that come again.
const MAX_MADE: usize = 4 << 20;

/// The extensions of one certificate, the first of each kind: whole, and taken apart only where they must be.
pub struct Found<'a> {
    known: [&'a [u8]; KEYS.len()],
    /// Identifiers of the others, where they are wanted.
    extra: Vec<&'a [u8]>,
}

/// What is the same in many certificates, made once.
#[derive(Default)]
pub struct Made<'a> {
    json: Json,
    by_extension: Memo<'a, (u32, u32, u32), 256>,
    scratch: Scratch<'a>,
}

impl<'a> Found<'a> {
    /// Those that can be read. What can't is not in the message; where names are concerned, they tell of it.
    #[inline]
    pub fn of(certificate: &Certificate<'a>, profile: Profile) -> Self {
        let mut found = Self { known: [&[]; KEYS.len()], extra: Vec::new() };
        let mut rest = certificate.rest;
        while let Ok(Some(block)) = rest.element() {
            if block.tag != EXTENSIONS {
                continue;
            }
            let Ok(list) = block.reader().expect(der::SEQUENCE, "extensions") else {
                continue;
            };
            let mut items = list.reader();
            while let Ok(Some(item)) = items.element() {
                found.keep(&item, profile);
            }
        }
        found
    }

    #[inline]
    fn keep(&mut self, item: &Element<'a>, profile: Profile) {
        if let Some(key) = key(item.body) {
            if self.known[key as usize].is_empty() {
                self.known[key as usize] = item.whole;
            }
        } else if profile == Profile::Calidog
            && self.extra.len() < MAX_EXTRA
            && let Ok(extension) = extensions::extension(item)
        {
            self.extra.push(extension.oid);
        }
    }

    pub fn is_ca(&self) -> bool {
        let mut basic = Basic::default();
        if let Some(value) = value(self.known[Key::BasicConstraints as usize]) {
            // What was read before a fault stays.
            constraints::basic(&value, &mut basic).ok();
        }
        basic.ca
    }
}

/// The value of an extension; none where it can't be read.
#[inline]
fn value(whole: &[u8]) -> Option<Element<'_>> {
    let item = Reader::new(whole).element().ok()??;
    Some(extensions::extension(&item).ok()?.value)
}

impl<'a> Made<'a> {
    /// Writes the object; `precert`: that of a precertificate, whether or not the poison is in it.
    #[inline]
    pub fn write(&mut self, found: &Found<'a>, precert: bool, profile: Profile, json: &mut Json) {
        json.raw("{");
        let begun = json.out.len();
        for (key, text, ours) in KEYS {
            if profile == Profile::Calidog && key == Key::IssuerAltName {
                push_extra(&found.extra, begun, json);
            }
            if profile == Profile::Certhia && !ours {
                continue;
            }
            let extension = found.known[key as usize];
            if key == Key::Poison && (precert || !extension.is_empty()) {
                comma(begun, json);
                json.raw(text);
                json.raw("true");
                continue;
            }
            if extension.is_empty() {
                continue;
            }
            let before = json.out.len();
            comma(begun, json);
            json.raw(text);
            if !self.push(key, extension, profile, json) {
                json.out.truncate(before);
            }
        }
        json.raw("}");
    }

    /// Writes a value; false where there is none to tell.
    #[inline]
    fn push(&mut self, key: Key, extension: &'a [u8], profile: Profile, json: &mut Json) -> bool {
        let scratch = &mut self.scratch;
        let differs = matches!(key, Key::SubjectAltName | Key::SubjectKeyId | Key::SctList | Key::IssuerAltName);
        if differs || self.json.out.len() > MAX_MADE {
            return value(extension).is_some_and(|value| values::push(key, &value, profile, scratch, json));
        }
        let made = &mut self.json;
        let known = self.by_extension.get(extension, || {
            let start = made.out.len();
            made.cut = 0;
            let told = value(extension).is_some_and(|value| values::push(key, &value, profile, scratch, made));
            if !told {
                made.out.truncate(start);
            }
            Ok::<_, ()>((start as u32, made.out.len() as u32, made.cut as u32))
        });
        let (start, end, cut) = known.unwrap_or_default();
        json.cut += u64::from(cut);
        json.out.extend_from_slice(&self.json.out[start as usize..end as usize]);
        start != end
    }
}

/// What stands between two members.
#[inline]
fn comma(begun: usize, json: &mut Json) {
    if json.out.len() > begun {
        json.raw(",");
    }
}

/// `extra`: the identifiers of all other extensions, the last first.
fn push_extra(extra: &[&[u8]], begun: usize, json: &mut Json) {
    if extra.is_empty() {
        return;
    }
    comma(begun, json);
    json.raw(r#""extra":["#);
    for (at, oid) in extra.iter().rev().enumerate() {
        json.raw(if at == 0 { "\"" } else { ",\"" });
        json.bounded_text(der::dotted(oid).as_bytes(), 256);
        json.raw("\"");
    }
    json.raw("]");
}

/// The kind of an extension, by the identifier that its content begins with.
#[inline]
fn key(body: &[u8]) -> Option<Key> {
    let oid = match body {
        [der::OID, length @ ..=0x7f, rest @ ..] => rest.get(..usize::from(*length))?,
        _ => return None,
    };
    Some(match oid {
        oids::AUTHORITY_INFO => Key::AuthorityInfo,
        oids::AUTHORITY_KEY_ID => Key::AuthorityKeyId,
        oids::BASIC_CONSTRAINTS => Key::BasicConstraints,
        oids::POLICIES => Key::Policies,
        oids::CRL_POINTS => Key::CrlPoints,
        oids::POISON => Key::Poison,
        oids::SCT_LIST => Key::SctList,
        oids::EXTENDED_KEY_USAGE => Key::Purposes,
        oids::ISSUER_ALT_NAME => Key::IssuerAltName,
        oids::KEY_USAGE => Key::Usages,
        oids::SUBJECT_ALT_NAME => Key::SubjectAltName,
        oids::SUBJECT_KEY_ID => Key::SubjectKeyId,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_where_they_say() {
        assert!(KEYS.iter().enumerate().all(|(at, (key, ..))| *key as usize == at));
        assert!(KEYS.is_sorted_by_key(|(_, text, _)| *text));
    }
}
