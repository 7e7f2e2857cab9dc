//! Distinguished names (RFC 5280 section 4.1.2.4) and their text (RFC 4514).

use std::ops::ControlFlow;

use crate::certificate::begins_with_oid;
use crate::der::{self, Element};
use crate::error::{First, Result};
use crate::text;

/// More attributes of one name than this are not given as text.
pub const MAX_ATTRIBUTES: usize = 10_000;

/// Calls `visit` with the identifier's content and the value of each attribute of a Name. One that can't be read is left
/// out.
#[inline]
pub(crate) fn each_attribute<'a>(name: Element<'a>, mut visit: impl FnMut(&'a [u8], Element<'a>) -> ControlFlow<()>) {
    let mut sets = name.reader();
    while let Ok(Some(set)) = sets.element() {
        let mut attributes = set.reader();
        while let Ok(Some(attribute)) = attributes.element() {
            if let Some((oid, value)) = parts(&attribute)
                && visit(oid, value).is_break()
            {
                return;
            }
        }
    }
}

/// The identifier's content and the value.
fn parts<'a>(attribute: &Element<'a>) -> Option<(&'a [u8], Element<'a>)> {
    let mut fields = attribute.reader();
    let oid = fields.expect(der::OID, "an attribute's type").ok()?;
    Some((oid.body, fields.take("an attribute's value").ok()?))
}

/// Calls `visit` with each value of one type; attributes of other types are not looked into.
#[inline]
pub fn each_value<'a>(
    name: Element<'a>,
    wanted: &[u8],
    mut visit: impl FnMut(Element<'a>) -> Result<()>,
) -> Result<()> {
    let mut faults = First::default();
    let mut sets = name.reader();
    while let Some(Some(set)) = faults.note(sets.element()) {
        let mut attributes = set.reader();
        while let Some(Some(attribute)) = faults.note(attributes.element()) {
            if begins_with_oid(attribute.body, wanted) {
                let mut fields = attribute.reader();
                fields.element()?;
                if let Some(value) = faults.note(fields.take("an attribute's value")) {
                    visit(value)?;
                }
            }
        }
    }
    faults.end()
}

fn rendered(value: &Element<'_>) -> String {
    text::render(&text::directory_bytes(value)).into_owned()
}

/// First value of the attribute with this identifier, rendered.
pub fn attribute(name: Element<'_>, wanted: &[u8]) -> Option<String> {
    let mut found = None;
    each_attribute(name, |oid, value| {
        if oid != wanted {
            return ControlFlow::Continue(());
        }
        found = Some(rendered(&value));
        ControlFlow::Break(())
    });
    found
}

/// (identifier's content, value) of each attribute, rendered, in the order in which they stand.
pub fn attributes(name: Element<'_>) -> Vec<(&[u8], String)> {
    let mut out = Vec::new();
    each_attribute(name, |oid, value| {
        if out.len() == MAX_ATTRIBUTES {
            return ControlFlow::Break(());
        }
        out.push((oid, rendered(&value)));
        ControlFlow::Continue(())
    });
    out
}

/// RFC 4514 section 2.1: relative names last to first, joined by commas; attributes of one by plus signs.
pub fn distinguished_name(name: Element<'_>) -> String {
    let mut out = String::new();
    push_name(name, &mut out);
    out
}

/// Appends what `distinguished_name` gives.
pub fn push_name(name: Element<'_>, out: &mut String) {
    let mut sets = name.reader();
    let Ok(Some(first)) = sets.element() else {
        return;
    };
    let mut left = MAX_ATTRIBUTES;
    let mut behind = Vec::new();
    while let Ok(Some(set)) = sets.element()
        && behind.len() < MAX_ATTRIBUTES
    {
        behind.push(set);
    }
    for set in behind.iter().rev() {
        push_relative(set, &mut left, out);
        out.push(',');
    }
    push_relative(&first, &mut left, out);
}

fn push_relative(set: &Element<'_>, left: &mut usize, out: &mut String) {
    let mut attributes = set.reader();
    let begun = out.len();
    while let Ok(Some(attribute)) = attributes.element() {
        if let Some((oid, value)) = parts(&attribute).filter(|_| *left > 0) {
            *left -= 1;
            if out.len() != begun {
                out.push('+');
            }
            text::push_attribute(oid, &value, out);
        }
    }
}
