//! Writes structures of TLS: numbers of two bytes, vectors, extensions.

use crate::error::{Malformed, Result};

pub fn number(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_be_bytes());
}

/// A vector of numbers.
pub fn numbers(out: &mut Vec<u8>, list: &[u16]) -> Result<()> {
    vector(out, |out| {
        list.iter().for_each(|&one| number(out, one));
        Ok(())
    })
}

/// What `body` writes, with two bytes of length in front.
pub fn vector(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let start = out.len();
    out.extend([0, 0]);
    body(out)?;
    let length = out.len() - start - 2;
    let length = u16::try_from(length)
        .map_err(|_| Malformed::new(format!("a list of at most 65535 bytes in a hello, not {length}"), 0))?;
    out[start..start + 2].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// An extension with what `body` writes.
pub fn extension(out: &mut Vec<u8>, kind: u16, body: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    number(out, kind);
    vector(out, body)
}

/// An extension whose content is known.
pub fn fixed(out: &mut Vec<u8>, kind: u16, body: &[u8]) -> Result<()> {
    extension(out, kind, |out| {
        out.extend_from_slice(body);
        Ok(())
    })
}
