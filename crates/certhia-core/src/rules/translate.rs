//! From the syntax of an expression to what it matches of names in lower case.
//!
//! `regex_syntax` does the same, but looks at every character of each class: eight milliseconds for `.`, and as much for a
//! range that a client writes in ten bytes. Here it is asked for the leaves alone, without regard to case, and classes are
//! folded by what has case.

use std::collections::HashMap;

use regex_syntax::ast::{self, Ast, ClassSet, ClassSetBinaryOpKind, ClassSetItem, GroupKind};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

use super::flags::{Flags, bit, bounds};
use super::{classes, symbols};

type Result<T> = std::result::Result<T, regex_syntax::hir::Error>;

/// One expression on its way.
pub struct Translation<'a> {
    value: &'a str,
    flags: Flags,
    /// Those of the same for names as bytes, where both are said at once, in symbols; and whether they can't be.
    plain: Option<Flags>,
    unsaid: bool,
    /// Classes by how they are written: each is worked out once.
    classes: HashMap<(&'a str, Flags), Hir>,
    /// Properties such as `\pL`, and `\w` and the like in brackets, folded, likewise.
    properties: HashMap<&'a str, ClassUnicode>,
    /// Classes in symbols; None for those that can't be said.
    said: HashMap<(&'a str, Flags), Option<Hir>>,
}

/// What an expression matches of names in lower case, case not counting; without groups.
pub fn translate(value: &str, ast: &Ast, unicode: bool) -> Result<Hir> {
    Translation::new(value, unicode).expression(ast)
}

/// The same of names in symbols, whether they are in Unicode or bytes; None where it can't be said of them.
pub fn in_symbols(value: &str, ast: &Ast) -> Result<Option<Hir>> {
    let mut translation = Translation::new(value, true);
    translation.plain = Some(Flags(bit(ast::Flag::CaseInsensitive)));
    let hir = translation.expression(ast)?;
    Ok((!translation.unsaid).then_some(hir))
}

impl<'a> Translation<'a> {
    fn new(value: &'a str, unicode: bool) -> Self {
        let mut flags = Flags(bit(ast::Flag::CaseInsensitive));
        if unicode {
            flags.0 |= bit(ast::Flag::Unicode);
        }
        let (classes, properties, said) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { value, flags, plain: None, unsaid: false, classes, properties, said }
    }

    /// As deep as the expression is nested, which the parser bounds.
    fn expression(&mut self, ast: &Ast) -> Result<Hir> {
        Ok(match ast {
            Ast::Flags(set) => {
                self.set_flags(&set.flags);
                Hir::empty()
            }
            Ast::Group(group) => {
                let before = (self.flags, self.plain);
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.set_flags(flags);
                }
                let hir = self.expression(&group.ast);
                (self.flags, self.plain) = before;
                hir?
            }
            Ast::Concat(concat) => Hir::concat(self.each(&concat.asts)?),
            Ast::Alternation(alternation) => Hir::alternation(self.each(&alternation.asts)?),
            Ast::Repetition(repetition) => {
                let sub = Box::new(self.expression(&repetition.ast)?);
                let (min, max) = bounds(&repetition.op.kind);
                let greedy = repetition.greedy != self.flags.has(ast::Flag::SwapGreed);
                Hir::repetition(Repetition { min, max, greedy, sub })
            }
            _ => match self.plain {
                Some(plain) => self.symbols(ast, plain)?,
                None => self.single(ast, self.flags)?,
            },
        })
    }

    fn set_flags(&mut self, flags: &ast::Flags) {
        self.flags.set(flags);
        if let Some(plain) = &mut self.plain {
            plain.set(flags);
        }
    }

    /// What has no parts.
    fn single(&mut self, ast: &Ast, flags: Flags) -> Result<Hir> {
        match ast {
            Ast::Dot(_) | Ast::ClassPerl(_) | Ast::ClassUnicode(_) | Ast::ClassBracketed(_) => self.class(ast, flags),
            _ => Ok(lower(self.leaf(ast, flags)?)),
        }
    }

    /// The same in symbols; once something can't be said, the rest does not matter.
    fn symbols(&mut self, ast: &Ast, plain: Flags) -> Result<Hir> {
        if self.unsaid {
            return Ok(Hir::fail());
        }
        let key = (self.text(ast.span()), self.flags);
        let said = if let Some(known) = self.said.get(&key) {
            known.clone()
        } else {
            let unicode = self.single(ast, self.flags)?;
            // What can't be said of bytes can't be said of both.
            let said = self.single(ast, plain).ok().and_then(|bytes| symbols::both(&unicode, &bytes));
            self.said.insert(key, said.clone());
            said
        };
        self.unsaid = said.is_none();
        Ok(said.unwrap_or_else(Hir::fail))
    }

    fn each(&mut self, asts: &[Ast]) -> Result<Vec<Hir>> {
        asts.iter().map(|ast| self.expression(ast)).collect()
    }

    fn leaf(&self, ast: &Ast, flags: Flags) -> Result<Hir> {
        let mut translator = TranslatorBuilder::new()
            .case_insensitive(flags.has(ast::Flag::CaseInsensitive))
            .multi_line(flags.has(ast::Flag::MultiLine))
            .dot_matches_new_line(flags.has(ast::Flag::DotMatchesNewLine))
            .unicode(flags.has(ast::Flag::Unicode))
            .crlf(flags.has(ast::Flag::CRLF))
            .utf8(false)
            .build();
        translator.translate(self.value, ast)
    }

    fn class(&mut self, ast: &Ast, flags: Flags) -> Result<Hir> {
        let key = (self.text(ast.span()), flags);
        if let Some(known) = self.classes.get(&key) {
            return Ok(known.clone());
        }
        // In Unicode these are the flags in force.
        let folds = flags.has(ast::Flag::CaseInsensitive) && flags.has(ast::Flag::Unicode);
        let folded = match ast {
            Ast::ClassUnicode(class) if folds => Some(self.property(class)?),
            Ast::ClassBracketed(class) if folds => Some(self.bracketed(class)?),
            _ => None,
        };
        let hir = match folded {
            Some(class) => Hir::class(Class::Unicode(classes::without_capitals(class))),
            None => lower(self.leaf(ast, flags)?),
        };
        self.classes.insert(key, hir.clone());
        Ok(hir)
    }

    /// Folded before it is negated: `[^x]` has no `X` either.
    fn bracketed(&mut self, class: &ast::ClassBracketed) -> Result<ClassUnicode> {
        let mut out = self.set(&class.kind)?;
        if class.negated {
            out.negate();
        }
        Ok(out)
    }

    /// A part of brackets, folded: what is put together of folded sets is folded.
    fn set(&mut self, set: &ClassSet) -> Result<ClassUnicode> {
        let operation = match set {
            ClassSet::Item(item) => return self.item(item),
            ClassSet::BinaryOp(operation) => operation,
        };
        let (mut left, right) = (self.set(&operation.lhs)?, self.set(&operation.rhs)?);
        match operation.kind {
            ClassSetBinaryOpKind::Intersection => left.intersect(&right),
            ClassSetBinaryOpKind::Difference => left.difference(&right),
            ClassSetBinaryOpKind::SymmetricDifference => left.symmetric_difference(&right),
        }
        Ok(left)
    }

    fn item(&mut self, item: &ClassSetItem) -> Result<ClassUnicode> {
        let one = |first, last| ClassUnicode::new([ClassUnicodeRange::new(first, last)]);
        let (mut class, negated) = match item {
            ClassSetItem::Empty(_) => return Ok(ClassUnicode::empty()),
            ClassSetItem::Bracketed(class) => return self.bracketed(class),
            ClassSetItem::Unicode(class) => return self.property(class),
            ClassSetItem::Union(union) => return self.union(&union.items),
            ClassSetItem::Perl(class) => return self.perl(class),
            ClassSetItem::Literal(literal) => (one(literal.c, literal.c), false),
            ClassSetItem::Range(range) => (one(range.start.c, range.end.c), false),
            ClassSetItem::Ascii(class) => {
                let kind = ClassSet::Item(ClassSetItem::Ascii(ast::ClassAscii { negated: false, ..class.clone() }));
                let alone = ast::ClassBracketed { span: class.span, negated: false, kind };
                (classes::characters(self.leaf(&Ast::ClassBracketed(Box::new(alone)), self.flags)?), class.negated)
            }
        };
        classes::fold(&mut class);
        if negated {
            class.negate();
        }
        Ok(class)
    }

    /// Characters and ranges that stand together are folded together.
    fn union(&mut self, items: &[ClassSetItem]) -> Result<ClassUnicode> {
        let mut plain = Vec::new();
        let mut out = ClassUnicode::empty();
        for item in items {
            match item {
                ClassSetItem::Literal(literal) => plain.push(ClassUnicodeRange::new(literal.c, literal.c)),
                ClassSetItem::Range(range) => plain.push(ClassUnicodeRange::new(range.start.c, range.end.c)),
                _ => out.union(&self.item(item)?),
            }
        }
        let mut plain = ClassUnicode::new(plain);
        classes::fold(&mut plain);
        out.union(&plain);
        Ok(out)
    }

    /// Closed as it is.
    fn perl(&mut self, class: &ast::ClassPerl) -> Result<ClassUnicode> {
        let key = self.text(&class.span);
        if let Some(known) = self.properties.get(key) {
            return Ok(known.clone());
        }
        let out = classes::characters(self.leaf(&Ast::ClassPerl(Box::new(class.clone())), self.flags)?);
        self.properties.insert(key, out.clone());
        Ok(out)
    }

    fn property(&mut self, class: &ast::ClassUnicode) -> Result<ClassUnicode> {
        let key = self.text(&class.span);
        if let Some(known) = self.properties.get(key) {
            return Ok(known.clone());
        }
        let negated = class.is_negated();
        let plain = ast::ClassUnicode { negated: class.negated != negated, ..class.clone() };
        let as_written = Flags(self.flags.0 & !bit(ast::Flag::CaseInsensitive));
        let mut out = classes::characters(self.leaf(&Ast::ClassUnicode(Box::new(plain)), as_written)?);
        classes::fold(&mut out);
        if negated {
            out.negate();
        }
        self.properties.insert(key, out.clone());
        Ok(out)
    }

    fn text(&self, span: &ast::Span) -> &'a str {
        &self.value[span.start.offset..span.end.offset]
    }
}

/// A leaf as names have it.
fn lower(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => Hir::class(classes::lower(class)),
        HirKind::Look(look) => Hir::look(look),
        _ => Hir::empty(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(value: &str) -> Option<Ast> {
        ast::parse::Parser::new().parse(value).ok()
    }

    /// As `regex_syntax` does it alone.
    fn plainly(value: &str, ast: &Ast, unicode: bool) -> Result<Hir> {
        let mut translator = TranslatorBuilder::new().case_insensitive(true).unicode(unicode).utf8(false).build();
        translator.translate(value, ast).map(folded)
    }

    fn folded(hir: Hir) -> Hir {
        match hir.into_kind() {
            HirKind::Repetition(one) => Hir::repetition(Repetition { sub: Box::new(folded(*one.sub)), ..one }),
            HirKind::Capture(capture) => folded(*capture.sub),
            HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(folded).collect()),
            HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(folded).collect()),
            HirKind::Class(Class::Unicode(mut class)) => {
                class.case_fold_simple();
                Hir::class(classes::lower(Class::Unicode(class)))
            }
            HirKind::Empty => Hir::empty(),
            kind => lower(match kind {
                HirKind::Look(look) => Hir::look(look),
                HirKind::Literal(literal) => Hir::literal(literal.0),
                HirKind::Class(class) => Hir::class(class),
                _ => unreachable!("all others are above"),
            }),
        }
    }

    fn same(value: &str) {
        let Some(ast) = parsed(value) else { return };
        for unicode in [true, false] {
            match (translate(value, &ast, unicode), plainly(value, &ast, unicode)) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{value}"),
                (Err(ours), Err(theirs)) => assert_eq!(ours, theirs, "{value}"),
                (ours, theirs) => panic!("{value}: {ours:?} and {theirs:?}"),
            }
        }
    }

    #[test]
    fn each_kind_of_expression_means_what_it_meant() {
        for value in [
            "",
            "a",
            "K",
            "ſ",
            ".",
            "(?s).",
            "(?R).",
            "(?-u).",
            r"\w\W\d\D\s\S",
            r"(?-u)\w\W\xff",
            r"\pL\PL\p{Greek}",
            r"\p{sc!=Greek}",
            r"\P{sc!=Greek}",
            r"[\p{sc!=Greek}]",
            "[^x]",
            "(?-i)[^x]",
            "(?-i:[^X])x",
            "[[^x]&&[a-z]]",
            "[a-z--K]",
            "[k~~K]",
            "[[:alpha:][:^lower:]]",
            r"[\W\d]",
            r"[^\PL]",
            "[a&&b]",
            r"[^\s\S]",
            "[ßẞ]",
            "(?U)a*b*?",
            "a{2}b{2,}c{2,3}",
            "(a)(?P<n>b)|(?i-s:c)",
            "(?:a(?-i)B|C)D",
            "(?-i)a|(?i)B",
            "x|xy|xz",
            "^$",
            r"(?m)^$\b\B\<\>",
            r"(?-u)\b\B",
            r"\b{start-half}\b{end-half}",
            r"(?-u)\pL",
            r"\p{Nope}",
            "(?x) a b [ c]",
            r"[\x00-\x{10FFFF}]",
            r"(?-u)[\x80-\xff]",
            "[^\u{345}]",
            r"\P{Lu}",
            r"[\P{Lu}k]",
            "(?:)|a",
            "(?:(?i))*",
        ] {
            assert!(parsed(value).is_some(), "{value}");
            same(value);
        }
    }

    #[test]
    fn a_class_is_worked_out_once() {
        for (value, classes) in [(".".repeat(4000), 1), (r"\pL".repeat(1300), 1), (r"\w[^x]\W".repeat(400), 3)] {
            let mut translation = Translation::new(&value, true);
            translation.expression(&parsed(&value).unwrap()).unwrap();
            assert_eq!(translation.classes.len(), classes);
        }
        for (value, properties) in [(format!("[{}]", r"\pL\PN\w".repeat(400)), 3), (r"[\pLa][\pLb]".repeat(300), 1)] {
            let mut translation = Translation::new(&value, true);
            translation.expression(&parsed(&value).unwrap()).unwrap();
            assert_eq!(translation.properties.len(), properties);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn any_expression_means_what_it_meant(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "a", "K", "s", "ü", "(", ")", "(?:", "(?i:", "(?-i:", "(?-u:", "(?i)", "(?-i)", "(?U)", "|", "*", "+?", "{2,3}",
                "[", "[^", "]", "&&", "--", "~~", "a-z", "x", r"\w", r"\W", r"\d", r"\pL", r"\PL", r"\p{Greek}", ".", "^",
                "$", r"\b", "[:alpha:]", "-", r"\x{17f}",
            ]), 0..12),
        ) {
            same(&parts.concat());
        }
    }
}
