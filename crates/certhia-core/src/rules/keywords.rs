//! Keywords: parts of labels.

use crate::error::{Malformed, Result};
use crate::names;

/// More keywords than this are refused.
pub const MAX_KEYWORDS: usize = 100_000;
/// Characters; no label has more.
const MAX_LENGTH: usize = 63;

/// A keyword as it stands in names: lower case, in Unicode as UTS 46 maps it.
pub fn read(value: &str) -> Result<String> {
    if value.is_empty() {
        return Err(Malformed::new("a keyword is empty; write a part of a label, such as acme", 0));
    }
    for (number, (at, character)) in value.char_indices().enumerate() {
        if number == MAX_LENGTH {
            let reason = format!("a keyword has at most {MAX_LENGTH} characters, as a label has; shorten it");
            return Err(Malformed::new(reason, at));
        }
        if matches!(character, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}') {
            let reason = "a keyword is part of one label and has no dot; write a domain, or a regular expression";
            return Err(Malformed::new(reason, at));
        }
        if character.is_ascii() && !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_')) {
            let reason =
                format!("{character:?} stands in no name; a keyword has letters, digits, hyphens, underscores");
            return Err(Malformed::new(reason, at));
        }
        if character.is_control() || character.is_whitespace() {
            let reason = format!("{character:?} stands in no name; write a part of a label, such as acme");
            return Err(Malformed::new(reason, at));
        }
    }
    if value.is_ascii() {
        return Ok(value.to_ascii_lowercase());
    }
    // Part of a label need not be a label: then lower case is all that is done.
    Ok(names::to_unicode(value.as_bytes()).filter(|mapped| !mapped.is_empty()).unwrap_or_else(|| value.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_mapped_as_names_are() {
        assert_eq!(read("Acme-2_x").as_deref(), Ok("acme-2_x"));
        assert_eq!(read("BU\u{308}CHER").as_deref(), Ok("b\u{fc}cher"));
        assert_eq!(read("\u{308}cher").as_deref(), Ok("\u{308}cher"));
        for (value, offset) in [("", 0), ("a.b", 1), ("a b", 1), ("é*", 2), ("a\u{3002}b", 1), ("b\u{a0}", 1)] {
            assert_eq!(read(value).map_err(|fault| fault.offset), Err(offset), "{value:?}");
        }
        assert_eq!(read(&"a".repeat(64)).map_err(|fault| fault.offset), Err(63));
    }
}
