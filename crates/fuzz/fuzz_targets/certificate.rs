#![no_main]
//! A certificate, every field of it, and the proof that it gives another as its leaf.

use certhia_core::certificate::Certificate;
use certhia_core::proof::prove;
use certhia_core::{salvage, text};
use libfuzzer_sys::fuzz_target;

fn printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fuzz_target!(|data: &[u8]| {
    salvage::each_name(data, |name| drop(text::render(&name.bytes)));
    let Ok(read) = Certificate::parse(data) else { return };
    let mut texts = [read.names(), read.dns_names(), read.email_addresses(), read.uris(), read.crl_urls()].concat();
    texts.extend([read.subject(), read.issuer(), read.serial(), read.signature_algorithm_name()]);
    texts.extend(read.subject_attributes().into_iter().chain(read.issuer_attributes()).map(|(_, value)| value));
    texts.extend(read.alternative_names().into_iter().chain(read.issuer_alternative_names()).map(|(_, value)| value));
    texts.extend(read.authority_info().into_iter().flat_map(|(method, uri)| [method, uri]));
    for (policy, practices) in read.policies() {
        texts.push(policy);
        texts.extend(practices);
    }
    assert!(texts.iter().all(|text| printable(text)), "{texts:?}");
    let _ = (read.ip_addresses(), read.validity(), read.version(), read.signature(), read.signature_algorithm());
    let _ = (read.spki(), read.key(), read.spki_sha256(), read.tbs_sha256(), read.sha1(), read.sha256());
    let _ = (read.is_ca(), read.is_precert(), read.is_precert_signing(), read.is_self_issued());
    let _ = (read.basic_constraints(), read.key_usage(), read.extended_key_usage(), read.scts());
    let _ = (read.subject_key_id(), read.authority_key_id(), read.extensions_fault());
    for extension in read.extensions() {
        assert!(data.len() >= extension.value.body.len());
    }
    let whole = std::sync::Arc::<[u8]>::from(data);
    let proven = prove(data, &read.spki_sha256(), data, |_| Ok(std::sync::Arc::clone(&whole)));
    drop(proven.map_err(|fault| fault.to_string()));
});
