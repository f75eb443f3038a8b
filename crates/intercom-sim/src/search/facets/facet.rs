//! One field of every row, four bytes a row.

use std::collections::HashMap;

use crate::parallel::Round;
use crate::search::facets::{LAST, Places, odd};
use crate::search::filter::{Found, Searchable, SortKey, Source};
use crate::workspace::Workspace;
use crate::workspace::table::Slot;

/// Stands for a number that a row does not have.
pub(super) const MISSING: u32 = u32::MAX;
/// The hash of no value.
pub(super) const NOTHING: u32 = 0;
/// Stands for a value that is more than one text: it may equal anything.
pub(super) const ANYTHING: u32 = 1;

/// One field of every row.
#[derive(Debug, Clone)]
pub(super) enum Facet {
    /// The same few values occur again and again.
    Coded(Coded),
    /// Whole numbers below 2^32 - 1, or [`MISSING`].
    Numbers(Vec<u32>),
    /// Many texts: hashes tell which rows cannot have one.
    Hashed(Vec<u32>),
}

/// A number for each value that occurs, and the number of every row's value.
#[derive(Debug, Clone, Default)]
pub(super) struct Coded {
    pub(super) codes: Vec<u32>,
    pub(super) values: Vec<Found<'static>>,
    by_key: HashMap<Box<[u8]>, u32>,
}

impl Facet {
    /// Reads some fields of every row.
    pub(super) fn read<R: Searchable>(
        sources: &[Source],
        workspace: &Workspace,
        now: i64,
    ) -> Vec<Self> {
        let coded = Coded::read::<R>(sources, workspace, now);
        let facets = coded.into_iter().zip(sources).map(|(coded, source)| match coded {
            Some(coded) => Self::Coded(coded),
            None => Self::of_many::<R>(source, workspace, now),
        });
        facets.collect()
    }

    /// A field whose values are not few.
    fn of_many<R: Searchable>(source: &Source, workspace: &Workspace, now: i64) -> Self {
        let table = R::table(workspace);
        let read = |slot: Slot| {
            table.get(slot).map_or(Found::Missing, |row| row.read(source, workspace, now))
        };
        let rows = Round::over(table.n_slots());
        let parts = rows.each(|part| part.map(|slot| number(&read(slot))).collect());
        if let Some(numbers) = parts.into_iter().collect::<Option<Vec<Vec<u32>>>>() {
            return Self::Numbers(joined(&numbers));
        }
        let parts = rows.each(|part| part.map(|slot| hash(&read(slot))).collect::<Vec<_>>());
        Self::Hashed(joined(&parts))
    }

    /// Brings one row in step; `false` when the facet cannot hold its value.
    pub(super) fn update(&mut self, slot: Slot, found: &Found<'_>) -> bool {
        match self {
            Self::Coded(coded) => {
                let limit = limit(coded.codes.len()) * 2;
                let code = coded.code(found, &mut Vec::new());
                put(&mut coded.codes, slot, code, 0);
                coded.values.len() <= limit
            }
            Self::Numbers(numbers) => match number(found) {
                Some(number) => {
                    put(numbers, slot, number, MISSING);
                    true
                }
                None => false,
            },
            Self::Hashed(hashes) => {
                put(hashes, slot, hash(found), NOTHING);
                true
            }
        }
    }

    /// The order of the rows; `None` when it is not known.
    pub(super) fn places(&self) -> Option<Places<'_>> {
        match self {
            Self::Numbers(numbers) => Some(Places::Numbers(numbers)),
            Self::Hashed(_) => None,
            Self::Coded(Coded { codes, values, .. }) => {
                let of_codes: Vec<SortKey> = values.iter().cloned().map(SortKey::from).collect();
                let mut keys = of_codes.clone();
                keys.sort_unstable();
                keys.dedup();
                let place = |key: &SortKey| match (key, keys.binary_search(key)) {
                    (SortKey::Missing, _) | (_, Err(_)) => LAST,
                    (_, Ok(rank)) => u32::try_from(rank).map_or(LAST, odd),
                };
                let places = of_codes.iter().map(place).collect();
                Some(Places::Coded { codes, places, keys })
            }
        }
    }
}

fn put(values: &mut Vec<u32>, slot: Slot, value: u32, filler: u32) {
    let place = slot as usize;
    if values.len() <= place {
        if values.capacity() <= place {
            values.reserve_exact(headroom(place + 1));
        }
        values.resize(place + 1, filler);
    }
    values[place] = value;
}

/// Room for rows to come. Without it the first new row would copy millions of others, for every
/// facet; and memory that nobody writes to is not taken.
const fn headroom(n_rows: usize) -> usize {
    n_rows / 8 + 4_096
}

fn joined(parts: &[Vec<u32>]) -> Vec<u32> {
    let n_rows = parts.iter().map(Vec::len).sum();
    let mut joined = Vec::with_capacity(n_rows + headroom(n_rows));
    parts.iter().for_each(|part| joined.extend_from_slice(part));
    joined
}

/// How many values count as few among so many rows.
const fn limit(n_rows: usize) -> usize {
    n_rows / 16 + 16
}

impl Coded {
    /// Reads the values of all rows; `None` for fields with many.
    fn read<R: Searchable>(
        sources: &[Source],
        workspace: &Workspace,
        now: i64,
    ) -> Vec<Option<Self>> {
        let table = R::table(workspace);
        let limit = limit(table.n_slots() as usize);
        let parts = Round::over(table.n_slots()).each(|part| {
            let mut all = vec![Some(Self::default()); sources.len()];
            let mut key = Vec::new();
            for slot in part {
                let row = table.get(slot);
                for (coded, source) in all.iter_mut().zip(sources) {
                    let Some(known) = coded else { continue };
                    let found = row.map_or(Found::Missing, |row| row.read(source, workspace, now));
                    let code = known.code(&found, &mut key);
                    known.codes.push(code);
                    if known.values.len() > limit {
                        *coded = None;
                    }
                }
            }
            all
        });
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| vec![Some(Self::default()); sources.len()]);
        for part in parts {
            for (coded, rest) in all.iter_mut().zip(part) {
                *coded = match (coded.take(), rest) {
                    (Some(coded), Some(rest)) => Some(coded.followed_by(&rest)),
                    (None, _) | (_, None) => None,
                };
            }
        }
        let few = |mut coded: Self| {
            coded.codes.reserve_exact(headroom(coded.codes.len()));
            (coded.values.len() <= limit).then_some(coded)
        };
        all.into_iter().map(|coded| coded.and_then(few)).collect()
    }

    /// These rows and those behind them.
    fn followed_by(mut self, rest: &Self) -> Self {
        let mut key = Vec::new();
        let codes: Vec<u32> = rest.values.iter().map(|value| self.code(value, &mut key)).collect();
        self.codes.reserve_exact(rest.codes.len());
        self.codes.extend(rest.codes.iter().map(|code| codes[*code as usize]));
        self
    }

    /// The code of a value, a new one when it is seen for the first time.
    fn code(&mut self, found: &Found<'_>, key: &mut Vec<u8>) -> u32 {
        write_key(found, key);
        if let Some(code) = self.by_key.get(key.as_slice()) {
            return *code;
        }
        let code = u32::try_from(self.values.len()).unwrap_or(MISSING);
        self.by_key.insert(key.as_slice().into(), code);
        self.values.push(found.clone().into_owned());
        code
    }
}

/// Bytes that differ when values do.
fn write_key(found: &Found<'_>, key: &mut Vec<u8>) {
    key.clear();
    match found {
        Found::Missing => key.push(0),
        Found::Whole(number) => {
            key.push(1);
            key.extend(number.to_le_bytes());
        }
        Found::Fraction(number) => {
            key.push(2);
            key.extend(number.to_bits().to_le_bytes());
        }
        Found::Bool(value) => key.extend([3, u8::from(*value)]),
        Found::Text(text) => {
            key.push(4);
            key.extend(text.as_bytes());
        }
        Found::Texts(texts) => {
            key.push(5);
            for text in texts {
                key.extend(text.len().to_le_bytes());
                key.extend(text.as_bytes());
            }
        }
    }
}

fn number(found: &Found<'_>) -> Option<u32> {
    match found {
        Found::Missing => Some(MISSING),
        Found::Whole(number) => u32::try_from(*number).ok().filter(|number| *number != MISSING),
        _ => None,
    }
}

/// A hash of a value's text, whatever its case.
fn hash(found: &Found<'_>) -> u32 {
    match found {
        Found::Missing => NOTHING,
        Found::Text(text) => hash_text(text),
        Found::Whole(number) => hash_text(&number.to_string()),
        Found::Fraction(_) | Found::Bool(_) | Found::Texts(_) => ANYTHING,
    }
}

/// The hash of a text, whatever its case; neither [`NOTHING`] nor [`ANYTHING`].
pub(super) fn hash_text(text: &str) -> u32 {
    let bytes = text.bytes().map(|byte| byte.to_ascii_lowercase());
    let hash = bytes
        .fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.max(2)
}
