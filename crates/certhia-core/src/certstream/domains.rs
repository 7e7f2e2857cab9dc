//! The registrable domains of a certificate's names.

use std::collections::HashSet;

use crate::certstream::json::Json;
use crate::certstream::names::Names;
use crate::recent::Recent;
use crate::suffixes::Suffixes;

/// More bytes of domains than this are not in a message.
const MAX_BYTES: usize = 128 << 10;
/// More domains than this are looked for in a set.
const FEW: usize = 16;

/// Writes the list: each domain once, in the order of the names.
pub fn write(names: &Names<'_>, suffixes: &Suffixes, json: &mut Json) {
    json.raw("[");
    let begun = json.out.len();
    let mut few: [(usize, usize); FEW] = [(0, 0); FEW];
    let mut count = 0;
    let mut many: Option<HashSet<Vec<u8>>> = None;
    let mut recent = Recent::default();
    for name in names.each() {
        let Some(domain) = suffixes.domain_of(name, &mut recent) else {
            continue;
        };
        let seen = few[..count.min(FEW)].iter().any(|&(start, end)| json.out[start..end] == *domain);
        if seen || count >= FEW && !many.get_or_insert_default().insert(domain.to_vec()) {
            continue;
        }
        if json.out.len() - begun + domain.len() > MAX_BYTES {
            json.cut += 1;
            break;
        }
        json.raw(if count == 0 { "\"" } else { ",\"" });
        let start = json.out.len();
        json.text(&domain);
        if count < FEW {
            few[count] = (start, json.out.len());
        }
        json.raw("\"");
        count += 1;
    }
    json.raw("]");
}
