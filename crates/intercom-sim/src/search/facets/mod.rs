//! What searches know about all rows of a table, so that they need not look at each.
//!
//! A [`Facet`] holds one field of every row, four bytes a row. It is made when a search names the
//! field for the first time, which reads every row once, and follows the rows from there on: tables
//! tell which rows were [touched](Facets::touch), and those are read again before the next search
//! for that field. [`Plan`] tests 64 rows at a time against facets, and what a search found is kept
//! as a bit a row, so the further pages of a walk, and the same search later on, cost a look at the
//! rows that changed in between. What no search names follows nothing, and costs nothing.
//!
//! What it takes, with a million contacts and five million conversations:
//!
//! - Spans of `created_at` and `updated_at` alone, ids, e-mails, external ids and the contacts of
//!   conversations have indexes of their own and cost no scan; nor does a span that holds few rows,
//!   whatever else is asked about them.
//! - Any other field costs a read of all rows the first time: a tenth of a second for columns, up
//!   to a few seconds for what is kept packed. After that a first page costs milliseconds. The
//!   program reads the [`usual`] fields before it answers.
//! - A part of a text (`~`, `^`, `$`, and words) is looked for once in each value that occurs, where
//!   values are few. Where almost every row has its own, and they are short, they are kept
//!   [spelled out](Spelled), one behind the other; words, and long texts, are read from the rows
//!   again for each new question.
//! - An order by a field that holds almost as many texts as there are rows, such as e-mails or
//!   phone numbers, reads the rows again for each page.

mod facet;
mod plan;
mod spelled;
pub(crate) mod usual;

use facet::Facet;
use plan::{Plan, Rows};
use spelled::Spelled;

pub(crate) use plan::bits;

use crate::parallel::Round;
use crate::search::fields::Column;
use crate::search::filter::{Filter, Searchable, SortKey, Source, Test};
use crate::workspace::Workspace;
use crate::workspace::table::{Record, Slot};

/// So many answers are kept, the last ones.
const MAX_KNOWN: usize = 8;
/// So many touches are remembered; who has not followed the older half of them by then is given up.
const MAX_TOUCHED: usize = 1 << 20;

/// What is known about the rows of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facets {
    described: Vec<Described>,
    /// The rows that lists and searches show.
    listed: Bits,
    /// How many of the touches `listed` has followed.
    n_followed: usize,
    known: Vec<Known>,
    /// Rows that came, changed or went, in that order; nobody reads before the first search.
    touched: Option<Vec<Slot>>,
    surroundings: (usize, usize),
}

/// One field of every row.
#[derive(Debug, Clone)]
struct Described {
    source: Source,
    facet: Facet,
    spelling: Spelling,
    /// How many of the touches it has followed.
    n_followed: usize,
}

/// Whether the texts of a field are kept beside its facet.
#[derive(Debug, Clone)]
enum Spelling {
    /// Nobody has looked for a part of a text so far.
    Unknown,
    Kept(Spelled),
    /// The texts are too long, or no texts.
    Unfit,
}

/// The rows that a query finds.
#[derive(Debug, Clone)]
struct Known {
    filter: Filter,
    rows: Bits,
    /// How many of the touches it has followed.
    n_followed: usize,
}

/// Some rows of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    /// How many rows they are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether a row is among them.
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.words.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// The rows in the order of slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        (0..).zip(&self.words).flat_map(|(word, given)| bits(word, *given))
    }

    /// How many words of 64 rows there are.
    pub(crate) fn n_words(&self) -> usize {
        self.words.len()
    }

    /// 64 rows, a bit for each that is among them.
    pub(crate) fn word(&self, word: usize) -> u64 {
        self.words.get(word).copied().unwrap_or(0)
    }

    fn set(&mut self, slot: Slot, is_among: bool) {
        let (place, bit) = (slot as usize / 64, 1 << (slot % 64));
        if self.words.len() <= place {
            self.words.resize(place + 1, 0);
        }
        match (is_among, self.words[place] & bit != 0) {
            (true, false) => self.count += 1,
            (false, true) => self.count -= 1,
            (true, true) | (false, false) => return,
        }
        self.words[place] ^= bit;
    }
}

impl Facets {
    /// Takes note that a row came, changed or went.
    pub(crate) fn touch(&mut self, slot: Slot) {
        let Some(touched) = &mut self.touched else { return };
        if touched.len() < MAX_TOUCHED {
            return touched.push(slot);
        }
        let n_forgotten = MAX_TOUCHED / 2;
        if self.n_followed < n_forgotten {
            *self = Self::default();
            return;
        }
        touched.drain(..n_forgotten);
        touched.push(slot);
        self.n_followed -= n_forgotten;
        let follow = |n_followed: &mut usize| match n_followed.checked_sub(n_forgotten) {
            Some(left) => {
                *n_followed = left;
                true
            }
            None => false,
        };
        self.described.retain_mut(|described| follow(&mut described.n_followed));
        self.known.retain_mut(|known| follow(&mut known.n_followed));
    }

    /// Lends the facets of a table, in step with its rows, to a look at the workspace.
    pub(crate) fn lend<R: Searchable, T>(
        workspace: &mut Workspace,
        look: impl FnOnce(&mut Self, &Workspace) -> T,
    ) -> T {
        let mut facets = std::mem::take(&mut R::table_mut(workspace).facets);
        facets.follow::<R>(workspace);
        let result = look(&mut facets, workspace);
        R::table_mut(workspace).facets = facets;
        result
    }

    fn follow<R: Searchable>(&mut self, workspace: &Workspace) {
        let table = R::table(workspace);
        let surroundings = workspace.surroundings();
        if self.surroundings != surroundings {
            self.surroundings = surroundings;
            self.known.clear();
            self.described.retain(|described| !depends_on_surroundings(&described.source));
        }
        let Some(touched) = &self.touched else {
            self.touched = Some(Vec::new());
            for (slot, row) in table.iter() {
                self.listed.set(slot, row.is_listed());
            }
            return;
        };
        for slot in &touched[self.n_followed..] {
            self.listed.set(*slot, table.get(*slot).is_some_and(Record::is_listed));
        }
        self.n_followed = touched.len();
    }

    fn touched(&self) -> &[Slot] {
        self.touched.as_deref().unwrap_or_default()
    }

    /// The rows that lists show and a query finds.
    pub(crate) fn matching<R: Searchable>(
        &mut self,
        filter: Option<&Filter>,
        workspace: &Workspace,
        now: i64,
    ) -> &Bits {
        let Some(filter) = filter else { return &self.listed };
        match self.known.iter().position(|known| known.filter == *filter) {
            Some(place) => {
                self.known[place..].rotate_left(1);
                let touched = self.touched.as_deref().unwrap_or_default();
                if let Some(known) = self.known.last_mut() {
                    known.follow::<R>(touched, workspace, now);
                }
            }
            None => {
                self.describe::<R>(filter, workspace, now);
                let rows = self.scan::<R>(filter, workspace, now);
                let n_followed = self.touched().len();
                self.known.push(Known { filter: filter.clone(), rows, n_followed });
                if self.known.len() > MAX_KNOWN {
                    self.known.remove(0);
                }
            }
        }
        self.known.last().map_or(&self.listed, |known| &known.rows)
    }

    /// Makes the facets of all fields that a query compares.
    fn describe<R: Searchable>(&mut self, filter: &Filter, workspace: &Workspace, now: i64) {
        match filter {
            Filter::Leaf(leaf) => {
                if Plan::needs_facet::<R>(leaf, workspace) {
                    let place = self.facet::<R>(&leaf.source, workspace, now);
                    if matches!(leaf.test, Test::Like { .. }) {
                        self.described[place].spell::<R>(workspace, now);
                    }
                }
            }
            Filter::All(parts) | Filter::Any(parts) => {
                parts.iter().for_each(|part| self.describe::<R>(part, workspace, now));
            }
            Filter::Not(part) => self.describe::<R>(part, workspace, now),
        }
    }

    /// The place of a field's facet, which is made or brought in step with the rows.
    fn facet<R: Searchable>(&mut self, source: &Source, workspace: &Workspace, now: i64) -> usize {
        if let Some(place) = self.described.iter().position(|known| known.source == *source) {
            let touched = self.touched.as_deref().unwrap_or_default();
            if self.described[place].follow::<R>(touched, workspace, now) {
                return place;
            }
            self.described.remove(place);
        }
        self.read::<R>(vec![source.clone()], workspace, now);
        self.described.len() - 1
    }

    fn read<R: Searchable>(&mut self, sources: Vec<Source>, workspace: &Workspace, now: i64) {
        let facets = Facet::read::<R>(&sources, workspace, now);
        let n_followed = self.touched().len();
        self.described.extend(sources.into_iter().zip(facets).map(|(source, facet)| Described {
            source,
            facet,
            spelling: Spelling::Unknown,
            n_followed,
        }));
    }

    /// Makes the facets of fields before a search asks for them.
    pub(crate) fn prepare<R: Searchable>(
        &mut self,
        mut sources: Vec<Source>,
        workspace: &Workspace,
        now: i64,
    ) {
        sources.retain(|source| self.described.iter().all(|known| known.source != *source));
        self.read::<R>(sources, workspace, now);
        self.described.iter_mut().for_each(|described| described.spell::<R>(workspace, now));
    }

    fn scan<R: Searchable>(&self, filter: &Filter, workspace: &Workspace, now: i64) -> Bits {
        let rows = Rows::<R> { table: R::table(workspace), workspace, now };
        let plan = Plan::new(filter, &self.described, &rows);
        let n_rows = Slot::try_from(self.listed.words.len() * 64).unwrap_or(Slot::MAX);
        let parts = Round::over(n_rows).each(|part| {
            let words = part.start as usize / 64..(part.end as usize).div_ceil(64);
            let found = words.map(|word| plan.narrow(word, self.listed.words[word], &rows));
            found.collect::<Vec<u64>>()
        });
        let words = parts.concat();
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Bits { words, count }
    }

    /// Places in the order of a field, for every row: equal values have the same place, what is
    /// missing has the last. `None` when the field holds too many texts.
    pub(crate) fn places<R: Searchable>(
        &mut self,
        source: &Source,
        workspace: &Workspace,
        now: i64,
    ) -> Option<Places<'_>> {
        let place = self.facet::<R>(source, workspace, now);
        self.described[place].facet.places()
    }
}

impl Described {
    /// Reads the rows again that were touched; `false` when the facet cannot hold a value.
    fn follow<R: Searchable>(&mut self, touched: &[Slot], workspace: &Workspace, now: i64) -> bool {
        let table = R::table(workspace);
        let slots = distinct(touched.get(self.n_followed..));
        self.n_followed = touched.len();
        slots.into_iter().all(|slot| {
            table.get(slot).is_none_or(|row| {
                let found = row.read(&self.source, workspace, now);
                if let Spelling::Kept(spelled) = &mut self.spelling
                    && !spelled.update(slot, &found)
                {
                    self.spelling = Spelling::Unfit;
                }
                self.facet.update(slot, &found)
            })
        })
    }

    /// Keeps the texts of a field, if its facet does not: then its values are many.
    fn spell<R: Searchable>(&mut self, workspace: &Workspace, now: i64) {
        if matches!((&self.facet, &self.spelling), (Facet::Hashed(_), Spelling::Unknown)) {
            self.spelling = match Spelled::read::<R>(&self.source, workspace, now) {
                Some(spelled) => Spelling::Kept(spelled),
                None => Spelling::Unfit,
            };
        }
    }
}

impl Known {
    fn follow<R: Searchable>(&mut self, touched: &[Slot], workspace: &Workspace, now: i64) {
        let table = R::table(workspace);
        for slot in distinct(touched.get(self.n_followed..)) {
            let listed = table.get(slot).filter(|row| row.is_listed());
            let passes = listed.is_some_and(|row| self.filter.passes(row, workspace, now));
            self.rows.set(slot, passes);
        }
        self.n_followed = touched.len();
    }
}

fn distinct(slots: Option<&[Slot]>) -> Vec<Slot> {
    let mut slots = slots.unwrap_or_default().to_vec();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Whether a field is read with the help of something else than its row.
fn depends_on_surroundings(source: &Source) -> bool {
    matches!(source, Source::Column(Column::TagIds | Column::ContactIds))
}

/// The order of the rows by a field.
pub(crate) enum Places<'a> {
    /// Numbers are their own places.
    Numbers(&'a [u32]),
    /// The place of each code, and the keys that occur, in order.
    Coded { codes: &'a [u32], places: Vec<u64>, keys: Vec<SortKey> },
}

/// The place of what is missing.
pub(crate) const LAST: u64 = u64::MAX;

/// Some places next to each other, ends included, and perhaps the rows whose value is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaceSpan {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) has_missing: bool,
}

/// The place of the number or rank; places are odd.
fn odd(number: u32) -> u64 {
    u64::from(number) * 2 + 1
}

impl Places<'_> {
    /// The place of a row.
    pub(crate) fn of(&self, slot: Slot) -> u64 {
        match self {
            Self::Numbers(numbers) => {
                let number = numbers.get(slot as usize).copied().unwrap_or(facet::MISSING);
                if number == facet::MISSING { LAST } else { odd(number) }
            }
            Self::Coded { codes, places, .. } => {
                let place = codes.get(slot as usize).and_then(|code| places.get(*code as usize));
                place.copied().unwrap_or(LAST)
            }
        }
    }

    /// The rows of a word whose places lie in a span.
    pub(crate) fn within(&self, word: usize, span: &PlaceSpan) -> u64 {
        match self {
            Self::Numbers(numbers) => {
                let missing = match span.has_missing {
                    true => plan::mask(numbers, word, |number| number == facet::MISSING),
                    false => 0,
                };
                // The places are odd: a number has the place behind its double.
                let (from, to) = (span.from / 2, span.to.checked_sub(1).map(|to| to / 2));
                let number = |place: u64| u32::try_from(place).unwrap_or(facet::MISSING);
                let to = to.map(|to| number(to).min(facet::MISSING - 1));
                match (number(from), to) {
                    (from, Some(to)) if from <= to => {
                        let is_within = |number| plan::is_between(number, from, to);
                        missing | plan::mask(numbers, word, is_within)
                    }
                    (_, Some(_) | None) => missing,
                }
            }
            Self::Coded { codes, places, .. } => plan::mask(codes, word, |code| {
                let place = places.get(code as usize).copied().unwrap_or(LAST);
                if place == LAST {
                    span.has_missing
                } else {
                    (span.from..=span.to).contains(&place)
                }
            }),
        }
    }

    /// The place of a value, which lies between those of rows when none has it.
    pub(crate) fn of_key(&self, key: &SortKey) -> u64 {
        match (self, key) {
            (_, SortKey::Missing) => LAST,
            (Self::Numbers(_), SortKey::Number(number)) => match u64::try_from(*number) {
                Ok(number) => (number * 2 + 1).min(LAST - 1),
                Err(_) => 0,
            },
            (Self::Numbers(_), SortKey::Fraction(number)) => {
                #[expect(clippy::cast_possible_truncation, reason = "clamped to 32 bits")]
                let below = number.floor().clamp(-1.0, f64::from(u32::MAX)) as i64;
                u64::try_from(below).map_or(0, |below| below * 2 + 2)
            }
            // Texts come behind numbers.
            (Self::Numbers(_), SortKey::Text(_)) => LAST - 1,
            (Self::Coded { keys, .. }, key) => match keys.binary_search(key) {
                Ok(rank) => rank as u64 * 2 + 1,
                Err(rank) => rank as u64 * 2,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, Facets, Filter, Known, MAX_TOUCHED};

    #[test]
    fn who_falls_too_far_behind_is_given_up() {
        let known = |n_followed| Known {
            filter: Filter::All(Vec::new()),
            rows: Bits::default(),
            n_followed,
        };
        let followed = [0, MAX_TOUCHED / 2 - 1, MAX_TOUCHED / 2, MAX_TOUCHED];
        let mut facets = Facets {
            touched: Some(vec![0; MAX_TOUCHED]),
            n_followed: MAX_TOUCHED,
            known: followed.map(known).into(),
            ..Facets::default()
        };
        facets.touch(7);
        let left: Vec<usize> = facets.known.iter().map(|known| known.n_followed).collect();
        assert_eq!(left, [0, MAX_TOUCHED / 2]);
        assert_eq!(
            (facets.n_followed, facets.touched().len()),
            (MAX_TOUCHED / 2, MAX_TOUCHED / 2 + 1)
        );
        assert_eq!(facets.touched().last(), Some(&7));
        // Nobody searches any more: everything is read again when somebody does.
        facets.n_followed = 0;
        (0..MAX_TOUCHED).for_each(|_| facets.touch(8));
        assert!(facets.touched.is_none() && facets.known.is_empty());
    }
}
