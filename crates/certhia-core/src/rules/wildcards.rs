//! Names with characters that stand for others.

/// A name, or one of its labels, in which some characters stand for any text within a label.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'a> {
    pub bytes: &'a [u8],
    /// Whether `?` does so too, as where a label can't be read; else only `*`.
    unread: bool,
}

impl<'a> Pattern<'a> {
    /// A certificate's name with its wildcards.
    pub fn of_certificate(bytes: &'a [u8]) -> Self {
        Self { bytes, unread: false }
    }

    /// A name with `?` for what can't be read.
    pub fn of_unread(bytes: &'a [u8]) -> Self {
        Self { bytes, unread: true }
    }

    /// Another part of the same name.
    pub fn part(self, bytes: &'a [u8]) -> Self {
        Self { bytes, ..self }
    }

    pub fn is_wild(self) -> bool {
        self.bytes.iter().any(|&byte| self.stands(byte))
    }

    /// The first label and what is behind it, where all that is wild is in the first label.
    pub fn only_first(self) -> Option<(Self, &'a [u8])> {
        let (first, rest) = match memchr::memchr(b'.', self.bytes) {
            Some(dot) => (&self.bytes[..dot], &self.bytes[dot + 1..]),
            None => (self.bytes, &[][..]),
        };
        (self.part(first).is_wild() && !self.part(rest).is_wild()).then_some((self.part(first), rest))
    }

    /// The labels behind the last wild one.
    pub fn known_end(self) -> &'a [u8] {
        let last = self.bytes.iter().rposition(|&byte| self.stands(byte)).unwrap_or(0);
        memchr::memchr(b'.', &self.bytes[last..]).map_or(&[], |dot| &self.bytes[last + dot + 1..])
    }

    fn stands(self, byte: u8) -> bool {
        byte == b'*' || (byte == b'?' && self.unread)
    }

    /// Whether a label is one that this stands for.
    pub fn covers(self, label: &[u8]) -> bool {
        let (mut p, mut l) = (0, 0);
        let mut star = None;
        while l < label.len() {
            match self.bytes.get(p) {
                Some(&byte) if self.stands(byte) => {
                    star = Some((p, l));
                    p += 1;
                }
                Some(byte) if byte.eq_ignore_ascii_case(&label[l]) => {
                    p += 1;
                    l += 1;
                }
                _ => match star {
                    Some((at, from)) => {
                        star = Some((at, from + 1));
                        p = at + 1;
                        l = from + 1;
                    }
                    None => return false,
                },
            }
        }
        self.bytes[p..].iter().all(|&byte| self.stands(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_label_stands_for() {
        for (pattern, label, expected) in [
            ("*", "", true),
            ("*", "www", true),
            ("w*w", "www", true),
            ("w*w", "w", false),
            ("*a*b*", "xaxxb", true),
            ("*ab", "aab", true),
            ("*ab", "aba", false),
            ("W", "w", true),
            ("?", "w", false),
        ] {
            assert_eq!(
                Pattern::of_certificate(pattern.as_bytes()).covers(label.as_bytes()),
                expected,
                "{pattern} {label}"
            );
        }
        assert!(Pattern::of_unread(b"?").covers(b"www"));
        assert!(Pattern::of_unread(b"w?*").covers(b"www"));
    }

    #[test]
    fn where_it_is_wild() {
        for (name, first, end) in [
            ("*.example.com", Some(("*", "example.com")), "example.com"),
            ("w*.a", Some(("w*", "a")), "a"),
            ("a.*.example.com", None, "example.com"),
            ("*.*.com", None, "com"),
            ("a.*", None, ""),
            ("*", Some(("*", "")), ""),
        ] {
            let pattern = Pattern::of_certificate(name.as_bytes());
            let found = pattern.only_first().map(|(first, rest)| (first.bytes, rest));
            assert_eq!(found, first.map(|(first, rest)| (first.as_bytes(), rest.as_bytes())), "{name}");
            assert_eq!(pattern.known_end(), end.as_bytes(), "{name}");
        }
    }
}
