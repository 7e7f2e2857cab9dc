//! JARM's ten ClientHellos (Salesforce, github.com/salesforce/jarm, version 1.0): each asks a server to choose among other
//! versions, suites and protocols, in another order.
//!
//! They are what the published tool sends, byte by byte, but for what is random in them.

use sha2::{Digest, Sha256};

use super::wire::{self, fixed, number, numbers, vector};
use super::{TLS_1_0, TLS_1_2, TLS_1_3, extension};
use crate::error::{Malformed, Result};
use crate::names::MAX_NAME;

pub const PROBES: usize = 10;
const TLS_1_1: u16 = 0x0302;
const MAX_FRAGMENT_LENGTH: u16 = 1;
const SESSION_TICKET: u16 = 35;
const X25519: u16 = 29;

/// Weakest first in each family, as the tool has them.
const CIPHERS: [u16; 69] = [
    0x0016, 0x0033, 0x0067, 0xc09e, 0xc0a2, 0x009e, 0x0039, 0x006b, 0xc09f, 0xc0a3, 0x009f, 0x0045, 0x00be, 0x0088,
    0x00c4, 0x009a, 0xc008, 0xc009, 0xc023, 0xc0ac, 0xc0ae, 0xc02b, 0xc00a, 0xc024, 0xc0ad, 0xc0af, 0xc02c, 0xc072,
    0xc073, 0xcca9, 0x1302, 0x1301, 0xcc14, 0xc007, 0xc012, 0xc013, 0xc027, 0xc02f, 0xc014, 0xc028, 0xc030, 0xc060,
    0xc061, 0xc076, 0xc077, 0xcca8, 0x1305, 0x1304, 0x1303, 0xcc13, 0xc011, 0x000a, 0x002f, 0x003c, 0xc09c, 0xc0a0,
    0x009c, 0x0035, 0x003d, 0xc09d, 0xc0a1, 0x009d, 0x0041, 0x00ba, 0x0084, 0x00c0, 0x0007, 0x0004, 0x0005,
];

/// Protocols as one piece each; the tool takes spdy/3 and h2 for one, also where it turns the list round.
const PROTOCOLS: [&[u8]; 8] = [
    b"\x08http/0.9",
    b"\x08http/1.0",
    b"\x08http/1.1",
    b"\x06spdy/1",
    b"\x06spdy/2",
    b"\x06spdy/3\x02h2",
    b"\x03h2c",
    b"\x02hq",
];
const RARE_PROTOCOLS: [&[u8]; 7] =
    [b"\x08http/0.9", b"\x08http/1.0", b"\x06spdy/1", b"\x06spdy/2", b"\x06spdy/3", b"\x03h2c", b"\x02hq"];

const GROUPS: [u16; 4] = [29, 23, 24, 25];
const SCHEMES: [u16; 9] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Forward,
    Reverse,
    TopHalf,
    BottomHalf,
    MiddleOut,
}
use Order::{BottomHalf, Forward, MiddleOut, Reverse, TopHalf};

/// What one of the ten is made of.
#[derive(Debug, Clone, Copy)]
struct Probe {
    version: u16,
    /// Whether suites of TLS 1.3 are among those offered.
    modern_ciphers: bool,
    ciphers: Order,
    grease: bool,
    rare_protocols: bool,
    /// The highest version that the extension of that name says; None: there is no such extension.
    supported: Option<u16>,
    /// Of protocols and supported versions.
    lists: Order,
}

const fn probe(version: u16, ciphers: Order, supported: Option<u16>, lists: Order) -> Probe {
    Probe { version, modern_ciphers: true, ciphers, grease: false, rare_protocols: false, supported, lists }
}

const SENT: [Probe; PROBES] = [
    probe(TLS_1_2, Forward, Some(TLS_1_2), Reverse),
    probe(TLS_1_2, Reverse, Some(TLS_1_2), Forward),
    probe(TLS_1_2, TopHalf, None, Forward),
    Probe { rare_protocols: true, ..probe(TLS_1_2, BottomHalf, None, Forward) },
    Probe { rare_protocols: true, grease: true, ..probe(TLS_1_2, MiddleOut, None, Reverse) },
    probe(TLS_1_1, Forward, None, Forward),
    probe(TLS_1_3, Forward, Some(TLS_1_3), Reverse),
    probe(TLS_1_3, Reverse, Some(TLS_1_3), Forward),
    Probe { modern_ciphers: false, ..probe(TLS_1_3, Forward, Some(TLS_1_3), Forward) },
    Probe { grease: true, ..probe(TLS_1_3, MiddleOut, Some(TLS_1_3), Reverse) },
];

/// The ten records, each for a connection of its own. `server_name`: the host as the tool is told it, a name or an
/// address; `random`: 64 bytes, from which all that is random in the ten follows.
pub fn probes(server_name: &str, random: &[u8]) -> Result<Vec<Vec<u8>>> {
    if random.len() != 64 {
        return Err(Malformed::new(format!("64 random bytes, not {}", random.len()), 0));
    }
    if server_name.is_empty()
        || server_name.len() > MAX_NAME
        || !server_name.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(Malformed::new(format!("a server name of 1 to {MAX_NAME} bytes (ASCII, without white space)"), 0));
    }
    let numbered = SENT.iter().zip(0..);
    numbered.map(|(probe, number)| probe.make(server_name, &mut Random::new(random, number))).collect()
}

impl Probe {
    fn make(&self, server_name: &str, random: &mut Random) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(512);
        out.push(22); // handshake
        number(&mut out, if self.version == TLS_1_3 { TLS_1_0 } else { self.version });
        vector(&mut out, |out| {
            out.extend([1, 0]); // client_hello
            vector(out, |out| {
                number(out, self.version.min(TLS_1_2));
                out.extend(random.block());
                out.push(32);
                out.extend(random.block());
                numbers(out, &self.ciphers(random))?;
                out.extend([1, 0]); // no compression
                vector(out, |out| self.extensions(out, server_name, random))
            })
        })?;
        Ok(out)
    }

    fn ciphers(&self, random: &mut Random) -> Vec<u16> {
        let offered: Vec<u16> =
            CIPHERS.into_iter().filter(|cipher| self.modern_ciphers || cipher >> 8 != 0x13).collect();
        let ordered = reordered(&offered, self.ciphers);
        if self.grease { [vec![random.grease()], ordered].concat() } else { ordered }
    }

    fn extensions(&self, out: &mut Vec<u8>, server_name: &str, random: &mut Random) -> Result<()> {
        if self.grease {
            fixed(out, random.grease(), &[])?;
        }
        wire::extension(out, extension::SERVER_NAME, |out| {
            vector(out, |out| {
                out.push(0); // host_name
                vector(out, |out| {
                    out.extend_from_slice(server_name.as_bytes());
                    Ok(())
                })
            })
        })?;
        fixed(out, extension::EXTENDED_MASTER_SECRET, &[])?;
        fixed(out, MAX_FRAGMENT_LENGTH, &[1])?;
        fixed(out, extension::RENEGOTIATION_INFO, &[0])?;
        wire::extension(out, extension::SUPPORTED_GROUPS, |out| numbers(out, &GROUPS))?;
        fixed(out, extension::EC_POINT_FORMATS, &[1, 0])?;
        fixed(out, SESSION_TICKET, &[])?;
        wire::extension(out, extension::ALPN, |out| self.protocols(out))?;
        wire::extension(out, extension::SIGNATURE_ALGORITHMS, |out| numbers(out, &SCHEMES))?;
        wire::extension(out, extension::KEY_SHARE, |out| self.key_share(out, random))?;
        fixed(out, extension::PSK_KEY_EXCHANGE_MODES, &[1, 1])?;
        match self.supported {
            Some(highest) => self.supported_versions(out, highest, random),
            None => Ok(()),
        }
    }

    fn protocols(&self, out: &mut Vec<u8>) -> Result<()> {
        let known: &[&[u8]] = if self.rare_protocols { &RARE_PROTOCOLS } else { &PROTOCOLS };
        vector(out, |out| {
            reordered(known, self.lists).into_iter().for_each(|protocol| out.extend_from_slice(protocol));
            Ok(())
        })
    }

    fn key_share(&self, out: &mut Vec<u8>, random: &mut Random) -> Result<()> {
        vector(out, |out| {
            if self.grease {
                number(out, random.grease());
                out.extend([0, 1, 0]);
            }
            number(out, X25519);
            number(out, 32);
            out.extend(random.block());
            Ok(())
        })
    }

    fn supported_versions(&self, out: &mut Vec<u8>, highest: u16, random: &mut Random) -> Result<()> {
        let versions: Vec<u16> = (TLS_1_0..=highest).collect();
        let mut listed = reordered(&versions, self.lists);
        if self.grease {
            listed.insert(0, random.grease());
        }
        wire::extension(out, extension::SUPPORTED_VERSIONS, |out| {
            out.push(2 * listed.len() as u8);
            listed.iter().for_each(|&version| number(out, version));
            Ok(())
        })
    }
}

/// A list in another order, or a half of it. Of an odd number the middle one is in the top half.
fn reordered<T: Copy>(list: &[T], order: Order) -> Vec<T> {
    let middle = list.len() / 2;
    let odd = list.len() % 2;
    match order {
        Forward => list.to_vec(),
        Reverse => list.iter().rev().copied().collect(),
        BottomHalf => list[middle + odd..].to_vec(),
        TopHalf => list[..middle + odd].iter().rev().copied().collect(),
        MiddleOut => {
            let (below, above) = (list[..middle].iter().rev(), list[middle + odd..].iter());
            let pairs = above.zip(below).flat_map(|(above, below)| [*above, *below]);
            list[middle..middle + odd].iter().copied().chain(pairs).collect()
        }
    }
}

/// What is random in one probe, drawn from what was handed in.
struct Random {
    seed: Sha256,
    drawn: u8,
}

impl Random {
    fn new(random: &[u8], probe: u8) -> Self {
        Self { seed: Sha256::new().chain_update(random).chain_update([probe]), drawn: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.drawn += 1;
        self.seed.clone().chain_update([self.drawn]).finalize().into()
    }

    /// One of the 16 values of RFC 8701.
    fn grease(&mut self) -> u16 {
        0x0a0a + 0x1010 * u16::from(self.block()[0] & 15)
    }
}

#[cfg(test)]
mod tests {
    use super::{BottomHalf, Forward, MiddleOut, Reverse, TopHalf, reordered};

    #[test]
    fn orders_of_an_odd_and_an_even_number() {
        let (odd, even) = ([1, 2, 3, 4, 5], [1, 2, 3, 4]);
        assert_eq!(reordered(&odd, Forward), odd);
        assert_eq!(reordered(&odd, Reverse), [5, 4, 3, 2, 1]);
        assert_eq!(reordered(&odd, TopHalf), [3, 2, 1]);
        assert_eq!(reordered(&odd, BottomHalf), [4, 5]);
        assert_eq!(reordered(&odd, MiddleOut), [3, 4, 2, 5, 1]);
        assert_eq!(reordered(&even, TopHalf), [2, 1]);
        assert_eq!(reordered(&even, BottomHalf), [3, 4]);
        assert_eq!(reordered(&even, MiddleOut), [3, 2, 4, 1]);
    }
}
