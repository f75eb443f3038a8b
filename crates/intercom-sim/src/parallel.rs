//! Work on all processors, in an order that does not depend on how many there are.

use std::ops::Range;
use std::thread;

/// How much one processor does before the others are waited for.
const PART: u32 = 16_384;

/// The numbers from 0 up to a count, cut into rounds.
pub(crate) struct Rounds {
    next: u32,
    count: u32,
    n_threads: u32,
}

impl Rounds {
    pub(crate) fn of(count: u32) -> Self {
        Self { next: 0, count, n_threads: n_threads() }
    }
}

fn n_threads() -> u32 {
    thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}

impl Iterator for Rounds {
    type Item = Round;

    fn next(&mut self) -> Option<Round> {
        let mut parts = Vec::new();
        while self.next < self.count && parts.len() < self.n_threads as usize {
            let end = self.next.saturating_add(PART).min(self.count);
            parts.push(self.next..end);
            self.next = end;
        }
        (!parts.is_empty()).then_some(Round { parts })
    }
}

/// The parts of the numbers that are worked on at the same time.
pub(crate) struct Round {
    parts: Vec<Range<u32>>,
}

impl Round {
    /// All numbers up to a count in one part for each processor, if there is enough to do; every part
    /// begins at a multiple of 64.
    pub(crate) fn over(count: u32) -> Self {
        let share = count.div_ceil(n_threads()).max(PART).next_multiple_of(64);
        let starts = (0..count).step_by(share as usize);
        Self { parts: starts.map(|start| start..start.saturating_add(share).min(count)).collect() }
    }

    /// The end of the last part.
    pub(crate) fn end(&self) -> u32 {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// What comes of each part, in their order.
    pub(crate) fn each<T: Send>(&self, work: impl Fn(Range<u32>) -> T + Sync) -> Vec<T> {
        self.each_with(vec![(); self.parts.len()], |part, ()| work(part))
    }

    /// What comes of each part and what is given to it, in their order.
    pub(crate) fn each_with<G: Send, T: Send>(
        &self,
        given: Vec<G>,
        work: impl Fn(Range<u32>, G) -> T + Sync,
    ) -> Vec<T> {
        let mut all = self.parts.iter().cloned().zip(given);
        let Some((first, to_first)) = all.next() else { return Vec::new() };
        let work = &work;
        thread::scope(|scope| {
            let others: Vec<_> =
                all.map(|(part, given)| scope.spawn(move || work(part, given))).collect();
            let mut results = vec![work(first, to_first)];
            let finished = others.into_iter().map(|other| match other.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            results.extend(finished);
            results
        })
    }
}
