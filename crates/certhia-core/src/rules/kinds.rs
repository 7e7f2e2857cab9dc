//! What rules ask for, and why they match.

/// What a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name and everything below it.
    Tree,
    /// Everything below a name.
    Below,
    /// One name.
    Exact,
    /// An IP network or address.
    Cidr,
    /// Everything.
    All,
}

impl Kind {
    pub const NAMES: &str = "tree, below, exact, cidr or all";

    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "tree" => Self::Tree,
            "below" => Self::Below,
            "exact" => Self::Exact,
            "cidr" => Self::Cidr,
            "all" => Self::All,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Below => "below",
            Self::Exact => "exact",
            Self::Cidr => "cidr",
            Self::All => "all",
        }
    }
}

/// Why a rule matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Exact,
    Apex,
    Below,
    Wildcard,
    Cidr,
    Everything,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Apex => "apex",
            Self::Below => "below",
            Self::Wildcard => "wildcard",
            Self::Cidr => "cidr",
            Self::Everything => "everything",
        }
    }
}

/// A rule that matched, and what explains it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub rule: u32,
    pub why: Why,
    /// The trick of a look-alike, or the text that was found; else empty.
    pub detail: &'a [u8],
    /// 1 to 100 of a look-alike, else 0.
    pub score: u8,
}

impl Found<'_> {
    pub fn plain(rule: u32, why: Why) -> Self {
        Self { rule, why, detail: &[], score: 0 }
    }
}
