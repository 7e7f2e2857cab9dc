//! What extensions hold, as the strings of certstream messages.

use base64_simd::URL_SAFE;

use crate::certstream::extensions::Key;
use crate::certstream::form::Profile;
use crate::certstream::json::{Json, LOWER, UPPER};
use crate::certstream::names::MAX_NAMES;
use crate::certstream::words;
use crate::der::{self, Element};
use crate::error::{Malformed, Result};
use crate::general_names::{self, CONSTRUCTED, DNS_NAME, EMAIL, GeneralName, IP_ADDRESS, URI};
use crate::{access, constraints, names, oids, text};

/// More bytes of alternative names than this are not in a string.
const MAX_NAMES_BYTES: usize = 128 << 10;
/// More bytes than this are not in any other.
const MAX_BYTES: usize = 8 << 10;
/// Of a key identifier, of one text among several.
const MAX_KEY_ID: usize = 64;
const MAX_TEXT: usize = 1024;
/// DER of SCTs: some 70 of them.
const MAX_SCTS: usize = 8 << 10;

/// id-qt-unotice (RFC 5280 section 4.2.1.4).
const USER_NOTICE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02];

/// Used again and again.
#[derive(Default)]
pub struct Scratch<'a> {
    names: Vec<GeneralName<'a>>,
}

/// Writes an extension's value as a string; false, with anything written, where nothing can be read.
pub fn push<'a>(key: Key, value: &Element<'a>, profile: Profile, scratch: &mut Scratch<'a>, json: &mut Json) -> bool {
    json.raw("\"");
    let begun = json.out.len();
    let read = match (key, profile) {
        (Key::AuthorityInfo, Profile::Certhia) => authority_info(value, json),
        (Key::AuthorityInfo, Profile::Calidog) => calidog_authority_info(value, json),
        (Key::AuthorityKeyId, _) => authority_key_id(value, profile, json),
        (Key::BasicConstraints, _) => basic_constraints(value, json),
        (Key::Policies, Profile::Certhia) => policies(value, json),
        (Key::Policies, Profile::Calidog) => calidog_policies(value, json),
        (Key::CrlPoints, _) => crl_points(value, json),
        (Key::Purposes, _) => purposes(value, profile, json),
        (Key::Usages, _) => usages(value, profile, json),
        (Key::SubjectAltName | Key::IssuerAltName, _) => alternative_names(value, profile, scratch, json),
        (Key::SubjectKeyId, _) => subject_key_id(value, profile, json),
        (Key::SctList, _) => {
            scts(value, json);
            Ok(())
        }
        (Key::Poison, _) => Ok(()),
    };
    json.raw("\"");
    // What was read before a fault stays.
    read.is_ok() || json.out.len() > begun + 1
}

/// What separates this part from the one before it; false when the string is as long as it may get.
fn separate(begun: usize, separator: &str, limit: usize, json: &mut Json) -> bool {
    let length = json.out.len() - begun;
    if length >= limit {
        json.cut += 1;
        return false;
    }
    if length > 0 {
        json.raw(separator);
    }
    true
}

fn authority_info(value: &Element<'_>, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut found = Vec::new();
    let read = access::authority_info(value, &mut found);
    for (_, uri) in &found {
        if !separate(begun, ", ", MAX_BYTES, json) {
            break;
        }
        json.raw("URI:");
        json.bounded_text(uri.as_bytes(), MAX_TEXT);
    }
    read
}

/// The last first; methods that it has no name for are left out.
fn calidog_authority_info(value: &Element<'_>, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut found = Vec::new();
    let read = access::authority_info(value, &mut found);
    for (method, uri) in found.iter().rev() {
        let name = match method.as_str() {
            "ocsp" => "OCSP",
            "ca_issuers" => "CA Issuers",
            _ => continue,
        };
        if !separate(begun, r"\n", MAX_BYTES, json) {
            break;
        }
        json.raw(name);
        json.raw(" - URI:");
        json.bounded_text(uri.as_bytes(), MAX_TEXT);
    }
    json.raw(r"\n");
    read
}

fn key_id(id: &[u8], profile: Profile, json: &mut Json) {
    if id.len() > MAX_KEY_ID {
        json.cut += 1;
    }
    let digits = if profile == Profile::Certhia { LOWER } else { UPPER };
    json.colons(&id[..id.len().min(MAX_KEY_ID)], digits);
}

fn authority_key_id(value: &Element<'_>, profile: Profile, json: &mut Json) -> Result<()> {
    let mut found = None;
    let read = constraints::authority_key_id(value, &mut found);
    let Some(id) = found else {
        return read.and(Err(Malformed::new("no key identifier", value.offset)));
    };
    json.raw("keyid:");
    key_id(id, profile, json);
    if profile == Profile::Calidog {
        json.raw(r"\n");
    }
    Ok(())
}

fn subject_key_id(value: &Element<'_>, profile: Profile, json: &mut Json) -> Result<()> {
    let id = value.reader().expect(der::OCTET_STRING, "a key identifier")?;
    if profile == Profile::Certhia {
        json.raw("keyid:");
    }
    key_id(id.body, profile, json);
    Ok(())
}

fn basic_constraints(value: &Element<'_>, json: &mut Json) -> Result<()> {
    let mut basic = constraints::Basic::default();
    let read = constraints::basic(value, &mut basic);
    if read.is_ok() || basic.ca {
        json.raw(if basic.ca { "CA:TRUE" } else { "CA:FALSE" });
    }
    read
}

fn usages(value: &Element<'_>, profile: Profile, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut bits = 0;
    constraints::usage(value, &mut bits)?;
    for (bit, word) in words::usages(profile).iter().enumerate() {
        if bits >> bit & 1 != 0 && separate(begun, ", ", MAX_BYTES, json) {
            json.raw(word);
        }
    }
    Ok(())
}

/// Purposes without a name are given by their identifiers.
fn purposes(value: &Element<'_>, profile: Profile, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut found = Vec::new();
    let read = constraints::purposes(value, &mut found);
    for oid in found {
        if !separate(begun, ", ", MAX_BYTES, json) {
            break;
        }
        match words::purpose(oid, profile) {
            Some(word) => json.raw(word),
            None => json.raw(&der::dotted(oid)),
        }
    }
    read
}

fn policies(value: &Element<'_>, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut found = Vec::new();
    let read = access::policies(value, &mut found);
    for (oid, _) in &found {
        if !separate(begun, "", MAX_BYTES, json) {
            break;
        }
        json.raw("Policy: ");
        json.raw(oid);
        json.raw(r"\n");
    }
    read
}

/// All of them in order; the original drops those in front of one with qualifiers.
fn calidog_policies(value: &Element<'_>, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut list = value.reader().expect(der::SEQUENCE, "certificatePolicies")?.reader();
    while let Some(item) = list.element()? {
        let mut fields = item.reader();
        let oid = fields.expect(der::OID, "a policy's identifier")?;
        if !separate(begun, r"\n", MAX_BYTES, json) {
            break;
        }
        json.raw("Policy: ");
        json.raw(&der::dotted(oid.body));
        let Some(qualifiers) = fields.element()? else {
            continue;
        };
        let mut qualifiers = qualifiers.reader();
        while let Some(qualifier) = qualifiers.element()? {
            if json.out.len() - begun < MAX_BYTES {
                push_qualifier(&qualifier, json)?;
            }
        }
    }
    Ok(())
}

fn push_qualifier(qualifier: &Element<'_>, json: &mut Json) -> Result<()> {
    let mut fields = qualifier.reader();
    let oid = fields.expect(der::OID, "a policy qualifier's identifier")?;
    let value = fields.take("a policy qualifier")?;
    let (label, shown) = match oid.body {
        oids::CPS => (r"\n  CPS: ", Some(value)),
        USER_NOTICE => (r"\n  User Notice: ", explicit_text(&value)),
        _ => return Ok(()),
    };
    if let Some(shown) = shown {
        json.raw(label);
        json.bounded_text(&text::directory_bytes(&shown), MAX_TEXT);
    }
    Ok(())
}

/// The last string of a UserNotice, behind a noticeRef if there is one.
fn explicit_text<'a>(notice: &Element<'a>) -> Option<Element<'a>> {
    let mut fields = notice.reader();
    let mut last = None;
    while let Ok(Some(field)) = fields.element() {
        last = Some(field).filter(|field| text::is_string(field.tag));
    }
    last
}

fn crl_points(value: &Element<'_>, json: &mut Json) -> Result<()> {
    let begun = json.out.len();
    let mut found = Vec::new();
    let read = access::crl_points(value, &mut found);
    for uri in &found {
        if !separate(begun, r"\n", MAX_BYTES, json) {
            break;
        }
        json.raw(r"Full Name:\n URI:");
        json.bounded_text(uri.as_bytes(), MAX_TEXT);
    }
    read
}

fn scts(value: &Element<'_>, json: &mut Json) {
    if value.body.len() > MAX_SCTS {
        json.cut += 1;
    }
    json.base64(&URL_SAFE, &value.body[..value.body.len().min(MAX_SCTS)]);
}

/// DNS names, mail addresses, IP addresses and URIs; the original has the last first.
fn alternative_names<'a>(
    value: &Element<'a>,
    profile: Profile,
    scratch: &mut Scratch<'a>,
    json: &mut Json,
) -> Result<()> {
    let list = value.reader().expect(der::SEQUENCE, "GeneralNames")?;
    let found = &mut scratch.names;
    found.clear();
    let walked = general_names::each(list.reader(), |name| {
        if found.len() == MAX_NAMES {
            return Err(Malformed::new(format!("at most {MAX_NAMES} names"), name.offset));
        }
        found.push(name);
        Ok(())
    });
    let begun = json.out.len();
    let mut visit = |name: &GeneralName<'_>| push_alternative(name, profile, begun, json);
    match profile {
        Profile::Certhia => found.iter().all(&mut visit),
        Profile::Calidog => found.iter().rev().all(&mut visit),
    };
    walked
}

/// Writes a name; false when there is no room for it.
#[inline]
fn push_alternative(name: &GeneralName<'_>, profile: Profile, begun: usize, json: &mut Json) -> bool {
    let bytes = name.bytes();
    let (ours, calidog) = match name.tag & !CONSTRUCTED {
        DNS_NAME => ("DNS:", "DNS:"),
        EMAIL => ("email:", "RFC 822Name:"),
        URI => ("URI:", "URI:"),
        IP_ADDRESS if names::ip_address(&bytes).is_some() => ("IP Address:", "IP:"),
        _ => return true,
    };
    if json.out.len() - begun + bytes.len() > MAX_NAMES_BYTES {
        json.cut += 1;
        return false;
    }
    let before = json.out.len();
    if before > begun {
        json.raw(", ");
    }
    json.raw(if profile == Profile::Certhia { ours } else { calidog });
    match names::ip_address(&bytes).filter(|_| ours == "IP Address:") {
        Some(address) => json.display(address),
        None => json.text(&bytes),
    }
    if json.out.len() - begun > MAX_NAMES_BYTES {
        json.out.truncate(before);
        json.cut += 1;
        return false;
    }
    true
}
