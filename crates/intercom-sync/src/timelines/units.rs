//! What counts once: a billing account, or whoever names none.

use std::collections::{BTreeMap, BTreeSet};

use super::stays::Stays;
use super::{Moment, speaker};

/// A state of a row, by the number of its stay.
pub(super) type Entry = (usize, Moment);

/// The units, and what went from one to another.
#[derive(Default)]
pub(super) struct Units {
    /// The states of the rows that belong to each, absent from when they belong to another.
    all: Vec<Vec<Entry>>,
    accounts: BTreeMap<String, usize>,
    flows: Vec<Flow>,
    /// Contacts that went into another, with the unit that they were in.
    merged: Vec<(i64, usize, String)>,
    /// Where contacts are into which others were merged, by the instant.
    remaining: BTreeMap<String, BTreeMap<i64, usize>>,
}

/// A row, or a contact, that was in one unit, and from an instant on is in another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Flow {
    from: usize,
    at: i64,
    to: usize,
}

/// The units of all stays.
pub(super) fn units(
    stays: Stays,
    merge_shared_billing: bool,
    aliases: &BTreeMap<String, String>,
) -> Units {
    let remaining = aliases.values().map(|id| (id.clone(), BTreeMap::new())).collect();
    let mut units = Units { remaining, ..Units::default() };
    let Stays { all, left, came } = stays;
    let mut ends = Vec::with_capacity(all.len());
    for (row, moments) in all.into_iter().enumerate() {
        ends.push(units.add(row, moments, merge_shared_billing, aliases));
    }
    for (key, &old) in &left {
        let Some(&new) = came.get(key) else { continue };
        if let (Some((_, from)), Some((to, _))) = (ends[old], ends[new]) {
            units.flows.push(Flow { from, at: key.0, to });
        }
    }
    for (at, from, contact) in std::mem::take(&mut units.merged) {
        let Some(places) = units.remaining.get(&contact) else { continue };
        let place = places.range(..=at).next_back().or_else(|| places.range(at..).next());
        units.flows.extend(place.map(|(_, &to)| Flow { from, at, to }));
    }
    units
}

impl Units {
    /// Adds a stay; returns its first unit and its last one.
    fn add(
        &mut self,
        row: usize,
        moments: Vec<Moment>,
        merge_shared_billing: bool,
        aliases: &BTreeMap<String, String>,
    ) -> Option<(usize, usize)> {
        let mut ends: Option<(usize, usize)> = None;
        let mut own = None;
        let mut is_in = false;
        let mut into: Option<&String> = None;
        let mut moments = moments.into_iter().peekable();
        let mut is_restated = false;
        while let Some(mut moment) = moments.next() {
            moment.is_restated |= is_restated;
            is_restated = moment.is_restated;
            let at = moment.observed_at;
            if moments.peek().is_some_and(|next| next.observed_at == at) {
                continue;
            }
            is_restated = false;
            let last = ends.map(|(_, last)| last);
            let speaks = speaker(moment.state.as_ref());
            let merged = into.filter(|into| speaks != Some(into.as_str()));
            let spoke = std::mem::replace(&mut into, speaks.and_then(|id| aliases.get(id)));
            if let Some((merged, last)) = merged.zip(last).filter(|_| spoke != into) {
                self.merged.push((at, last, merged.clone()));
            }
            let Some(state) = moment.state.as_mut() else {
                if let Some(last) = last.filter(|_| is_in) {
                    self.all[last].push((row, moment));
                }
                is_in = false;
                continue;
            };
            let account = state.stripe_customer_id.take().filter(|_| merge_shared_billing);
            let unit = self.unit(account, &mut own, moments.len() + 1);
            let speaks = speaker(moment.state.as_ref());
            if let Some(places) = speaks.and_then(|id| self.remaining.get_mut(id)) {
                places.insert(at, unit);
            }
            if let Some(from) = last.filter(|last| *last != unit) {
                if is_in {
                    let Moment { change_number, billed_at, is_restated, .. } = moment;
                    let observed_at = at;
                    let gone =
                        Moment { observed_at, change_number, billed_at, state: None, is_restated };
                    self.all[from].push((row, gone));
                }
                self.flows.push(Flow { from, at, to: unit });
            }
            self.all[unit].push((row, moment));
            ends = Some((ends.map_or(unit, |(first, _)| first), unit));
            is_in = true;
        }
        ends
    }

    /// The unit of an account, or else the one that a stay has of its own; a unit made for it has room
    /// for some states.
    fn unit(&mut self, account: Option<String>, own: &mut Option<usize>, n_states: usize) -> usize {
        let known = match &account {
            Some(id) => self.accounts.get(id).copied(),
            None => *own,
        };
        if let Some(known) = known {
            return known;
        }
        let unit = self.all.len();
        self.all.push(Vec::with_capacity(n_states));
        match account {
            Some(id) => self.accounts.insert(id, unit),
            None => own.replace(unit),
        };
        unit
    }

    /// The units of each customer. A unit that ended where its row or contact went to another is part
    /// of that one's customer; one that goes on without it is not.
    pub(super) fn joined(mut self) -> Vec<Vec<Vec<Entry>>> {
        self.flows.sort_unstable();
        let mut groups = Groups((0..self.all.len()).collect());
        for flows in self.flows.chunk_by(|left, right| left.from == right.from) {
            let entries = &mut self.all[flows[0].from];
            entries.sort_by_key(|(row, moment)| (moment.observed_at, moment.change_number, *row));
            let mut entries = entries.iter().peekable();
            let mut present = BTreeSet::new();
            for flow in flows {
                while let Some((row, moment)) =
                    entries.next_if(|(_, moment)| moment.observed_at <= flow.at)
                {
                    match moment.state {
                        Some(_) => present.insert(*row),
                        None => present.remove(row),
                    };
                }
                if present.is_empty() {
                    groups.join(flow.from, flow.to);
                }
            }
        }
        let mut customers: BTreeMap<usize, Vec<Vec<Entry>>> = BTreeMap::new();
        for (unit, entries) in self.all.into_iter().enumerate() {
            customers.entry(groups.root(unit)).or_default().push(entries);
        }
        customers.into_values().collect()
    }
}

/// Which units belong together: every one points to another of its group, and one to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left] = right;
    }
}
