//! What a scan visits: address ranges times ports, in a keyed random order. Nothing is ever expanded: a position of the
//! order is computed into its target, so that 2^24 targets take the memory of one and a scan goes on from a number.

mod permutation;
mod ranges;
mod span;

use std::net::IpAddr;

pub use permutation::Permutation;
pub use ranges::Ranges;

use crate::error::{Malformed, Result};

impl Ranges {
    /// The targets at positions `start`, `start + 1`… of the order, at most `count`; fewer at its end.
    ///
    /// `order` is of [`Ranges::count`] times as many positions as there are ports, or this is an error.
    pub fn visit(&self, order: &Permutation, ports: &[u16], start: u128, count: usize) -> Result<Vec<(IpAddr, u16)>> {
        let width = ports.len() as u128;
        if self.count().checked_mul(width) != Some(order.len()) {
            let reason = format!(
                "{} addresses times {width} ports need a permutation of their product, not of {}",
                self.count(),
                order.len()
            );
            return Err(Malformed::new(reason, 0));
        }
        let left = order.len().saturating_sub(start).min(count as u128);
        let found = (0..left).filter_map(|step| {
            let (address, port) = divided(order.at(start + step)?, width);
            Some((self.at(address)?, *ports.get(port)?))
        });
        Ok(found.collect())
    }
}

/// Quotient and remainder. Nearly all scans fit 64 bits, which divide many times faster.
fn divided(position: u128, width: u128) -> (u128, usize) {
    match (u64::try_from(position), u64::try_from(width)) {
        (Ok(position), Ok(width)) => (u128::from(position / width), (position % width) as usize),
        _ => (position / width, (position % width) as usize),
    }
}
