#![no_main]
//! Names: conversion is stable, registrable domains end their names; lists of suffixes are read or refused.

use certhia_core::names::{registrable_domain, to_ascii};
use certhia_core::suffixes::Suffixes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    if let Ok(ascii) = to_ascii(name) {
        assert_eq!(to_ascii(&ascii).as_deref(), Ok(ascii.as_str()));
    }
    if let Some(domain) = registrable_domain(name) {
        assert!(to_ascii(&domain).is_ok());
    }
    let filler: String = (0..1000).map(|number| format!("filler{number}\n")).collect();
    if let Ok(suffixes) = Suffixes::parse(format!("{name}\n{filler}").as_bytes()) {
        for line in name.lines() {
            if let Some(domain) = suffixes.registrable_domain(line) {
                assert_eq!(suffixes.registrable_domain(&domain), Some(domain));
            }
        }
    }
});
