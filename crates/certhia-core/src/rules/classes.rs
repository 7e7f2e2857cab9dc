//! Classes of characters without regard to case, in time that does not grow with how many characters they have.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// What may have another case: all others fold to themselves.
const CASED: &str = r"[\p{CWCF}\p{CWL}\p{CWU}\p{CWT}]";

/// Each character with each other that it is the same as when case does not count (simple case folding of Unicode), by
/// the first: some 3,000, of 1.1 million characters.
fn others() -> &'static [(char, char)] {
    static OTHERS: OnceLock<Vec<(char, char)>> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let cased = match regex_syntax::parse(CASED).map(Hir::into_kind) {
            Ok(HirKind::Class(Class::Unicode(class))) => class,
            // The expression is ours. Were it not to be read, all characters would be looked at, once.
            _ => ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)]),
        };
        let each = cased.iter().flat_map(|range| range.start()..=range.end());
        each.flat_map(|character| {
            let mut same = of(character);
            same.case_fold_simple();
            let all: Vec<char> = same.iter().flat_map(|range| range.start()..=range.end()).collect();
            all.into_iter().filter(move |&other| other != character).map(move |other| (character, other))
        })
        .collect()
    })
}

fn of(character: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(character, character)])
}

/// Adds the other cases of what is in the class, as `ClassUnicode::case_fold_simple` does, which looks at each of its
/// characters.
pub fn fold(class: &mut ClassUnicode) {
    let ranges = class.ranges();
    let mut missing = Vec::new();
    let mut at = 0;
    for &(character, other) in others() {
        while at < ranges.len() && ranges[at].end() < character {
            at += 1;
        }
        if at == ranges.len() {
            break;
        }
        if ranges[at].start() <= character && !holds(ranges, other) {
            missing.push(ClassUnicodeRange::new(other, other));
        }
    }
    if !missing.is_empty() {
        class.union(&ClassUnicode::new(missing));
    }
}

fn holds(ranges: &[ClassUnicodeRange], character: char) -> bool {
    let at = ranges.partition_point(|range| range.end() < character);
    ranges.get(at).is_some_and(|range| range.start() <= character)
}

/// The same for names alone, which are in lower case as UTS 46 maps it: then letters are one byte again, and texts can be
/// told from classes.
pub fn lower(class: Class) -> Class {
    match class {
        Class::Bytes(mut class) => {
            class.case_fold_simple();
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'A', b'Z')]));
            Class::Bytes(class)
        }
        Class::Unicode(mut class) => {
            fold(&mut class);
            Class::Unicode(without_capitals(class))
        }
    }
}

/// A folded class without what has a lower case of ASCII: also the long s and the Kelvin sign.
pub fn without_capitals(mut class: ClassUnicode) -> ClassUnicode {
    let upper = [('A', 'Z'), ('\u{17f}', '\u{17f}'), ('\u{212a}', '\u{212a}')];
    class.difference(&ClassUnicode::new(upper.map(|(first, last)| ClassUnicodeRange::new(first, last))));
    class
}

/// The characters of a leaf that is a class: of one character it is made a text, of none nothing.
pub fn characters(hir: Hir) -> ClassUnicode {
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => class,
        HirKind::Literal(literal) => {
            let text = String::from_utf8_lossy(&literal.0);
            ClassUnicode::new(text.chars().map(|one| ClassUnicodeRange::new(one, one)))
        }
        _ => ClassUnicode::empty(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_character_with_another_case_is_left_out() {
        let known: Vec<char> = others().iter().map(|&(character, _)| character).collect();
        assert!(known.is_sorted());
        for character in '\0'..=char::MAX {
            let mut same = of(character);
            same.case_fold_simple();
            let is_alone = same.iter().all(|range| range.start() == range.end() && range.start() == character);
            assert_eq!(known.binary_search(&character).is_err(), is_alone, "{character:?}");
        }
    }

    #[test]
    fn the_work_is_that_of_what_has_case() {
        assert!(others().len() < 3_500, "{}", others().len());
    }

    proptest! {
        #[test]
        fn a_class_is_folded_as_unicode_folds_it(
            ranges in proptest::collection::vec((any::<char>(), 0_u32..300), 0..8),
            letters in proptest::collection::vec("[A-Za-z\u{130}\u{17f}\u{212a}\u{345}ßẞθϑΘσςΣ]", 0..4),
        ) {
            let spans = ranges.iter().map(|&(first, more)| {
                ClassUnicodeRange::new(first, char::from_u32(u32::from(first) + more).unwrap_or(first))
            });
            let letters = letters.iter().flat_map(|text| text.chars()).map(|one| ClassUnicodeRange::new(one, one));
            let class = ClassUnicode::new(spans.chain(letters));
            let (mut quick, mut plain) = (class.clone(), class);
            fold(&mut quick);
            plain.case_fold_simple();
            prop_assert_eq!(quick, plain);
        }
    }
}
