//! JA3S: what a ServerHello chooses, as a text and its MD5 (Salesforce, github.com/salesforce/ja3).

use std::fmt::Write;

use md5::{Digest, Md5};

use super::ServerHello;

impl ServerHello {
    /// `version,cipher,extension-extension`, in decimal: the version of the field of that name, extensions in the order in
    /// which they come. Unlike JA3 it leaves GREASE in, as the published method does.
    pub fn ja3s(&self) -> String {
        let extensions: Vec<String> = self.extensions.iter().map(u16::to_string).collect();
        format!("{},{},{}", self.legacy_version, self.cipher, extensions.join("-"))
    }

    /// MD5 of that, 32 hex digits.
    pub fn ja3s_hash(&self) -> String {
        Md5::digest(self.ja3s()).iter().fold(String::with_capacity(32), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
    }
}
