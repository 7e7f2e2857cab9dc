//! Where the names of a page's entries stand: for whoever goes over them several times, so that their certificates are
//! walked once.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::certificate::{Certificate, Name, Place};
use crate::page::{Entry, Page};
use crate::reading::{self, Finds};

/// More names than this of a page are not kept: the entries that have the others are walked each time.
const MAX_NAMES: usize = 1 << 20;

/// Where a name stands in its certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    start: u32,
    length: u16,
    place: Place,
}

impl Kept {
    #[inline]
    pub fn name(self, der: &[u8]) -> Name<'_> {
        let start = self.start as usize;
        Name { place: self.place, bytes: Cow::Borrowed(&der[start..start + usize::from(self.length)]) }
    }
}

/// Of all entries of a page.
#[derive(Debug, Default)]
pub(crate) struct Index {
    names: Vec<Kept>,
    /// Begin and end in `names`, by position; None for an entry that is to be walked: in which something is wrong, or
    /// unusual.
    entries: Vec<Option<(u32, u32)>>,
}

impl Index {
    pub fn of(page: &Page) -> Self {
        let mut index = Self::default();
        for entry in page.entries() {
            let begin = index.names.len();
            let read = AssertUnwindSafe(|| index.read(&entry));
            let plain = catch_unwind(read).unwrap_or(false) && index.names.len() <= MAX_NAMES;
            if !plain {
                index.names.truncate(begin);
            }
            index.entries.push(plain.then_some((begin as u32, index.names.len() as u32)));
        }
        index
    }

    fn read(&mut self, entry: &Entry<'_>) -> bool {
        let mut keeps = Keeps { der: entry.certificate(), names: &mut self.names, plain: true };
        reading::entry(entry, &mut 0, Some(&mut keeps)).is_none() && keeps.plain
    }

    #[inline]
    pub fn at(&self, position: usize) -> Option<&[Kept]> {
        let (begin, end) = self.entries[position]?;
        Some(&self.names[begin as usize..end as usize])
    }
}

/// Writes down where names stand.
struct Keeps<'a> {
    der: &'a [u8],
    names: &'a mut Vec<Kept>,
    plain: bool,
}

impl Keeps<'_> {
    /// None for a name that does not stand in the certificate as it is.
    fn place_of(&self, name: &Name<'_>) -> Option<Kept> {
        let Cow::Borrowed(bytes) = name.bytes else {
            return None;
        };
        let length = u16::try_from(bytes.len()).ok()?;
        let start = bytes.as_ptr().addr().checked_sub(self.der.as_ptr().addr())?;
        self.der.get(start..start + bytes.len())?;
        Some(Kept { start: u32::try_from(start).ok()?, length, place: name.place })
    }
}

impl Finds for Keeps<'_> {
    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        match self.place_of(name) {
            Some(kept) if self.names.len() < MAX_NAMES => self.names.push(kept),
            _ => self.plain = false,
        }
    }

    fn salvage(&mut self) {
        self.plain = false;
    }

    fn everything(&mut self) {}

    fn looks_at_whole(&self) -> bool {
        false
    }

    fn whole(&mut self, _: Option<&Certificate<'_>>, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuers::Issuers;
    use crate::rules::{self, Matcher};

    /// Entries that are no certificates, some with a name in their bytes.
    fn page(count: usize) -> Page {
        let leaf = [&[0; 15][..], &[0, 0, 40, 0x82, 15], b"www.example.com", &[0; 22], &[0; 2]].concat();
        let leaf = base64_simd::STANDARD.encode_to_string(leaf);
        let item = format!(r#"{{"leaf_input":"{leaf}","extra_data":""}}"#);
        let body = format!(r#"{{"entries":[{}]}}"#, vec![item; count].join(","));
        Page::from_get_entries(&[body.as_bytes()], 0, &Issuers::new(1), count).unwrap()
    }

    #[test]
    fn what_is_broken_is_walked_each_time() {
        let (matcher, walked) = (Matcher::new([(rules::Kind::Tree, "example.com")]).unwrap(), page(3));
        let before = matcher.scan(&walked, true);
        walked.keep_names();
        assert!(walked.entries().all(|entry| entry.names.is_none()));
        let after = matcher.scan(&walked, true);
        assert_eq!(before.hits, after.hits);
        assert_eq!(before.quarantined, after.quarantined);
        assert_eq!((before.names, after.quarantined.len()), (after.names, 3));
    }

    #[test]
    fn a_name_that_stands_elsewhere_is_not_kept() {
        let der = *b"xx.example.com";
        let mut names = Vec::new();
        let mut keeps = Keeps { der: &der, names: &mut names, plain: true };
        let name = |bytes| Name { place: Place::San, bytes };
        keeps.name(&name(Cow::Borrowed(&der[3..])));
        assert!(keeps.plain);
        assert_eq!(*keeps.names[0].name(&der).bytes, *b"example.com");
        for other in [Cow::Owned(der[3..].to_vec()), Cow::Borrowed(&b"example.com"[..])] {
            keeps.plain = true;
            keeps.name(&name(other));
            assert!(!keeps.plain);
        }
    }
}
