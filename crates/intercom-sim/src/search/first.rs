//! The first rows behind a cursor in the order of any field, found without sorting the others.

use crate::search::facets::{Bits, LAST, PlaceSpan, Places, bits};
use crate::workspace::table::Slot;

/// So many times the rows that are wanted are kept before they are thinned out.
const KEPT: usize = 8;

/// A row in an order: what comes earlier is smaller.
type Entry = (u64, Slot);

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) place: u64,
    pub(super) slot: Slot,
    /// Whether the row in the slot is the cursor's own, which the page before showed.
    pub(super) is_own: bool,
}

/// Rows in the order of a field.
pub(super) struct Ordering<'a> {
    pub(super) rows: &'a Bits,
    pub(super) places: Places<'a>,
    pub(super) is_ascending: bool,
}

impl Ordering<'_> {
    /// The first rows behind the edge. What lies behind the best so far is told 64 rows at a time,
    /// and of many rows that is most.
    pub(super) fn first(&self, edge: Option<Edge>, n_wanted: usize) -> Vec<Slot> {
        let edge = edge.map(|edge| (self.entry(edge.place, edge.slot), edge.is_own));
        let is_behind = |entry: Entry| match edge {
            None => true,
            Some((edge, true)) => entry > edge,
            Some((edge, false)) => entry >= edge,
        };
        let nearest = edge.map_or(0, |((place, _), _)| place);
        let (mut best, mut limit) = (Vec::with_capacity(n_wanted * KEPT), (LAST, Slot::MAX));
        let mut span = self.span(nearest, LAST);
        let n_words = self.rows.n_words();
        for number in 0..n_words {
            // Of equal rows the first ones are met first.
            let word = if self.is_ascending { number } else { n_words - 1 - number };
            let given = self.rows.word(word);
            if given == 0 {
                continue;
            }
            for slot in bits(word, given & self.places.within(word, &span)) {
                let entry = self.entry(self.places.of(slot), slot);
                if entry > limit || !is_behind(entry) {
                    continue;
                }
                best.push(entry);
                if best.len() == n_wanted * KEPT {
                    let (_, last, _) = best.select_nth_unstable(n_wanted - 1);
                    limit = *last;
                    best.truncate(n_wanted);
                    span = self.span(nearest, limit.0);
                }
            }
        }
        best.sort_unstable();
        best.truncate(n_wanted);
        best.into_iter().map(|(_, slot)| if self.is_ascending { slot } else { !slot }).collect()
    }

    /// Descending is ascending over complements, but what is missing comes last either way.
    fn entry(&self, place: u64, slot: Slot) -> Entry {
        (self.turned(place), if self.is_ascending { slot } else { !slot })
    }

    fn turned(&self, place: u64) -> u64 {
        if self.is_ascending || place == LAST { place } else { LAST - 1 - place }
    }

    /// The places between two turned ones, ends included.
    fn span(&self, nearest: u64, farthest: u64) -> PlaceSpan {
        let (near, far) = (self.turned(nearest.min(LAST - 1)), self.turned(farthest.min(LAST - 1)));
        PlaceSpan { from: near.min(far), to: near.max(far), has_missing: farthest == LAST }
    }
}
