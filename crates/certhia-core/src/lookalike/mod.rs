//! Look-alikes of watched domains: the only place where they are judged.
//!
//! A rule watches a registrable domain, `label.suffix`. A certificate's name is compared with all rules at once: the
//! skeletons of its labels and of their parts between hyphens are asked for in one hash table, what is left of its
//! registrable label after deletions in another ([`edit`]). What these find is compared character by character
//! ([`judge`]). A name that resembles nothing costs some forty questions to bit filters and no allocation, whatever the
//! number of rules; a rule takes at most about 1 KiB.
//!
//! Sources: UTS 39 for homoglyphs ([`skeleton`]); the tricks are those of dnstwist and of Szurdi et al., "The long
//! `taile` of typosquatting domain names" (2014).

mod edit;
mod forms;
mod index;
mod judge;
mod keyboard;
mod score;
mod search;
mod sieve;
mod skeleton;
mod trick;
mod value;
mod words;

use std::collections::HashMap;

use edit::Outline;
use index::{Index, Prefixes};
use judge::{Domain, Found, Label, Place, Wish};
use skeleton::{Skeleton, Strength};

pub use forms::MAX_NAME;
pub use score::DEFAULT_LEAST;
pub use trick::{Trick, Tricks};
pub use value::Lookalike;

/// Only so many labels of a name are judged, from its registrable one on; no name of the DNS has more than 127.
pub const MAX_LABELS: usize = 64;

/// Look-alike rules, compiled.
#[derive(Default)]
pub struct Lookalikes {
    labels: Vec<Label>,
    /// Labels by their loose skeleton.
    skeletons: Index,
    /// Labels that may be one edit away, by what a deletion leaves of them.
    once: Index,
    /// Labels that may be two edits away.
    twice: Index,
    /// Of each label, and how many edits away it may be.
    outlines: Vec<(Outline, usize)>,
    /// The least and the greatest length of a label that may be one edit away.
    near_one: (usize, usize),
    /// Loose skeletons of the words that are written before a label without hyphen.
    words: Index,
    /// Bit n: a skeleton of n bytes (modulo 64) is watched.
    lengths: u64,
    /// Bit n: a skeleton of n bytes is watched that words may be written to without hyphen.
    glued: u64,
    /// Bytes of the shortest watched skeleton.
    shortest: usize,
    /// The most parts between hyphens that a watched label has.
    parts: usize,
    /// The most edits that a label may be away.
    edits: usize,
    /// Tells these rules from others.
    seal: u64,
}

/// Room for the work on one name, used again for the next.
#[derive(Default)]
pub struct Scratch {
    name: Vec<u8>,
    /// The last registrable label that resembled nothing (a certificate's names mostly have the same), and for whom.
    dull: Vec<u8>,
    seal: u64,
    text: String,
    skeleton: Skeleton,
    prefixes: Prefixes,
    typed: Vec<char>,
    meant: Vec<char>,
    found: Found,
}

impl Lookalikes {
    /// Rules with their numbers. `registrable` gives the length of the registrable domain at a name's end (A-labels,
    /// lower case), None for a public suffix; a rule for a public suffix is taken as one for a domain below the rest of
    /// it.
    pub fn new<'a>(
        rules: impl IntoIterator<Item = (u32, &'a Lookalike)>,
        registrable: &impl Fn(&[u8]) -> Option<usize>,
    ) -> Self {
        let mut looks = Self::default();
        let mut labels = HashMap::new();
        let mut domains = HashMap::new();
        for (number, rule) in rules {
            let name = rule.name();
            let length = registrable(name.as_bytes()).filter(|&length| length <= name.len());
            let domain = &name[name.len() - length.unwrap_or(name.len())..];
            let &mut (label, place) = domains.entry(domain.to_owned()).or_insert_with(|| {
                let text = &domain[..domain.find('.').unwrap_or(domain.len())];
                let label = *labels.entry(text.to_owned()).or_insert_with(|| looks.add_label(text));
                let siblings = &mut looks.labels[label].domains;
                siblings.push(Domain { name: domain.into(), wishes: Vec::new() });
                (label, siblings.len() - 1)
            });
            let wish = Wish { rule: number, tricks: rule.tricks, least: rule.least };
            looks.labels[label].domains[place].wishes.push(wish);
        }
        looks.index();
        looks
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Memory that the rules take.
    pub fn nbytes(&self) -> usize {
        let of_domain =
            |domain: &Domain| size_of::<Domain>() + domain.name.len() + domain.wishes.capacity() * size_of::<Wish>();
        let of_label = |label: &Label| {
            size_of::<Label>()
                + label.text.len()
                + label.skeleton.len()
                + label.domains.iter().map(of_domain).sum::<usize>()
        };
        self.labels.iter().map(of_label).sum::<usize>()
            + self.outlines.capacity() * size_of::<(Outline, usize)>()
            + self.skeletons.nbytes()
            + self.once.nbytes()
            + self.twice.nbytes()
            + self.words.nbytes()
    }

    fn add_label(&mut self, text: &str) -> usize {
        let mut unicode = String::new();
        if !forms::unicode(text.as_bytes(), &mut unicode) || unicode.is_empty() {
            text.clone_into(&mut unicode);
        }
        let mut skeleton = Skeleton::default();
        skeleton.read(&unicode, Strength::Loose);
        let length = unicode.chars().count();
        let label =
            Label { text: unicode.into(), skeleton: skeleton.bytes.into(), length, edits: 0, domains: Vec::new() };
        self.labels.push(label);
        self.labels.len() - 1
    }

    fn index(&mut self) {
        let mut skeletons = Vec::new();
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        self.near_one = (usize::MAX - 1, 0);
        self.shortest = usize::MAX;
        self.labels.shrink_to_fit();
        for (number, label) in self.labels.iter_mut().enumerate() {
            label.domains.shrink_to_fit();
            let wishes = || label.domains.iter().flat_map(|domain| &domain.wishes);
            let wanted = |trick: Trick| wishes().any(|wish| wish.tricks.contains(trick));
            let most = if wanted(Trick::Edit) { 2 } else { usize::from(wanted(Trick::Keyboard)) };
            label.edits = edit::allowed(label.length).min(most);
            let number = number as u32;
            self.outlines.push((Outline::of(label.text.chars().map(u32::from)), label.edits));
            let left = if label.edits == 1 { &mut once } else { &mut twice };
            if label.edits == 1 {
                self.near_one = (self.near_one.0.min(label.length), self.near_one.1.max(label.length));
            }
            if label.edits > 0 {
                edit::deletions(edit::window(&label.text), label.edits, |hash| left.push((hash, number)));
            }
            skeletons.push((Prefixes::of(&label.skeleton), number));
            self.shortest = self.shortest.min(label.skeleton.len());
            self.lengths |= 1 << (label.skeleton.len() & 63);
            self.edits = self.edits.max(label.edits);
            let kind = (label.edits as u64) << 32 | u64::from(number);
            self.seal = index::mix(self.seal ^ Prefixes::of(label.text.as_bytes()) ^ kind);
            self.parts = self.parts.max(label.skeleton.split(|&byte| byte == b'-').count());
            if label.length >= edit::MIN_ONE && label.skeleton.len() < 64 {
                self.glued |= 1 << label.skeleton.len();
            }
        }
        self.skeletons = Index::new(skeletons);
        self.once = Index::new(once);
        self.twice = Index::new(twice);
        let mut skeleton = Skeleton::default();
        let words = words::WORDS.iter().enumerate().map(|(number, word)| {
            skeleton.read(word, Strength::Loose);
            (Prefixes::of(&skeleton.bytes), number as u32)
        });
        self.words = Index::new(words.collect());
    }

    /// Calls `found` with the best trick and its score for each rule that the name is a look-alike for. `tries` is what
    /// may still be spent on comparing; false when it did not suffice. `registrable` as in [`Self::new`].
    pub fn find(
        &self,
        name: &[u8],
        registrable: &mut impl FnMut(&[u8]) -> Option<usize>,
        scratch: &mut Scratch,
        tries: &mut usize,
        found: &mut impl FnMut(u32, Trick, u8),
    ) -> bool {
        if self.is_empty() {
            return true;
        }
        forms::normal(name, &mut scratch.name);
        let name = std::mem::take(&mut scratch.name);
        let enough = self.find_normal(&name, registrable, scratch, tries, found);
        scratch.name = name;
        enough
    }

    /// The same for a name in lower case of letters, digits, hyphens, underscores, dots and stars, with neither `*.` before
    /// it nor a dot at its end, of at most [`MAX_NAME`] bytes.
    #[inline]
    pub(crate) fn find_normal(
        &self,
        name: &[u8],
        registrable: &mut impl FnMut(&[u8]) -> Option<usize>,
        scratch: &mut Scratch,
        tries: &mut usize,
        found: &mut impl FnMut(u32, Trick, u8),
    ) -> bool {
        if scratch.seal != self.seal {
            scratch.seal = self.seal;
            scratch.dull.clear();
        }
        let domain = registrable(name).and_then(|length| name.len().checked_sub(length));
        let enough = domain.is_none_or(|domain| self.labels_of(name, domain, scratch, tries));
        if !scratch.found.is_empty() {
            tell(&mut scratch.found, found);
        }
        enough
    }

    /// Judges the labels from the one at `domain` to the left.
    fn labels_of(&self, name: &[u8], domain: usize, scratch: &mut Scratch, tries: &mut usize) -> bool {
        let mut start = domain;
        let mut end = memchr::memchr(b'.', &name[start..]).map_or(name.len(), |dot| start + dot);
        for _ in 0..MAX_LABELS {
            let label = &name[start..end];
            let registrable = start == domain;
            let passes =
                if registrable { self.is_striking(label, &mut scratch.dull) } else { self.passes_below(label) };
            if passes {
                let rest = name.get(end + 1..).unwrap_or_default();
                let place = Place { name, rest, registrable, text: "" };
                if !self.label(place, label, scratch, tries) {
                    return false;
                }
            }
            if start == 0 {
                break;
            }
            end = start - 1;
            start = memchr::memrchr(b'.', &name[..end]).map_or(0, |dot| dot + 1);
        }
        true
    }
}

fn tell(all: &mut Found, found: &mut impl FnMut(u32, Trick, u8)) {
    all.sort_unstable_by_key(|&(rule, trick, score)| (rule, 100 - score.min(100), trick));
    all.dedup_by_key(|one| one.0);
    all.drain(..).for_each(|(rule, trick, score)| found(rule, trick, score));
}
