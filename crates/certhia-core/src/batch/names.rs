//! The names of each entry, as `Certificate::names` gives them.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::batch::column::{Data, Text, offset};
use crate::certificate::{Certificate, Place};
use crate::error::{Malformed, Result};
use crate::names_of::FEW;
use crate::page::Entry;
use crate::{names, salvage, text};

pub struct Names<'a> {
    text: Text,
    /// Of each entry, in `text`'s values.
    offsets: Vec<i32>,
    common: Vec<Cow<'a, [u8]>>,
}

impl<'a> Names<'a> {
    pub fn with_capacity(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { text: Text::with_capacity(rows * 3, 24), offsets, common: Vec::new() }
    }

    /// The inner result says why names may be missing.
    #[inline]
    pub fn read(&mut self, certificate: &Certificate<'a>) -> Result<std::result::Result<(), Malformed>> {
        let begun = self.text.len();
        let mut full = Ok(());
        let (text, common) = (&mut self.text, &mut self.common);
        common.clear();
        let walked = certificate.each_name(|name| match name.place {
            Place::CommonName => common.push(name.bytes),
            _ if full.is_err() => {}
            Place::San => full = push(text, &name.bytes),
            Place::Ip => full = push_address(text, &name.bytes),
        });
        full?;
        self.common_names(begun)?;
        if walked.is_err() {
            self.found_besides(begun, certificate)?;
        }
        self.end_entry()?;
        Ok(walked)
    }

    /// Adds common names that are names not yet given.
    #[inline]
    fn common_names(&mut self, begun: usize) -> Result<()> {
        if self.common.len() > FEW {
            return self.many_common_names(begun);
        }
        for name in &self.common {
            // Most repeat a name; these need no look at what they are. Of several, only true names count.
            let known = |text: &Text, name: &[u8]| {
                (begun..text.len()).any(|at| text.get(at).as_bytes().eq_ignore_ascii_case(name))
            };
            if self.common.len() == 1 && known(&self.text, name) || !names::looks_like_name(name) {
                continue;
            }
            if !known(&self.text, text::render(name).as_bytes()) {
                push(&mut self.text, name)?;
            }
        }
        Ok(())
    }

    /// The same by a set of the names given before.
    #[cold]
    fn many_common_names(&mut self, begun: usize) -> Result<()> {
        let mut known: HashSet<String> =
            (begun..self.text.len()).map(|at| self.text.get(at).to_ascii_lowercase()).collect();
        for name in self.common.iter().filter(|name| names::looks_like_name(name)) {
            if known.insert(text::render(name).to_ascii_lowercase()) {
                push(&mut self.text, name)?;
            }
        }
        Ok(())
    }

    /// Adds what `Certificate::names` still finds where SANs can't be read to their end.
    #[cold]
    fn found_besides(&mut self, begun: usize, certificate: &Certificate<'a>) -> Result<()> {
        let known = self.text.len() - begun;
        certificate.names().iter().skip(known).try_for_each(|name| self.text.push(name))
    }

    /// What can still be found in bytes that are no certificate.
    pub fn salvage(&mut self, entry: &Entry<'a>) -> Result<()> {
        let leaf = entry.leaf_input();
        let bytes = if entry.certificate().is_empty() { &leaf } else { entry.certificate() };
        let mut full = Ok(());
        salvage::each_name(bytes, |name| match name.place {
            _ if full.is_err() => {}
            Place::Ip => full = push_address(&mut self.text, &name.bytes),
            Place::CommonName if !names::looks_like_name(&name.bytes) => {}
            _ => full = push(&mut self.text, &name.bytes),
        });
        full?;
        self.end_entry()
    }

    /// An entry without names.
    pub fn none(&mut self) -> Result<()> {
        self.end_entry()
    }

    #[inline]
    fn end_entry(&mut self) -> Result<()> {
        self.offsets.push(offset(self.text.len())?);
        Ok(())
    }

    pub fn finish(self) -> Data {
        Data::List { offsets: self.offsets, items: Box::new(Data::Text(self.text)) }
    }
}

#[inline]
fn push(text: &mut Text, name: &[u8]) -> Result<()> {
    text::push_rendered(name, &mut text.characters);
    text.end_value()
}

fn push_address(text: &mut Text, bytes: &[u8]) -> Result<()> {
    names::ip_address(bytes).map_or(Ok(()), |ip| text.push(&ip.to_string()))
}
