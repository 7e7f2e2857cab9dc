//! ServerKeyExchange: the group of the key and the scheme of its signature (RFC 5246 section 7.4.3, RFC 8422 section
//! 5.4). Which form it has follows from the suite.

use super::TLS_1_2;
use crate::error::Result;
use crate::leaf::Cursor;

/// What could be read of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The named curve.
    pub group: Option<u16>,
    /// Bits of the Diffie-Hellman prime.
    pub prime_bits: Option<u32>,
    /// SignatureScheme; only TLS 1.2 tells.
    pub scheme: Option<u16>,
}

/// A group's parameters as the suite has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Curve,
    Prime,
    None,
}

/// Reads the message's body from `start` to `end` in `data`, as far as it makes sense.
pub fn read(data: &[u8], start: usize, end: usize, version: u16, suite: &str) -> Exchange {
    let mut out = Exchange::default();
    let cursor = Cursor { data: &data[..end], position: start };
    if parse(cursor, version, suite, &mut out).is_err() {
        out.scheme = None;
    }
    out
}

fn parse(mut cursor: Cursor<'_>, version: u16, suite: &str, out: &mut Exchange) -> Result<()> {
    let key = suite.split_once("_WITH_").map_or(suite, |(key, _)| key);
    let is_shared = key.contains("PSK");
    if is_shared {
        cursor.vector(2, "the hint")?;
    }
    match form(key) {
        Form::Curve => {
            let named = cursor.number(1, "the curve's form")? == 3;
            if !named {
                return Ok(());
            }
            out.group = Some(cursor.number(2, "the curve")? as u16);
            cursor.vector(1, "the point")?;
        }
        Form::Prime => {
            let prime = cursor.vector(2, "the prime")?;
            out.prime_bits = Some(bits(prime.of(cursor.data)));
            cursor.vector(2, "the generator")?;
            cursor.vector(2, "the public value")?;
        }
        Form::None => return Ok(()),
    }
    let is_signed = !key.contains("_anon") && !is_shared;
    if is_signed && version == TLS_1_2 {
        let scheme = cursor.number(2, "the signature scheme")? as u16;
        cursor.vector(2, "the signature")?;
        out.scheme = Some(scheme);
    }
    Ok(())
}

fn form(key: &str) -> Form {
    if key.starts_with("TLS_ECDHE_") || key.starts_with("TLS_ECDH_anon") {
        Form::Curve
    } else if key.starts_with("TLS_DHE_") || key.starts_with("TLS_DH_anon") || key == "TLS_PSK_DHE" {
        Form::Prime
    } else {
        Form::None
    }
}

fn bits(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    let rest = &number[zeros..];
    rest.first().map_or(0, |first| 8 * rest.len() as u32 - first.leading_zeros())
}
