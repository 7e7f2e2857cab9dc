//! JSON text (RFC 8259): valid UTF-8, whatever the bytes are.

use std::io::Write;

use base64_simd::Base64;

/// A buffer that JSON is appended to.
#[derive(Default)]
pub struct Json {
    pub out: Vec<u8>,
    /// How many names, values and certificates were left out or cut short.
    pub cut: u64,
}

impl Json {
    /// JSON as it stands.
    #[inline]
    pub fn raw(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    #[inline]
    pub fn string(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        self.text(bytes);
        self.out.push(b'"');
    }

    /// The inside of a string: what is no UTF-8 becomes U+FFFD.
    #[inline]
    pub fn text(&mut self, bytes: &[u8]) {
        if is_plain(bytes) {
            self.out.extend_from_slice(bytes);
        } else {
            escape(bytes, &mut self.out);
        }
    }

    /// The same of at most `limit` bytes, whole characters.
    #[inline]
    pub fn bounded_text(&mut self, bytes: &[u8], limit: usize) {
        if bytes.len() <= limit {
            return self.text(bytes);
        }
        self.cut += 1;
        let mut end = limit;
        while end > 0 && end + 4 > limit && bytes[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        self.text(&bytes[..end]);
    }

    #[inline]
    pub fn number(&mut self, value: u64) {
        push_number(value, &mut self.out);
    }

    #[inline]
    pub fn signed(&mut self, value: i64) {
        if value < 0 {
            self.out.push(b'-');
        }
        self.number(value.unsigned_abs());
    }

    /// Milliseconds as seconds with three decimals.
    #[inline]
    pub fn milliseconds(&mut self, value: u64) {
        self.number(value / 1000);
        let rest = value % 1000;
        self.out.extend_from_slice(&[
            b'.',
            b'0' + (rest / 100) as u8,
            b'0' + (rest / 10 % 10) as u8,
            b'0' + (rest % 10) as u8,
        ]);
    }

    #[inline]
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// Two digits a byte, with a colon between bytes; `digits` are sixteen.
    pub fn colons(&mut self, bytes: &[u8], digits: &[u8; 16]) {
        let mut written = [b':'; 3 * 64];
        for (at, some) in bytes.chunks(64).enumerate() {
            for (three, &byte) in written.chunks_exact_mut(3).zip(some) {
                three[0] = digits[usize::from(byte >> 4)];
                three[1] = digits[usize::from(byte & 15)];
            }
            if at > 0 {
                self.out.push(b':');
            }
            self.out.extend_from_slice(&written[..3 * some.len() - 1]);
        }
    }

    #[inline]
    pub fn base64(&mut self, alphabet: &Base64, bytes: &[u8]) {
        alphabet.encode_append(bytes, &mut self.out);
    }

    /// What a value displays as, which needs no escape.
    pub fn display(&mut self, value: impl std::fmt::Display) {
        // A Vec takes whatever is written.
        write!(self.out, "{value}").ok();
    }
}

pub const UPPER: &[u8; 16] = b"0123456789ABCDEF";
pub const LOWER: &[u8; 16] = b"0123456789abcdef";

pub fn push_number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const QUOTES: u64 = ONES * b'"' as u64;
const BACKSLASHES: u64 = ONES * b'\\' as u64;

/// ASCII without controls, quotes and backslashes: what stands in JSON as it is.
#[inline]
pub fn is_plain(bytes: &[u8]) -> bool {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut odd = eights.iter().fold(0, |odd, eight| odd | oddities(u64::from_ne_bytes(*eight)));
    if !rest.is_empty() {
        let mut last = [b' '; 8];
        last[..rest.len()].copy_from_slice(rest);
        odd |= oddities(u64::from_ne_bytes(last));
    }
    odd == 0
}

/// Not 0 when one of eight bytes is not plain. A borrow may mark its neighbour too, never it alone.
#[inline]
fn oddities(eight: u64) -> u64 {
    let zero = |value: u64| value.wrapping_sub(ONES) & !value;
    let controls = eight.wrapping_sub(ONES * 0x20);
    (eight | controls | zero(eight ^ QUOTES) | zero(eight ^ BACKSLASHES)) & HIGHS
}

#[cold]
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                // The two line separators end a line in JavaScript, as controls do to some readers of lines.
                '\u{2028}' | '\u{2029}' => push_escaped(c, out),
                c if c.is_control() => push_escaped(c, out),
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// `\uNNNN` of a character that 16 bits hold.
fn push_escaped(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    let code = c as u32;
    out.extend([12, 8, 4, 0].map(|shift| LOWER[(code >> shift & 15) as usize]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> String {
        let mut json = Json::default();
        json.string(bytes);
        String::from_utf8(json.out).unwrap()
    }

    #[test]
    fn every_byte_is_told_plain_or_not() {
        for byte in 0..=255_u8 {
            let plain = (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
            for length in 1..20 {
                for at in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    assert!(plain == is_plain(&bytes) || byte == 0x7f, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn strings() {
        assert_eq!(string(b"a.example"), r#""a.example""#);
        assert_eq!(string(b"\"\\\n\r\t\0\x7f"), r#""\"\\\n\u000d\u0009\u0000\u007f""#);
        assert_eq!(string("ä\u{85}\u{2028}\u{2029}😀".as_bytes()), "\"ä\\u0085\\u2028\\u2029😀\"");
        assert_eq!(string(b"a\xffb\xc3"), "\"a\u{fffd}b\u{fffd}\"");
        assert_eq!(string(b"\xed\xa0\x80"), "\"\u{fffd}\u{fffd}\u{fffd}\"");
    }

    #[test]
    fn what_is_too_long_ends_with_a_whole_character() {
        for (limit, expected) in [(8, "ääa"), (6, "ääa"), (5, "ääa"), (4, "ää"), (3, "ä"), (2, "ä"), (1, ""), (0, "")]
        {
            let mut json = Json::default();
            json.bounded_text("ääa😀".as_bytes(), limit);
            assert_eq!(String::from_utf8(json.out).unwrap(), expected, "{limit}");
            assert_eq!(json.cut, 1);
        }
    }

    #[test]
    fn numbers() {
        let mut json = Json::default();
        for value in [0, 9, 10, u64::MAX] {
            json.number(value);
            json.raw(" ");
        }
        json.signed(i64::MIN);
        json.raw(" ");
        json.milliseconds(1_700_000_000_007);
        json.raw(" ");
        json.colons(&[0xab, 1], UPPER);
        let expected = "0 9 10 18446744073709551615 -9223372036854775808 1700000000.007 AB:01";
        assert_eq!(String::from_utf8(json.out).unwrap(), expected);
    }
}
