//! Plain rules from the lines of a text, millions of them.

use crate::error::Result;
use crate::names;
use crate::suffixes::Suffixes;

use super::domains::Form;
use super::gather::Rules;
use super::kinds::Kind;

/// More lines that are no plain rule are not listed.
pub const MAX_ODD: usize = 100_000;
/// More names that are public suffixes are not listed.
const MAX_WIDE: usize = 100;
/// Of a longer line the beginning is kept, one byte more than this.
const MAX_LINE: usize = 4096;

/// What was made of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LinesRead {
    /// Number of the first rule.
    pub first: u32,
    pub count: usize,
    /// Line number from 1, and the line, of each that is no plain rule.
    pub odd: Vec<(usize, Vec<u8>)>,
    /// Whether there are more of these.
    pub more: bool,
    /// Line numbers of names that are public suffixes.
    pub wide: Vec<usize>,
}

impl Rules {
    /// Adds the plain rules of a text, one a line.
    pub fn add_lines(&mut self, text: &[u8], scope: u32) -> Result<LinesRead> {
        let suffixes = Suffixes::shipped();
        let before = self.len();
        let mut read = LinesRead { first: before as u32, ..LinesRead::default() };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut start = 0;
        let mut number = 0;
        while start < text.len() {
            let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
            let line = said(&text[start..end]);
            number += 1;
            start = end + 1;
            if line.is_empty() {
                continue;
            }
            let Some((kind, form, name)) = plain(line) else {
                read.odd(number, line);
                continue;
            };
            self.push_domain(kind, form, name, scope)?;
            if kind != Kind::Exact && read.wide.len() < MAX_WIDE && suffixes.is_suffix(name) {
                read.wide.push(number);
            }
        }
        read.count = self.len() - before;
        Ok(read)
    }
}

impl LinesRead {
    fn odd(&mut self, number: usize, line: &[u8]) {
        if self.odd.len() == MAX_ODD {
            self.more = true;
        } else {
            self.odd.push((number, line[..line.len().min(MAX_LINE + 1)].to_vec()));
        }
    }
}

/// A line without its comment and the white space around.
fn said(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    if line.starts_with(b"#") {
        return &[];
    }
    let comment = memchr::memchr_iter(b'#', line).find(|&at| matches!(line[at - 1], b' ' | b'\t'));
    comment.map_or(line, |at| line[..at].trim_ascii_end())
}

/// Kind, form and name of a rule that can be read at a glance.
fn plain(line: &[u8]) -> Option<(Kind, Form, &str)> {
    let (kind, form, name) = match line {
        [b'*', b'.', name @ ..] => (Kind::Below, Form::Star, name),
        [b'.', name @ ..] => (Kind::Tree, Form::Dot, name),
        [b'=', name @ ..] => (Kind::Exact, Form::Equals, name),
        name => (Kind::Tree, Form::Value, name),
    };
    if name.len() > 253 {
        return None;
    }
    let (mut label, mut labels, mut encoded) = (0, 1, false);
    for (at, &byte) in name.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => {
                label += 1;
                encoded |= byte == b'-' && label == 4 && name[at - 3..].starts_with(b"xn--");
            }
            b'.' if label != 0 => {
                label = 0;
                labels += 1;
            }
            _ => return None,
        }
        if label > 63 {
            return None;
        }
    }
    let last = &name[name.len() - label..];
    // What ends in a number may be meant as an address.
    let number = last.last().is_none_or(u8::is_ascii_digit) || last.starts_with(b"0x");
    let name = std::str::from_utf8(name).ok()?;
    let odd = labels < 2 || number || (encoded && names::to_ascii(name).as_deref() != Ok(name));
    (!odd).then_some((kind, form, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_people_write_them() {
        let text = b"\xef\xbb\xbfexample.com\r\n# all of it\n\n .example.org \t# note\n*.a.example\n=www.example.com\n\
            EXAMPLE.com\nco.uk\nkw:acme\nxn--mller-kva.example\nxn--a.example\n192.0.2.1\ncom\na..b\na.example.\n";
        let mut rules = Rules::default();
        rules.add(Kind::All, "", 0).unwrap();
        let read = rules.add_lines(text, 0).unwrap();
        assert_eq!((read.first, read.count, read.more), (1, 6, false));
        assert_eq!(read.wide, [8]);
        let odd: Vec<usize> = read.odd.iter().map(|(number, _)| *number).collect();
        assert_eq!(odd, [7, 9, 11, 12, 13, 14, 15]);
        assert_eq!(read.odd[0].1, b"EXAMPLE.com");
        let matcher = rules.build(&Suffixes::shipped()).unwrap();
        let texts: Vec<String> = (1..7).map(|number| matcher.rule(number).unwrap().2).collect();
        let written =
            ["example.com", ".example.org", "*.a.example", "=www.example.com", "co.uk", "xn--mller-kva.example"];
        assert_eq!(texts, written);
        assert_eq!(matcher.rule(4).map(|(kind, value, _)| (kind, value)), Some((Kind::Exact, "www.example.com")));
        assert!(matcher.rule(7).is_none());
    }

    #[test]
    fn odd_lines_are_bounded() {
        let long = [&[b'A'; 10_000][..], b"\n"].concat();
        let read = Rules::default().add_lines(&long, 0).unwrap();
        assert_eq!(read.odd[0].1.len(), MAX_LINE + 1);
        let many = b"?\n".repeat(MAX_ODD + 1);
        let read = Rules::default().add_lines(&many, 0).unwrap();
        assert_eq!((read.odd.len(), read.more), (MAX_ODD, true));
    }
}
