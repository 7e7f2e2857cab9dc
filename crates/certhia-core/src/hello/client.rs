//! A ClientHello, made once: for each target only random bytes, session id and server name differ.

use sha2::{Digest, Sha256};

use super::wire::{self, fixed, number, numbers, vector};
use super::{SSL_3_0, TLS_1_0, TLS_1_2, TLS_1_3, extension, suites};
use crate::error::{Malformed, Result};
use crate::names::MAX_NAME;

/// What a record holds at most (RFC 5246 section 6.2.1): a hello is one record.
const MAX_HELLO: usize = 1 << 14;
/// Random and session id.
const RANDOM: usize = 64;
const KEY: usize = 32;

/// What a hello offers; `None` is the default of each list.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The lowest and the highest version. Only TLS 1.3 hellos can say what is lowest; servers may answer lower ones.
    pub versions: (u16, u16),
    pub ciphers: Option<&'a [u16]>,
    pub groups: Option<&'a [u16]>,
    pub schemes: Option<&'a [u16]>,
    pub alpn: &'a [&'a [u8]],
    pub status_request: bool,
    pub scts: bool,
    /// Without them a hello is as SSL 3.0 had it: no server name, no groups.
    pub extensions: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            versions: (TLS_1_0, TLS_1_2),
            ciphers: None,
            groups: None,
            schemes: None,
            alpn: &[],
            status_request: true,
            scts: true,
            extensions: true,
        }
    }
}

/// Everything of a hello that is the same for all targets.
#[derive(Debug, Clone)]
pub struct Hello {
    record_version: u16,
    version: u16,
    /// Suites and compression methods, with their lengths.
    suites: Vec<u8>,
    /// All but server name and padding; None: the hello has no extensions at all.
    extensions: Option<Vec<u8>>,
    /// Where in `extensions` the x25519 key goes.
    key: Option<usize>,
}

impl Hello {
    pub fn new(options: &Options<'_>) -> Result<Self> {
        let (low, high) = options.versions;
        if low > high || !(SSL_3_0..=TLS_1_3).contains(&low) || high > TLS_1_3 {
            let reason = format!("versions from 0x0300 (SSL 3.0) to 0x0304 (TLS 1.3), not 0x{low:04x} to 0x{high:04x}");
            return Err(Malformed::new(reason, 0));
        }
        let extended = options.extensions && high > SSL_3_0;
        if high == TLS_1_3 && !extended {
            return Err(Malformed::new("a hello for TLS 1.3 has extensions", 0));
        }
        let (extensions, key) = if extended { extensions(options)? } else { (Vec::new(), None) };
        let hello = Self {
            record_version: high.min(TLS_1_0),
            version: high.min(TLS_1_2),
            suites: offered(options, extended)?,
            extensions: extended.then_some(extensions),
            key,
        };
        let longest = hello.length(MAX_NAME);
        if longest > MAX_HELLO {
            return Err(Malformed::new(format!("a hello of at most {MAX_HELLO} bytes, not {longest}"), 0));
        }
        Ok(hello)
    }

    /// The record. `random`: 64 bytes, the hello's random and its session id; the public key of a key share follows from
    /// them. The name is an A-label name; without one, or without extensions, there is none in the hello.
    pub fn make(&self, server_name: Option<&str>, random: &[u8]) -> Result<Vec<u8>> {
        if random.len() != RANDOM {
            return Err(Malformed::new(format!("{RANDOM} random bytes, not {}", random.len()), 0));
        }
        let name = server_name.map(checked).transpose()?.filter(|_| self.extensions.is_some()).unwrap_or_default();
        let (client_random, session_id) = random.split_at(RANDOM / 2);
        let length = self.length(name.len());
        let padding = self.padding(length);
        let mut out = Vec::with_capacity(5 + length + padding);
        out.push(22); // handshake
        number(&mut out, self.record_version);
        number(&mut out, (length + padding) as u16);
        out.extend([1, 0]); // client_hello
        number(&mut out, (length + padding - 4) as u16);
        number(&mut out, self.version);
        out.extend_from_slice(client_random);
        out.push(session_id.len() as u8);
        out.extend_from_slice(session_id);
        out.extend_from_slice(&self.suites);
        let Some(extensions) = &self.extensions else { return Ok(out) };
        number(&mut out, (name_length(name.len()) + extensions.len() + padding) as u16);
        server_name_extension(&mut out, name);
        let start = out.len();
        out.extend_from_slice(extensions);
        if let Some(at) = self.key {
            out[start + at..start + at + KEY].copy_from_slice(&Sha256::digest(random));
        }
        if padding > 0 {
            number(&mut out, extension::PADDING);
            number(&mut out, (padding - 4) as u16);
            out.resize(out.len() + padding - 4, 0);
        }
        Ok(out)
    }

    /// Of the handshake message, its header included, without padding.
    fn length(&self, name: usize) -> usize {
        let extensions = self.extensions.as_ref().map_or(0, |bytes| 2 + name_length(name) + bytes.len());
        4 + 2 + 1 + RANDOM + self.suites.len() + extensions
    }

    /// Some servers hang at hellos of 256 to 511 bytes (RFC 7685): those are made longer.
    fn padding(&self, length: usize) -> usize {
        if self.extensions.is_some() && (256..512).contains(&length) { (512 - length).max(5) } else { 0 }
    }
}

fn checked(name: &str) -> Result<&str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Malformed::new(format!("a server name of 1 to {MAX_NAME} bytes, not {}", name.len()), 0));
    }
    match name.bytes().position(|byte| !byte.is_ascii_graphic()) {
        Some(at) => Err(Malformed::new("a server name in A-labels (ASCII, without white space)", at)),
        None => Ok(name),
    }
}

/// Suites and compression methods.
fn offered(options: &Options<'_>, extended: bool) -> Result<Vec<u8>> {
    let modern: &[u16] = if options.versions.1 == TLS_1_3 { &suites::MODERN } else { &[] };
    let classic: &[u16] = if options.versions.0 == TLS_1_3 { &[] } else { &suites::CLASSIC };
    let mut list = options.ciphers.map_or_else(|| [modern, classic].concat(), <[u16]>::to_vec);
    if list.is_empty() {
        return Err(Malformed::new("at least one cipher suite", 0));
    }
    if !extended {
        list.push(suites::RENEGOTIATION);
    }
    let mut out = Vec::with_capacity(4 + 2 * list.len());
    numbers(&mut out, &list)?;
    out.extend([1, 0]); // compression: null alone
    Ok(out)
}

/// All extensions but server name and padding; where the key share's key goes.
fn extensions(options: &Options<'_>) -> Result<(Vec<u8>, Option<usize>)> {
    let groups = options.groups.unwrap_or(&suites::GROUPS);
    let mut out = Vec::with_capacity(256);
    fixed(&mut out, extension::EXTENDED_MASTER_SECRET, &[])?;
    fixed(&mut out, extension::RENEGOTIATION_INFO, &[0])?;
    if !groups.is_empty() {
        wire::extension(&mut out, extension::SUPPORTED_GROUPS, |out| numbers(out, groups))?;
        fixed(&mut out, extension::EC_POINT_FORMATS, &[1, 0])?; // uncompressed
    }
    if !options.alpn.is_empty() {
        wire::extension(&mut out, extension::ALPN, |out| protocols(out, options.alpn))?;
    }
    if options.status_request {
        fixed(&mut out, extension::STATUS_REQUEST, &[1, 0, 0, 0, 0])?; // OCSP, any responder, no extensions
    }
    if options.scts {
        fixed(&mut out, extension::SCTS, &[])?;
    }
    if options.versions.1 >= TLS_1_2 {
        let schemes = options.schemes.unwrap_or(&suites::SCHEMES);
        wire::extension(&mut out, extension::SIGNATURE_ALGORITHMS, |out| numbers(out, schemes))?;
    }
    let key = if options.versions.1 == TLS_1_3 { modern(&mut out, options, groups)? } else { None };
    Ok((out, key))
}

/// What TLS 1.3 adds. Without x25519 among the groups there is no key: a server then asks for one and names its group.
fn modern(out: &mut Vec<u8>, options: &Options<'_>, groups: &[u16]) -> Result<Option<usize>> {
    let (low, high) = options.versions;
    wire::extension(out, extension::SUPPORTED_VERSIONS, |out| {
        out.push((2 * (high - low + 1)) as u8);
        (low..=high).rev().for_each(|version| number(out, version));
        Ok(())
    })?;
    fixed(out, extension::PSK_KEY_EXCHANGE_MODES, &[1, 1])?; // psk_dhe_ke
    let shares = groups.contains(&suites::X25519);
    wire::extension(out, extension::KEY_SHARE, |out| {
        vector(out, |out| {
            if shares {
                number(out, suites::X25519);
                number(out, KEY as u16);
                out.extend([0; KEY]);
            }
            Ok(())
        })
    })?;
    Ok(shares.then_some(out.len() - KEY))
}

fn protocols(out: &mut Vec<u8>, alpn: &[&[u8]]) -> Result<()> {
    vector(out, |out| {
        for protocol in alpn {
            let length = u8::try_from(protocol.len()).ok().filter(|&length| length > 0);
            let length = length
                .ok_or_else(|| Malformed::new(format!("an ALPN name of 1 to 255 bytes, not {}", protocol.len()), 0))?;
            out.push(length);
            out.extend_from_slice(protocol);
        }
        Ok(())
    })
}

fn name_length(name: usize) -> usize {
    if name == 0 { 0 } else { name + 9 }
}

fn server_name_extension(out: &mut Vec<u8>, name: &str) {
    if name.is_empty() {
        return;
    }
    let length = name.len() as u16;
    number(out, extension::SERVER_NAME);
    number(out, length + 5);
    number(out, length + 3);
    out.push(0); // host_name
    number(out, length);
    out.extend_from_slice(name.as_bytes());
}
