//! What rules ask for, and why they match.

/// What a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Part of a label.
    Keyword,
    /// A regular expression on a name.
    Regex,
    /// Look-alikes of a name.
    Typo,
    /// Text in the issuer's name.
    Issuer,
    /// Text in the subject's organisation.
    Organization,
    /// The hash of a public key.
    Key,
    /// The hash of a certificate.
    Certificate,
}

impl Kind {
    pub const NAMES: &str =
        "tree, below, exact, cidr, all, keyword, regex, typo, issuer, organization, key and certificate";

    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "tree" => Self::Tree,
            "below" => Self::Below,
            "exact" => Self::Exact,
            "cidr" => Self::Cidr,
            "all" => Self::All,
            "keyword" => Self::Keyword,
            "regex" => Self::Regex,
            "typo" => Self::Typo,
            "issuer" => Self::Issuer,
            "organization" => Self::Organization,
            "key" => Self::Key,
            "certificate" => Self::Certificate,
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
            Self::Keyword => "keyword",
            Self::Regex => "regex",
            Self::Typo => "typo",
            Self::Issuer => "issuer",
            Self::Organization => "organization",
            Self::Key => "key",
            Self::Certificate => "certificate",
        }
    }

    /// Whether it looks at the whole certificate rather than at names.
    pub fn is_on_certificates(self) -> bool {
        matches!(self, Self::Issuer | Self::Organization | Self::Key | Self::Certificate)
    }

    /// Whether its values are texts that are looked for all together.
    pub fn is_searched(self) -> bool {
        matches!(self, Self::Keyword | Self::Issuer | Self::Organization)
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
    Keyword,
    Regex,
    Lookalike,
    Issuer,
    Organization,
    Key,
    Certificate,
    /// A label that nobody can read may stand for it.
    Possible,
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
            Self::Keyword => "keyword",
            Self::Regex => "regex",
            Self::Lookalike => "lookalike",
            Self::Issuer => "issuer",
            Self::Organization => "organization",
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::Possible => "possible",
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

impl<'a> Found<'a> {
    pub fn plain(rule: u32, why: Why) -> Self {
        Self { rule, why, detail: &[], score: 0 }
    }

    pub fn text(rule: u32, why: Why, detail: &'a [u8]) -> Self {
        Self { rule, why, detail, score: 0 }
    }
}
