//! Rules held against a page.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::certificate::{Certificate, Name, Place};
use crate::leaf::Kind;
use crate::page::{Entry, Page};
use crate::rules::{Found, MAX_TRIES, Matcher, Why};
use crate::{names, salvage, text};

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
        let mut scan = Scan::default();
        let mut matches = Matches::new(self);
        for (position, entry) in page.entries().enumerate() {
            let precert = entry.kind() == Kind::Precert;
            scan.precerts += usize::from(precert);
            let wanted = precerts || !precert;
            let fault = scan.entry(&entry, wanted.then_some(&mut matches));
            if let Some(reason) = fault.or_else(|| matches.fault()) {
                scan.quarantined.push((position, reason));
            }
            let found = matches.take();
            if !found.is_empty() {
                scan.hits.push((position, found));
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
