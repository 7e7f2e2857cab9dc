#![no_main]
//! A certificate, every field of it.

use certhia_core::certificate::Certificate;
use certhia_core::{salvage, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    salvage::each_name(data, |name| drop(text::render(&name.bytes)));
    let Ok(read) = Certificate::parse(data) else { return };
    let names = read.names();
    assert!(names.iter().all(|name| !name.chars().any(char::is_control)));
    let _ = (read.dns_names(), read.ip_addresses(), read.subject(), read.issuer(), read.serial(), read.validity());
    let _ = (read.spki_sha256(), read.tbs_sha256(), read.is_ca(), read.is_precert(), read.signature_algorithm());
});
