//! Names out of bytes that are no certificate: whatever looks like a SAN extension or a common name is read as far as it
//! goes.

use std::borrow::Cow;

use memchr::memmem;

use crate::certificate::{MAX_NAMES, Name, Place};
use crate::general_names::CONSTRUCTED;
use crate::text;

/// id-ce-subjectAltName and id-at-commonName as they stand in DER.
const SUBJECT_ALT_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];

/// Calls `visit` for each name that can still be found. Places may overlap; the work is bounded all the same.
pub fn each_name<'a>(bytes: &'a [u8], mut visit: impl FnMut(Name<'a>)) {
    let mut names = MAX_NAMES;
    let mut work = bytes.len().saturating_mul(8).saturating_add(1 << 16);
    for at in memmem::find_iter(bytes, SUBJECT_ALT_NAME) {
        let mut one = |tag: u8, body: Cow<'a, [u8]>| {
            if names == 0 || work < body.len() {
                return false;
            }
            names -= 1;
            work -= body.len();
            let body = if tag & CONSTRUCTED == 0 { body } else { Cow::Owned(text::joined(&body)) };
            match tag & !CONSTRUCTED {
                0x82 => visit(Name { place: Place::San, bytes: body }),
                0x87 => visit(Name { place: Place::Ip, bytes: body }),
                _ => {}
            }
            true
        };
        let whole = match value_of_extension(&bytes[at + SUBJECT_ALT_NAME.len()..]) {
            Some((0x04, value)) => each_in(value, |tag, body| one(tag, Cow::Borrowed(body))),
            // In pieces, which are put together. Each stands in the work's bounds as often as it is read.
            Some((0x24, value)) => {
                one(0, Cow::Borrowed(value)) && {
                    let value = text::joined(value);
                    each_in(&value, |tag, body| one(tag, Cow::Owned(body.to_vec())))
                }
            }
            _ => true,
        };
        if !whole {
            return;
        }
    }
    for at in memmem::find_iter(bytes, COMMON_NAME) {
        let Some((tag, body, _)) = element(&bytes[at + COMMON_NAME.len()..]) else {
            return;
        };
        if names == 0 || work < body.len() {
            return;
        }
        names -= 1;
        work -= body.len();
        visit(Name { place: Place::CommonName, bytes: text::directory(tag, body) });
    }
}

/// Tag and content of what follows the identifier and a BOOLEAN: the OCTET STRING.
fn value_of_extension(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, body, behind) = element(bytes)?;
    if tag == 0x01 { element(behind).map(|(tag, body, _)| (tag, body)) } else { Some((tag, body)) }
}

/// Calls `visit` for each element of the SEQUENCE in `value`, as far as it is there; false when `visit` says so.
fn each_in<'a>(value: &'a [u8], mut visit: impl FnMut(u8, &'a [u8]) -> bool) -> bool {
    let Some((0x30, mut rest, _)) = element(value) else {
        return true;
    };
    while let Some((tag, body, behind)) = element(rest) {
        if !visit(tag, body) {
            return false;
        }
        rest = behind;
    }
    true
}

/// (tag, content, what follows); a content that is cut off ends with the bytes.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f).min(8))?;
        let length = digits.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
        (length, rest)
    };
    let (body, behind) = rest.split_at(length.min(rest.len()));
    Some((*tag, body, behind))
}
