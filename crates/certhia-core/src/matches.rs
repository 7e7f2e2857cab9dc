//! The matches of one certificate, gathered name by name.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::certificate::{Certificate, Name, Place};
use crate::reading::Finds;
use crate::rules::{Found, Left, MAX_TRIES, Matcher, Memo, Room, Seen, Why};
use crate::{names, text};

/// More matches than this of one certificate are not listed.
pub const MAX_MATCHES: usize = 100_000;
/// Nor more than names of so many bytes in them.
const MAX_SHOWN: usize = 64 << 20;
/// What all certificates of a page may spend on wildcards, many times what one may.
const MAX_PAGE_TRIES: usize = 64 * MAX_TRIES;

/// What may be spent on wildcards.
pub(crate) struct Tries {
    /// By this certificate.
    pub left: usize,
    /// What `left` was at its beginning, and what is left for it and the page's others.
    granted: usize,
    budget: usize,
}

impl Default for Tries {
    fn default() -> Self {
        Self { left: MAX_TRIES, granted: MAX_TRIES, budget: MAX_PAGE_TRIES }
    }
}

impl Tries {
    /// Ends a certificate.
    #[inline]
    pub fn next(&mut self) {
        if self.left != self.granted {
            self.budget -= self.granted - self.left;
            self.granted = MAX_TRIES.min(self.budget);
            self.left = self.granted;
        }
    }
}

/// One rule that matched one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub rule: u32,
    pub name: String,
    /// Where the name stood, or what a rule on the whole certificate looked at.
    pub place: &'static str,
    pub why: Why,
    /// The trick of a look-alike, or the text that was found, rendered; else empty.
    pub detail: String,
    /// 1 to 100 of a look-alike, else 0.
    pub score: u8,
}

/// Gathers the matches of one certificate after the other.
pub struct Matches<'a> {
    matcher: &'a Matcher,
    found: Vec<Match>,
    /// Rule and name of what was found, and the names' numbers by their lower case.
    seen: HashSet<(u32, u32)>,
    numbers: HashMap<String, u32>,
    /// Number and text of the name that is being looked at, once it has a match.
    current: Option<(u32, String)>,
    /// Bytes of the names in `found`.
    shown: usize,
    tries: Tries,
    first: Option<(String, Place)>,
    /// Whether rules on everything or on the whole certificate tell the first name.
    tells_first: bool,
    /// Whether there is more than rules on domains and addresses.
    more: bool,
    /// Names are what could still be found in broken bytes: none is left out.
    salvaged: bool,
    /// By rule for everything, the first name of the certificate that is not left out for it.
    concerned: Vec<Option<(String, Place)>>,
    fault: Option<String>,
    /// Large, so that it is not moved; None while it is in use.
    room: Option<Box<Room>>,
    memo: Memo,
    excluded_memo: Memo,
}

impl<'a> Matches<'a> {
    pub fn new(matcher: &'a Matcher) -> Self {
        Self {
            matcher,
            found: Vec::new(),
            seen: HashSet::new(),
            numbers: HashMap::new(),
            current: None,
            shown: 0,
            tries: Tries::default(),
            first: None,
            tells_first: !matcher.all().is_empty() || !matcher.whole.is_empty(),
            more: matcher.has_texts() || matcher.exclusions.is_some(),
            salvaged: false,
            concerned: vec![None; matcher.all().len()],
            fault: None,
            room: None,
            memo: Memo::new(),
            excluded_memo: Memo::new(),
        }
    }

    #[inline]
    pub fn text(&mut self, bytes: &[u8], place: Place) {
        if self.tells_first && self.first.is_none() {
            self.first = Some((text::render(bytes).into_owned(), place));
        }
        self.current = None;
        let matcher = self.matcher;
        let before = self.found.len();
        let mut tries = self.tries.left;
        let told = matcher.name(bytes, &mut tries, &mut |found| self.add(&found, bytes, place));
        self.tries.left = tries;
        if let Err(reason) = told {
            self.fault = Some(reason.to_owned());
        }
        if self.more {
            self.search(bytes, place, before);
        }
    }

    /// The rules on a name's text, then what is left out. Apart, so that plain domain rules cost one branch more.
    #[inline(never)]
    fn search(&mut self, bytes: &[u8], place: Place, before: usize) {
        let matcher = self.matcher;
        if matcher.has_texts() {
            let mut room = self.room.take().unwrap_or_default();
            let mut tries = self.tries.left;
            let host = place == Place::San;
            let told = matcher.search(bytes, host, &mut room, &mut tries, &mut |found| self.add(&found, bytes, place));
            if let Err(reason) = told {
                self.fault = Some(reason.to_owned());
            }
            self.tries.left = tries;
            self.room = Some(room);
        }
        if let Some(exclusions) = &matcher.exclusions
            && self.is_excludable(before)
        {
            let left =
                if self.salvaged { Left::default() } else { exclusions.name(bytes, self.room.get_or_insert_default()) };
            self.leave(before, &left, || (text::render(bytes).into_owned(), place));
        }
    }

    pub fn address(&mut self, ip: IpAddr) {
        if self.tells_first && self.first.is_none() {
            self.first = Some((ip.to_string(), Place::Ip));
        }
        self.current = None;
        let matcher = self.matcher;
        let before = self.found.len();
        matcher.address(ip, &mut |found| self.add(&found, ip.to_string().as_bytes(), Place::Ip));
        if let Some(exclusions) = &matcher.exclusions
            && self.is_excludable(before)
        {
            let left = if self.salvaged { Left::default() } else { exclusions.address(ip) };
            self.leave(before, &left, || (ip.to_string(), Place::Ip));
        }
    }

    /// Whether it matters that a name is left out.
    fn is_excludable(&self, before: usize) -> bool {
        self.found.len() > before || self.concerned.contains(&None)
    }

    /// Takes back what was found since `before` by rules for which the name is left out. `name`: how it is told.
    fn leave(&mut self, before: usize, left: &Left, name: impl Fn() -> (String, Place)) {
        let matcher = self.matcher;
        for (concerned, &rule) in self.concerned.iter_mut().zip(matcher.all()) {
            if concerned.is_none() && !left.holds(matcher.scope(rule)) {
                *concerned = Some(name());
            }
        }
        if !left.is_empty() {
            let kept: Vec<Match> =
                self.found.drain(before..).filter(|found| !left.holds(matcher.scope(found.rule))).collect();
            self.found.extend(kept);
        }
    }

    #[cold]
    fn add(&mut self, found: &Found<'_>, name: &[u8], place: Place) {
        if self.is_full() {
            return;
        }
        let numbers = &mut self.numbers;
        let (number, shown) = self.current.get_or_insert_with(|| {
            let shown = text::render(name).into_owned();
            let next = numbers.len() as u32;
            (*numbers.entry(shown.to_ascii_lowercase()).or_insert(next), shown)
        });
        if !self.seen.insert((found.rule, *number)) {
            return;
        }
        self.shown += shown.len();
        let detail = text::render(found.detail).into_owned();
        let (rule, name) = (found.rule, shown.clone());
        self.found.push(Match { rule, name, place: place.as_str(), why: found.why, detail, score: found.score });
    }

    /// Whether no more matches are listed; then it is told.
    fn is_full(&mut self) -> bool {
        let full = self.found.len() >= MAX_MATCHES || self.shown > MAX_SHOWN;
        if full && self.fault.is_none() {
            self.fault = Some(format!("more than {MAX_MATCHES} matches, or {} MiB of names in them", MAX_SHOWN >> 20));
        }
        full
    }

    #[cold]
    fn add_whole(&mut self, seen: &Seen) {
        if self.is_full() {
            return;
        }
        let place = match seen.why {
            Why::Issuer => "issuer",
            Why::Organization => "subject",
            Why::Key => "key",
            _ => "certificate",
        };
        // One hash may be of the bytes and of what the log signed: these are given one after the other.
        let known = |found: &&Match| found.rule == seen.rule && found.place == place;
        if seen.why == Why::Certificate
            && self.found.iter().rev().take_while(|found| found.place == place).any(|found| known(&found))
        {
            return;
        }
        let name = self.first.as_ref().map_or(String::new(), |(name, _)| name.clone());
        self.found.push(Match { rule: seen.rule, name, place, why: seen.why, detail: seen.detail.clone(), score: 0 });
    }

    pub fn fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// Ends a certificate and gives its matches.
    #[inline]
    pub fn take(&mut self) -> Vec<Match> {
        if !self.numbers.is_empty() {
            self.seen.clear();
            self.numbers.clear();
            self.shown = 0;
        }
        self.tries.next();
        self.first = None;
        self.salvaged = false;
        self.concerned.fill(None);
        std::mem::take(&mut self.found)
    }
}

impl Finds for Matches<'_> {
    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        if name.place != Place::Ip {
            return self.text(&name.bytes, name.place);
        }
        match names::ip_address(&name.bytes) {
            Some(ip) => self.address(ip),
            None => self.fault = Some(format!("an iPAddress of {} bytes", name.bytes.len())),
        }
    }

    /// What follows are names that could still be found in broken bytes.
    fn salvage(&mut self) {
        self.salvaged = true;
        // What was left out before may be given now.
        let numbers = &self.numbers;
        let number = |found: &Match| numbers.get(&found.name.to_ascii_lowercase()).copied();
        self.seen = self.found.iter().filter_map(|found| Some((found.rule, number(found)?))).collect();
    }

    /// Adds the rules for everything, once for a certificate, where not all of its names are left out.
    #[inline]
    fn everything(&mut self) {
        if self.matcher.all().is_empty() {
            return;
        }
        let nameless = self.first.is_none();
        let first = self.first.clone().unwrap_or((String::new(), Place::CommonName));
        let all = self.matcher.exclusions.is_none() || nameless;
        for (&rule, concerned) in self.matcher.all().iter().zip(&self.concerned) {
            if let Some((name, place)) = if all { Some(&first) } else { concerned.as_ref() } {
                let (name, place) = (name.clone(), place.as_str());
                self.found.push(Match { rule, name, place, why: Why::Everything, detail: String::new(), score: 0 });
            }
        }
    }

    /// Whether there are rules or exclusions for `whole`.
    #[inline]
    fn looks_at_whole(&self) -> bool {
        let exclusions = self.matcher.exclusions.as_ref();
        !self.matcher.whole.is_empty() || exclusions.is_some_and(|exclusions| exclusions.on_certificates())
    }

    /// Adds the rules on the whole certificate, and takes all back that exclusions of such kinds leave out. `certificate`
    /// is None where the bytes are none; `own`: its bytes where the tree covers them.
    #[inline]
    fn whole(&mut self, certificate: Option<&Certificate<'_>>, own: &[u8]) {
        let matcher = self.matcher;
        if !matcher.whole.is_empty() {
            let mut memo = std::mem::take(&mut self.memo);
            let mut add = |seen: &Seen| self.add_whole(seen);
            match certificate {
                Some(certificate) => matcher.whole.find(certificate, own, &mut memo, &mut add),
                None => matcher.whole.bytes(own, &mut add),
            }
            self.memo = memo;
        }
        if let Some(exclusions) = &matcher.exclusions
            && exclusions.on_certificates()
            && !self.found.is_empty()
            && let Some(certificate) = certificate
        {
            let left = exclusions.certificate(certificate, own, &mut self.excluded_memo);
            self.found.retain(|found| !left.holds(matcher.scope(found.rule)));
        }
    }
}
