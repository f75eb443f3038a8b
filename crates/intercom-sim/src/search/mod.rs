//! Searching: the request, the order of the results, the page.

pub(crate) mod cursor;
pub(crate) mod days;
pub(crate) mod facets;
pub(crate) mod fields;
pub(crate) mod filter;
mod first;
pub(crate) mod grammar;
pub(crate) mod objects;
mod segments;

use std::cmp;

use cursor::{Cursor, SortUnit};
use facets::{Bits, Facets};
use fields::{Column, Kind};
use filter::{Filter, Searchable, SortKey, Source, Span};
use first::{Edge, Ordering};
use grammar::Grammar;
use intercom_api::ApiVersion;
use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::workspace::Workspace;
use crate::workspace::misfit;
use crate::workspace::table::{Index, Slot, Table};

/// So many rows are looked at one by one rather than found by facets.
const FEW: usize = 500;
/// More rows than these are met soon enough on a walk along an index.
const MANY: usize = 16_384;

/// How many results a page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageLimits {
    pub(crate) default: usize,
    pub(crate) max: usize,
}

impl PageLimits {
    /// The length of a page that was asked for as `per_page`.
    pub(crate) fn length(self, per_page: Option<&Value>) -> Result<usize, Refusal> {
        let Some(value) = per_page.filter(|value| !value.is_null()) else {
            return Ok(self.default);
        };
        let length = misfit::whole(value).and_then(|length| usize::try_from(length).ok());
        match length {
            Some(length) if (1..=self.max).contains(&length) => Ok(length),
            Some(length) if length > self.max => {
                Err(Refusal::invalid("Per Page is too big").field("per_page"))
            }
            _ => Err(Refusal::invalid("per_page must be a positive integer").field("per_page")),
        }
    }
}

/// The order of the results.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sort {
    pub(crate) source: Source,
    pub(crate) unit: SortUnit,
    pub(crate) is_ascending: bool,
}

/// A checked search.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) filter: Option<Filter>,
    pub(crate) sort: Sort,
    pub(crate) per_page: usize,
    pub(crate) cursor: Option<Cursor>,
}

/// One page of results.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) slots: Vec<Slot>,
    pub(crate) number: u64,
    pub(crate) per_page: usize,
    pub(crate) total: usize,
    pub(crate) next: Option<String>,
}

impl Search {
    /// Reads the body of a search request.
    pub(crate) fn parse(
        body: &Map<String, Value>,
        grammar: &Grammar<'_>,
        limits: PageLimits,
        default_sort: Column,
    ) -> Result<Self, Refusal> {
        let filter = grammar.filter(body.get("query").unwrap_or(&Value::Null))?;
        let sort = sort(body.get("sort"), grammar, default_sort)?;
        let none = Map::new();
        let pagination = match body.get("pagination") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(fields)) => fields,
            Some(_) => return Err(Refusal::invalid("pagination must be an object")),
        };
        let per_page = limits.length(pagination.get("per_page"))?;
        let cursor = match pagination.get("starting_after") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(read_cursor(text, sort.unit)?),
            Some(_) => return Err(bad_cursor()),
        };
        Ok(Self { filter: Some(filter), sort, per_page, cursor })
    }

    /// Runs the search.
    ///
    /// Refuses a cursor whose id is spelled unlike those of the table: it comes from another list.
    pub(crate) fn page<R: Searchable>(
        &self,
        workspace: &mut Workspace,
        now: i64,
    ) -> Result<Page, Refusal> {
        let table = R::table(workspace);
        if self.cursor.as_ref().is_some_and(|cursor| !table.could_have(&cursor.id)) {
            return Err(bad_cursor());
        }
        let filter = self.filter.as_ref().map(|filter| segments::resolved(filter, workspace, now));
        let (slots, total) = match self.few::<R>(filter.as_ref(), workspace, now) {
            Some(few) => self.sorted::<R>(few, workspace, now),
            None => match (self.indexed_column(), filter) {
                (Some(column), None) => self.walk::<R>(column, &[Span::ALL], None, workspace),
                (Some(column), Some(filter)) => match filter.spans(column) {
                    (spans, true) => self.walk::<R>(column, &spans, None, workspace),
                    (spans, false) => Facets::lend::<R, _>(workspace, |facets, workspace| {
                        let rows = facets.matching::<R>(Some(&filter), workspace, now);
                        match rows.count() > MANY {
                            true => self.walk::<R>(column, &spans, Some(rows), workspace),
                            false => self.sorted::<R>(rows.slots().collect(), workspace, now),
                        }
                    }),
                },
                (None, filter) => Facets::lend::<R, _>(workspace, |facets, workspace| {
                    self.ordered::<R>(filter.as_ref(), facets, workspace, now)
                }),
            },
        };
        Ok(self.finish::<R>(slots, total, workspace, now))
    }

    /// The column of the order, when there is an index for it.
    fn indexed_column(&self) -> Option<Column> {
        match &self.sort.source {
            Source::Column(column @ (Column::CreatedAt | Column::UpdatedAt)) => Some(*column),
            _ => None,
        }
    }

    /// The rows that pass, when an index leaves few to be looked at.
    fn few<R: Searchable>(
        &self,
        filter: Option<&Filter>,
        workspace: &Workspace,
        now: i64,
    ) -> Option<Vec<Slot>> {
        let (filter, table) = (filter?, R::table(workspace));
        let candidates = filter.candidates::<R>(workspace).filter(|found| found.len() <= FEW);
        let candidates = candidates.or_else(|| {
            [Column::CreatedAt, Column::UpdatedAt].into_iter().find_map(|column| {
                let index = index(table, column);
                let spans = filter.spans(column).0;
                let ranges: Vec<_> =
                    spans.iter().map(|span| index.range(span.from, span.until)).collect();
                let n_rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
                let slots = ranges.into_iter().flat_map(|range| index.slots(range));
                (n_rows <= FEW).then(|| slots.collect())
            })
        })?;
        let passes = |slot: &Slot| {
            let row = table.get(*slot).filter(|row| row.is_listed());
            row.is_some_and(|row| filter.passes(row, workspace, now))
        };
        Some(candidates.into_iter().filter(passes).collect())
    }

    /// Walks the index over the spans that the query leaves: the first rows after the cursor,
    /// one more than a page, and the count of all. Without `found`, all rows in the spans pass.
    fn walk<R: Searchable>(
        &self,
        column: Column,
        spans: &[Span],
        found: Option<&Bits>,
        workspace: &Workspace,
    ) -> (Vec<Slot>, usize) {
        let table = R::table(workspace);
        let index = index(table, column);
        let ranges: Vec<_> = spans.iter().map(|span| index.range(span.from, span.until)).collect();
        let wanted = self.per_page + 1;
        let edge = self.cursor.as_ref().map(|cursor| {
            let slot = table.slot_at_or_after(&cursor.id);
            let seconds = match cursor.after {
                SortKey::Number(seconds) => seconds,
                SortKey::Fraction(_) | SortKey::Text(_) | SortKey::Missing => 0,
            };
            // The cursor's own row, if it still stands there, is excluded either way.
            let position = index.position(seconds, slot);
            let own = table.get(slot).is_some_and(|row| row.id() == cursor.id);
            let is_there = own && index.position(seconds, slot + 1) > position;
            if self.sort.is_ascending { position + usize::from(is_there) } else { position }
        });
        let clip = |range: &std::ops::Range<usize>| match edge {
            Some(edge) if self.sort.is_ascending => range.start.max(edge)..range.end.max(edge),
            Some(edge) => range.start.min(edge)..range.end.min(edge),
            None => range.clone(),
        };
        let total = match found {
            Some(found) => found.count(),
            None => ranges.iter().map(ExactSizeIterator::len).sum(),
        };
        let keep = |slot: &Slot| found.is_none_or(|found| found.contains(*slot));
        let slots = if self.sort.is_ascending {
            let after = ranges.iter().flat_map(|range| index.slots(clip(range)));
            after.filter(keep).take(wanted).collect()
        } else {
            let after = ranges.iter().rev().flat_map(|range| index.slots(clip(range)).rev());
            after.filter(keep).take(wanted).collect()
        };
        (slots, total)
    }

    /// Finds many rows and the first of them after the cursor in the order of any field.
    fn ordered<R: Searchable>(
        &self,
        filter: Option<&Filter>,
        facets: &mut Facets,
        workspace: &Workspace,
        now: i64,
    ) -> (Vec<Slot>, usize) {
        let rows = facets.matching::<R>(filter, workspace, now).clone();
        let total = rows.count();
        let places = match total > FEW {
            true => facets.places::<R>(&self.sort.source, workspace, now),
            false => None,
        };
        let Some(places) = places else {
            return self.sorted::<R>(rows.slots().collect(), workspace, now);
        };
        let table = R::table(workspace);
        let edge = self.cursor.as_ref().map(|cursor| {
            let slot = table.slot_at_or_after(&cursor.id);
            let is_own = table.get(slot).is_some_and(|row| row.id() == cursor.id);
            Edge { place: places.of_key(&cursor.after), slot, is_own }
        });
        let ordering = Ordering { rows: &rows, places, is_ascending: self.sort.is_ascending };
        (ordering.first(edge, self.per_page + 1), total)
    }

    /// Sorts rows by any field, ties by id, and skips to the cursor.
    fn sorted<R: Searchable>(
        &self,
        slots: Vec<Slot>,
        workspace: &Workspace,
        now: i64,
    ) -> (Vec<Slot>, usize) {
        let table = R::table(workspace);
        let total = slots.len();
        let mut keyed: Vec<(SortKey, Slot)> =
            slots.into_iter().map(|slot| (self.key::<R>(slot, workspace, now), slot)).collect();
        keyed.sort_by(|left, right| self.order(left, right));
        let start = self.cursor.as_ref().map_or(0, |cursor| {
            let edge = (cursor.after.clone(), table.slot_at_or_after(&cursor.id));
            keyed.partition_point(|entry| match self.order(entry, &edge) {
                cmp::Ordering::Less => true,
                cmp::Ordering::Equal => table.get(entry.1).is_some_and(|row| row.id() == cursor.id),
                cmp::Ordering::Greater => false,
            })
        });
        let rest = keyed.into_iter().skip(start).take(self.per_page + 1);
        (rest.map(|(_, slot)| slot).collect(), total)
    }

    fn order(&self, left: &(SortKey, Slot), right: &(SortKey, Slot)) -> cmp::Ordering {
        let missing = |entry: &(SortKey, Slot)| entry.0 == SortKey::Missing;
        match (self.sort.is_ascending, missing(left) == missing(right)) {
            (true, _) => left.cmp(right),
            // What is missing comes last in both directions.
            (false, false) => left.0.cmp(&right.0),
            (false, true) => right.cmp(left),
        }
    }

    fn key<R: Searchable>(&self, slot: Slot, workspace: &Workspace, now: i64) -> SortKey {
        let row = R::table(workspace).get(slot);
        row.map_or(SortKey::Missing, |row| match &self.sort.source {
            Source::Column(Column::CreatedAt) => SortKey::Number(row.created_at()),
            Source::Column(Column::UpdatedAt) => SortKey::Number(row.updated_at()),
            source => row.read(source, workspace, now).into(),
        })
    }

    fn finish<R: Searchable>(
        &self,
        mut slots: Vec<Slot>,
        total: usize,
        workspace: &Workspace,
        now: i64,
    ) -> Page {
        let table = R::table(workspace);
        let number = self.cursor.as_ref().map_or(1, |cursor| cursor.page);
        let has_more = slots.len() > self.per_page;
        slots.truncate(self.per_page);
        let last =
            slots.last().filter(|_| has_more).and_then(|slot| Some((*slot, table.get(*slot)?)));
        let next = last.map(|(slot, row)| {
            let after = self.key::<R>(slot, workspace, now);
            let cursor = Cursor { after, id: row.id().to_owned(), page: number.saturating_add(1) };
            cursor.encode(self.sort.unit)
        });
        Page { slots, number, per_page: self.per_page, total, next }
    }
}

fn index<R: Searchable>(table: &Table<R>, column: Column) -> &Index {
    match column {
        Column::UpdatedAt => table.updated(),
        _ => table.created(),
    }
}

fn sort(
    sort: Option<&Value>,
    grammar: &Grammar<'_>,
    default_sort: Column,
) -> Result<Sort, Refusal> {
    let default =
        Sort { source: Source::Column(default_sort), unit: SortUnit::Instant, is_ascending: false };
    let fields = match sort {
        None | Some(Value::Null) => return Ok(default),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(Refusal::invalid("sort must be an object")),
    };
    let is_ascending = match fields.get("order") {
        Some(Value::String(order)) if order == "ascending" => true,
        None | Some(Value::Null) => false,
        Some(Value::String(order)) if order == "descending" => false,
        // Older versions take anything and sort descending.
        Some(_) if grammar.version < ApiVersion::V2_16 => false,
        Some(order) => {
            let order = order.as_str().map_or_else(|| order.to_string(), str::to_owned);
            let message = format!("Invalid sort order '{order}': use ascending or descending");
            return Err(Refusal::new(400, "invalid_sort_order", message));
        }
    };
    match fields.get("field") {
        None | Some(Value::Null) => Ok(Sort { is_ascending, ..default }),
        Some(Value::String(name)) => {
            let (source, kind) = grammar.field(name)?;
            let is_instant = matches!(kind, Kind::Instant | Kind::Day);
            let unit = if is_instant { SortUnit::Instant } else { SortUnit::Plain };
            Ok(Sort { source, unit, is_ascending })
        }
        Some(_) => Err(Refusal::invalid("sort.field must be a string")),
    }
}

pub(crate) fn read_cursor(text: &str, unit: SortUnit) -> Result<Cursor, Refusal> {
    Cursor::decode(text, unit).ok_or_else(bad_cursor)
}

fn bad_cursor() -> Refusal {
    Refusal::new(400, "client_error", "Invalid starting_after param").field("starting_after")
}
