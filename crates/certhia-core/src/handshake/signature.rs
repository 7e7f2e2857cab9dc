//! The handshake's own signature: whether who spoke holds the key of the certificate it showed.

use rustls::DigitallySignedStruct;
use rustls::crypto::WebPkiSupportedAlgorithms;

use crate::certificate::Certificate;
use crate::der::{self, Element};

/// RSA keys of other sizes are not checked here.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signature {
    Good,
    Bad,
    /// The handshake did not get there, or the key or the algorithm is one that isn't known here.
    #[default]
    Unchecked,
}

impl Signature {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unchecked => "unchecked",
        }
    }
}

/// The key is read by our own tolerant reader: webpki refuses certificates for much that does not matter to this.
pub fn judge(
    algorithms: &WebPkiSupportedAlgorithms,
    message: &[u8],
    certificate: &[u8],
    signed: &DigitallySignedStruct,
) -> Signature {
    let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let (Some((_, algorithms)), Ok(certificate)) = (known, Certificate::parse(certificate)) else {
        return Signature::Unchecked;
    };
    let Some((identifier, key)) = parts(&certificate.key) else {
        return Signature::Unchecked;
    };
    let bits = certificate.modulus_bits();
    if bits != 0 && !RSA_BITS.contains(&bits) {
        return Signature::Unchecked;
    }
    let fitting = algorithms.iter().find(|algorithm| *algorithm.public_key_alg_id() == *identifier.body);
    fitting.map_or(Signature::Unchecked, |algorithm| {
        let checked = algorithm.verify_signature(key, message, signed.signature());
        if checked.is_ok() { Signature::Good } else { Signature::Bad }
    })
}

/// The algorithm and the key's bits of a SubjectPublicKeyInfo (RFC 5280 section 4.1).
fn parts<'a>(info: &Element<'a>) -> Option<(Element<'a>, &'a [u8])> {
    let mut fields = info.reader();
    let identifier = fields.expect(der::SEQUENCE, "a key's algorithm").ok()?;
    let key = fields.expect(der::BIT_STRING, "a public key").ok()?;
    // The first byte counts unused bits: there are none.
    Some((identifier, key.body.get(1..)?))
}
