//! What one client wants of the stream.

use std::sync::Arc;

use crate::error::{Malformed, Result};
use crate::rules::{self, Expression, Rules};

/// Bytes that the regular expressions of one filter may take compiled.
const MAX_COMPILED: usize = 4 << 20;

/// Which entries by their kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Only {
    Precerts,
    Certificates,
}

impl Only {
    /// By the names "precert" and "certificate"; "" is both.
    pub fn from_name(name: &str) -> Result<Option<Self>> {
        match name {
            "" => Ok(None),
            "precert" => Ok(Some(Self::Precerts)),
            "certificate" => Ok(Some(Self::Certificates)),
            _ => {
                let shown: String = name.chars().take(40).collect();
                Err(Malformed::new(format!("a kind of entry {shown:?}; there are precert and certificate"), 0))
            }
        }
    }
}

/// One rule, checked. Its expression is compiled once, however often tables are made with it.
#[derive(Clone)]
pub struct Rule {
    pub kind: rules::Kind,
    pub value: Arc<str>,
    pub(super) expression: Option<Arc<Expression>>,
}

impl Rule {
    pub(super) fn key(&self) -> (rules::Kind, &str) {
        (self.kind, &self.value)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Rule {}

impl std::hash::Hash for Rule {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// What is asked for, as it was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    pub rules: &'a [(rules::Kind, &'a str)],
    pub excluded: &'a [(rules::Kind, &'a str)],
    /// Texts as rules of kind `issuer` have them.
    pub issuers: &'a [&'a str],
    /// Names in A-labels, lower case, without dots around.
    pub tlds: &'a [&'a str],
    pub only: Option<Only>,
}

/// What one client wants: equal when the same is asked for, in whatever order.
#[derive(PartialEq, Eq, Hash)]
pub struct Filter {
    /// Whether it takes what no rule takes too, as far as exclusions leave it.
    pub(super) takes_all: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) excluded: Vec<Rule>,
    pub(super) issuers: Vec<Rule>,
    pub(super) tlds: Vec<Rule>,
    pub(super) only: Option<Only>,
}

impl Filter {
    /// Checks every rule. Faults say which, with the offset in its value.
    pub fn new(asked: Asked<'_>) -> Result<Self> {
        let mut checks = Checks::default();
        let mut rules = checks.read("rule", asked.rules)?;
        let excluded = checks.read("exclusion", asked.excluded)?;
        let issuers = checks.read("issuer", &of_kind(rules::Kind::Issuer, asked.issuers))?;
        let tlds = checks.read("TLD", &of_kind(rules::Kind::Tree, asked.tlds))?;
        let takes_all = rules.is_empty() || rules.iter().any(|rule| rule.kind == rules::Kind::All);
        if let Some(number) = excluded.iter().position(|rule| rule.kind == rules::Kind::All) {
            let reason = format!("exclusion {number} (all): it takes away everything; leave it out");
            return Err(Malformed::new(reason, 0));
        }
        rules.retain(|rule| rule.kind != rules::Kind::All);
        let mut filter = Self { takes_all, rules, excluded, issuers, tlds, only: asked.only };
        if takes_all && !filter.excludes_names() {
            filter.rules.clear();
        }
        Ok(filter)
    }

    /// Rules, exclusions, issuers and TLDs.
    pub fn len(&self) -> usize {
        self.rules.len() + self.excluded.len() + self.issuers.len() + self.tlds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory that it takes.
    pub fn nbytes(&self) -> usize {
        let each = |rule: &Rule| size_of::<Rule>() + 16 + rule.value.len();
        size_of::<Self>() + self.parts().map(each).sum::<usize>() + self.compiled()
    }

    /// What of that its regular expressions take, with their share of tables.
    pub fn compiled(&self) -> usize {
        self.parts().filter_map(|rule| rule.expression.as_ref()).map(|expression| expression.nbytes()).sum()
    }

    /// Bytes of the text in its rules of such kinds.
    pub(super) fn text(&self, counts: impl Fn(rules::Kind) -> bool) -> usize {
        self.parts().filter(|rule| counts(rule.kind)).map(|rule| rule.value.len()).sum()
    }

    fn parts(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(&self.excluded).chain(&self.issuers).chain(&self.tlds)
    }

    /// Whether it leaves names out, and not only whole certificates.
    pub(super) fn excludes_names(&self) -> bool {
        self.excluded.iter().any(|rule| !rule.kind.is_on_certificates())
    }
}

fn of_kind<'a>(kind: rules::Kind, texts: &[&'a str]) -> Vec<(rules::Kind, &'a str)> {
    texts.iter().map(|&text| (kind, text)).collect()
}

/// Checks rules by gathering them.
#[derive(Default)]
struct Checks {
    gathered: Rules,
    compiled: usize,
}

impl Checks {
    /// The rules, each once, in the order of kinds and values.
    fn read(&mut self, what: &str, asked: &[(rules::Kind, &str)]) -> Result<Vec<Rule>> {
        let mut out = Vec::with_capacity(asked.len());
        for (number, &(kind, value)) in asked.iter().enumerate() {
            let told = |fault: Malformed| {
                let reason = format!("{what} {number} ({}): {}", kind.as_str(), fault.reason);
                Malformed::new(reason, fault.offset)
            };
            let expression = self.rule(kind, value).map_err(told)?;
            out.push(Rule { kind, value: value.into(), expression });
        }
        out.sort_by(|one, other| one.key().cmp(&other.key()));
        out.dedup();
        Ok(out)
    }

    fn rule(&mut self, kind: rules::Kind, value: &str) -> Result<Option<Arc<Expression>>> {
        if kind != rules::Kind::Regex {
            return self.gathered.add(kind, value, 0).map(|_| None);
        }
        let expression = Arc::new(Expression::read(value)?);
        self.compiled += expression.nbytes();
        if self.compiled > MAX_COMPILED {
            let reason =
                format!("the regular expressions take more than {} MiB together; use fewer", MAX_COMPILED >> 20);
            return Err(Malformed::new(reason, 0));
        }
        Ok(Some(expression))
    }
}
