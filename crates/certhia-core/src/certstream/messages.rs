//! The messages of a page's entries, serialised once.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::certstream::form::{Form, Kind};
use crate::certstream::frames;
use crate::certstream::json::Json;
use crate::certstream::message::Scribe;
use crate::certstream::source::Source;
use crate::error::{self, Malformed, Result};
use crate::issuers::Issuers;
use crate::page::{Entry, Page};

/// Positions are 16 bits wide.
pub const MAX_ENTRIES: usize = u16::MAX as usize;
/// Messages of one page take no more.
const MAX_BYTES: usize = 1 << 30;

pub struct Messages {
    /// Text frames (RFC 6455), as most clients get them: what goes to all of those is there already.
    pub(super) data: Vec<u8>,
    /// Where each frame ends in `data`.
    ends: Vec<u32>,
    positions: Vec<u16>,
    first: u64,
    pub(super) source: Source,
}

impl Messages {
    /// Of the entries at `positions`, or of all. Entries with an index below `verified` are marked so; `seen`: Unix seconds.
    ///
    /// Entries without a certificate give no message. A panic is a defect of ours, and costs that entry's fields alone.
    pub fn new(
        page: &Page,
        form: &Form,
        source: &Source,
        issuers: &Issuers,
        seen: f64,
        verified: u64,
        positions: Option<&[u16]>,
    ) -> Result<Self> {
        let scribe = || Scribe::new(form, source, issuers, seen, verified);
        Self::made_with(page, form, source, seen, positions, scribe, Scribe::write)
    }

    /// `write` writes one entry's message. After a panic a new scribe goes on, with the defect in the entry's place.
    fn made_with<'p, S>(
        page: &'p Page,
        form: &Form,
        source: &Source,
        seen: f64,
        positions: Option<&[u16]>,
        scribe: impl Fn() -> S,
        write: impl Fn(&mut S, &Entry<'p>, Option<&str>, &mut Json),
    ) -> Result<Self> {
        if page.len() > MAX_ENTRIES {
            let reason = format!("a page of {} entries; slice it to at most {MAX_ENTRIES}", page.len());
            return Err(Malformed::new(reason, 0));
        }
        if !seen.is_finite() || !(0.0..=1e12).contains(&seen) {
            return Err(Malformed::new(format!("seen is Unix seconds, not {seen}"), 0));
        }
        let wanted = positions.map_or_else(|| (0..page.len() as u16).collect(), <[u16]>::to_vec);
        check(&wanted, page.len())?;
        let mut work = Work { page, wanted, next: 0, json: Json::default(), ends: Vec::new(), positions: Vec::new() };
        work.json.out.reserve(work.wanted.len() * expected(form.kind));
        let (mut writer, mut defect) = (scribe(), None);
        while work.next < work.wanted.len() {
            let run = AssertUnwindSafe(|| work.run(&mut writer, &write, defect.as_deref()));
            match catch_unwind(run) {
                Ok(done) => {
                    done?;
                    defect = None;
                }
                Err(panic) if defect.is_none() => {
                    work.json.out.truncate(work.ends.last().map_or(0, |&end| end as usize));
                    writer = scribe();
                    defect = Some(error::defect(&*panic));
                }
                Err(panic) => resume_unwind(panic),
            }
        }
        // Memory that is given back in part is fetched anew for each page, which costs more than all of the JSON.
        if work.json.out.capacity() > 2 * work.json.out.len() {
            work.json.out.shrink_to_fit();
        }
        let (data, ends, positions) = (work.json.out, work.ends, work.positions);
        Ok(Self { data, ends, positions, first: page.first(), source: source.clone() })
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        self.data.capacity() + self.ends.capacity() * 4 + self.positions.capacity() * 2
    }

    /// In the page, ascending: of the entries that gave a message.
    pub fn positions(&self) -> &[u16] {
        &self.positions
    }

    /// One message's JSON.
    #[inline]
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        (number < self.len()).then(|| frames::payload(&self.data[self.span(number)]))
    }

    /// Where a message's frame stands.
    #[inline]
    pub(super) fn span(&self, number: usize) -> Range<usize> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[number] as usize
    }

    /// The entry's index in the log.
    pub(super) fn index(&self, number: usize) -> u64 {
        self.first + u64::from(self.positions[number])
    }
}

struct Work<'p> {
    page: &'p Page,
    wanted: Vec<u16>,
    next: usize,
    json: Json,
    ends: Vec<u32>,
    positions: Vec<u16>,
}

impl<'p> Work<'p> {
    /// Goes on up to the end; with a defect, one entry of which nothing is read.
    fn run<S>(
        &mut self,
        writer: &mut S,
        write: &impl Fn(&mut S, &Entry<'p>, Option<&str>, &mut Json),
        defect: Option<&str>,
    ) -> Result<()> {
        while let Some(&position) = self.wanted.get(self.next) {
            let entry = self.page.entry(usize::from(position));
            if !entry.certificate().is_empty() {
                let begun = frames::begin(&mut self.json.out);
                write(writer, &entry, defect, &mut self.json);
                frames::end(begun, &mut self.json.out);
                if self.json.out.len() > MAX_BYTES {
                    return Err(Malformed::new("a page whose messages take at most 1 GiB; slice it", 0));
                }
                self.ends.push(self.json.out.len() as u32);
                self.positions.push(position);
            }
            self.next += 1;
            if defect.is_some() {
                break;
            }
        }
        Ok(())
    }
}

/// Positions that are there, ascending.
fn check(positions: &[u16], length: usize) -> Result<()> {
    if let Some(at) = positions.windows(2).position(|pair| pair[0] >= pair[1]) {
        let reason = format!("positions ascend: {} does not follow {}", positions[at + 1], positions[at]);
        return Err(Malformed::new(reason, 2 * (at + 1)));
    }
    match positions.last() {
        Some(&last) if usize::from(last) >= length => {
            let reason = format!("a page of {length} entries has no position {last}");
            Err(Malformed::new(reason, 2 * (positions.len() - 1)))
        }
        _ => Ok(()),
    }
}

/// What a message takes, about.
fn expected(kind: Kind) -> usize {
    match kind {
        Kind::Lite => 2200,
        Kind::Full => 11_000,
        Kind::Domains => 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suffixes::Suffixes;

    #[test]
    fn a_panic_costs_one_entry() {
        let leaf = base64_simd::STANDARD.encode_to_string([&[0; 14][..], &[1, 7], &[0; 2]].concat());
        let item = format!(r#"{{"leaf_input":"{leaf}","extra_data":""}}"#);
        let body = format!(r#"{{"entries":[{}]}}"#, vec![item; 7].join(","));
        let issuers = Issuers::new(1);
        let page = Page::from_get_entries(&[body.as_bytes()], 0, &issuers, 7).unwrap();
        let source = Source::new(&[0; 32], "", "", "rfc6962", "", "").unwrap();
        let form = Form::new("lite", "certhia", None, Suffixes::shipped()).unwrap();
        for broken in [vec![], vec![0], vec![3], vec![2, 3], vec![0, 6], (0..7).collect()] {
            let scribe = || Scribe::new(&form, &source, &issuers, 1.0, 0);
            let made = Messages::made_with(&page, &form, &source, 1.0, None, scribe, |scribe, entry, defect, json| {
                scribe.write(entry, defect, json);
                assert!(defect.is_some() || !broken.contains(&entry.index), "entry {} is poison", entry.index);
            });
            let messages = made.unwrap();
            assert_eq!(messages.positions(), [0, 1, 2, 3, 4, 5, 6]);
            for number in 0..7 {
                let text = std::str::from_utf8(messages.get(number).unwrap()).unwrap();
                assert!(text.starts_with(r#"{"message_type":"#) && text.ends_with("}}"), "{text}");
                assert_eq!(text.contains("is poison"), broken.contains(&(number as u64)), "{text}");
            }
        }
    }
}
