//! The subject's public key: kind, size, curve (RFC 3279, RFC 5480, RFC 8410).

use crate::certificate::Certificate;
use crate::der::{self, Element};
use crate::error::Result;
use crate::oids;

/// What is told of a public key. Empty or 0 where it can't be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// "rsa", "ec", "ed25519"…, or the dotted identifier.
    pub algorithm: String,
    /// Bits of the modulus, or of the curve's field; 0 where that is not known.
    pub bits: usize,
    /// "P-256"…, or the dotted identifier; "explicit" for one whose parameters are written out; "" for other kinds than
    /// "ec", "ecdh" and "ecmqv".
    pub curve: String,
}

impl<'a> Certificate<'a> {
    /// SubjectPublicKeyInfo as it stands.
    pub fn spki(&self) -> &'a [u8] {
        self.key.whole
    }

    /// The key's AlgorithmIdentifier as it stands: all that `key` tells comes out of it, but for the bits of RSA keys.
    pub(crate) fn key_identifier(&self) -> Option<&'a [u8]> {
        self.key.reader().element().ok().flatten().map(|identifier| identifier.whole)
    }

    /// Bits of an RSA key's modulus; 0 where it can't be read.
    pub(crate) fn modulus_bits(&self) -> usize {
        let mut fields = self.key.reader();
        let bits = fields.element().and_then(|_| modulus(&fields.expect(der::BIT_STRING, "a public key")?));
        bits.unwrap_or(0)
    }

    pub fn key(&self) -> Key {
        let mut key = Key::default();
        // What was read before a fault stays.
        read(&self.key, &mut key).ok();
        key
    }
}

fn read(info: &Element<'_>, key: &mut Key) -> Result<()> {
    let mut fields = info.reader();
    let mut algorithm = fields.expect(der::SEQUENCE, "a key's algorithm")?.reader();
    let oid = der::dotted(algorithm.expect(der::OID, "a key's algorithm")?.body);
    key.algorithm = oids::key(&oid).map_or_else(|| oid.clone(), str::to_owned);
    match key.algorithm.as_str() {
        rsa if is_rsa(rsa) => key.bits = modulus(&fields.expect(der::BIT_STRING, "a public key")?)?,
        // Their parameters begin with the modulus.
        "dsa" | "dh" => {
            let parameters = algorithm.expect(der::SEQUENCE, "the key's parameters")?;
            key.bits = bits(&parameters.reader().expect(der::INTEGER, "the key's modulus")?);
        }
        "ec" | "ecdh" | "ecmqv" => curve(&algorithm.take("the key's curve")?, key)?,
        "x25519" | "ed25519" => key.bits = 255,
        "x448" | "ed448" => key.bits = 448,
        _ => {}
    }
    Ok(())
}

/// Whether `Key::bits` are those of an RSA modulus.
pub(crate) fn is_rsa(algorithm: &str) -> bool {
    matches!(algorithm, "rsa" | "rsassa-pss" | "rsaes-oaep")
}

/// Bits of the modulus of an RSAPublicKey in a BIT STRING.
fn modulus(key: &Element<'_>) -> Result<usize> {
    let mut content = key.reader();
    // The number of unused bits, which is 0.
    content.skip(1);
    let sequence = content.expect(der::SEQUENCE, "an RSAPublicKey")?;
    Ok(bits(&sequence.reader().expect(der::INTEGER, "a modulus")?))
}

/// Bits of a number that is not negative, whatever its first bit says.
fn bits(integer: &Element<'_>) -> usize {
    let zeros = integer.body.iter().take_while(|&&byte| byte == 0).count();
    let digits = &integer.body[zeros..];
    digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

/// EcpkParameters: a name, or ECParameters written out (X9.62).
fn curve(parameters: &Element<'_>, key: &mut Key) -> Result<()> {
    if parameters.tag == der::OID {
        let oid = der::dotted(parameters.body);
        let known = oids::curve(&oid);
        key.bits = known.map_or(0, |(_, bits)| bits);
        key.curve = known.map_or(oid, |(name, _)| name.to_owned());
        return Ok(());
    }
    if parameters.tag != der::SEQUENCE {
        return Ok(());
    }
    "explicit".clone_into(&mut key.curve);
    let mut fields = parameters.reader();
    fields.optional(der::INTEGER)?;
    let mut field = fields.expect(der::SEQUENCE, "a FieldID")?.reader();
    let kind = field.expect(der::OID, "a field's type")?;
    let value = field.take("a field's parameters")?;
    match der::dotted(kind.body).as_str() {
        "1.2.840.10045.1.1" => key.bits = bits(&value),
        // characteristic-two-field: its first number is the degree.
        "1.2.840.10045.1.2" => {
            let degree = value.reader().expect(der::INTEGER, "a field's degree")?;
            key.bits = match degree.body {
                [low] => usize::from(*low),
                [high, low] => usize::from(u16::from_be_bytes([*high, *low])),
                _ => 0,
            };
        }
        _ => {}
    }
    Ok(())
}
