//! The objects of certificates: `leaf_cert`, and those in `chain`.

use base64_simd::STANDARD;
use sha1::{Digest, Sha1};

use crate::batch::memo::Memo;
use crate::certificate::Certificate;
use crate::certstream::extensions::{Found, Made};
use crate::certstream::form::{Form, Profile};
use crate::certstream::json::{Json, UPPER};
use crate::certstream::names::Names;
use crate::certstream::{digests, domains, subject, words};
use crate::der::Element;
use crate::error::Malformed;

/// Larger certificates are hashed, but not given.
const MAX_DER: usize = 144 << 10;
/// RFC 5280 section 4.1.2.2 allows 20 bytes.
const MAX_SERIAL: usize = 64;
/// 9999-12-31T23:59:59Z: no well-defined expiration (RFC 5280 section 4.1.2.5).
const NEVER: i64 = 253_402_300_799;
/// What is remembered of issuers.
const MAX_MADE: usize = 4 << 20;

/// What is written of a certificate besides its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Leaf { precert: bool },
    Chain,
}

/// Writes one certificate after the other.
pub struct Writer<'a, 'f> {
    form: &'f Form,
    /// Whether with `as_der`.
    full: bool,
    pub names: Names<'a>,
    extensions: Made<'a>,
    issuers: Memo<'a, (u32, u32, u32)>,
    made: Json,
    serial: String,
}

impl<'a, 'f> Writer<'a, 'f> {
    pub fn new(form: &'f Form, full: bool) -> Self {
        Self {
            form,
            full,
            names: Names::default(),
            extensions: Made::default(),
            issuers: Memo::default(),
            made: Json::default(),
            serial: String::new(),
        }
    }

    /// Writes the object, and gives what is wrong with the certificate. `der`: its bytes, or those of the precertificate
    /// as submitted; none where they are not known. `otherwise`: where names can still be found when it is none.
    pub fn write(
        &mut self,
        read: Result<&Certificate<'a>, Malformed>,
        role: Role,
        der: &[u8],
        otherwise: &[u8],
        json: &mut Json,
    ) -> Result<(), Malformed> {
        let profile = self.form.profile;
        match read {
            Ok(certificate) => {
                let walked = self.names.read(certificate, profile);
                match profile {
                    Profile::Certhia => self.certhia(certificate, role, der, json),
                    Profile::Calidog => self.calidog(certificate, role, der, json),
                }
                walked
            }
            Err(fault) => {
                self.names.read_bytes(otherwise);
                match profile {
                    Profile::Certhia => self.certhia_none(role, der, json),
                    Profile::Calidog => self.calidog_none(role, der, json),
                }
                Err(fault)
            }
        }
    }

    fn certhia(&mut self, certificate: &Certificate<'a>, role: Role, der: &[u8], json: &mut Json) {
        json.raw(r#"{"subject":"#);
        subject::name(certificate.subject, Profile::Certhia, json);
        json.raw(r#","issuer":"#);
        self.issuer(certificate.issuer, json);
        json.raw(r#","serial_number":"#);
        self.serial(certificate, json);
        let (not_before, not_after) = certificate.validity();
        json.raw(r#","not_before":"#);
        seconds(not_before, json);
        json.raw(r#","not_after":"#);
        seconds(not_after, json);
        push_digests(der, json);
        json.raw(r#","signature_algorithm":"#);
        signature(certificate, Profile::Certhia, json);
        let found = Found::of(certificate, Profile::Certhia);
        json.raw(r#","is_ca":"#);
        json.boolean(found.is_ca());
        self.certhia_names(role, json);
        self.der(der, json);
        json.raw(r#","extensions":"#);
        self.extensions.write(&found, role == Role::Leaf { precert: true }, Profile::Certhia, json);
        json.raw("}");
    }

    fn certhia_none(&mut self, role: Role, der: &[u8], json: &mut Json) {
        json.raw(r#"{"subject":"#);
        subject::none(Profile::Certhia, json);
        json.raw(r#","issuer":"#);
        subject::none(Profile::Certhia, json);
        json.raw(r#","serial_number":null,"not_before":null,"not_after":null"#);
        push_digests(der, json);
        json.raw(r#","signature_algorithm":null,"is_ca":null"#);
        self.certhia_names(role, json);
        self.der(der, json);
        json.raw(match role {
            Role::Leaf { precert: true } => r#","extensions":{"ctlPoisonByte":true}}"#,
            _ => r#","extensions":{}}"#,
        });
    }

    fn certhia_names(&mut self, role: Role, json: &mut Json) {
        json.cut += self.names.left_out();
        json.raw(r#","all_domains":"#);
        self.names.write(Profile::Certhia, json);
        if role != Role::Chain {
            json.raw(r#","registrable_domains":"#);
            domains::write(&self.names, &self.form.suffixes, json);
        }
    }

    fn calidog(&mut self, certificate: &Certificate<'a>, role: Role, der: &[u8], json: &mut Json) {
        self.calidog_names(role, json);
        self.der(der, json);
        json.raw(if self.full || role != Role::Chain { r#","extensions":"# } else { r#""extensions":"# });
        self.extensions.write(
            &Found::of(certificate, Profile::Calidog),
            role == Role::Leaf { precert: true },
            Profile::Calidog,
            json,
        );
        json.raw(r#","fingerprint":"#);
        fingerprint(der, json);
        json.raw(r#","issuer":"#);
        self.issuer(certificate.issuer, json);
        let (not_before, not_after) = certificate.validity();
        json.raw(r#","not_after":"#);
        expiry(not_after, json);
        json.raw(r#","not_before":"#);
        expiry(not_before, json);
        json.raw(r#","serial_number":"#);
        self.calidog_serial(certificate, json);
        json.raw(r#","signature_algorithm":"#);
        signature(certificate, Profile::Calidog, json);
        json.raw(r#","subject":"#);
        subject::name(certificate.subject, Profile::Calidog, json);
        json.raw("}");
    }

    fn calidog_none(&mut self, role: Role, der: &[u8], json: &mut Json) {
        self.calidog_names(role, json);
        self.der(der, json);
        json.raw(match role {
            Role::Leaf { precert: true } => r#","extensions":{"ctlPoisonByte":true},"fingerprint":"#,
            _ => r#","extensions":{},"fingerprint":"#,
        });
        fingerprint(der, json);
        json.raw(r#","issuer":"#);
        subject::none(Profile::Calidog, json);
        json.raw(r#","not_after":null,"not_before":null,"serial_number":null,"signature_algorithm":null,"subject":"#);
        subject::none(Profile::Calidog, json);
        json.raw("}");
    }

    fn calidog_names(&mut self, role: Role, json: &mut Json) {
        json.raw("{");
        if role != Role::Chain {
            json.raw(r#""all_domains":"#);
            self.names.write(Profile::Calidog, json);
        }
    }

    /// The object `issuer`: most entries have one of few.
    fn issuer(&mut self, issuer: Element<'a>, json: &mut Json) {
        let (made, profile) = (&mut self.made, self.form.profile);
        if made.out.len() > MAX_MADE {
            return subject::name(issuer, profile, json);
        }
        let known = self.issuers.get(issuer.whole, || {
            let start = made.out.len();
            made.cut = 0;
            subject::name(issuer, profile, made);
            Ok::<_, ()>((start as u32, made.out.len() as u32, made.cut as u32))
        });
        let (start, end, cut) = known.unwrap_or_default();
        json.out.extend_from_slice(&self.made.out[start as usize..end as usize]);
        json.cut += u64::from(cut);
    }

    /// Upper-case hexadecimal of the magnitude, even length.
    fn serial(&mut self, certificate: &Certificate<'_>, json: &mut Json) {
        self.serial.clear();
        let body = certificate.serial.body;
        if body.len() > MAX_SERIAL {
            json.cut += 1;
            json.raw("\"");
            body[..MAX_SERIAL].iter().for_each(|byte| json.display(format_args!("{byte:02X}")));
            return json.raw("\"");
        }
        certificate.push_serial(&mut self.serial);
        json.raw("\"");
        json.raw(&self.serial);
        json.raw("\"");
    }

    /// As a number is written: no zeros in front, a sign.
    fn calidog_serial(&mut self, certificate: &Certificate<'_>, json: &mut Json) {
        let body = certificate.serial.body;
        if body.len() > MAX_SERIAL {
            return self.serial(certificate, json);
        }
        self.serial.clear();
        certificate.push_serial(&mut self.serial);
        let digits = self.serial.trim_start_matches('0');
        let negative = body.first().is_some_and(|first| first & 0x80 != 0);
        json.raw(if negative { "\"-" } else { "\"" });
        json.raw(if digits.is_empty() { "0" } else { digits });
        json.raw("\"");
    }

    /// `as_der` where it is wanted; null where the bytes are not known, or too many.
    fn der(&self, der: &[u8], json: &mut Json) {
        if !self.full {
            return;
        }
        json.raw(if json.out.last() == Some(&b'{') { r#""as_der":"# } else { r#","as_der":"# });
        if der.is_empty() || der.len() > MAX_DER {
            json.cut += u64::from(!der.is_empty());
            return json.raw("null");
        }
        json.raw("\"");
        json.base64(&STANDARD, der);
        json.raw("\"");
    }
}

fn seconds(time: Option<i64>, json: &mut Json) {
    match time {
        Some(time) => json.signed(time),
        None => json.raw("null"),
    }
}

fn expiry(time: Option<i64>, json: &mut Json) {
    if time == Some(NEVER) { json.raw(r#""no_expiration""#) } else { seconds(time, json) }
}

/// `fingerprint`, `sha1` and `sha256`.
fn push_digests(der: &[u8], json: &mut Json) {
    if der.is_empty() {
        return json.raw(r#","fingerprint":null,"sha1":null,"sha256":null"#);
    }
    let (sha1, sha256) = digests::both(der);
    json.raw(r#","fingerprint":""#);
    let start = json.out.len();
    json.colons(&sha1, UPPER);
    let end = json.out.len();
    json.raw(r#"","sha1":""#);
    json.out.extend_from_within(start..end);
    json.raw(r#"","sha256":""#);
    json.colons(&sha256, UPPER);
    json.raw("\"");
}

fn fingerprint(der: &[u8], json: &mut Json) {
    if der.is_empty() {
        return json.raw("null");
    }
    json.raw("\"");
    json.colons(&Sha1::digest(der), UPPER);
    json.raw("\"");
}

fn signature(certificate: &Certificate<'_>, profile: Profile, json: &mut Json) {
    json.raw("\"");
    words::signature(certificate, profile, |one, other| {
        json.raw(one);
        if !other.is_empty() {
            json.raw(", ");
            json.raw(other);
        }
    });
    json.raw("\"");
}
