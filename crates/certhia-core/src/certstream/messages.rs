//! The messages of a page's entries, serialised once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certstream::form::{Form, Kind};
use crate::certstream::json::Json;
use crate::certstream::message::Scribe;
use crate::certstream::source::Source;
use crate::error::{self, Malformed, Result};
use crate::issuers::Issuers;
use crate::page::Page;

/// Positions are 16 bits wide.
pub const MAX_ENTRIES: usize = u16::MAX as usize;
/// Messages of one page take no more.
const MAX_BYTES: usize = 1 << 30;

pub struct Messages {
    pub(super) data: Vec<u8>,
    /// Where each message ends in `data`.
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
        if page.len() > MAX_ENTRIES {
            let reason = format!("a page of {} entries; slice it to at most {MAX_ENTRIES}", page.len());
            return Err(Malformed::new(reason, 0));
        }
        if !seen.is_finite() || !(0.0..=1e12).contains(&seen) {
            return Err(Malformed::new(format!("seen is Unix seconds, not {seen}"), 0));
        }
        let all: Vec<u16> = (0..if positions.is_none() { page.len() as u16 } else { 0 }).collect();
        let wanted = positions.unwrap_or(&all);
        check(wanted, page.len())?;
        let mut work = Work { page, wanted, next: 0, json: Json::default(), ends: Vec::new(), positions: Vec::new() };
        work.json.out.reserve(wanted.len() * expected(form.kind));
        let mut scribe = Scribe::new(form, source, issuers, seen, verified);
        let mut defect = None;
        while work.next < wanted.len() {
            let begun = work.ends.last().map_or(0, |&end| end as usize);
            let run = AssertUnwindSafe(|| work.run(&mut scribe, defect.as_deref()));
            match catch_unwind(run) {
                Ok(done) => {
                    done?;
                    defect = None;
                }
                Err(panic) if defect.is_none() => {
                    work.json.out.truncate(work.ends.last().map_or(begun, |&end| end as usize));
                    scribe = Scribe::new(form, source, issuers, seen, verified);
                    defect = Some(error::defect(&*panic));
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        work.json.out.shrink_to_fit();
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
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(&self.data[start..end])
    }

    /// The entry's index in the log.
    pub(super) fn index(&self, number: usize) -> u64 {
        self.first + u64::from(self.positions[number])
    }
}

struct Work<'p> {
    page: &'p Page,
    wanted: &'p [u16],
    next: usize,
    json: Json,
    ends: Vec<u32>,
    positions: Vec<u16>,
}

impl<'p> Work<'p> {
    /// Goes on up to the end; with a defect, one entry of which nothing is read.
    fn run(&mut self, scribe: &mut Scribe<'p, '_>, defect: Option<&str>) -> Result<()> {
        while let Some(&position) = self.wanted.get(self.next) {
            let entry = self.page.entry(usize::from(position));
            if !entry.certificate().is_empty() {
                scribe.write(&entry, defect, &mut self.json);
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
        Kind::Lite => 1800,
        Kind::Full => 10_000,
        Kind::Domains => 192,
    }
}
