//! Numbers in order that come and go one at a time, millions of them.
//!
//! One sorted vector would move half of itself for each number. Here it is cut into pieces of a few
//! thousand, so a change moves one piece, and the pieces know their positions, so ranges are still
//! counted without being walked.

use std::ops::Range;

/// A piece that grows beyond this is cut in two.
const LONGEST: usize = 4_096;

/// Distinct numbers in ascending order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ordered {
    /// None is empty.
    pieces: Vec<Vec<u64>>,
    /// The position of the first number of each piece.
    starts: Vec<usize>,
    length: usize,
}

impl Ordered {
    /// Numbers in any order, each once.
    pub(crate) fn new(mut numbers: Vec<u64>) -> Self {
        numbers.sort_unstable();
        let pieces = numbers.chunks(LONGEST / 2).map(<[u64]>::to_vec).collect();
        let starts = (0..numbers.len()).step_by(LONGEST / 2).collect();
        Self { pieces, starts, length: numbers.len() }
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Adds a number, unless it is there.
    pub(crate) fn insert(&mut self, number: u64) {
        let place = self.piece(number);
        let Some(piece) = self.pieces.get_mut(place) else {
            self.pieces.push(vec![number]);
            return self.count_from(0);
        };
        let Err(position) = piece.binary_search(&number) else { return };
        piece.insert(position, number);
        if piece.len() > LONGEST {
            let rest = piece.split_off(LONGEST / 2);
            self.pieces.insert(place + 1, rest);
        }
        self.count_from(place);
    }

    /// Takes a number out, if it is there.
    pub(crate) fn remove(&mut self, number: u64) {
        let place = self.piece(number);
        let Some(piece) = self.pieces.get_mut(place) else { return };
        let Ok(position) = piece.binary_search(&number) else { return };
        piece.remove(position);
        if piece.is_empty() {
            self.pieces.remove(place);
        }
        self.count_from(place);
    }

    /// How many numbers lie below this one.
    pub(crate) fn position(&self, number: u64) -> usize {
        let place = self.piece(number);
        let within = self.pieces.get(place).map_or(0, |p| p.partition_point(|&n| n < number));
        self.starts.get(place).map_or(0, |start| start + within)
    }

    /// The numbers at these positions, in order; what lies behind the end is left out.
    pub(crate) fn at(&self, positions: Range<usize>) -> impl DoubleEndedIterator<Item = u64> {
        let Range { start, end } = positions;
        let first = self.starts.partition_point(|&at| at <= start).saturating_sub(1);
        let last = self.starts.partition_point(|&at| at < end).max(first);
        (first..last.min(self.pieces.len())).flat_map(move |place| {
            let (piece, at) = (&self.pieces[place], self.starts[place]);
            let until = end.saturating_sub(at).min(piece.len());
            piece[start.saturating_sub(at).min(until)..until].iter().copied()
        })
    }

    /// The piece in which a number stands or would stand.
    fn piece(&self, number: u64) -> usize {
        self.pieces.partition_point(|piece| piece[0] <= number).saturating_sub(1)
    }

    /// Brings the positions of a piece and those behind it in step.
    fn count_from(&mut self, place: usize) {
        let mut at = match place {
            0 => 0,
            place => self.starts[place - 1] + self.pieces[place - 1].len(),
        };
        self.starts.truncate(place);
        for piece in &self.pieces[place..] {
            self.starts.push(at);
            at += piece.len();
        }
        self.length = at;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{any, prop, proptest};

    use super::{LONGEST, Ordered};

    fn agree(ordered: &Ordered, set: &BTreeSet<u64>) {
        assert_eq!(ordered.len(), set.len());
        assert!(ordered.at(0..usize::MAX).eq(set.iter().copied()));
        assert!(ordered.at(0..set.len()).rev().eq(set.iter().rev().copied()));
        for sought in (0..70).map(|step| step * 997 % 65_536) {
            assert_eq!(ordered.position(sought), set.range(..sought).count());
        }
        for (from, length) in [(0, 3), (set.len() / 2, LONGEST), (set.len(), 5), (7, 0)] {
            let expected = set.iter().copied().skip(from).take(length);
            assert!(ordered.at(from..from + length).eq(expected), "{from} {length}");
        }
    }

    proptest! {
        #[test]
        fn numbers_come_and_go_in_order(
            first in prop::collection::vec(any::<u16>(), 0..12_000),
            changes in prop::collection::vec((any::<bool>(), any::<u16>()), 0..9_000),
        ) {
            let mut set: BTreeSet<u64> = first.into_iter().map(u64::from).collect();
            let mut ordered = Ordered::new(set.iter().rev().copied().collect());
            agree(&ordered, &set);
            for (comes, number) in changes {
                let number = u64::from(number);
                if comes {
                    set.insert(number);
                    ordered.insert(number);
                } else {
                    set.remove(&number);
                    ordered.remove(number);
                }
            }
            agree(&ordered, &set);
        }
    }

    #[test]
    fn a_run_of_numbers_at_one_place_is_cut_and_emptied() {
        let mut ordered = Ordered::default();
        (0..20_000).for_each(|number| ordered.insert(number));
        assert_eq!((ordered.len(), ordered.position(12_345)), (20_000, 12_345));
        (0..20_000).rev().for_each(|number| ordered.remove(number));
        assert_eq!((ordered.len(), ordered.position(5), ordered.at(0..9).count()), (0, 0, 0));
    }
}
