//! UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5), and what certificates make of them.

use crate::der::{self, Element};

/// Unix seconds, or None where it is no time. Seconds may be absent, an offset may stand for the Z, and a day or an
/// hour that does not exist counts on (the 31st of February is the 3rd of March).
pub fn parse(element: &Element<'_>) -> Option<i64> {
    let text = element.body;
    let (year, rest) = match element.tag {
        der::UTC_TIME => {
            let (year, rest) = digits(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        der::GENERALIZED_TIME => digits(text, 4)?,
        _ => return None,
    };
    let (month, rest) = digits(rest, 2)?;
    let (day, rest) = digits(rest, 2)?;
    let (hour, rest) = digits(rest, 2)?;
    let (minute, rest) = digits(rest, 2).unwrap_or((0, rest));
    let (second, rest) = digits(rest, 2).unwrap_or((0, rest));
    if !(1..=12).contains(&month) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds - offset(rest)?)
}

fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let value = head
        .iter()
        .try_fold(0_i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))?;
    Some((value, rest))
}

/// Seconds east of UTC of what follows the digits: nothing, Z, a fraction, +hhmm or -hhmm.
fn offset(rest: &[u8]) -> Option<i64> {
    let rest = match rest {
        [b'.' | b',', fraction @ ..] => {
            let end = fraction.iter().position(|byte| !byte.is_ascii_digit());
            &fraction[end.unwrap_or(fraction.len())..]
        }
        _ => rest,
    };
    match rest {
        [] | [b'Z' | b'z', ..] => Some(0),
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let (hours, zone) = digits(zone, 2)?;
            let (minutes, _) = digits(zone, 2).unwrap_or((0, zone));
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'+' { seconds } else { -seconds })
        }
        _ => None,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar; years begin in March here, so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
