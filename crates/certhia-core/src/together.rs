//! Several matchers held against a page, of which each certificate is walked once.
//!
//! Where the names stand is written down first; then one matcher after the other goes over them all. Name by name with all
//! matchers takes longer: each finds the processor's caches and guesses full of the others.

use crate::page::Page;
use crate::rules::Matcher;
use crate::scan::Scan;

/// More matchers than this are not meant to be held against a page together: a name costs with each.
pub const MAX_TOGETHER: usize = 64;

impl Page {
    /// What `Matcher::scan` gives for each matcher, with whether precertificates are matched, in their order.
    /// `keep_names`: as [`Page::keep_names`], on the same walk.
    pub fn scan_together(&self, wanted: &[(&Matcher, bool)], keep_names: bool) -> Vec<Scan> {
        let page = match wanted.len() {
            _ if keep_names => {
                self.keep_names();
                self
            }
            0 | 1 => self,
            _ => &self.with_names(),
        };
        wanted.iter().map(|(matcher, precerts)| matcher.scan(page, *precerts)).collect()
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
            assert_eq!(page.entry(0).names.is_some(), keep);
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
}
