//! Distinguished names (RFC 5280 section 4.1.2.4) and their text (RFC 4514).

use std::ops::ControlFlow;

use crate::certificate::begins_with_oid;
use crate::der::{self, Element};
use crate::error::Result;
use crate::text;

/// Calls `visit` with the identifier's content and the value of each attribute of a Name.
#[inline]
fn each_attribute<'a>(
    name: Element<'a>,
    mut visit: impl FnMut(&'a [u8], Element<'a>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut sets = name.reader();
    while let Some(set) = sets.element()? {
        let mut attributes = set.reader();
        while let Some(attribute) = attributes.element()? {
            let mut fields = attribute.reader();
            let oid = fields.expect(der::OID, "an attribute's type")?;
            let value = fields.take("an attribute's value")?;
            if visit(oid.body, value)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Calls `visit` with each value of one type; attributes of other types are not looked into.
#[inline]
pub fn each_value<'a>(
    name: Element<'a>,
    wanted: &[u8],
    mut visit: impl FnMut(Element<'a>) -> Result<()>,
) -> Result<()> {
    let mut sets = name.reader();
    while let Some(set) = sets.element()? {
        let mut attributes = set.reader();
        while let Some(attribute) = attributes.element()? {
            if begins_with_oid(attribute.body, wanted) {
                let mut fields = attribute.reader();
                fields.element()?;
                visit(fields.take("an attribute's value")?)?;
            }
        }
    }
    Ok(())
}

/// First value of the attribute with this identifier, rendered.
pub fn attribute(name: Element<'_>, wanted: &[u8]) -> Option<String> {
    let mut found = None;
    let walked = each_attribute(name, |oid, value| {
        Ok(if oid == wanted {
            found = Some(text::render(&text::directory_bytes(&value)).into_owned());
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    });
    walked.ok();
    found
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
    let mut behind = Vec::new();
    while let Ok(Some(set)) = sets.element() {
        behind.push(set);
    }
    for set in behind.iter().rev() {
        push_relative(set, out);
        out.push(',');
    }
    push_relative(&first, out);
}

fn push_relative(set: &Element<'_>, out: &mut String) {
    let mut attributes = set.reader();
    let begun = out.len();
    while let Ok(Some(attribute)) = attributes.element() {
        let mut fields = attribute.reader();
        if let (Ok(oid), Ok(value)) = (fields.expect(der::OID, "type"), fields.take("value")) {
            if out.len() != begun {
                out.push('+');
            }
            text::push_attribute(oid.body, &value, out);
        }
    }
}
