//! Many ranges of addresses as one sorted list without overlaps.

use std::net::IpAddr;

use super::span::{self, Span};
use crate::error::{Malformed, Result};

/// Ranges of IPv4 and IPv6 addresses: sorted, merged, never expanded; 32 bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Ranges {
    /// First address of each range.
    firsts: Vec<u128>,
    /// How many addresses stand before each range.
    before: Vec<u128>,
    count: u128,
}

impl Ranges {
    /// All that the texts name ([`span::read`]); a fault's offset is the position of the text that has it.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut spans = Vec::new();
        for (position, text) in texts.into_iter().enumerate() {
            let read = span::read(text).map_err(|fault| fault.within(position))?;
            spans.extend(read.into_iter().flatten());
        }
        Self::of(merged(spans))
    }

    /// These without those.
    pub fn minus(&self, excluded: &Self) -> Result<Self> {
        let mut out = Vec::new();
        let mut others = excluded.numbers().peekable();
        for (mut first, last) in self.numbers() {
            while others.next_if(|other| other.1 < first).is_some() {}
            let mut left = true;
            while let Some(&(from, to)) = others.peek().filter(|other| left && other.0 <= last) {
                if from > first {
                    out.push((first, from - 1));
                }
                left = to < last;
                if left {
                    first = to + 1;
                    others.next();
                }
            }
            if left {
                out.push((first, last));
            }
        }
        Self::of(out)
    }

    /// Ranges that are sorted and do not touch.
    fn of(spans: Vec<Span>) -> Result<Self> {
        let mut ranges = Self::default();
        ranges.firsts.reserve_exact(spans.len());
        ranges.before.reserve_exact(spans.len());
        for (first, last) in spans {
            ranges.firsts.push(first);
            ranges.before.push(ranges.count);
            let count = (last - first).checked_add(1).and_then(|length| ranges.count.checked_add(length));
            ranges.count = count.ok_or_else(|| Malformed::new("every address there is; name less", 0))?;
        }
        Ok(ranges)
    }

    /// How many addresses.
    pub fn count(&self) -> u128 {
        self.count
    }

    /// First and last address of each range, in order.
    pub fn spans(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        self.numbers().map(|(first, last)| (span::address(first), span::address(last)))
    }

    fn numbers(&self) -> impl Iterator<Item = Span> {
        let ends = self.before.iter().skip(1).copied().chain([self.count]);
        self.firsts
            .iter()
            .zip(&self.before)
            .zip(ends)
            .map(|((&first, &before), end)| (first, first + (end - before - 1)))
    }

    /// The address that has `position` others before it.
    #[inline]
    pub fn at(&self, position: u128) -> Option<IpAddr> {
        if position >= self.count {
            return None;
        }
        let range = self.before.partition_point(|&before| before <= position) - 1;
        Some(span::address(self.firsts[range] + (position - self.before[range])))
    }

    /// Whether the address is in one of the ranges, in either spelling.
    pub fn contains(&self, address: IpAddr) -> bool {
        let number = span::number(address);
        let Some(range) = self.firsts.partition_point(|&first| first <= number).checked_sub(1) else {
            return false;
        };
        let end = self.before.get(range + 1).copied().unwrap_or(self.count);
        number - self.firsts[range] < end - self.before[range]
    }
}

/// Sorted; what overlaps or touches made one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let joined = kept.1.checked_add(1).is_none_or(|behind| next.0 <= behind);
        if joined {
            kept.1 = kept.1.max(next.1);
        }
        joined
    });
    spans
}
