//! Signed notes with a checkpoint body (C2SP signed-note, tlog-checkpoint, static-ct-api).

use crate::Hash;
use crate::error::{Malformed, Result};

const MAX_BYTES: usize = 1 << 20;
const MAX_SIGNATURES: usize = 64;
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub key_id: [u8; 4],
    pub bytes: Vec<u8>,
}

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    pub signatures: Vec<Signature>,
    /// How many of the first bytes are what was signed.
    pub signed: usize,
}

impl Note {
    /// Strict: any byte that the formats do not ask for is an error.
    pub fn parse(text: &[u8]) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(Malformed::new(format!("a note of at most {MAX_BYTES} bytes, not {}", text.len()), MAX_BYTES));
        }
        let text =
            std::str::from_utf8(text).map_err(|error| Malformed::new("a note is UTF-8 text", error.valid_up_to()))?;
        if let Some(at) = text.bytes().position(|byte| (byte < 0x20 && byte != b'\n') || byte == 0x7f) {
            return Err(Malformed::new("a note has no control characters", at));
        }
        let blank =
            text.find("\n\n").ok_or_else(|| Malformed::new("a blank line before the signatures", text.len()))?;
        let signed = blank + 1;
        let (origin, size, root) = body(&text[..signed])?;
        let signatures = signature_lines(&text[signed + 1..], signed + 1)?;
        Ok(Self { origin, size, root, signatures, signed })
    }
}

/// Origin, size, root: three lines and no more.
fn body(text: &str) -> Result<(String, u64, Hash)> {
    let mut lines = text.split_terminator('\n');
    let origin = lines.next().filter(|line| !line.is_empty());
    let origin = origin.ok_or_else(|| Malformed::new("the origin line", 0))?;
    let at = origin.len() + 1;
    let size_line = lines.next().ok_or_else(|| Malformed::new("the size line", at))?;
    let size = size(size_line).ok_or_else(|| Malformed::new("a size in decimal without leading zeros", at))?;
    let at = at + size_line.len() + 1;
    let root_line = lines.next().ok_or_else(|| Malformed::new("the root line", at))?;
    let root = base64(root_line)
        .and_then(|bytes| Hash::try_from(bytes).ok())
        .ok_or_else(|| Malformed::new("a root of 32 bytes in base64", at))?;
    if lines.next().is_some() {
        return Err(Malformed::new("no extension lines", at + root_line.len() + 1));
    }
    Ok((origin.to_owned(), size, root))
}

fn size(line: &str) -> Option<u64> {
    let plain = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let leading = line.len() > 1 && line.starts_with('0');
    if !plain || leading {
        return None;
    }
    line.parse().ok().filter(|&size: &u64| i64::try_from(size).is_ok())
}

fn signature_lines(text: &str, origin: usize) -> Result<Vec<Signature>> {
    if text.is_empty() {
        return Err(Malformed::new("at least one signature line", origin));
    }
    if !text.ends_with('\n') {
        return Err(Malformed::new("a newline at the end of the note", origin + text.len()));
    }
    let mut at = origin;
    let mut out = Vec::new();
    for line in text.split_terminator('\n') {
        if out.len() == MAX_SIGNATURES {
            return Err(Malformed::new(format!("at most {MAX_SIGNATURES} signatures"), at));
        }
        out.push(signature(line).ok_or_else(|| Malformed::new("a line of em dash, name and base64 signature", at))?);
        at += line.len() + 1;
    }
    Ok(out)
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    if name.is_empty() || name.contains('+') || name.contains(char::is_whitespace) {
        return None;
    }
    let bytes = base64(encoded)?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    (!signature.is_empty()).then(|| Signature { name: name.to_owned(), key_id: *key_id, bytes: signature.to_vec() })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    base64_simd::STANDARD.decode_to_vec(text).ok()
}
