//! What searches know about all rows of a table, so that they need not look at each.
//!
//! A [`Facet`] holds one field of every row, four bytes a row. It is made when a search names the
//! field for the first time, which reads every row once, and follows the rows from there on: tables
//! tell which rows were [touched](Facets::touch), and those are read again before the next search.
//! [`Plan`] tests 64 rows at a time against facets, and what a search found is kept as a bit a row,
//! so the further pages of a walk, and the same search later on, cost a look at the rows that
//! changed in between.
//!
//! What it takes, with a million contacts and five million conversations:
//!
//! - Spans of `created_at` and `updated_at` alone, ids, e-mails, external ids and the contacts of
//!   conversations have indexes of their own and cost no scan; nor does a span that holds few rows,
//!   whatever else is asked about them.
//! - Any other field costs a read of all rows the first time: a tenth of a second for columns, up
//!   to a few seconds for what is kept packed. After that a first page costs milliseconds. The
//!   program reads the [`usual`] fields before it answers.
//! - Two kinds of comparison read the rows again for each new question: a part of a text (`~`, `^`,
//!   `$`, and words) and an order by a field, if the field holds almost as many texts as there are
//!   rows, such as e-mails or phone numbers. Their further pages cost milliseconds too.

mod facet;
mod plan;
pub(crate) mod usual;

use facet::Facet;
use plan::{Plan, Rows};

use crate::parallel::Round;
use crate::search::fields::Column;
use crate::search::filter::{Filter, Searchable, SortKey, Source};
use crate::workspace::Workspace;
use crate::workspace::table::Slot;

/// So many answers are kept, the last ones.
const MAX_KNOWN: usize = 8;
/// When more rows were touched since the last search, everything is read again.
const MAX_TOUCHED: usize = 1 << 20;

/// What is known about the rows of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facets {
    facets: Vec<(Source, Facet)>,
    /// The rows that lists and searches show.
    listed: Bits,
    known: Vec<Known>,
    /// Rows that changed since they were read; nobody reads before the first search.
    touched: Option<Vec<Slot>>,
    surroundings: (usize, usize),
}

/// The rows that a query finds.
#[derive(Debug, Clone)]
struct Known {
    filter: Filter,
    rows: Bits,
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
        (0..).step_by(64).zip(&self.words).flat_map(|(first, word)| plan::bits(first, *word))
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
        match &mut self.touched {
            Some(touched) if touched.len() < MAX_TOUCHED => touched.push(slot),
            Some(_) => *self = Self::default(),
            None => {}
        }
    }

    /// Lends the facets of a table, in step with its rows, to a look at the workspace.
    pub(crate) fn lend<R: Searchable, T>(
        workspace: &mut Workspace,
        now: i64,
        look: impl FnOnce(&mut Self, &Workspace) -> T,
    ) -> T {
        let mut facets = std::mem::take(&mut R::table_mut(workspace).facets);
        facets.follow::<R>(workspace, now);
        let result = look(&mut facets, workspace);
        R::table_mut(workspace).facets = facets;
        result
    }

    fn follow<R: Searchable>(&mut self, workspace: &Workspace, now: i64) {
        let table = R::table(workspace);
        let surroundings = workspace.surroundings();
        if self.surroundings != surroundings {
            self.surroundings = surroundings;
            self.known.clear();
            self.facets.retain(|(source, _)| !depends_on_surroundings(source));
        }
        if self.touched.is_none() {
            self.touched = Some(Vec::new());
            for (slot, row) in table.iter() {
                self.listed.set(slot, row.is_listed());
            }
            return;
        }
        for slot in self.touched.replace(Vec::new()).unwrap_or_default() {
            let row = table.get(slot);
            let listed = row.filter(|row| row.is_listed());
            self.listed.set(slot, listed.is_some());
            for known in &mut self.known {
                let passes = listed.is_some_and(|row| known.filter.passes(row, workspace, now));
                known.rows.set(slot, passes);
            }
            self.facets.retain_mut(|(source, facet)| {
                row.is_none_or(|row| facet.update(slot, &row.read(source, workspace, now)))
            });
        }
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
            Some(place) => self.known[place..].rotate_left(1),
            None => {
                self.describe::<R>(filter, workspace, now);
                let rows = self.scan::<R>(filter, workspace, now);
                self.known.push(Known { filter: filter.clone(), rows });
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
                    self.facet::<R>(&leaf.source, workspace, now);
                }
            }
            Filter::All(parts) | Filter::Any(parts) => {
                parts.iter().for_each(|part| self.describe::<R>(part, workspace, now));
            }
            Filter::Not(part) => self.describe::<R>(part, workspace, now),
        }
    }

    fn facet<R: Searchable>(&mut self, source: &Source, workspace: &Workspace, now: i64) -> usize {
        let known = self.facets.iter().position(|(known, _)| known == source);
        known.unwrap_or_else(|| {
            let facets = Facet::read::<R>(std::slice::from_ref(source), workspace, now);
            self.facets.extend([source.clone()].into_iter().zip(facets));
            self.facets.len() - 1
        })
    }

    /// Makes the facets of fields before a search asks for them.
    pub(crate) fn prepare<R: Searchable>(
        &mut self,
        mut sources: Vec<Source>,
        workspace: &Workspace,
        now: i64,
    ) {
        sources.retain(|source| self.facets.iter().all(|(known, _)| known != source));
        let facets = Facet::read::<R>(&sources, workspace, now);
        self.facets.extend(sources.into_iter().zip(facets));
    }

    fn scan<R: Searchable>(&self, filter: &Filter, workspace: &Workspace, now: i64) -> Bits {
        let rows = Rows::<R> { table: R::table(workspace), workspace, now };
        let plan = Plan::new(filter, &self.facets, &rows);
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
        self.facets[place].1.places()
    }
}

/// Whether a field is read with the help of something else than its row.
fn depends_on_surroundings(source: &Source) -> bool {
    matches!(source, Source::Column(Column::TagIds | Column::ContactIds))
}

/// The order of the rows by a field.
pub(crate) enum Places<'a> {
    /// Numbers are their own places.
    Numbers(&'a [u32]),
    /// The keys that occur, in order, and which of them a code stands for.
    Coded { codes: &'a [u32], ranks: Vec<u32>, keys: Vec<SortKey> },
}

/// The place of what is missing.
pub(crate) const LAST: u64 = u64::MAX;

impl Places<'_> {
    /// The place of a row; places are odd.
    pub(crate) fn of(&self, slot: Slot) -> u64 {
        let odd = |place: u32| u64::from(place) * 2 + 1;
        match self {
            Self::Numbers(numbers) => {
                let number = numbers.get(slot as usize).copied().unwrap_or(facet::MISSING);
                if number == facet::MISSING { LAST } else { odd(number) }
            }
            Self::Coded { codes, ranks, keys } => {
                let rank = codes.get(slot as usize).and_then(|code| ranks.get(*code as usize));
                match rank {
                    Some(rank) if keys.get(*rank as usize) != Some(&SortKey::Missing) => odd(*rank),
                    Some(_) | None => LAST,
                }
            }
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
