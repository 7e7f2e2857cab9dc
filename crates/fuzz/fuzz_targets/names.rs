#![no_main]
//! Names: conversion is stable, registrable domains end their names.

use certhia_core::names::{registrable_domain, to_ascii};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    if let Ok(ascii) = to_ascii(name) {
        assert_eq!(to_ascii(&ascii).as_deref(), Ok(ascii.as_str()));
    }
    if let Some(domain) = registrable_domain(name) {
        assert!(to_ascii(&domain).is_ok());
    }
});
