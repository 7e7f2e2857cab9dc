//! Names, whatever is in them: conversion is stable, and a registrable domain is the end of its name.

use certhia_core::names::{registrable_domain, to_ascii};
use certhia_core::suffixes::Suffixes;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_converted_is_converted(name in "(\\PC|[a-z0-9.*_-]|xn--|\u{3002}|\u{ff0e}){0,40}") {
        if let Ok(ascii) = to_ascii(&name) {
            prop_assert!(ascii.is_ascii());
            prop_assert!(ascii.len() <= 253);
            let again = to_ascii(&ascii);
            prop_assert_eq!(again.as_deref(), Ok(ascii.as_str()));
        }
    }

    #[test]
    fn a_registrable_domain_ends_its_name(labels in prop::collection::vec("[a-z0-9]{1,5}", 0..5), suffix in "com|co\\.uk|github\\.io|ck|www\\.ck|zz|example") {
        let name = labels.iter().map(String::as_str).chain([suffix.as_str()]).collect::<Vec<_>>().join(".");
        for domain in [registrable_domain(&name), Suffixes::shipped().registrable_domain(&name)] {
            let Some(domain) = domain else { continue };
            prop_assert!(name == domain || name.ends_with(&format!(".{domain}")), "{} of {}", domain, name);
            let of_itself = registrable_domain(&domain);
            prop_assert_eq!(of_itself.as_deref(), Some(domain.as_str()));
        }
    }
}
