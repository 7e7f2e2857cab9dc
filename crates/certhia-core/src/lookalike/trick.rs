//! How a name comes to look like another.

/// One way of making a name look like another, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trick {
    /// Other characters of the same look: `pаypal` with a Cyrillic а, `paypa1`, `rnicrosoft`.
    Homoglyph,
    /// A slip of the finger: a neighbouring key, a doubled or two transposed characters.
    Keyboard,
    /// One or two characters more, less or others.
    Edit,
    /// The label with words around it, or as a part of a foreign name.
    Added,
    /// The same label under another public suffix.
    Tld,
}

impl Trick {
    pub const ALL: [Self; 5] = [Self::Homoglyph, Self::Keyboard, Self::Edit, Self::Added, Self::Tld];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Homoglyph => "homoglyph",
            Self::Keyboard => "keyboard",
            Self::Edit => "edit",
            Self::Added => "added",
            Self::Tld => "tld",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trick| trick.as_str() == name)
    }
}

/// A set of tricks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tricks(u8);

impl Tricks {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(0b1_1111);

    #[must_use]
    pub fn with(self, trick: Trick) -> Self {
        Self(self.0 | 1 << trick as u8)
    }

    #[must_use]
    pub fn without(self, trick: Trick) -> Self {
        Self(self.0 & !(1 << trick as u8))
    }

    #[inline]
    pub fn contains(self, trick: Trick) -> bool {
        self.0 & 1 << trick as u8 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
