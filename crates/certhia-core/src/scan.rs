//! Rules held against a page, and against one certificate.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certificate::{Certificate, Place};
use crate::leaf::Kind;
use crate::matches::Matches;
pub use crate::matches::{MAX_MATCHES, Match};
use crate::page::{Entry, Page};
use crate::reading::{self, Finds};
use crate::rules::Matcher;
use crate::{error, names, salvage};

/// What rules found in a page.
#[derive(Debug, Default)]
pub struct Scan {
    /// Position and matches of each entry that has any.
    pub hits: Vec<(usize, Vec<Match>)>,
    /// Position and reason of each entry that could not be decoded.
    pub quarantined: Vec<(usize, String)>,
    pub precerts: usize,
    pub names: usize,
}

impl Matcher {
    /// Reads each entry once; entries that are precertificates are matched only if `precerts`.
    pub fn scan(&self, page: &Page, precerts: bool) -> Scan {
        self.scan_with(page, precerts, Scan::entry)
    }

    /// `read` reads one entry. A panic in it is a defect of ours, and costs that entry alone: what was found in it so far
    /// is kept, it is quarantined, and the next one is read.
    fn scan_with<'a>(
        &'a self,
        page: &Page,
        precerts: bool,
        mut read: impl FnMut(&mut Scan, &Entry<'_>, Option<&mut Matches<'a>>) -> Option<String>,
    ) -> Scan {
        let mut scan = Scan::default();
        let mut matches = Matches::new(self);
        let mut next = 0;
        while next < page.len() {
            let work = AssertUnwindSafe(|| {
                while next < page.len() {
                    let entry = page.entry(next);
                    let precert = entry.kind() == Kind::Precert;
                    scan.precerts += usize::from(precert);
                    let wanted = precerts || !precert;
                    let fault = read(&mut scan, &entry, wanted.then_some(&mut matches));
                    scan.close(next, fault, &mut matches);
                    next += 1;
                }
            });
            if let Err(panic) = catch_unwind(work) {
                scan.close(next, Some(error::defect(&*panic)), &mut matches);
                next += 1;
            }
        }
        scan
    }

    /// Matches of one certificate, or of what can still be found in bytes that are none.
    pub fn certificate(&self, der: &[u8]) -> Vec<Match> {
        let mut matches = Matches::new(self);
        let walked = reading::names(der, &mut 0, Some(&mut matches));
        if walked.is_ok() {
            matches.everything();
        } else {
            matches.salvage();
            salvage::each_name(der, |name| matches.name(&name));
        }
        matches.whole(Certificate::parse(der).ok().as_ref(), der);
        matches.take()
    }

    /// Matches of names given as text.
    pub fn texts<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<Match> {
        let mut matches = Matches::new(self);
        for text in texts {
            match names::address(text.as_bytes()) {
                Some(ip) => matches.address(ip),
                None => matches.text(text.as_bytes(), Place::San),
            }
        }
        matches.everything();
        matches.take()
    }
}

impl Scan {
    /// Takes what was found in an entry, and what was wrong with it.
    #[inline]
    fn close(&mut self, position: usize, fault: Option<String>, matches: &mut Matches<'_>) {
        let other = matches.fault();
        if let Some(reason) = fault.or(other) {
            self.quarantined.push((position, reason));
        }
        let found = matches.take();
        if !found.is_empty() {
            self.hits.push((position, found));
        }
    }

    /// Reads one entry; gives what was wrong with it.
    #[inline]
    fn entry(&mut self, entry: &Entry<'_>, matches: Option<&mut Matches<'_>>) -> Option<String> {
        reading::entry(entry, &mut self.names, matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Name;
    use crate::issuers::Issuers;
    use crate::rules;

    /// A page of entries that are no certificates; each is a leaf of `size` zeros.
    fn page(count: usize) -> Page {
        let leaf = base64_simd::STANDARD.encode_to_string([&[0; 15][..], &[0; 2]].concat());
        let item = format!(r#"{{"leaf_input":"{leaf}","extra_data":""}}"#);
        let body = format!(r#"{{"entries":[{}]}}"#, vec![item; count].join(","));
        Page::from_get_entries(&[body.as_bytes()], 0, &Issuers::new(1), count).unwrap()
    }

    #[test]
    fn a_panic_costs_one_entry() {
        let matcher = Matcher::new([(rules::Kind::Tree, "example.com")]).unwrap();
        for broken in [vec![], vec![0], vec![3], vec![2, 3], vec![0, 6], (0..7).collect()] {
            let scan = matcher.scan_with(&page(7), true, |scan, entry, matches| {
                let name =
                    Name { place: Place::San, bytes: format!("n{}.example.com", entry.index).into_bytes().into() };
                matches.unwrap().name(&name);
                scan.names += 1;
                assert!(!broken.contains(&entry.index), "entry {} is poison", entry.index);
                None
            });
            let lost: Vec<u64> = scan.quarantined.iter().map(|(position, _)| *position as u64).collect();
            assert_eq!(lost, broken);
            for (position, reason) in &scan.quarantined {
                assert!(reason.contains(&format!("entry {position} is poison")), "{reason}");
            }
            let found: Vec<(usize, &str)> = scan.hits.iter().map(|(at, hits)| (*at, hits[0].name.as_str())).collect();
            let names: Vec<String> = (0..7).map(|number| format!("n{number}.example.com")).collect();
            assert_eq!(found, names.iter().map(String::as_str).enumerate().collect::<Vec<_>>());
            assert!(scan.hits.iter().all(|(_, hits)| hits.len() == 1));
            assert_eq!(scan.names, 7);
        }
    }
}
