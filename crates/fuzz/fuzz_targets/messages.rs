#![no_main]
//! An entry as a log may serve it (`leaf`) as messages of all forms: JSON of bounded size, and the page's bytes.

use base64_simd::STANDARD;
use certhia_core::certstream::{Form, Framing, Messages, Source};
use certhia_core::issuers::Issuers;
use certhia_core::page::Page;
use certhia_core::suffixes::Suffixes;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let [high, low, rest @ ..] = data else { return };
    let (leaf, extra) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
    let (leaf_text, extra_text) = (STANDARD.encode_to_string(leaf), STANDARD.encode_to_string(extra));
    let body = format!(r#"{{"entries":[{{"leaf_input":"{leaf_text}","extra_data":"{extra_text}"}}]}}"#);
    let issuers = Issuers::new(16);
    let page = Page::from_get_entries(&[body.as_bytes()], 7, &issuers, 1).expect("an answer of one entry");
    let again = Page::load(&page.dump()).expect("a page that was dumped");
    assert_eq!(again.leaf_hashes(), page.leaf_hashes());
    let source = Source::new(&[7; 32], "a log", "https://ct.example/", "tiled", "", "").expect("a log");
    for (kind, profile) in ["lite", "full", "domains"].into_iter().flat_map(|kind| [(kind, "certhia"), (kind, "calidog")]) {
        let form = Form::new(kind, profile, None, Suffixes::shipped()).expect("a form");
        let made = |page| Messages::new(page, &form, &source, &issuers, 1.5, 8, None).expect("messages of one entry");
        let messages = made(&page);
        assert_eq!(messages.len(), usize::from(!page.entry(0).certificate().is_empty()));
        let Some(message) = messages.get(0) else { continue };
        assert!(message.len() <= 1 << 20, "{} bytes", message.len());
        assert!(serde_json::from_slice::<Value>(message).is_ok(), "{}", String::from_utf8_lossy(message));
        assert!(!message.contains(&b'\n'), "an event of one line");
        assert_eq!(made(&again).get(0), Some(message));
        assert!(messages.frames(Framing::WebSocket, None).expect("frames").ends_with(message));
    }
});
