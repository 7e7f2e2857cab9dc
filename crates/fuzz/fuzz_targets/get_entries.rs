#![no_main]
//! The JSON of a get-entries answer.

use certhia_core::get_entries::{count, each_entry};
use certhia_core::issuers::Issuers;
use certhia_core::page::Page;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let counted = count(data);
    let mut seen = 0;
    let walked = each_entry(data, usize::MAX, |_| {
        seen += 1;
        Ok(())
    });
    assert_eq!(counted, walked);
    if let Ok(page) = Page::from_get_entries(&[data], 0, &Issuers::new(16), 1000) {
        assert_eq!(counted, Ok(page.len()));
        assert_eq!(seen, page.len());
    }
});
