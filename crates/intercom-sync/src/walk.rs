//! One walk over a stream: where it stands, and where it goes on.

use std::collections::BTreeSet;

use intercom_api::{Cursor, Timestamp};
use intercom_store::{Bookmark, LoadWindow, Record};
use serde::{Deserialize, Serialize};

/// A walk in progress, and what holds once it is complete.
pub(crate) struct Walk {
    /// What the search in progress asks for: changes at or after this, or creations.
    pub(crate) from: Timestamp,
    pub(crate) resume_at: Option<Cursor>,
    /// Identifies the walk; a stored place is good for no other.
    query: String,
    /// Whether the place is stored while the walk goes on.
    keeps_place: bool,
    watermark: Option<i64>,
    next_watermark: Option<i64>,
    n_pages: i64,
    latest_change: Option<i64>,
    order: Order,
    /// The places of this walk, to tell a circle.
    followed: BTreeSet<String>,
}

/// A stored place: the cursor, and the search it belongs to.
#[derive(Serialize, Deserialize)]
struct Place {
    from: i64,
    cursor: Cursor,
}

/// Up to when everything has been indexed, as one page shows.
pub(crate) struct Indexed {
    /// By the server's clock.
    pub(crate) by_clock: Option<i64>,
    /// By the latest change on the page.
    pub(crate) by_change: Option<i64>,
}

impl Walk {
    /// The walk over what changed at or after `from`; goes on where an equal one was cut off.
    pub(crate) fn changed(query: String, from: i64, bookmark: &Bookmark) -> Self {
        let stored = bookmark.cursor.as_deref().filter(|_| bookmark.query == query);
        let place = stored.and_then(|text| {
            let bare = || serde_json::from_str(text).ok().map(|cursor| Place { from, cursor });
            serde_json::from_str(text).ok().or_else(bare)
        });
        let anew = Self::new(query, from, bookmark.watermark);
        let Some(Place { from, cursor }) = place else { return anew };
        let mut walk = Self {
            from: Timestamp::from_unix(from),
            next_watermark: bookmark.next_watermark,
            n_pages: bookmark.n_pages,
            order: Order {
                last: bookmark.last_updated_at,
                is_kept: bookmark.last_updated_at.is_some(),
                ..Order::default()
            },
            ..anew
        };
        walk.followed.insert(walk.place(&cursor));
        walk.resume_at = Some(cursor);
        walk
    }

    /// The walk over the records created in a window; goes on where it was cut off.
    pub(crate) fn window(window: &LoadWindow) -> Self {
        let bookmark = Bookmark {
            cursor: window.cursor.clone(),
            last_updated_at: window.last_created_at,
            n_pages: window.n_pages,
            ..Bookmark::default()
        };
        let mut walk = Self::changed(String::new(), window.from.unwrap_or(0), &bookmark);
        walk.order.key = |record| record.created_at;
        walk
    }

    /// The walk over a whole list, from its beginning.
    pub(crate) fn whole(bookmark: &Bookmark) -> Self {
        Self { keeps_place: false, ..Self::new("all".to_owned(), 0, bookmark.watermark) }
    }

    fn new(query: String, from: i64, watermark: Option<i64>) -> Self {
        Self {
            from: Timestamp::from_unix(from),
            resume_at: None,
            query,
            keeps_place: true,
            watermark,
            next_watermark: None,
            n_pages: 0,
            latest_change: None,
            order: Order::default(),
            followed: BTreeSet::new(),
        }
    }

    /// Begins again where the walk began.
    pub(crate) fn begin_anew(&mut self, from: i64) {
        let order = self.order.anew();
        let anew = Self::new(std::mem::take(&mut self.query), from, self.watermark);
        *self = Self { order, ..anew };
    }

    /// How many pages the walk has read.
    pub(crate) fn n_pages(&self) -> i64 {
        self.n_pages
    }

    /// The change at which the walk can go on without a cursor, if its records came in order and
    /// it has got anywhere.
    pub(crate) fn last_change(&self) -> Option<i64> {
        self.order.last().filter(|last| *last > self.from.as_unix())
    }

    /// Goes on at a change instead of a cursor.
    pub(crate) fn go_on_from(&mut self, change: i64) {
        self.from = Timestamp::from_unix(change);
        self.order = self.order.anew();
        self.followed.clear();
    }

    /// The bookmark after one more page; `None` when it says nothing that is stored.
    pub(crate) fn step(
        &mut self,
        records: &[Record],
        next: Option<&Cursor>,
        indexed: &Indexed,
    ) -> Option<Bookmark> {
        self.n_pages += 1;
        self.order.observe(records);
        self.next_watermark = self.next_watermark.or(indexed.by_clock);
        self.latest_change = self.latest_change.max(indexed.by_change);
        let (watermark, next_watermark) = (self.watermark, self.next_watermark);
        let (query, n_pages) = (self.query.clone(), self.n_pages);
        let Some(next) = next else {
            let watermark = watermark.max(next_watermark.or(self.latest_change));
            let end = Bookmark { watermark, next_watermark, query, n_pages, ..Bookmark::default() };
            return Some(end);
        };
        if !self.keeps_place {
            return None;
        }
        let place = self.place(next);
        if self.followed.contains(&place) {
            // A cursor that comes again may have led past pages: the next walk trusts none.
            return Some(Bookmark { watermark, ..Bookmark::default() });
        }
        self.followed.insert(place.clone());
        let (cursor, last_updated_at) = (Some(place), self.order.last());
        Some(Bookmark { watermark, next_watermark, query, cursor, last_updated_at, n_pages })
    }

    /// The window after one more page of it.
    pub(crate) fn step_window(
        &mut self,
        window: &LoadWindow,
        records: &[Record],
        next: Option<&Cursor>,
        observed_at: i64,
    ) -> LoadWindow {
        // What has been indexed is the matter of the whole load.
        let indexed = Indexed { by_clock: None, by_change: None };
        let bookmark = self.step(records, next, &indexed).unwrap_or_default();
        LoadWindow {
            cursor: bookmark.cursor,
            last_created_at: bookmark.last_updated_at,
            n_pages: bookmark.n_pages,
            completed_at: next.is_none().then_some(observed_at),
            ..*window
        }
    }

    fn place(&self, cursor: &Cursor) -> String {
        let place = Place { from: self.from.as_unix(), cursor: cursor.clone() };
        serde_json::to_string(&place).expect("a place holds only text and numbers")
    }
}

/// Whether the records of a walk come in the order they were asked for: that of their changes, or
/// of their creation.
#[derive(Debug, Clone, Copy)]
struct Order {
    key: fn(&Record) -> Option<i64>,
    last: Option<i64>,
    is_kept: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { key: |record| record.updated_at, last: None, is_kept: true }
    }
}

impl Order {
    /// The same order of a walk that begins.
    fn anew(self) -> Self {
        Self { key: self.key, ..Self::default() }
    }

    fn observe(&mut self, records: &[Record]) {
        for record in records {
            let at = (self.key)(record);
            self.is_kept &= at.is_some() && self.last <= at;
            self.last = at;
        }
    }

    /// The change behind which nothing is left to read; `None` when the order was not kept.
    fn last(self) -> Option<i64> {
        self.last.filter(|_| self.is_kept)
    }
}
