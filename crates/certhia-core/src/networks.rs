//! IP networks: for each prefix length in use a sorted table.

use std::net::IpAddr;

use crate::error::{Malformed, Result};

/// Networks of one prefix length: (first address, rule), sorted.
struct Length {
    bits: u32,
    networks: Vec<(u128, u32)>,
}

/// IPv4 networks stand among the IPv6 ones as ::ffff:0:0/96, so that both spellings of an address find them.
#[derive(Default)]
pub struct Networks {
    lengths: Vec<Length>,
}

impl Networks {
    /// Adds `192.0.2.0/24`, `2001:db8::/32` or a single address; bits behind the prefix are ignored.
    pub fn add(&mut self, value: &str, rule: u32) -> Result<()> {
        let fault = || {
            let shown: String = value.chars().take(80).collect();
            Malformed::new(format!("{shown:?} is no IP address or network; write 192.0.2.0/24 or 2001:db8::1"), 0)
        };
        let (address, length) = match value.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (value, None),
        };
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let (width, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = match length {
            None => width,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().map_err(|_| fault())?,
            Some(_) => return Err(fault()),
        };
        if bits > width {
            return Err(fault());
        }
        let bits = offset + bits;
        let network = (number(address) & mask(bits), rule);
        match self.lengths.iter_mut().find(|length| length.bits == bits) {
            Some(length) => length.networks.push(network),
            None => self.lengths.push(Length { bits, networks: vec![network] }),
        }
        Ok(())
    }

    pub fn sort(&mut self) {
        self.lengths.sort_unstable_by_key(|length| std::cmp::Reverse(length.bits));
        for length in &mut self.lengths {
            length.networks.sort_unstable();
            length.networks.shrink_to_fit();
        }
    }

    #[inline]
    pub fn any(&self) -> bool {
        !self.lengths.is_empty()
    }

    pub fn nbytes(&self) -> usize {
        self.lengths.iter().map(|length| length.networks.capacity() * size_of::<(u128, u32)>()).sum()
    }

    /// Calls `found` for each network that holds the address, narrowest first.
    pub fn find(&self, ip: IpAddr, found: &mut impl FnMut(u32)) {
        let address = number(ip);
        for length in &self.lengths {
            let network = address & mask(length.bits);
            let first = length.networks.partition_point(|&(other, _)| other < network);
            for (_, rule) in length.networks[first..].iter().take_while(|&&(other, _)| other == network) {
                found(*rule);
            }
        }
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn mask(bits: u32) -> u128 {
    if bits == 0 { 0 } else { u128::MAX << (128 - bits) }
}
