//! Rows in the order of their ids, with ordered indexes for keyset paging.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::search::facets::Facets;
use crate::workspace::hindsight::{Hindsight, Versions};
use crate::workspace::ordered::Ordered;

/// The number of a row in its table. Slots are handed out in the order of ids, so comparing slots
/// compares ids.
pub(crate) type Slot = u32;

/// Something with an id and the two instants that lists are ordered by.
pub(crate) trait Record: Clone {
    /// The id.
    fn id(&self) -> &str;
    /// When it was created, unix seconds.
    fn created_at(&self) -> i64;
    /// When it last changed, unix seconds.
    fn updated_at(&self) -> i64;
    /// Whether lists and searches show it.
    fn is_listed(&self) -> bool;
    /// The ids of other objects by which it is looked up, separated by commas.
    fn links(&self) -> &str {
        ""
    }
    /// The places of the tags by which it is looked up.
    fn tags(&self) -> Vec<u32> {
        Vec::new()
    }
    /// When it changes by itself, unix seconds.
    fn due_at(&self) -> Option<i64> {
        None
    }
}

fn linked(links: &str) -> impl Iterator<Item = &str> {
    links.split(',').filter(|id| !id.is_empty())
}

/// Ids compare by length, then by text: numbers in strings come in their own order, and so do the
/// fixed-length hexadecimal ids.
pub(crate) fn compare_ids(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Listed rows ordered by an instant, ties by id.
///
/// One entry is 8 bytes: seconds in the upper half, the slot in the lower. Instants outside 1970
/// to 2106 are ordered as if they lay at the edge.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index(Ordered);

fn entry(seconds: i64, slot: Slot) -> u64 {
    let seconds = u32::try_from(seconds.clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
    u64::from(seconds) << 32 | u64::from(slot)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is meant")]
fn slot_of(entry: u64) -> Slot {
    entry as Slot
}

impl Index {
    /// The positions of the rows whose instant lies in `from .. until`.
    pub(crate) fn range(&self, from: i64, until: i64) -> std::ops::Range<usize> {
        // An exclusive bound beyond the last instant includes everything.
        let until = match until > i64::from(u32::MAX) {
            true => self.0.len(),
            false => self.position(until, 0),
        };
        let from = self.position(from, 0);
        from..until.max(from)
    }

    /// The position at which a row with this instant and slot stands or would stand.
    pub(crate) fn position(&self, seconds: i64, slot: Slot) -> usize {
        self.0.position(entry(seconds, slot))
    }

    /// The slots at the given positions, in order.
    pub(crate) fn slots(
        &self,
        positions: std::ops::Range<usize>,
    ) -> impl DoubleEndedIterator<Item = Slot> {
        self.0.at(positions).map(slot_of)
    }

    /// How many rows are listed.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Rows of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Table<R> {
    rows: Vec<Row<R>>,
    created: Index,
    updated: Index,
    links: TextIndex,
    tagged: Tagged,
    pub(crate) facets: Facets,
    /// What the rows that changed held before, while somebody wants to know; `None` for a row that
    /// was not there.
    recorded: Option<BTreeMap<Slot, Option<R>>>,
    /// The rows that change by themselves, by when.
    due: Index,
    /// What rows held before they changed, while searches lag behind.
    hindsight: Option<Hindsight<R>>,
}

#[derive(Debug, Clone)]
enum Row<R> {
    Live(R),
    /// A deleted row keeps its id: cursors that name it still know where they stood.
    Gone(Box<str>),
}

impl<R: Record> Row<R> {
    fn id(&self) -> &str {
        match self {
            Self::Live(record) => record.id(),
            Self::Gone(id) => id,
        }
    }

    fn live(&self) -> Option<&R> {
        match self {
            Self::Live(record) => Some(record),
            Self::Gone(_) => None,
        }
    }
}

/// Two rows have the same id.
#[derive(Debug, thiserror::Error)]
#[error("the id {0:?} occurs twice")]
pub(crate) struct DuplicateId(pub(crate) Box<str>);

impl<R: Record> Table<R> {
    /// A table of rows in any order.
    pub(crate) fn new(mut records: Vec<R>) -> Result<Self, DuplicateId> {
        // Sorting takes memory even when there is nothing to do.
        if !records.is_sorted_by(|a, b| compare_ids(a.id(), b.id()).is_le()) {
            records.sort_by(|a, b| compare_ids(a.id(), b.id()));
        }
        if let Some(pair) = records.windows(2).find(|pair| pair[0].id() == pair[1].id()) {
            return Err(DuplicateId(pair[0].id().into()));
        }
        let entries = |instant: fn(&R) -> i64| {
            let listed = (0..).zip(&records).filter(|(_, record)| record.is_listed());
            Index(Ordered::new(listed.map(|(slot, record)| entry(instant(record), slot)).collect()))
        };
        let (created, updated) = (entries(R::created_at), entries(R::updated_at));
        let ids = (0..)
            .zip(&records)
            .flat_map(|(slot, record)| linked(record.links()).map(move |id| (id, slot)));
        let links = TextIndex::new(ids);
        let tagged = Tagged::new(&records);
        let due = (0..).zip(&records).filter_map(|(slot, r)| Some(entry(r.due_at()?, slot)));
        let due = Index(Ordered::new(due.collect()));
        let rows = records.into_iter().map(Row::Live).collect();
        let facets = Facets::default();
        Ok(Self {
            rows,
            created,
            updated,
            links,
            tagged,
            facets,
            recorded: None,
            due,
            hindsight: None,
        })
    }

    /// Adds a row whose id follows all others, returning its slot.
    pub(crate) fn push(&mut self, record: R) -> Slot {
        debug_assert!(self.last_id().is_none_or(|last| compare_ids(last, record.id()).is_lt()));
        let slot = Slot::try_from(self.rows.len()).expect("fewer than 2^32 rows");
        self.enlist(slot, &record);
        self.rows.push(Row::Live(record));
        if let Some(hindsight) = &mut self.hindsight {
            hindsight.keep_new(slot);
        }
        if let Some(recorded) = &mut self.recorded {
            recorded.insert(slot, None);
        }
        slot
    }

    /// Brings a row into the indexes.
    fn enlist(&mut self, slot: Slot, record: &R) {
        if record.is_listed() {
            self.created.0.insert(entry(record.created_at(), slot));
            self.updated.0.insert(entry(record.updated_at(), slot));
        }
        linked(record.links()).for_each(|id| self.links.insert(id, slot));
        self.tagged.insert(&record.tags(), slot);
        record.due_at().into_iter().for_each(|at| self.due.0.insert(entry(at, slot)));
        self.facets.touch(slot);
    }

    /// Takes a row out of the indexes.
    fn delist(&mut self, slot: Slot, record: &R) {
        self.created.0.remove(entry(record.created_at(), slot));
        self.updated.0.remove(entry(record.updated_at(), slot));
        linked(record.links()).for_each(|id| self.links.remove(id, slot));
        self.tagged.remove(&record.tags(), slot);
        record.due_at().into_iter().for_each(|at| self.due.0.remove(entry(at, slot)));
        self.facets.touch(slot);
    }

    /// The row at a slot.
    pub(crate) fn get(&self, slot: Slot) -> Option<&R> {
        self.rows.get(slot as usize).and_then(Row::live)
    }

    /// The slot of an id, whether the row still exists or not; the slot it would have, otherwise.
    pub(crate) fn slot_at_or_after(&self, id: &str) -> Slot {
        let position = self.rows.partition_point(|row| compare_ids(row.id(), id).is_lt());
        Slot::try_from(position).unwrap_or(Slot::MAX)
    }

    /// Whether an id is spelled like those of this table: a number, or a text.
    pub(crate) fn could_have(&self, id: &str) -> bool {
        let is_number = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
        self.last_id().is_none_or(|last| is_number(last) == is_number(id))
    }

    /// The slot of an existing row.
    pub(crate) fn find(&self, id: &str) -> Option<Slot> {
        let slot = self.slot_at_or_after(id);
        self.get(slot).filter(|record| record.id() == id).map(|_| slot)
    }

    /// Changes a row and keeps the indexes in step.
    pub(crate) fn change<T>(&mut self, slot: Slot, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        let Some(Row::Live(record)) = self.rows.get_mut(slot as usize) else { return None };
        if let Some(recorded) = &mut self.recorded {
            recorded.entry(slot).or_insert_with(|| Some(record.clone()));
        }
        if let Some(hindsight) = &mut self.hindsight {
            hindsight.keep(slot, record);
        }
        self.facets.touch(slot);
        let due_before = record.due_at();
        let before = (record.is_listed(), record.created_at(), record.updated_at());
        let links: Box<str> = record.links().into();
        let tags = record.tags();
        let result = change(record);
        let tags_after = record.tags();
        if tags != tags_after {
            self.tagged.remove(&tags, slot);
            self.tagged.insert(&tags_after, slot);
        }
        if *links != *record.links() {
            linked(&links).for_each(|id| self.links.remove(id, slot));
            linked(record.links()).for_each(|id| self.links.insert(id, slot));
        }
        let due_after = record.due_at();
        if due_before != due_after {
            due_before.into_iter().for_each(|at| self.due.0.remove(entry(at, slot)));
            due_after.into_iter().for_each(|at| self.due.0.insert(entry(at, slot)));
        }
        let after = (record.is_listed(), record.created_at(), record.updated_at());
        if before != after {
            if before.0 {
                self.created.0.remove(entry(before.1, slot));
                self.updated.0.remove(entry(before.2, slot));
            }
            if after.0 {
                self.created.0.insert(entry(after.1, slot));
                self.updated.0.insert(entry(after.2, slot));
            }
        }
        Some(result)
    }

    /// Deletes a row.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<R> {
        let row = self.rows.get_mut(slot as usize)?;
        let id: Box<str> = row.id().into();
        let Row::Live(record) = std::mem::replace(row, Row::Gone(id)) else { return None };
        self.delist(slot, &record);
        if let Some(hindsight) = &mut self.hindsight {
            hindsight.forget(slot);
        }
        if let Some(recorded) = &mut self.recorded {
            recorded.entry(slot).or_insert_with(|| Some(record.clone()));
        }
        Some(record)
    }

    /// A row whose time to change by itself has come at `now`.
    pub(crate) fn first_due(&self, now: i64) -> Option<Slot> {
        self.due.slots(self.due.range(0, now.saturating_add(1))).next()
    }

    /// When the row at this place changes by itself, in the order in which they do.
    #[cfg(feature = "server")]
    pub(crate) fn due_at(&self, place: usize) -> Option<i64> {
        self.get(self.due.slots(place..place + 1).next()?)?.due_at()
    }

    /// Begins to keep what rows were before they change.
    pub(crate) fn keep_versions(&mut self) {
        self.hindsight = Some(Hindsight::default());
    }

    /// Dates the changes since the last time; see [`Hindsight::date`].
    pub(crate) fn date_changes(&mut self, now: i64, until: i64) {
        if let Some(mut hindsight) = self.hindsight.take() {
            hindsight.date(now, until, |slot| self.get(slot));
            self.hindsight = Some(hindsight);
        }
    }

    /// The rows that changed after `until` as they were then.
    pub(crate) fn versions_at(&self, until: i64) -> Versions<R> {
        self.hindsight.as_ref().map_or_else(Versions::new, |hindsight| hindsight.at(until))
    }

    /// Puts versions in the place of rows and returns those that stood there. Nobody takes it for
    /// a change.
    pub(crate) fn exchange(&mut self, mut versions: Versions<R>) -> Versions<R> {
        for (slot, version) in &mut versions {
            let Some(row) = self.rows.get_mut(*slot as usize) else { continue };
            let gone = Row::Gone(row.id().into());
            let present = match std::mem::replace(row, gone) {
                Row::Live(record) => Some(record),
                Row::Gone(_) => None,
            };
            if let Some(present) = &present {
                self.delist(*slot, present);
            }
            if let Some(version) = std::mem::replace(version, present) {
                self.enlist(*slot, &version);
                self.rows[*slot as usize] = Row::Live(version);
            }
        }
        versions
    }

    /// Begins to record what rows held before they changed.
    pub(crate) fn record(&mut self) {
        self.recorded = Some(BTreeMap::new());
    }

    /// What the rows that changed since the last time held before; `None` for those that came.
    pub(crate) fn take_recorded(&mut self) -> BTreeMap<Slot, Option<R>> {
        self.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Listed rows ordered by creation.
    pub(crate) fn created(&self) -> &Index {
        &self.created
    }

    /// Listed rows ordered by last change.
    pub(crate) fn updated(&self) -> &Index {
        &self.updated
    }

    /// Rows that may be linked to an object, by its id, in id order.
    pub(crate) fn linked_to(&self, id: &str) -> impl Iterator<Item = Slot> {
        self.links.candidates(id)
    }

    /// The rows with a tag, by its place, in id order.
    pub(crate) fn tagged(&self, tag: u32) -> Vec<Slot> {
        self.tagged.rows(tag)
    }

    /// All existing rows in id order, listed or not.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &R)> {
        self.iter_from(0)
    }

    /// The existing rows from a slot on, listed or not.
    pub(crate) fn iter_from(&self, from: Slot) -> impl Iterator<Item = (Slot, &R)> {
        let rows = (from..).zip(self.rows.get(from as usize..).unwrap_or_default());
        rows.filter_map(|(slot, row)| row.live().map(|record| (slot, record)))
    }

    /// The largest id there ever was.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.rows.last().map(Row::id)
    }

    /// How many slots were handed out.
    pub(crate) fn n_slots(&self) -> u32 {
        Slot::try_from(self.rows.len()).unwrap_or(Slot::MAX)
    }
}

/// Finds rows by their tags. One entry is 8 bytes: the tag's place in the upper half, the slot in the
/// lower.
#[derive(Debug, Clone)]
struct Tagged(Ordered);

impl Tagged {
    fn new<R: Record>(records: &[R]) -> Self {
        let rows = (0..).zip(records);
        let entries =
            rows.flat_map(|(slot, r)| r.tags().into_iter().map(move |tag| tag_entry(tag, slot)));
        // A row of a data set may have the same tag twice.
        Self(Ordered::new(entries.collect::<BTreeSet<_>>().into_iter().collect()))
    }

    fn insert(&mut self, tags: &[u32], slot: Slot) {
        tags.iter().for_each(|tag| self.0.insert(tag_entry(*tag, slot)));
    }

    fn remove(&mut self, tags: &[u32], slot: Slot) {
        tags.iter().for_each(|tag| self.0.remove(tag_entry(*tag, slot)));
    }

    fn rows(&self, tag: u32) -> Vec<Slot> {
        let (first, last) = (tag_entry(tag, 0), tag_entry(tag, Slot::MAX));
        let positions = self.0.position(first)..self.0.position(last);
        self.0.at(positions).map(slot_of).collect()
    }
}

fn tag_entry(tag: u32, slot: Slot) -> u64 {
    u64::from(tag) << 32 | u64::from(slot)
}

/// Finds rows by a text that is not their id: e-mail, external id.
///
/// One entry is 8 bytes, half of a hash and the slot; the caller compares the text itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextIndex(Ordered);

/// FNV-1a over the lower-cased text, folded: stable across runs and machines.
fn hash(text: &str) -> u32 {
    let bytes = text.bytes().map(|byte| byte.to_ascii_lowercase());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    slot_of(hash ^ hash >> 32)
}

fn text_entry(text: &str, slot: Slot) -> u64 {
    u64::from(hash(text)) << 32 | u64::from(slot)
}

impl TextIndex {
    /// An index over texts in any order.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = (&'a str, Slot)>) -> Self {
        Self(Ordered::new(texts.map(|(text, slot)| text_entry(text, slot)).collect()))
    }

    /// Adds a text.
    pub(crate) fn insert(&mut self, text: &str, slot: Slot) {
        self.0.insert(text_entry(text, slot));
    }

    /// Takes a text out.
    pub(crate) fn remove(&mut self, text: &str, slot: Slot) {
        self.0.remove(text_entry(text, slot));
    }

    /// Rows that may have the text, in id order.
    pub(crate) fn candidates(&self, text: &str) -> impl Iterator<Item = Slot> {
        let first = self.0.position(text_entry(text, 0));
        let hash = hash(text);
        let entries = self.0.at(first..usize::MAX);
        entries.take_while(move |entry| entry >> 32 == u64::from(hash)).map(slot_of)
    }
}
