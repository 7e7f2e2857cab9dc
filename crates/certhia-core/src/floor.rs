//! Each part of the work alone, timed: what no arrangement of the parts can go below.

use std::hint::black_box;
use std::time::Instant;

use crate::certificate::{Certificate, Place};
use crate::error::{Malformed, Result};
use crate::get_entries::{self, Item};
use crate::issuers::Issuers;
use crate::merkle::leaf_hash;
use crate::page::{MAX_ENTRIES, Page};
use crate::rules::{MAX_TRIES, Matcher};

/// A name and the work.
type Part<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Nanoseconds an entry of each part, the best of `rounds`: "find" (both strings in the JSON), "base64", "leaf_hash",
/// "tbs_hash", "walk" (frame and names of the certificate), "match" (its names).
pub fn floor(bodies: &[&[u8]], matcher: &Matcher, rounds: usize) -> Result<Vec<(&'static str, f64)>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for body in bodies {
        get_entries::each_entry(body, MAX_ENTRIES, |item| {
            items.push(item);
            Ok(())
        })?;
    }
    let page = Page::from_get_entries(bodies, 0, &Issuers::new(4096), MAX_ENTRIES)?;
    if page.is_empty() {
        return Err(Malformed::new("at least one entry", 0));
    }
    let leaves: Vec<_> = page.entries().map(|entry| entry.leaf_input().into_owned()).collect();
    let certificates: Vec<_> =
        page.entries().filter_map(|entry| Certificate::parse(entry.certificate()).ok()).collect();
    let names: Vec<Vec<u8>> = certificates.iter().flat_map(names_of).collect();
    let mut buffer = Vec::with_capacity(1 << 20);
    let mut parts: Vec<Part<'_>> = vec![
        ("find", Box::new(|| each(bodies, |body| get_entries::count(body)))),
        ("base64", Box::new(|| each(&items, |item| decode(item, &mut buffer)))),
        ("leaf_hash", Box::new(|| each(&leaves, |leaf| leaf_hash(leaf)))),
        ("tbs_hash", Box::new(|| each(&certificates, Certificate::tbs_sha256))),
        ("walk", Box::new(|| page.entries().for_each(|entry| walk(entry.certificate())))),
        ("match", Box::new(|| each(&names, |name| look_up(matcher, name)))),
    ];
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

fn names_of(certificate: &Certificate<'_>) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let walked = certificate.each_name(|name| {
        if name.place != Place::Ip {
            names.push(name.bytes.into_owned());
        }
    });
    walked.ok();
    names
}

fn decode(item: &Item<'_>, buffer: &mut Vec<u8>) {
    buffer.clear();
    for text in [Some(&item.leaf_input), item.extra_data.as_ref()].into_iter().flatten() {
        black_box(text.decode_base64(buffer)).ok();
    }
    black_box(&buffer);
}

fn walk(der: &[u8]) {
    let mut count = 0_usize;
    if let Ok(certificate) = Certificate::parse(der) {
        certificate.each_name(|name| count += name.bytes.len()).ok();
    }
    black_box(count);
}

fn look_up(matcher: &Matcher, name: &[u8]) {
    let mut tries = MAX_TRIES;
    let mut count = 0_usize;
    matcher.name(name, &mut tries, &mut |_| count += 1);
    black_box(count);
}
