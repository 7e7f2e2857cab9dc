//! The value of a look-alike rule: `example.com`, `example.com,homoglyph,tld`, `example.com,-edit,score=70`.

use super::score;
use super::trick::{Trick, Tricks};
use crate::error::{Malformed, Result};

/// What a look-alike rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookalike {
    name: String,
    pub(super) tricks: Tricks,
    /// The least score that is told.
    pub(super) least: u8,
}

impl Lookalike {
    /// Reads `NAME,OPTION,…`; white space around an option is ignored. The name is in A-labels, lower case, without a
    /// trailing dot.
    ///
    /// A kind switches all kinds off that are not named, `-KIND` switches one off; `score=N` (1 to 100) is the least
    /// score that is told, [`score::DEFAULT_LEAST`] unless given.
    pub fn parse(value: &str) -> Result<Self> {
        let end = value.find(',').unwrap_or(value.len());
        let name = &value[..end];
        check_name(name)?;
        let mut named = Tricks::NONE;
        let mut off = Tricks::NONE;
        let mut least = None;
        let mut at = end + 1;
        while at <= value.len() {
            let end = value[at..].find(',').map_or(value.len(), |comma| at + comma);
            let option = value[at..end].trim();
            let offset = end - value[at..end].trim_start().len();
            if let Some(number) = option.strip_prefix("score=") {
                if least.replace(read_score(number, offset + 6)?).is_some() {
                    return Err(Malformed::new("score=N is written twice: write it once", offset));
                }
            } else if let Some(kind) = option.strip_prefix('-') {
                off = off.with(read_kind(kind, option, offset)?);
            } else {
                named = named.with(read_kind(option, option, offset)?);
            }
            at = end + 1;
        }
        let mut tricks = if named.is_empty() { Tricks::ALL } else { named };
        for trick in Trick::ALL.into_iter().filter(|&trick| off.contains(trick)) {
            tricks = tricks.without(trick);
        }
        if tricks.is_empty() {
            return Err(Malformed::new("every kind of look-alike is switched off: leave at least one on", end + 1));
        }
        Ok(Self { name: name.to_owned(), tricks, least: least.unwrap_or(score::DEFAULT_LEAST) })
    }

    /// The name whose look-alikes are looked for, as written.
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if let Some(at) = name.bytes().position(|byte| !plain(byte)) {
        let reason = format!("a name in A-labels and lower case, such as example.com, not {}", shown(name));
        return Err(Malformed::new(reason, at));
    }
    if name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        let reason = format!("a name of labels of 1 to 63 characters, such as example.com, not {}", shown(name));
        return Err(Malformed::new(reason, 0));
    }
    if name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        let reason = format!("a name, not the address {}: addresses have no look-alikes", shown(name));
        return Err(Malformed::new(reason, 0));
    }
    Ok(())
}

fn read_kind(kind: &str, option: &str, offset: usize) -> Result<Trick> {
    Trick::from_name(kind).ok_or_else(|| {
        let kinds = Trick::ALL.map(Trick::as_str).join(", ");
        let reason = format!("{kinds}, one of these with - before it, or score=N, not {}", shown(option));
        Malformed::new(reason, offset)
    })
}

fn read_score(number: &str, offset: usize) -> Result<u8> {
    let digits = !number.is_empty() && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    let score = if digits { number.parse().ok() } else { None };
    score
        .filter(|score| (1..=100).contains(score))
        .ok_or_else(|| Malformed::new(format!("a score of 1 to 100, not {}", shown(number)), offset))
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    format!("{short:?}")
}
