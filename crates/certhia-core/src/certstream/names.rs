//! The names of one certificate, as JSON strings.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::certificate::{Certificate, Name, Place};
use crate::certstream::form::Profile;
use crate::certstream::json::Json;
use crate::error::Result;
use crate::names_of::FEW;
use crate::{names, salvage};

/// More names than this are not in a message.
pub const MAX_NAMES: usize = 10_000;
/// Nor are more bytes of them.
const MAX_BYTES: usize = 256 << 10;

/// Made once and used for one certificate after the other.
#[derive(Default)]
pub struct Names<'a> {
    /// `"a.example","b.example"`
    json: Json,
    /// Each name in it, without quotes.
    spans: Vec<(u32, u32)>,
    common: Vec<Cow<'a, [u8]>>,
}

impl<'a> Names<'a> {
    pub fn clear(&mut self) {
        self.json.out.clear();
        self.json.cut = 0;
        self.spans.clear();
        self.common.clear();
    }

    /// dNSName SANs in order, then each common name that looks like a name and was not given; as the original has it, then
    /// the last common name, whatever it is. What is wrong with the names is told: then what can be found besides is there.
    pub fn read(&mut self, certificate: &Certificate<'a>, profile: Profile) -> Result<()> {
        self.clear();
        let mut common = std::mem::take(&mut self.common);
        let walked = certificate.each_name(|name| match name.place {
            Place::San => self.push(&name.bytes),
            Place::Ip => {}
            Place::CommonName => common.push(name.bytes),
        });
        match profile {
            Profile::Certhia if common.len() > FEW => self.many_common_names(&common),
            Profile::Certhia => common.iter().for_each(|name| self.common_name(name)),
            Profile::Calidog => common.last().into_iter().for_each(|name| self.push(name)),
        }
        common.clear();
        self.common = common;
        if walked.is_err() {
            self.salvage(certificate.tbs.whole, |name| name.place == Place::San);
        }
        walked
    }

    /// What can still be found in bytes that are no certificate.
    pub fn read_bytes(&mut self, bytes: &[u8]) {
        self.clear();
        self.salvage(bytes, |name| match name.place {
            Place::San => true,
            Place::Ip => false,
            Place::CommonName => names::looks_like_name(&name.bytes),
        });
    }

    /// How many names were left out.
    pub fn left_out(&self) -> u64 {
        self.json.cut
    }

    /// Each name's JSON, without quotes.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        self.spans.iter().map(|&span| self.text(span))
    }

    /// Writes the list, as the original has it sorted and each name once.
    pub fn write(&mut self, profile: Profile, json: &mut Json) {
        json.raw("[");
        match profile {
            Profile::Certhia => json.out.extend_from_slice(&self.json.out),
            Profile::Calidog => self.write_sorted(json),
        }
        json.raw("]");
    }

    fn write_sorted(&mut self, json: &mut Json) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.sort_unstable_by(|&one, &other| self.text(one).cmp(self.text(other)));
        spans.dedup_by(|one, other| self.text(*one) == self.text(*other));
        for (at, &(start, end)) in spans.iter().enumerate() {
            if at > 0 {
                json.raw(",");
            }
            // With the quotes.
            json.out.extend_from_slice(&self.json.out[start as usize - 1..=end as usize]);
        }
        self.spans = spans;
    }

    fn text(&self, (start, end): (u32, u32)) -> &[u8] {
        &self.json.out[start as usize..end as usize]
    }

    #[inline]
    fn push(&mut self, name: &[u8]) {
        let begun = self.json.out.len();
        if self.spans.len() == MAX_NAMES || begun + name.len() > MAX_BYTES {
            self.json.cut += 1;
            return;
        }
        self.json.raw(if begun == 0 { "\"" } else { ",\"" });
        let start = self.json.out.len();
        self.json.text(name);
        let end = self.json.out.len();
        self.json.raw("\"");
        if end > MAX_BYTES {
            self.json.out.truncate(begun);
            self.json.cut += 1;
            return;
        }
        self.spans.push((start as u32, end as u32));
    }

    /// Takes the last name away.
    fn pop(&mut self) {
        if let Some((start, _)) = self.spans.pop() {
            let separator = if start == 1 { 1 } else { 2 };
            self.json.out.truncate(start as usize - separator);
        }
    }

    #[inline]
    fn common_name(&mut self, name: &[u8]) {
        let known = |name: &[u8]| self.each().any(|known| known.eq_ignore_ascii_case(name));
        if known(name) || !names::looks_like_name(name) {
            return;
        }
        let before = self.spans.len();
        self.push(name);
        if let Some((&last, others)) = self.spans.split_last()
            && others.len() == before
            && others.iter().any(|&other| self.text(other).eq_ignore_ascii_case(self.text(last)))
        {
            self.pop();
        }
    }

    /// The same by a set of the names given before.
    #[cold]
    fn many_common_names(&mut self, common: &[Cow<'a, [u8]>]) {
        let mut known: HashSet<Vec<u8>> = self.each().map(<[u8]>::to_ascii_lowercase).collect();
        for name in common.iter().filter(|name| names::looks_like_name(name)) {
            self.push_new(name, &mut known);
        }
    }

    #[cold]
    fn salvage(&mut self, bytes: &[u8], wanted: impl Fn(&Name<'_>) -> bool) {
        let mut known: HashSet<Vec<u8>> = self.each().map(<[u8]>::to_ascii_lowercase).collect();
        salvage::each_name(bytes, |name| {
            if wanted(&name) {
                self.push_new(&name.bytes, &mut known);
            }
        });
    }

    fn push_new(&mut self, name: &[u8], known: &mut HashSet<Vec<u8>>) {
        let before = self.spans.len();
        self.push(name);
        if let Some(&last) = self.spans.get(before)
            && !known.insert(self.text(last).to_ascii_lowercase())
        {
            self.pop();
        }
    }
}
