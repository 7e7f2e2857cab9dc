//! The names of a certificate: its SANs, and the common names of its subject.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use crate::certificate::{COMMON_NAME, Certificate, MAX_NAMES, Name, Place, begins_with_oid};
use crate::der::{self, Element};
use crate::error::{First, Malformed, Result};
use crate::extensions::{EXTENSIONS, extension};
use crate::general_names::{self, CONSTRUCTED, DNS_NAME, GeneralName, IP_ADDRESS};
use crate::oids::SUBJECT_ALT_NAME;
use crate::{distinguished, names, salvage, text};

/// More common names than this are looked for in a set of the names given before, so that the work stays linear.
pub(crate) const FEW: usize = 16;

impl<'a> Certificate<'a> {
    /// Calls `visit` for each name: SANs as they come, then each common name. What is wrong is told in the end; all names
    /// that can be reached have been visited.
    #[inline]
    pub fn each_name(&self, mut visit: impl FnMut(Name<'a>)) -> Result<()> {
        let mut left = MAX_NAMES;
        let mut visit = |name, offset| {
            if left == 0 {
                return Err(Malformed::new(format!("at most {MAX_NAMES} names"), offset));
            }
            left -= 1;
            visit(name);
            Ok(())
        };
        let fault = self.each_alternative_name(|name| match name.tag & !CONSTRUCTED {
            DNS_NAME => visit(Name { place: Place::San, bytes: name.bytes() }, name.offset),
            IP_ADDRESS => visit(Name { place: Place::Ip, bytes: name.bytes() }, name.offset),
            _ => Ok(()),
        });
        let subject = distinguished::each_value(self.subject, COMMON_NAME, |value| {
            visit(Name { place: Place::CommonName, bytes: text::directory_bytes(&value) }, value.offset)
        });
        fault.and(subject)
    }

    /// Reads only extensions that are SANs: what is wrong with others hides no name.
    #[inline]
    fn each_alternative_name(&self, mut visit: impl FnMut(GeneralName<'a>) -> Result<()>) -> Result<()> {
        let mut faults = First::default();
        let mut rest = self.rest;
        while let Some(Some(block)) = faults.note(rest.element()) {
            if block.tag != EXTENSIONS {
                continue;
            }
            let Some(list) = faults.note(block.reader().expect(der::SEQUENCE, "extensions")) else {
                continue;
            };
            let mut items = list.reader();
            while let Some(Some(item)) = faults.note(items.element()) {
                if begins_with_oid(item.body, SUBJECT_ALT_NAME) {
                    faults.note(alternative_names(&item, &mut visit));
                }
            }
        }
        faults.end()
    }

    /// DNS names and addresses, rendered: SANs in order, then the common name where it is a name not yet given; where SANs
    /// can't be read to their end, then what can still be found of them.
    pub fn names(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut common: Vec<Cow<'_, [u8]>> = Vec::new();
        let walked = self.each_name(|name| match name.place {
            Place::CommonName => common.push(name.bytes),
            _ => out.extend(rendered(&name)),
        });
        common.retain(|name| names::looks_like_name(name));
        let mut known: HashSet<String> = HashSet::new();
        if common.len() > FEW {
            known.extend(out.iter().map(|name| name.to_ascii_lowercase()));
        }
        for name in &common {
            let name = text::render(name);
            let new = match common.len() {
                ..=FEW => !out.iter().any(|known| known.eq_ignore_ascii_case(&name)),
                _ => known.insert(name.to_ascii_lowercase()),
            };
            if new {
                out.push(name.into_owned());
            }
        }
        if walked.is_err() {
            self.salvage(&mut out, |place| place != Place::CommonName);
        }
        out
    }

    /// dNSName SANs, rendered, in order.
    pub fn dns_names(&self) -> Vec<String> {
        self.of_place(Place::San)
    }

    /// iPAddress SANs that are addresses, in order.
    pub fn ip_addresses(&self) -> Vec<String> {
        self.of_place(Place::Ip)
    }

    fn of_place(&self, wanted: Place) -> Vec<String> {
        let mut out = Vec::new();
        let walked = self.each_name(|name| {
            if name.place == wanted {
                out.extend(rendered(&name));
            }
        });
        if walked.is_err() {
            self.salvage(&mut out, |place| place == wanted);
        }
        out
    }

    /// Adds names that the bytes show besides.
    #[cold]
    fn salvage(&self, out: &mut Vec<String>, wanted: impl Fn(Place) -> bool) {
        let mut known: HashSet<String> = out.iter().cloned().collect();
        salvage::each_name(self.tbs.whole, |name| {
            if out.len() < MAX_NAMES
                && wanted(name.place)
                && let Some(name) = rendered(&name)
                && known.insert(name.clone())
            {
                out.push(name);
            }
        });
    }
}

/// A name as text; None for an iPAddress that is none.
fn rendered(name: &Name<'_>) -> Option<String> {
    match name.place {
        Place::Ip => names::ip_address(&name.bytes).map(|ip: IpAddr| ip.to_string()),
        _ => Some(text::render(&name.bytes).into_owned()),
    }
}

#[inline]
fn alternative_names<'a>(item: &Element<'a>, visit: impl FnMut(GeneralName<'a>) -> Result<()>) -> Result<()> {
    let list = extension(item)?.value.reader().expect(der::SEQUENCE, "GeneralNames")?;
    general_names::each(list.reader(), visit)
}
