#![no_main]
//! An entry as a log may serve it: leaf_input, then extra_data, split by the first two bytes.

use base64_simd::STANDARD;
use certhia_core::batch::{Batch, Extra};
use certhia_core::issuers::Issuers;
use certhia_core::merkle::leaf_hash;
use certhia_core::page::Page;
use certhia_core::rules::{Kind, Matcher};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [high, low, rest @ ..] = data else { return };
    let (leaf, extra) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
    let (leaf_text, extra_text) = (STANDARD.encode_to_string(leaf), STANDARD.encode_to_string(extra));
    let body = format!(r#"{{"entries":[{{"leaf_input":"{leaf_text}","extra_data":"{extra_text}"}}]}}"#);
    let issuers = Issuers::new(16);
    let page = Page::from_get_entries(&[body.as_bytes()], 0, &issuers, 1).expect("an answer of one entry");
    let entry = page.entry(0);
    assert_eq!(&*entry.leaf_input(), leaf);
    assert_eq!(*entry.leaf_hash, leaf_hash(leaf));
    if entry.is_framed() {
        let tile = Page::from_tile(&entry.tile_leaf(), 0, 1 << 26).expect("what is framed is a tile");
        assert_eq!(tile.leaf_hashes(), page.leaf_hashes());
    }
    drop(entry.unproven(&issuers).map(|fault| fault.to_string()));
    let matcher = Matcher::new([(Kind::Tree, "com"), (Kind::All, "")]).expect("rules");
    let scan = matcher.scan(&page, true);
    let batch = Batch::new(&page, Extra::default()).expect("columns of one entry");
    assert_eq!(batch.len(), 1);
    assert!(scan.quarantined.len() <= 1);
});
