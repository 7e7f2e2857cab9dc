//! Rules held against a page.

use std::collections::HashSet;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certificate::{Certificate, Name, Place};
use crate::leaf::Kind;
use crate::page::{Entry, Page};
use crate::rules::{Found, MAX_TRIES, Matcher, Why};
use crate::{error, names, salvage, text};

/// More matches than this of one certificate are not listed.
pub const MAX_MATCHES: usize = 100_000;

/// One rule that matched one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub rule: u32,
    pub name: String,
    /// Where the name stood, or what a rule on the whole certificate looked at.
    pub place: &'static str,
    pub why: Why,
    /// The trick of a look-alike, or the text that was found, rendered; else empty.
    pub detail: String,
    /// 1 to 100 of a look-alike, else 0.
    pub score: u8,
}

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
    fn entry(&mut self, entry: &Entry<'_>, mut matches: Option<&mut Matches<'_>>) -> Option<String> {
        let der = entry.certificate();
        let mut first: &[u8] = &[];
        let mut visit = |name: Name<'_>, first: &[u8]| {
            if name.place == Place::CommonName && name.bytes.eq_ignore_ascii_case(first) {
                return;
            }
            self.names += 1;
            if let Some(matches) = matches.as_deref_mut() {
                matches.name(&name);
            }
        };
        let walked = Certificate::parse(der).and_then(|certificate| {
            certificate.each_name(|name| {
                if let (true, std::borrow::Cow::Borrowed(bytes)) = (first.is_empty(), &name.bytes) {
                    first = if name.place == Place::San { bytes } else { first };
                }
                visit(name, first);
            })
        });
        if walked.is_ok() && entry.fault().is_none() {
            if let Some(matches) = matches {
                matches.everything();
            }
            return None;
        }
        let leaf = entry.leaf_input();
        let bytes = if der.is_empty() { &leaf } else { der };
        salvage::each_name(bytes, |name| visit(name, first));
        entry.malformed().or(walked.err()).map(|fault| fault.to_string())
    }
}

/// The matches of one certificate.
struct Matches<'a> {
    matcher: &'a Matcher,
    found: Vec<Match>,
    /// (rule, name) of all that is in `found`, once these are many.
    seen: HashSet<(u32, String)>,
    tries: usize,
    any: Option<(String, Place)>,
    fault: Option<String>,
}

impl<'a> Matches<'a> {
    fn new(matcher: &'a Matcher) -> Self {
        Self { matcher, found: Vec::new(), seen: HashSet::new(), tries: MAX_TRIES, any: None, fault: None }
    }

    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        if name.place != Place::Ip {
            return self.text(&name.bytes, name.place);
        }
        match names::ip_address(&name.bytes) {
            Some(ip) => self.address(ip),
            None => self.fault = Some(format!("an iPAddress of {} bytes", name.bytes.len())),
        }
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], place: Place) {
        if !self.matcher.all().is_empty() && self.any.is_none() {
            self.any = Some((text::render(bytes).into_owned(), place));
        }
        let matcher = self.matcher;
        let mut tries = self.tries;
        let enough = matcher.name(bytes, &mut tries, &mut |found| self.add(&found, bytes, place));
        self.tries = tries;
        if !enough {
            self.fault = Some("more wildcards than can be tried".to_owned());
        }
    }

    fn address(&mut self, ip: IpAddr) {
        if !self.matcher.all().is_empty() && self.any.is_none() {
            self.any = Some((ip.to_string(), Place::Ip));
        }
        let matcher = self.matcher;
        matcher.address(ip, &mut |found| self.add(&found, ip.to_string().as_bytes(), Place::Ip));
    }

    #[cold]
    fn add(&mut self, found: &Found<'_>, name: &[u8], place: Place) {
        const FEW: usize = 16;
        let rule = found.rule;
        if self.found.len() == MAX_MATCHES {
            self.fault = Some(format!("more than {MAX_MATCHES} matches"));
            return;
        }
        let name = text::render(name).into_owned();
        if self.found.len() < FEW {
            if self.found.iter().any(|known| known.rule == rule && known.name.eq_ignore_ascii_case(&name)) {
                return;
            }
        } else {
            if self.seen.is_empty() {
                self.seen = self.found.iter().map(|known| (known.rule, known.name.to_ascii_lowercase())).collect();
            }
            if !self.seen.insert((rule, name.to_ascii_lowercase())) {
                return;
            }
        }
        let detail = text::render(found.detail).into_owned();
        self.found.push(Match { rule, name, place: place.as_str(), why: found.why, detail, score: found.score });
    }

    /// Adds the rules for everything, once for a certificate.
    #[inline]
    fn everything(&mut self) {
        if self.matcher.all().is_empty() {
            return;
        }
        let (name, place) = self.any.take().unwrap_or((String::new(), Place::CommonName));
        self.found.extend(self.matcher.all().iter().map(|&rule| Match {
            rule,
            name: name.clone(),
            place: place.as_str(),
            why: Why::Everything,
            detail: String::new(),
            score: 0,
        }));
    }

    fn fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    #[inline]
    fn take(&mut self) -> Vec<Match> {
        if !self.found.is_empty() {
            self.seen.clear();
        }
        self.tries = MAX_TRIES;
        self.any = None;
        std::mem::take(&mut self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
