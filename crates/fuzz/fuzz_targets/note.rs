#![no_main]
//! A signed note: strict, so what is read says no more than its text.

use certhia_core::note::Note;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(note) = Note::parse(data) {
        assert!(data[..note.signed].starts_with(format!("{}\n{}\n", note.origin, note.size).as_bytes()));
        assert!((1..=64).contains(&note.signatures.len()));
    }
});
