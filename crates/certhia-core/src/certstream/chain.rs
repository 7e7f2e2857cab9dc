//! The array `chain`: few certificates stand in the chains of most entries, so each is made once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Hash;
use crate::batch::memo::Memo;
use crate::certificate::Certificate;
use crate::certstream::certificate::{Role, Writer};
use crate::certstream::form::{Form, Profile};
use crate::certstream::json::{Json, UPPER};
use crate::certstream::subject;
use crate::issuers::Issuers;
use crate::page::Entry;

/// Certificates of a chain that together are longer than this are left out.
const MAX_CHAIN: usize = 128 << 10;
/// What is kept from page to page, and what is remembered of one page's chains.
const MAX_KEPT: usize = 8 << 20;

/// A certificate's object.
struct Item {
    json: Vec<u8>,
    cut: u64,
}

/// Objects by fingerprint, from page to page. When there is no more room all go: the few that are in use come back.
#[derive(Default)]
pub struct Chains(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    items: HashMap<Hash, Arc<Item>>,
    bytes: usize,
}

impl Chains {
    fn get(&self, fingerprint: &Hash, form: &Form, issuers: &Issuers) -> Arc<Item> {
        if let Some(item) = self.lock().items.get(fingerprint) {
            return Arc::clone(item);
        }
        let Some(der) = issuers.get(fingerprint) else {
            return Arc::new(Item::unknown(fingerprint, form.profile));
        };
        let item = Arc::new(Item::new(&der, form));
        let mut kept = self.lock();
        if kept.bytes + item.json.len() > MAX_KEPT {
            *kept = Kept::default();
        }
        kept.bytes += item.json.len() + size_of::<Item>();
        kept.items.insert(*fingerprint, Arc::clone(&item));
        item
    }

    /// A panic leaves nothing half done in here that matters.
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Item {
    fn new(der: &[u8], form: &Form) -> Self {
        let mut json = Json::default();
        let read = Certificate::parse(der);
        let read = read.as_ref().map_err(Clone::clone);
        let fault = Writer::new(form, true).write(read, Role::Chain, der, der, &mut json).err();
        if let (Some(fault), Profile::Certhia) = (fault, form.profile) {
            json.out.pop();
            json.raw(r#","fault":"#);
            json.string(fault.to_string().as_bytes());
            json.raw("}");
        }
        Self { json: json.out, cut: json.cut }
    }

    /// Of a certificate whose fingerprint alone is known. The original has no such thing.
    fn unknown(fingerprint: &Hash, profile: Profile) -> Self {
        let mut json = Json::default();
        if profile == Profile::Certhia {
            json.raw(r#"{"subject":"#);
            subject::none(profile, &mut json);
            json.raw(r#","issuer":"#);
            subject::none(profile, &mut json);
            json.raw(r#","serial_number":null,"not_before":null,"not_after":null,"fingerprint":null,"sha1":null"#);
            json.raw(r#","sha256":""#);
            json.colons(fingerprint, UPPER);
            json.raw(r#"","signature_algorithm":null,"is_ca":null,"all_domains":[],"as_der":null,"extensions":{}"#);
            json.raw(r#","fault":"the log's issuer is not known here"}"#);
        }
        Self { json: json.out, cut: 0 }
    }
}

/// The chains of one page.
pub struct Writers<'a, 'f> {
    form: &'f Form,
    issuers: &'f Issuers,
    made: Json,
    by_chain: Memo<'a, (u32, u32, u32)>,
}

impl<'a, 'f> Writers<'a, 'f> {
    pub fn new(form: &'f Form, issuers: &'f Issuers) -> Self {
        Self { form, issuers, made: Json::default(), by_chain: Memo::default() }
    }

    /// Writes an entry's chain.
    pub fn write(&mut self, entry: &Entry<'a>, json: &mut Json) {
        let chain = entry.chain();
        if self.made.out.len() > MAX_KEPT {
            return push(chain, self.form, self.issuers, json);
        }
        let (made, form, issuers) = (&mut self.made, self.form, self.issuers);
        let known = self.by_chain.get(chain.as_flattened(), || {
            let start = made.out.len();
            made.cut = 0;
            push(chain, form, issuers, made);
            Ok::<_, ()>((start as u32, made.out.len() as u32, made.cut as u32))
        });
        let (start, end, cut) = known.unwrap_or_default();
        json.out.extend_from_slice(&self.made.out[start as usize..end as usize]);
        json.cut += u64::from(cut);
    }
}

fn push(chain: &[Hash], form: &Form, issuers: &Issuers, json: &mut Json) {
    json.raw("[");
    let begun = json.out.len();
    for (at, fingerprint) in chain.iter().enumerate() {
        let item = form.chains.get(fingerprint, form, issuers);
        if item.json.is_empty() {
            continue;
        }
        if json.out.len() - begun + item.json.len() > MAX_CHAIN {
            json.cut += (chain.len() - at) as u64;
            break;
        }
        if json.out.len() > begun {
            json.raw(",");
        }
        json.out.extend_from_slice(&item.json);
        json.cut += item.cut;
    }
    json.raw("]");
}
