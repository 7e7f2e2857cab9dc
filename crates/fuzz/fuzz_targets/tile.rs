#![no_main]
//! A data tile, packed or not: what is framed is the same bytes again.

use certhia_core::page::Page;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(page) = Page::from_tile(data, 0, 1 << 20) {
        let again: Vec<u8> = page.entries().flat_map(|entry| entry.tile_leaf().into_owned()).collect();
        let read = Page::from_tile(&again, 0, 1 << 20).expect("what is framed is a tile");
        assert_eq!(read.leaf_hashes(), page.leaf_hashes());
    }
});
