//! Each part of the work alone, timed: what no arrangement of the parts can go below.

mod parts;

use std::hint::black_box;
use std::time::Instant;

use crate::error::{Malformed, Result};
use crate::floor::parts::{Fields, Made};
use crate::get_entries;
use crate::issuers::Issuers;
use crate::leaf::Extra;
use crate::merkle::leaf_hash;
use crate::page::{MAX_DATA, MAX_ENTRIES, Page};
use crate::rules::Matcher;
use crate::tile::inflate;

/// A name and the work.
type Part<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Nanoseconds an entry of each part, the best of `rounds`:
///
/// - "find": both strings in the JSON; "base64": decoding them; "frame": leaf and `extra_data` taken apart; "chain": its
///   fingerprints, by memo
/// - "issuers": their text, by memo
/// - "leaf_hash"; "tbs_hash": without poison and SCTs; "fields": every field and name of the certificate decoded;
///   "walk": frame and names alone; "match": all names against `matcher`
/// - "inflate": unpacking `tiles`, which hold the same entries; only where there are any
pub fn floor(bodies: &[&[u8]], tiles: &[&[u8]], matcher: &Matcher, rounds: usize) -> Result<Vec<(&'static str, f64)>> {
    let issuers = Issuers::new(4096);
    let page = Page::from_get_entries(bodies, 0, &issuers, MAX_ENTRIES)?;
    if page.is_empty() {
        return Err(Malformed::new("at least one entry", 0));
    }
    let made = Made::new(bodies, &page)?;
    let names: Vec<Vec<u8>> = made.certificates.iter().flat_map(parts::names_of).collect();
    let (mut buffer, mut scratch) = (Vec::with_capacity(1 << 20), Vec::new());
    let (mut fields, mut extra) = (Fields::default(), Extra::default());
    let mut parts: Vec<Part<'_>> = vec![
        ("find", Box::new(|| each(bodies, |body| get_entries::count(body)))),
        ("base64", Box::new(|| each(&made.items, |item| parts::decode(item, &mut buffer)))),
        ("frame", Box::new(|| each(&made.served, |served| served.frame(&mut extra)))),
        ("chain", Box::new(|| parts::chains(&made.served, &issuers))),
        ("issuers", Box::new(|| parts::issuers(&made.certificates))),
        ("leaf_hash", Box::new(|| each(&made.served, |served| leaf_hash(&served.leaf)))),
        ("tbs_hash", Box::new(|| each(&made.certificates, |certificate| certificate.tbs_sha256_by(&mut scratch)))),
        ("fields", Box::new(|| page.entries().for_each(|entry| fields.read(entry.certificate())))),
        ("walk", Box::new(|| page.entries().for_each(|entry| parts::walk(entry.certificate())))),
        ("match", Box::new(|| each(&names, |name| parts::look_up(matcher, name)))),
    ];
    if !tiles.is_empty() {
        parts.push(("inflate", Box::new(|| each(tiles, |tile| inflate(tile, MAX_DATA)))));
    }
    let entries = f64::from(page.len() as u32);
    let timed = parts.iter_mut().map(|(name, part)| (*name, best(rounds, part) * 1e9 / entries));
    Ok(timed.collect())
}

/// Seconds of the fastest round.
fn best(rounds: usize, part: &mut dyn FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        part();
        start.elapsed().as_secs_f64()
    };
    (0..rounds.max(1)).map(round).fold(f64::INFINITY, f64::min)
}

fn each<'a, T, R>(items: &'a [T], mut part: impl FnMut(&'a T) -> R) {
    for item in items {
        black_box(part(item));
    }
}
