//! Certificate Transparency: bytes in, facts out.
//!
//! Pure Rust, no I/O, no clock, no global state. Whatever the bytes are, a call gives a value or one [`Malformed`];
//! every input has a bound.

#![forbid(unsafe_code)]

pub mod access;
pub mod audience;
pub mod batch;
pub mod certificate;
pub mod certstream;
pub mod constraints;
pub mod der;
pub mod distinguished;
pub mod edge;
pub mod error;
pub mod extensions;
pub mod floor;
pub mod general_names;
pub mod get_entries;
pub mod handshake;
pub mod hello;
pub mod issuers;
mod kept;
pub mod key;
pub mod leaf;
#[cfg(test)]
mod linear;
pub mod lookalike;
mod matches;
pub mod merkle;
pub mod names;
mod names_of;
pub mod networks;
pub mod note;
pub mod novel;
pub mod oids;
pub mod page;
mod page_bytes;
pub mod proof;
mod reading;
pub mod recent;
pub mod rules;
pub mod salvage;
pub mod scan;
pub mod sct;
pub mod seen;
pub mod sip;
pub mod spellings;
pub mod suffixes;
pub mod table;
pub mod targets;
pub mod tbs;
pub mod text;
pub mod tile;
pub mod time;
pub mod together;
mod transcode;

#[cfg(test)]
extern crate self as certhia_core; // as the made certificates of tests/ know it

pub use error::Malformed;

/// A SHA-256 digest.
pub type Hash = [u8; 32];
