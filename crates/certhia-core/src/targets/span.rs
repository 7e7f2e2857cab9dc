//! One range of addresses, from text.
//!
//! Addresses are numbers of 128 bits. IPv4 stands at ::ffff:0:0/96 (RFC 4291 section 2.5.5.2), so that both spellings of
//! an address are one; a range of IPv6 around that block leaves it out.

use std::net::{IpAddr, Ipv6Addr};

use crate::error::{Malformed, Result};

/// First and last address, both within.
pub type Span = (u128, u128);

const MAPPED: Span = (0xffff_0000_0000, 0xffff_ffff_ffff);
const LONGEST: usize = 100;

/// Reads `192.0.2.1`, `192.0.2.0/24`, `192.0.2.1-99`, `192.0.2.1-192.0.2.99` and the same of IPv6 (but for the short
/// end); bits behind a prefix are ignored. Gives one span, or the two around the block of IPv4.
pub fn read(text: &str) -> Result<[Option<Span>; 2]> {
    let span = if let Some((address, length)) = text.split_once('/') {
        prefixed(address, length)
    } else if let Some((first, last)) = text.split_once('-') {
        between(first, last)
    } else {
        text.parse().ok().map(|address| (number(address), number(address)))
    };
    let span = span.ok_or_else(|| {
        let shown: String = text.chars().take(LONGEST).collect();
        let wanted = "write 192.0.2.1, 192.0.2.0/24, 192.0.2.1-99 or 2001:db8::1-2001:db8::ff";
        Malformed::new(format!("{shown:?} is no IP address or range of them: {wanted}"), 0)
    })?;
    Ok(around_mapped(span))
}

/// As a number; IPv4 as the IPv6 address that stands for it.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The address of a number; IPv4 where it stands for one.
pub fn address(number: u128) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(number)).to_canonical()
}

fn prefixed(address: &str, length: &str) -> Option<Span> {
    let address: IpAddr = address.parse().ok()?;
    if length.is_empty() || length.len() > 3 || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (width, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
    let bits: u32 = length.parse().ok().filter(|&bits| bits <= width)?;
    let rest = u128::MAX.checked_shr(before + bits).unwrap_or(0);
    Some((number(address) & !rest, number(address) | rest))
}

fn between(first: &str, last: &str) -> Option<Span> {
    let first: IpAddr = first.trim().parse().ok()?;
    let last = last.trim();
    let last: IpAddr = match first {
        IpAddr::V4(v4) if !last.contains('.') => {
            let [a, b, c, _] = v4.octets();
            let plain = last.bytes().all(|byte| byte.is_ascii_digit());
            IpAddr::from([a, b, c, last.parse().ok().filter(|_| plain)?])
        }
        _ => last.parse().ok()?,
    };
    let span = (number(first), number(last));
    (first.is_ipv4() == last.is_ipv4() && span.0 <= span.1).then_some(span)
}

fn around_mapped((first, last): Span) -> [Option<Span>; 2] {
    let within = first >= MAPPED.0 && last <= MAPPED.1;
    if within || last < MAPPED.0 || first > MAPPED.1 {
        return [Some((first, last)), None];
    }
    let below = (first < MAPPED.0).then_some((first, MAPPED.0 - 1));
    let above = (last > MAPPED.1).then_some((MAPPED.1 + 1, last));
    [below, above]
}
