//! The objects `subject` and `issuer`.

use std::ops::ControlFlow;

use crate::certstream::form::Profile;
use crate::certstream::json::Json;
use crate::der::Element;
use crate::{distinguished, oids, text};

/// Of a longer value this much is given: eight times what X.520 allows for a common name.
const MAX_VALUE: usize = 512;

/// The keys in order, and how they stand in `aggregated`.
const KEYS: [(&str, &str); 6] = [
    (r#"{"C":"#, "/C="),
    (r#","CN":"#, "/CN="),
    (r#","L":"#, "/L="),
    (r#","O":"#, "/O="),
    (r#","OU":"#, "/OU="),
    (r#","ST":"#, "/ST="),
];
const EMAIL: usize = KEYS.len();

/// Tag and content.
type Value<'a> = (u8, &'a [u8]);

/// Writes the object of a Name; of an attribute that comes again the last, as the others do.
pub fn name(name: Element<'_>, profile: Profile, json: &mut Json) {
    let mut found: [Option<Value<'_>>; KEYS.len() + 1] = [None; KEYS.len() + 1];
    distinguished::each_attribute(name, |oid, value| {
        if let Some(key) = key(oid) {
            found[key] = Some((value.tag, value.body));
        }
        ControlFlow::Continue(())
    });
    let mut written = [(0, 0); KEYS.len()];
    for (((key, _), value), written) in KEYS.iter().zip(&found).zip(&mut written) {
        json.raw(key);
        *written = push(*value, json);
    }
    json.raw(r#","aggregated":""#);
    let begun = json.out.len();
    for ((_, key), &(start, end)) in KEYS.iter().zip(&written).filter(|(_, (start, end))| start != end) {
        json.raw(key);
        // Without the quotes.
        json.out.extend_from_within(start + 1..end - 1);
    }
    let email = found[EMAIL];
    match profile {
        Profile::Certhia => {
            json.raw(r#"","email_address":"#);
            push(email, json);
        }
        Profile::Calidog => {
            if let Some((tag, body)) = email {
                json.raw("/emailAddress=");
                json.bounded_text(&text::directory(tag, body), MAX_VALUE);
            }
            if json.out.len() == begun {
                json.raw("/");
            }
            json.raw(r#"","emailAddress":"#);
            push(email, json);
        }
    }
    json.raw("}");
}

/// The object where there is no name.
pub fn none(profile: Profile, json: &mut Json) {
    json.raw(r#"{"C":null,"CN":null,"L":null,"O":null,"OU":null,"ST":null,"aggregated":null,"#);
    json.raw(match profile {
        Profile::Certhia => r#""email_address":null}"#,
        Profile::Calidog => r#""emailAddress":null}"#,
    });
}

/// Writes a value and gives where, quotes included; nowhere for null.
#[inline]
fn push(value: Option<Value<'_>>, json: &mut Json) -> (usize, usize) {
    let Some((tag, body)) = value else {
        json.raw("null");
        return (0, 0);
    };
    let start = json.out.len();
    json.raw("\"");
    json.bounded_text(&text::directory(tag, body), MAX_VALUE);
    json.raw("\"");
    (start, json.out.len())
}

/// The place of an attribute type's key.
#[inline]
fn key(oid: &[u8]) -> Option<usize> {
    match oid {
        [0x55, 0x04, 6] => Some(0),
        [0x55, 0x04, 3] => Some(1),
        [0x55, 0x04, 7] => Some(2),
        [0x55, 0x04, 10] => Some(3),
        [0x55, 0x04, 11] => Some(4),
        [0x55, 0x04, 8] => Some(5),
        oids::EMAIL_ADDRESS => Some(EMAIL),
        _ => None,
    }
}
