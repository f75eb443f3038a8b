//! A small generator of numbers that depend on nothing but the seed.

/// `SplitMix64`: every stream of every object has a generator of its own, so the bytes of one
/// object do not depend on how many others there are.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Rng {
    /// The generator of an object: a seed, a stream such as "contacts", and a number.
    pub(crate) fn new(seed: u64, stream: u64, number: u64) -> Self {
        let mut rng = Self(seed ^ stream.wrapping_mul(STEP));
        rng.0 = rng.next() ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93);
        rng.next();
        rng
    }

    /// A generator for whatever follows from here; this one takes one step.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The bias of a multiplication is below 2^-40 for every range used here.
        let product = u128::from(self.next()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number in `from ..= to`.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).unwrap_or(0) + 1;
        from + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// A number from 0 up to but without 1, in steps of 2^-53.
    pub(crate) fn fraction(&mut self) -> f64 {
        const STEPS: u64 = 1 << 53;
        self.below(STEPS) as f64 / STEPS as f64
    }

    /// `true` in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// A place in a list of this length.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(0))).unwrap_or(0)
    }

    /// One of the entries of a list that is not empty.
    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.place(list.len())]
    }

    /// One of the entries by their weights.
    pub(crate) fn weighted<T: Copy>(&mut self, list: &[(u64, T)]) -> T {
        let total = list.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(total);
        for &(weight, entry) in list {
            if left < weight {
                return entry;
            }
            left -= weight;
        }
        list[0].1
    }

    /// An instant from `from` to `to`, more often close to `to`.
    pub(crate) fn late_between(&mut self, from: i64, to: i64) -> i64 {
        let first = self.between(from, to);
        first.max(self.between(from, to))
    }
}
