//! Texts one of which a name must have before an expression can match it.

use std::cmp::Reverse;

use regex_syntax::hir::{Hir, HirKind};

/// Shorter ones stand in too many names.
const SHORTEST: usize = 3;
/// More for one expression are not worth looking for.
const MOST: usize = 64;
/// What stands in very many names tells nothing.
const COMMON: [&[u8]; 12] = [
    b"www.",
    b".com.",
    b".net.",
    b".org.",
    b".co.uk.",
    b".com.br.",
    b".com.au.",
    b"mail.",
    b"autodiscover.",
    b"cpanel.",
    b"webdisk.",
    b"xn--",
];

/// Texts of which each match has at least one; None where there are none that are rare.
pub fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => is_rare(&literal.0).then(|| vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(required).max_by_key(|texts| rarity(texts)),
        HirKind::Alternation(parts) => {
            let mut texts = Vec::new();
            for part in parts {
                texts.extend(required(part)?);
                if texts.len() > MOST {
                    return None;
                }
            }
            Some(texts)
        }
        _ => None,
    }
}

/// Few texts are rarer than many, once none is very short; then long ones.
fn rarity(texts: &[Vec<u8>]) -> (usize, Reverse<usize>, usize) {
    let shortest = texts.iter().map(Vec::len).min().unwrap_or(0);
    (shortest.min(SHORTEST + 1), Reverse(texts.len()), shortest)
}

fn is_rare(text: &[u8]) -> bool {
    text.len() >= SHORTEST && !COMMON.iter().any(|common| memchr::memmem::find(common, text).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::patterns::Pattern;
    #[test]
    fn the_rarest_that_every_match_has() {
        for (value, expected) in [
            (r"acme[-.]?(?:login|verify)", Some(vec!["acme"])),
            (r"dhl[-.]?(?:login|verify)", Some(vec!["login", "verify"])),
            (r"(?:pay|g)[a-z]*acme", Some(vec!["acme"])),
            (r"[a-z]+\.com$", None),
            (r"(login|\d+)", None),
            (r"(?:secure){2,}", Some(vec!["secure"])),
            (r"(?:secure)*", None),
            (r"go+gle", Some(vec!["gle"])),
        ] {
            let found = Pattern::read(value).unwrap().required;
            let texts = |texts: Vec<&str>| texts.into_iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
            assert_eq!(found, expected.map(texts), "{value}");
        }
    }
}
