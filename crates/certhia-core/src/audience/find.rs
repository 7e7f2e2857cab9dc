//! What the table finds in the entries of a block.

use std::net::IpAddr;

use crate::certificate::{Certificate, Name, Place};
use crate::matches::Tries;
use crate::names;
use crate::reading::Finds;
use crate::rules::{Exclusions, Room, Seen, Whole};

use super::Audience;
use super::issuers::Issuers;
use super::marks::Marks;

/// Filters for which a name is left out.
struct Left {
    /// By filter, the turn in which it was added last.
    turns: Vec<u64>,
    turn: u64,
    filters: Vec<u32>,
}

impl Left {
    fn clear(&mut self) {
        self.turn += 1;
        self.filters.clear();
    }

    fn add(&mut self, filter: u32) {
        let turn = &mut self.turns[filter as usize];
        if *turn != self.turn {
            *turn = self.turn;
            self.filters.push(filter);
        }
    }

    fn holds(&self, filter: u32) -> bool {
        self.turns[filter as usize] == self.turn
    }
}

/// Gathers what is found, entry by entry.
pub struct Finder<'a> {
    audience: &'a Audience,
    /// Rows by rule, and by exclusion on the whole certificate.
    pub rules: Marks,
    pub barred: Marks,
    /// By filter, what was found for it but not for others with the same rule.
    pub filters: Marks,
    /// By filter that takes all, entries whose names are all left out for it.
    pub spared: Marks,
    pub issuers: Issuers,
    /// The entry's place in its block.
    at: usize,
    tries: Tries,
    room: Room,
    /// Rules that match the name that is looked at.
    hits: Vec<u32>,
    left: Left,
    /// Of filters that take all, those for which each name so far is left out; None before the first name.
    all_left: Option<Vec<u32>>,
    salvaged: bool,
    /// Whether a rule matched something in this entry.
    concerned: bool,
}

impl<'a> Finder<'a> {
    pub fn new(audience: &'a Audience) -> Self {
        let filters = audience.distinct();
        let excluding = if audience.exclusions.is_some() { filters } else { 0 };
        Self {
            audience,
            rules: Marks::new(audience.matcher.len()),
            barred: Marks::new(audience.exclusions.as_ref().map_or(0, Exclusions::len)),
            filters: Marks::new(filters),
            spared: Marks::new(excluding),
            issuers: Issuers::default(),
            at: 0,
            tries: Tries::default(),
            room: Room::default(),
            hits: Vec::new(),
            left: Left { turns: vec![0; excluding], turn: 0, filters: Vec::new() },
            all_left: None,
            salvaged: false,
            concerned: false,
        }
    }

    /// Begins an entry.
    #[inline]
    pub fn begin(&mut self, at: usize) {
        self.at = at;
        self.tries.next();
        self.all_left = None;
        self.salvaged = false;
        self.concerned = false;
    }

    pub fn clear(&mut self) {
        self.rules.clear();
        self.barred.clear();
        self.filters.clear();
        self.spared.clear();
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], place: Place) {
        let matcher = &self.audience.matcher;
        let hits = &mut self.hits;
        hits.clear();
        let mut tries = self.tries.left;
        // What can't be tried to its end is found as far as it was; `Matcher::scan` tells of it.
        _ = matcher.name(bytes, &mut tries, &mut |found| hits.push(found.rule));
        if matcher.has_texts() {
            let host = place == Place::San;
            _ = matcher.search(bytes, host, &mut self.room, &mut tries, &mut |found| hits.push(found.rule));
        }
        self.tries.left = tries;
        if self.looks_closer() {
            self.leave(|exclusions, room, found| exclusions.each_of_name(bytes, room, found));
        }
    }

    fn address(&mut self, ip: IpAddr) {
        let hits = &mut self.hits;
        hits.clear();
        self.audience.matcher.address(ip, &mut |found| hits.push(found.rule));
        if self.looks_closer() {
            self.leave(|exclusions, _, found| exclusions.each_of_address(ip, found));
        }
    }

    /// Notes what was found for the name; whether exclusions are to be asked first.
    #[inline]
    fn looks_closer(&mut self) -> bool {
        let audience = self.audience;
        if audience.exclusions.is_some() && !self.salvaged {
            let careful = self.hits.iter().any(|&rule| audience.is_careful(rule));
            let undecided = self.all_left.as_ref().is_none_or(|filters| !filters.is_empty());
            if careful || (audience.takers_exclude_names && undecided) {
                return true;
            }
        }
        for &rule in &self.hits {
            self.rules.set(rule, self.at);
            self.concerned |= rule < audience.tlds;
        }
        false
    }

    /// Notes what was found for a name where `exclude` leaves it.
    #[cold]
    fn leave(&mut self, exclude: impl FnOnce(&Exclusions, &mut Room, &mut dyn FnMut(u32))) {
        let audience = self.audience;
        let left = &mut self.left;
        left.clear();
        if let Some(exclusions) = &audience.exclusions {
            let mut found = |rule| audience.excluding.of(rule).iter().for_each(|&filter| left.add(filter));
            exclude(exclusions, &mut self.room, &mut found);
        }
        for &rule in &self.hits {
            self.concerned |= rule < audience.tlds;
            let filters = audience.wanting.of(rule);
            if !audience.is_careful(rule) || !filters.iter().any(|&filter| left.holds(filter)) {
                self.rules.set(rule, self.at);
                continue;
            }
            filters.iter().filter(|&&filter| !left.holds(filter)).for_each(|&filter| self.filters.set(filter, self.at));
        }
        match &mut self.all_left {
            Some(filters) => filters.retain(|&filter| left.holds(filter)),
            None => self.all_left = Some(left.filters.clone()),
        }
    }

    /// Rules and exclusions that match who issued a certificate, by its name.
    fn issuer(&mut self, certificate: &Certificate<'_>) {
        let audience = self.audience;
        let whole = &audience.matcher.whole;
        let excluded = audience.exclusions.as_ref().map(Exclusions::whole);
        if whole.has_issuers() || excluded.is_some_and(Whole::has_issuers) {
            self.issuers.note(certificate.issuer.body, self.at, || {
                let numbers = |seen: Vec<Seen>| seen.into_iter().map(|seen| seen.rule).collect();
                let exclusions = excluded.map_or(Vec::new(), |excluded| numbers(excluded.issuer(certificate)));
                (numbers(whole.issuer(certificate)), exclusions)
            });
        }
    }
}

impl Finds for Finder<'_> {
    #[inline]
    fn name(&mut self, name: &Name<'_>) {
        if name.place != Place::Ip {
            return self.text(&name.bytes, name.place);
        }
        match names::ip_address(&name.bytes) {
            Some(ip) => self.address(ip),
            // What can't be read is left out for nobody.
            None => self.all_left = Some(Vec::new()),
        }
    }

    fn salvage(&mut self) {
        self.salvaged = true;
    }

    #[inline]
    fn everything(&mut self) {
        for &filter in self.all_left.iter().flatten() {
            self.spared.set(filter, self.at);
        }
    }

    #[inline]
    fn looks_at_whole(&self) -> bool {
        let exclusions = self.audience.exclusions.as_ref();
        !self.audience.matcher.whole.is_empty() || exclusions.is_some_and(Exclusions::on_certificates)
    }

    fn whole(&mut self, certificate: Option<&Certificate<'_>>, own: &[u8]) {
        let audience = self.audience;
        let whole = &audience.matcher.whole;
        let (rules, at) = (&mut self.rules, self.at);
        let Some(certificate) = certificate else {
            whole.bytes(own, &mut |seen| rules.set(seen.rule, at));
            return;
        };
        if whole.has_others() {
            whole.besides_issuer(certificate, own, &mut |seen| {
                rules.set(seen.rule, at);
                self.concerned = true;
            });
        }
        self.issuer(certificate);
        if let Some(exclusions) = &audience.exclusions
            && exclusions.whole().has_others()
            && (self.concerned || audience.wants_issuers || audience.takers_exclude_certificates)
        {
            let barred = &mut self.barred;
            exclusions.whole().besides_issuer(certificate, own, &mut |seen| barred.set(seen.rule, at));
        }
    }
}
