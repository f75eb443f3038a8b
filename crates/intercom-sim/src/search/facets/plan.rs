//! A query against facets: 64 rows at a time.

use crate::search::facets::facet::{ANYTHING, Coded, Facet, MISSING, NOTHING, hash_text};
use crate::search::facets::spelled::Spelled;
use crate::search::facets::{Bits, Described, Spelling};
use crate::search::filter::{
    Comparison, Filter, Found, Leaf, Needle, Place, Searchable, Span, Test,
};
use crate::workspace::Workspace;
use crate::workspace::table::{Slot, Table};

/// The rows themselves, where facets do not tell enough.
pub(super) struct Rows<'a, R> {
    pub(super) table: &'a Table<R>,
    pub(super) workspace: &'a Workspace,
    pub(super) now: i64,
}

impl<R: Searchable> Rows<'_, R> {
    fn pass(&self, slot: Slot, leaf: &Leaf) -> bool {
        let row = self.table.get(slot);
        row.is_some_and(|row| leaf.test.passes(&leaf.source, row, self.workspace, self.now))
    }
}

/// A query whose fields were found among the facets.
pub(super) enum Plan<'a> {
    All(Vec<Plan<'a>>),
    Any(Vec<Plan<'a>>),
    Not(Box<Plan<'a>>),
    /// Rows that an index found.
    Found(Bits),
    /// The row's value has this code.
    Code(&'a [u32], u32),
    /// The row's value has a code that passes.
    Codes(&'a [u32], Vec<bool>),
    /// The row's number lies in one of these spans, ends included.
    Spans(&'a [u32], Vec<(u32, u32)>),
    /// The row's number compares so.
    Number(&'a [u32], Comparison, f64),
    /// The row's number must be tested one by one.
    Numbers(&'a [u32], &'a Leaf),
    /// The row itself passes, which it can only with one of these hashes.
    Hashes(&'a [u32], Vec<u32>, Leaf),
    /// The row's text has this in it.
    Spelled(&'a Spelled, Place, &'a str),
    /// The row itself passes.
    Rows(&'a Leaf),
}

impl<'a> Plan<'a> {
    /// Whether a comparison is made with a facet: what an index finds needs none.
    pub(super) fn needs_facet<R: Searchable>(leaf: &Leaf, workspace: &Workspace) -> bool {
        Filter::Leaf(affirmed(leaf)).candidates::<R>(workspace).is_none()
    }

    pub(super) fn new<R: Searchable>(
        filter: &'a Filter,
        described: &'a [Described],
        rows: &Rows<'_, R>,
    ) -> Self {
        match filter {
            Filter::Leaf(leaf) => Self::leaf(leaf, described, rows),
            Filter::All(parts) => {
                let mut parts: Vec<Self> =
                    parts.iter().map(|part| Self::new(part, described, rows)).collect();
                // What is cheap leaves less to do for what is not.
                parts.sort_by_key(Self::cost);
                Self::All(parts)
            }
            Filter::Any(parts) => {
                Self::Any(parts.iter().map(|part| Self::new(part, described, rows)).collect())
            }
            Filter::Not(part) => Self::Not(Box::new(Self::new(part, described, rows))),
        }
    }

    fn leaf<R: Searchable>(leaf: &'a Leaf, described: &'a [Described], rows: &Rows<'_, R>) -> Self {
        let is_negated = matches!(leaf.test, Test::Among { is_negated: true, .. });
        let affirmed = affirmed(leaf);
        if let Some(slots) = Filter::Leaf(affirmed.clone()).candidates::<R>(rows.workspace) {
            let mut found = Bits::default();
            let passing = slots.into_iter().filter(|slot| rows.pass(*slot, &affirmed));
            passing.for_each(|slot| found.set(slot, true));
            return Self::Found(found).negated(is_negated);
        }
        let Some(Described { facet, spelling, .. }) =
            described.iter().find(|described| described.source == leaf.source)
        else {
            return Self::Rows(leaf);
        };
        match (facet, &leaf.test, spelling) {
            (Facet::Coded(coded), _, _) => Self::coded(leaf, coded),
            (Facet::Numbers(numbers), Test::Within(spans), _) => {
                Self::Spans(numbers, spans.iter().filter_map(ends).collect())
            }
            (Facet::Numbers(numbers), Test::Number { comparison, value }, _) => {
                Self::Number(numbers, *comparison, *value)
            }
            (
                Facet::Numbers(numbers),
                Test::Among { .. } | Test::Like { .. } | Test::Word { .. },
                _,
            ) => Self::Numbers(numbers, leaf),
            // What is missing has no text, not even one without letters.
            (
                Facet::Hashed(_),
                Test::Like { place, needle, is_negated },
                Spelling::Kept(spelled),
            ) if !needle.is_empty() => Self::Spelled(spelled, *place, needle).negated(*is_negated),
            (Facet::Hashed(hashes), _, _) => match sought(&affirmed) {
                Some(sought) => Self::Hashes(hashes, sought, affirmed).negated(is_negated),
                None => Self::Rows(leaf),
            },
        }
    }

    fn coded(leaf: &Leaf, Coded { codes, values, .. }: &'a Coded) -> Self {
        let passes: Vec<bool> =
            values.iter().map(|value| leaf.test.accepts(value, &leaf.source)).collect();
        let mut passing = (0..).zip(&passes).filter(|(_, passes)| **passes);
        match (passing.next(), passing.next()) {
            (None, _) => Self::Any(Vec::new()),
            (Some((code, _)), None) => Self::Code(codes, code),
            (Some(_), Some(_)) => Self::Codes(codes, passes),
        }
    }

    fn negated(self, is_negated: bool) -> Self {
        if is_negated { Self::Not(Box::new(self)) } else { self }
    }

    fn cost(&self) -> u32 {
        match self {
            Self::Found(_) => 0,
            Self::Code(..) | Self::Spans(..) => 1,
            Self::Codes(..) | Self::Number(..) => 2,
            Self::Numbers(..) | Self::Hashes(..) | Self::Spelled(..) => 10,
            Self::Rows(_) => 100,
            Self::Not(part) => part.cost(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).sum(),
        }
    }

    /// Which of 64 rows pass, among those that are given as bits.
    pub(super) fn narrow<R: Searchable>(&self, word: usize, given: u64, rows: &Rows<'_, R>) -> u64 {
        if given == 0 {
            return 0;
        }
        match self {
            Self::All(parts) => {
                parts.iter().fold(given, |left, part| part.narrow(word, left, rows))
            }
            Self::Any(parts) => {
                parts.iter().fold(0, |found, part| found | part.narrow(word, given & !found, rows))
            }
            Self::Not(part) => given & !part.narrow(word, given, rows),
            Self::Found(found) => given & found.words.get(word).copied().unwrap_or(0),
            Self::Code(codes, code) => given & mask(codes, word, |found| found == *code),
            Self::Codes(codes, passes) => {
                given & mask(codes, word, |found| passes.get(found as usize) == Some(&true))
            }
            Self::Spans(numbers, spans) => match spans.as_slice() {
                [(from, to)] => given & mask(numbers, word, |at| is_between(at, *from, *to)),
                spans => {
                    let is_within = |at| spans.iter().any(|(from, to)| is_between(at, *from, *to));
                    given & mask(numbers, word, is_within)
                }
            },
            Self::Number(numbers, comparison, value) => {
                let compares =
                    |found: u32| found != MISSING && comparison.holds(f64::from(found), *value);
                given & mask(numbers, word, compares)
            }
            Self::Numbers(numbers, leaf) => each(word, given, |slot| {
                let found = match numbers.get(slot as usize) {
                    None | Some(&MISSING) => Found::Missing,
                    Some(number) => Found::Whole(i64::from(*number)),
                };
                leaf.test.accepts(&found, &leaf.source)
            }),
            Self::Hashes(hashes, sought, leaf) => {
                let may_pass = |hash| hash == ANYTHING || sought.contains(&hash);
                let left = given & mask(hashes, word, may_pass);
                each(word, left, |slot| rows.pass(slot, leaf))
            }
            Self::Spelled(spelled, place, needle) => spelled.narrow(word, given, *place, needle),
            Self::Rows(leaf) => each(word, given, |slot| rows.pass(slot, leaf)),
        }
    }
}

/// The comparison without its negation.
fn affirmed(leaf: &Leaf) -> Leaf {
    let mut leaf = leaf.clone();
    if let Test::Among { is_negated, .. } = &mut leaf.test {
        *is_negated = false;
    }
    leaf
}

/// The hashes of what equals one of the needles; `None` when they do not tell.
fn sought(leaf: &Leaf) -> Option<Vec<u32>> {
    let Test::Among { needles, .. } = &leaf.test else { return None };
    let hashes = needles.iter().map(|needle| match needle {
        Needle::Null => Some(NOTHING),
        Needle::Text(text) => Some(hash_text(text)),
        Needle::Bool(_) => Some(ANYTHING),
        // Texts that spell the same number differ.
        Needle::Number(_) => None,
    });
    hashes.collect()
}

/// First and last number of a span; `None` when no number lies in it.
fn ends(span: &Span) -> Option<(u32, u32)> {
    let from = u32::try_from(span.from.max(0)).ok()?;
    let to = u32::try_from(span.until.saturating_sub(1).min(i64::from(MISSING) - 1)).ok()?;
    (from <= to).then_some((from, to))
}

/// The rows of a word for which a test of their values holds.
pub(super) fn mask(values: &[u32], word: usize, holds: impl Fn(u32) -> bool) -> u64 {
    let rows = values.get(word * 64..).unwrap_or_default();
    // All 64 tests before any bit is set: that way the processor makes several at once.
    let mut flags = [0; 64];
    match rows.first_chunk::<64>() {
        Some(rows) => {
            flags.iter_mut().zip(rows).for_each(|(flag, row)| *flag = u8::from(holds(*row)));
        }
        None => flags.iter_mut().zip(rows).for_each(|(flag, row)| *flag = u8::from(holds(*row))),
    }
    packed(&flags)
}

/// A bit for each flag, which is 0 or 1.
fn packed(flags: &[u8; 64]) -> u64 {
    let eights = flags.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight));
    // Each power of two moves the flag of one byte to its place in the highest byte.
    let gathered = eights.map(|eight| eight.wrapping_mul(0x0102_0408_1020_4080) >> 56);
    (0..).step_by(8).zip(gathered).fold(0, |mask, (place, bits)| mask | bits << place)
}

/// Whether a number lies between two others, ends included.
pub(super) const fn is_between(number: u32, from: u32, to: u32) -> bool {
    number.wrapping_sub(from) <= to - from
}

fn each(word: usize, given: u64, holds: impl Fn(Slot) -> bool) -> u64 {
    let passing = bits(word, given).filter(|slot| holds(*slot));
    passing.fold(0, |found, slot| found | 1 << (slot % 64))
}

/// The slots of the bits of a word.
pub(crate) fn bits(word: usize, mut given: u64) -> impl Iterator<Item = Slot> {
    let first = Slot::try_from(word * 64).unwrap_or(Slot::MAX);
    std::iter::from_fn(move || {
        let bit = (given != 0).then(|| given.trailing_zeros())?;
        given &= given - 1;
        Some(first + bit)
    })
}
