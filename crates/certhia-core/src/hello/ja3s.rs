//! JA3S: what a ServerHello chooses, as a text and its MD5 (Salesforce, github.com/salesforce/ja3).

use super::ServerHello;

impl ServerHello {
    /// `version,cipher,extension-extension`, in decimal: the version of the field of that name, extensions in the order in
    /// which they come. Unlike JA3 it leaves GREASE in, as the published method does.
    pub fn ja3s(&self) -> String {
        let extensions: Vec<String> = self.extensions.iter().map(u16::to_string).collect();
        format!("{},{},{}", self.legacy_version, self.cipher, extensions.join("-"))
    }
}
