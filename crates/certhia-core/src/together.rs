//! Several matchers held against a page, of which each certificate is walked once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certificate::{Certificate, Name};
use crate::kept::{Index, Keeps};
use crate::leaf::Kind;
use crate::matches::Matches;
use crate::page::{Entry, Page};
use crate::reading::{self, Finds};
use crate::rules::Matcher;
use crate::scan::Scan;

/// More matchers than this are not meant to be held against a page together: a name costs with each.
pub const MAX_TOGETHER: usize = 64;

impl Page {
    /// What `Matcher::scan` gives for each matcher alone, with whether precertificates are matched, in their order.
    /// `keep_names`: as [`Page::keep_names`], on the same walk.
    pub fn scan_together(&self, wanted: &[(&Matcher, bool)], keep_names: bool) -> Vec<Scan> {
        self.together(wanted, keep_names, |_| ())
    }

    /// `begin` is called before each entry.
    fn together(&self, wanted: &[(&Matcher, bool)], keep_names: bool, begin: impl FnMut(usize)) -> Vec<Scan> {
        let keeps = keep_names && !self.has_names();
        let alone = || wanted.iter().map(|(matcher, precerts)| matcher.scan(self, *precerts)).collect();
        if wanted.len() < 2 && !keeps {
            return alone();
        }
        let mut index = keeps.then(Index::default);
        let walk = AssertUnwindSafe(|| walk(self, wanted, index.as_mut(), begin));
        if let Ok(scans) = catch_unwind(walk) {
            index.into_iter().for_each(|index| self.set_names(index));
            return scans;
        }
        // A panic is a defect of ours. Whose it is tells who meets it alone: it costs nobody else anything.
        let scans = alone();
        if keeps {
            self.keep_names();
        }
        scans
    }
}

fn walk(
    page: &Page,
    wanted: &[(&Matcher, bool)],
    mut index: Option<&mut Index>,
    mut begin: impl FnMut(usize),
) -> Vec<Scan> {
    let mut seats: Vec<Seat<'_>> = wanted.iter().map(|&(matcher, precerts)| Seat::new(matcher, precerts)).collect();
    for position in 0..page.len() {
        begin(position);
        let entry = page.entry(position);
        let precert = entry.kind() == Kind::Precert;
        seats.iter_mut().for_each(|seat| seat.looks = seat.precerts || !precert);
        let mut names = 0;
        let fault = match index.as_deref_mut() {
            None => read(&entry, &mut names, &mut seats, None),
            Some(index) => {
                let mut fault = None;
                index.entry(&entry, |keeps| {
                    fault = read(&entry, &mut names, &mut seats, Some(keeps));
                    fault.is_none()
                });
                fault
            }
        };
        for seat in &mut seats {
            seat.scan.precerts += usize::from(precert);
            seat.scan.names += names;
            seat.scan.close(position, fault.clone(), &mut seat.matches);
        }
    }
    seats.into_iter().map(|seat| seat.scan).collect()
}

/// Reads one entry for all who look at it; gives what was wrong with it.
#[inline]
fn read(entry: &Entry<'_>, names: &mut usize, seats: &mut [Seat<'_>], keeps: Option<&mut Keeps<'_>>) -> Option<String> {
    let any = keeps.is_some() || seats.iter().any(|seat| seat.looks);
    reading::entry(entry, names, any.then_some(&mut Together { seats, keeps }))
}

/// A matcher and what it found so far.
struct Seat<'a> {
    matches: Matches<'a>,
    precerts: bool,
    /// Whether it looks at this entry.
    looks: bool,
    scan: Scan,
}

impl<'a> Seat<'a> {
    fn new(matcher: &'a Matcher, precerts: bool) -> Self {
        Self { matches: Matches::new(matcher), precerts, looks: false, scan: Scan::default() }
    }
}

/// Gives what is read to each.
struct Together<'s, 'a, 'k, 'd> {
    seats: &'s mut [Seat<'a>],
    keeps: Option<&'k mut Keeps<'d>>,
}

impl<'a> Together<'_, 'a, '_, '_> {
    #[inline]
    fn each(&mut self, give: impl FnMut(&mut Matches<'a>)) {
        self.seats.iter_mut().filter(|seat| seat.looks).map(|seat| &mut seat.matches).for_each(give);
    }
}

impl Finds for Together<'_, '_, '_, '_> {
    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        if let Some(keeps) = &mut self.keeps {
            keeps.name(name);
        }
        self.each(|matches| matches.name(name));
    }

    fn salvage(&mut self) {
        if let Some(keeps) = &mut self.keeps {
            keeps.salvage();
        }
        self.each(Finds::salvage);
    }

    fn everything(&mut self) {
        self.each(Finds::everything);
    }

    fn looks_at_whole(&self) -> bool {
        self.seats.iter().any(|seat| seat.looks && seat.matches.looks_at_whole())
    }

    fn whole(&mut self, certificate: Option<&Certificate<'_>>, own: &[u8]) {
        self.each(|matches| matches.whole(certificate, own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuers::Issuers;
    use crate::linear::made;
    use crate::rules;

    /// Entries with a name each; every fourth is a precertificate, every third breaks off behind its name.
    fn page(count: usize) -> Page {
        let items = (0..count).map(|number| {
            let name = format!("n{number}.example.com");
            let names = made::san(&[made::dns(name.as_bytes()), made::dns(b"www.examp1e.com")]);
            let mut body = made::tbs(&made::common_name(b"example.com"), &[names]);
            if number % 4 != 0 {
                body = made::certificate(body);
            }
            if number % 3 == 1 {
                let end = body.len();
                body[1] = 0x80;
                body.truncate(end - 1);
            }
            let kind: &[u8] = if number % 4 == 0 { &[0; 32] } else { &[] };
            let size = (body.len() as u32).to_be_bytes();
            let entry = [&[0; 11][..], &[u8::from(number % 4 == 0)], kind, &size[1..], &body, &[0; 2]].concat();
            let leaf = base64_simd::STANDARD.encode_to_string(entry);
            format!(r#"{{"leaf_input":"{leaf}","extra_data":""}}"#)
        });
        let body = format!(r#"{{"entries":[{}]}}"#, items.collect::<Vec<_>>().join(","));
        Page::from_get_entries(&[body.as_bytes()], 0, &Issuers::new(1), count).unwrap()
    }

    fn matchers() -> Vec<Matcher> {
        let kinds = [
            vec![(rules::Kind::Tree, "example.com"), (rules::Kind::All, "")],
            vec![(rules::Kind::Keyword, "n1"), (rules::Kind::Issuer, "Some")],
            vec![(rules::Kind::Typo, "example.com")],
            vec![],
        ];
        kinds.into_iter().map(|rules| Matcher::new(rules).unwrap()).collect()
    }

    fn same(found: &[Scan], expected: &[Scan]) {
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }

    #[test]
    fn each_finds_what_it_finds_alone() {
        let (page, matchers) = (page(24), matchers());
        let wanted: Vec<(&Matcher, bool)> =
            matchers.iter().flat_map(|matcher| [(matcher, true), (matcher, false)]).collect();
        let expected: Vec<Scan> = wanted.iter().map(|(matcher, precerts)| matcher.scan(&page, *precerts)).collect();
        assert!(expected[..6].iter().all(|scan| !scan.hits.is_empty() && scan.quarantined.len() == 8));
        for keep in [false, true, true] {
            same(&page.scan_together(&wanted, keep), &expected);
            for (one, expected) in wanted.iter().zip(&expected) {
                same(&page.scan_together(&[*one], keep), std::slice::from_ref(expected));
            }
            assert_eq!(page.has_names(), keep);
        }
        let kept: Vec<bool> = page.entries().map(|entry| entry.names.is_some()).collect();
        assert_eq!(kept, (0..24).map(|number| number % 3 != 1).collect::<Vec<_>>());
        assert!(page.scan_together(&[], true).is_empty());
    }

    #[test]
    fn names_are_kept_as_without_matchers() {
        let (one, other, matchers) = (page(9), page(9), matchers());
        one.keep_names();
        other.scan_together(&[(&matchers[0], false)], true);
        for (one, other) in one.entries().zip(other.entries()) {
            assert_eq!(format!("{:?}", one.names), format!("{:?}", other.names));
        }
    }

    #[test]
    fn after_a_panic_each_looks_alone() {
        let (page, matchers) = (page(9), matchers());
        let wanted: Vec<(&Matcher, bool)> = matchers.iter().map(|matcher| (matcher, true)).collect();
        let expected: Vec<Scan> = wanted.iter().map(|(matcher, precerts)| matcher.scan(&page, *precerts)).collect();
        let found = page.together(&wanted, true, |position| assert!(position != 5, "poison"));
        same(&found, &expected);
        assert!(page.has_names());
    }
}
