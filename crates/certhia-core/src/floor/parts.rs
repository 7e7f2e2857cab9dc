//! The parts, and what each of them finds already made.

use std::hint::black_box;

use crate::batch::memo::Memo;
use crate::certificate::{Certificate, Place};
use crate::error::Result;
use crate::get_entries::{self, Item};
use crate::issuers::Issuers;
use crate::leaf::{Extra, Kind, Span, timestamped_entry};
use crate::page::{LEAF_HEADER, MAX_ENTRIES, Page};
use crate::rules::{MAX_TRIES, Matcher};
use crate::{key, names, text};

/// What the work before a part would have made.
pub struct Made<'a> {
    pub items: Vec<Item<'a>>,
    pub served: Vec<Served>,
    pub certificates: Vec<Certificate<'a>>,
}

/// One entry, decoded from base64.
pub struct Served {
    pub leaf: Vec<u8>,
    extra: Vec<u8>,
    kind: Kind,
    chain: Vec<Span>,
}

impl<'a> Made<'a> {
    pub fn new(bodies: &[&'a [u8]], page: &'a Page) -> Result<Self> {
        let mut items = Vec::new();
        for body in bodies {
            get_entries::each_entry(body, MAX_ENTRIES, |item| {
                items.push(item);
                Ok(())
            })?;
        }
        let served = items.iter().zip(page.entries()).map(|(item, entry)| Served::new(item, entry.kind()));
        let certificates = page.entries().filter_map(|entry| Certificate::parse(entry.certificate()).ok());
        Ok(Self { served: served.collect::<Result<_>>()?, certificates: certificates.collect(), items })
    }
}

impl Served {
    fn new(item: &Item<'_>, kind: Kind) -> Result<Self> {
        let (mut leaf, mut extra, mut framed) = (Vec::new(), Vec::new(), Extra::default());
        item.leaf_input.decode_base64(&mut leaf)?;
        if let Some(text) = &item.extra_data {
            text.decode_base64(&mut extra)?;
        }
        // What can't be framed has no chain.
        framed.read(&extra, 0, kind).ok();
        Ok(Self { leaf, extra, kind, chain: framed.chain })
    }

    /// Takes leaf and `extra_data` apart.
    pub fn frame(&self, extra: &mut Extra) {
        black_box(timestamped_entry(&self.leaf, LEAF_HEADER.len())).ok();
        black_box(extra.read(&self.extra, 0, self.kind)).ok();
        black_box(&extra);
    }
}

/// The fingerprints of all chains; each certificate is known after its first.
pub fn chains(served: &[Served], issuers: &Issuers) {
    for served in served {
        let chain = served.chain.iter().map(|span| span.of(&served.extra));
        issuers.add_all(chain, |fingerprint| {
            black_box(fingerprint);
        });
    }
}

/// The text of all issuers; each is known after its first.
pub fn issuers(certificates: &[Certificate<'_>]) {
    let mut memo: Memo<'_, usize> = Memo::default();
    for certificate in certificates {
        let known = memo.get(certificate.issuer.whole, || Ok::<_, ()>(certificate.issuer().len()));
        black_box(known).ok();
    }
}

/// Where every field is decoded to, over and over. What is the same in many certificates is looked up.
#[derive(Default)]
pub struct Fields<'a> {
    text: String,
    keys: Memo<'a, bool>,
    algorithms: Memo<'a, usize>,
}

impl<'a> Fields<'a> {
    pub fn read(&mut self, der: &'a [u8]) {
        let Ok(certificate) = Certificate::parse(der) else {
            return;
        };
        self.text.clear();
        certificate.push_subject(&mut self.text);
        certificate.push_serial(&mut self.text);
        let identifier = certificate.key_identifier().unwrap_or_default();
        let rsa = self.keys.get(identifier, || Ok::<_, ()>(key::is_rsa(&certificate.key().algorithm)));
        black_box(rsa == Ok(true) && certificate.modulus_bits() > 0);
        let algorithm = || Ok::<_, ()>(certificate.signature_algorithm_name().len());
        black_box(self.algorithms.get(certificate.algorithm.whole, algorithm)).ok();
        black_box((certificate.validity(), certificate.is_ca()));
        let walked = certificate.each_name(|name| match name.place {
            Place::Ip => {
                black_box(names::ip_address(&name.bytes));
            }
            _ => text::push_rendered(&name.bytes, &mut self.text),
        });
        black_box((walked.is_ok(), &self.text));
    }
}

pub fn names_of(certificate: &Certificate<'_>) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let walked = certificate.each_name(|name| {
        if name.place != Place::Ip {
            names.push(name.bytes.into_owned());
        }
    });
    walked.ok();
    names
}

pub fn decode(item: &Item<'_>, buffer: &mut Vec<u8>) {
    buffer.clear();
    for text in [Some(&item.leaf_input), item.extra_data.as_ref()].into_iter().flatten() {
        black_box(text.decode_base64(buffer)).ok();
    }
    black_box(&buffer);
}

pub fn walk(der: &[u8]) {
    let mut count = 0_usize;
    if let Ok(certificate) = Certificate::parse(der) {
        certificate.each_name(|name| count += name.bytes.len()).ok();
    }
    black_box(count);
}

pub fn look_up(matcher: &Matcher, name: &[u8]) {
    let mut tries = MAX_TRIES;
    let mut count = 0_usize;
    _ = matcher.name(name, &mut tries, &mut |_| count += 1);
    black_box(count);
}
