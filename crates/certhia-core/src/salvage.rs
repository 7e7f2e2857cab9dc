//! Names out of bytes that are no certificate: whatever looks like a SAN extension or a common name is read as far as it
//! goes.

use std::borrow::Cow;

use memchr::memmem;

use crate::certificate::{MAX_NAMES, Name, Place};

/// id-ce-subjectAltName and id-at-commonName as they stand in DER.
const SUBJECT_ALT_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];

/// Calls `visit` for each name that can still be found. Places may overlap; the work is bounded all the same.
pub fn each_name<'a>(bytes: &'a [u8], mut visit: impl FnMut(Name<'a>)) {
    let mut names = MAX_NAMES;
    let mut work = bytes.len().saturating_mul(8).saturating_add(1 << 16);
    for at in memmem::find_iter(bytes, SUBJECT_ALT_NAME) {
        let mut rest = names_of_extension(&bytes[at + SUBJECT_ALT_NAME.len()..]);
        while let Some((tag, body, behind)) = element(rest) {
            let place = match tag {
                0x82 => Some(Place::San),
                0x87 => Some(Place::Ip),
                _ => None,
            };
            if names == 0 || work < body.len() {
                return;
            }
            names -= 1;
            work -= body.len();
            if let Some(place) = place {
                visit(Name { place, bytes: Cow::Borrowed(body) });
            }
            rest = behind;
        }
    }
    for at in memmem::find_iter(bytes, COMMON_NAME) {
        let Some((_, body, _)) = element(&bytes[at + COMMON_NAME.len()..]) else {
            return;
        };
        if names == 0 || work < body.len() {
            return;
        }
        names -= 1;
        work -= body.len();
        visit(Name { place: Place::CommonName, bytes: Cow::Borrowed(body) });
    }
}

/// What stands inside `[BOOLEAN] OCTET STRING { SEQUENCE { … } }`, as far as these are there.
fn names_of_extension(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    if let Some((0x01, _, behind)) = element(rest) {
        rest = behind;
    }
    for tag in [0x04, 0x30] {
        match element(rest) {
            Some((found, body, _)) if found == tag => rest = body,
            _ => return &[],
        }
    }
    rest
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
