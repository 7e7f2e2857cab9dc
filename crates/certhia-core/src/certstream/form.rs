//! How the messages of a stream look.

use crate::certstream::chain::Chains;
use crate::error::{Malformed, Result};
use crate::suffixes::Suffixes;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Without the chain and the certificates' bytes.
    Lite,
    Full,
    /// Domain names alone.
    Domains,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What readers of all certstream servers understand, with keys added.
    Certhia,
    /// The original's, key by key.
    Calidog,
}

/// Safe to share between threads; what was made of chains is kept here from page to page.
pub struct Form {
    pub kind: Kind,
    pub profile: Profile,
    pub cursor: bool,
    pub(super) suffixes: Suffixes,
    pub(super) chains: Chains,
}

impl Form {
    /// `cursor`: None where the profile decides.
    pub fn new(kind: &str, profile: &str, cursor: Option<bool>, suffixes: Suffixes) -> Result<Self> {
        let kind = match kind {
            "lite" => Kind::Lite,
            "full" => Kind::Full,
            "domains" => Kind::Domains,
            _ => return Err(Malformed::new(format!("a stream is lite, full or domains, not {kind:?}"), 0)),
        };
        let profile = match profile {
            "certhia" => Profile::Certhia,
            "calidog" => Profile::Calidog,
            _ => return Err(Malformed::new(format!("a profile is certhia or calidog, not {profile:?}"), 0)),
        };
        let cursor = cursor.unwrap_or(profile == Profile::Certhia);
        Ok(Self { kind, profile, cursor, suffixes, chains: Chains::default() })
    }
}
