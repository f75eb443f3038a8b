//! One stream, page by page, into the store.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::StreamExt;
use intercom_api::{Cursor, Paged, Timestamp};
use intercom_client::{Client, Page};
use intercom_store::{Bookmark, PageOutcome, PageWrite, RunId, Store, Stream, Workspace};

use crate::error::SyncError;
use crate::progress::Progress;
use crate::record;
use crate::report::StreamReport;
use crate::settings::SyncSettings;

/// What every stream of a run is pulled with.
pub(crate) struct Puller<'a> {
    pub(crate) client: &'a Client,
    pub(crate) store: &'a dyn Store,
    pub(crate) workspace: &'a Workspace,
    pub(crate) settings: &'a SyncSettings,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) run: RunId,
    /// Unix seconds.
    pub(crate) observed_at: i64,
}

/// Where a walk begins, and what holds once it is complete.
struct Walk {
    /// Identifies the query; a stored cursor is good for no other.
    query: String,
    from: Timestamp,
    resume_at: Option<Cursor>,
    bookmark: Bookmark,
}

impl Puller<'_> {
    /// Pulls what changed since the bookmark; `search` makes the operation for records that
    /// changed at or after an instant, oldest change first.
    ///
    /// A walk that was cut off goes on at its cursor; when the cursor is refused or leads in a
    /// circle, the same walk begins anew.
    pub(crate) async fn changed<O, F>(
        &self,
        report: &mut StreamReport,
        search: F,
    ) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
        F: Fn(Timestamp) -> O,
    {
        let stream = report.stream;
        let bookmark = self.store.bookmark(self.workspace, stream).await?.unwrap_or_default();
        let mut walk = self.plan(bookmark);
        let resumed = walk.resume_at.is_some();
        match self.walk(search(walk.from), &mut walk, report).await {
            Err(SyncError::Fetch { source, .. }) if resumed && leads_nowhere(&source) => {
                tracing::warn!(%stream, "the stored cursor leads nowhere; the walk begins anew");
                walk.resume_at = None;
                self.walk(search(walk.from), &mut walk, report).await
            }
            ended => ended,
        }
    }

    /// Pulls a list that has no order and no filter; what is unchanged is not written.
    pub(crate) async fn all<O>(&self, report: &mut StreamReport, list: O) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
    {
        let stored = self.store.bookmark(self.workspace, report.stream).await?;
        let (query, bookmark) = ("all".to_owned(), stored.unwrap_or_default());
        let mut walk = Walk { query, from: Timestamp::from_unix(0), resume_at: None, bookmark };
        self.walk(list, &mut walk, report).await
    }

    fn plan(&self, bookmark: Bookmark) -> Walk {
        let overlap = i64::from(self.settings.overlap_for);
        let from = bookmark.watermark.map_or(0, |at| at.saturating_sub(overlap).max(0));
        let query = format!("updated_at >= {from}, ascending, {} a page", self.settings.per_page);
        let stored = bookmark.cursor.as_deref().filter(|_| bookmark.query == query);
        let resume_at = stored.and_then(|text| serde_json::from_str(text).ok());
        Walk { query, from: Timestamp::from_unix(from), resume_at, bookmark }
    }

    /// What the walk brings is counted in the report page by page, also when it breaks off.
    async fn walk<O>(
        &self,
        operation: O,
        walk: &mut Walk,
        report: &mut StreamReport,
    ) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
    {
        let stream = report.stream;
        let (mut next_watermark, mut n_pages) = match walk.resume_at {
            Some(_) => (walk.bookmark.next_watermark, walk.bookmark.n_pages),
            None => (None, 0),
        };
        let mut latest_change = None;
        let mut followed: BTreeSet<String> = walk.resume_at.iter().map(cursor_text).collect();
        let mut pages = pin!(match walk.resume_at.take() {
            Some(cursor) => self.client.pages_from(operation, cursor),
            None => self.client.pages(operation),
        });
        while let Some(page) = pages.next().await {
            let page = page.map_err(|source| SyncError::Fetch { stream, source })?;
            let answered_at = page.server_date().map(|at| at.timestamp());
            next_watermark = next_watermark.or(answered_at.map(|at| self.indexed_until(at)));
            n_pages += 1;
            let (mut write, total) = self.read_page(stream, &page).await?;
            latest_change =
                write.records.iter().filter_map(|r| r.updated_at).max().max(latest_change);
            let reached = next_watermark.or(latest_change.map(|at| self.indexed_until(at)));
            let watermark = walk.bookmark.watermark;
            write.bookmark = Some(match page.next().map(cursor_text) {
                None => Bookmark {
                    watermark: watermark.max(reached),
                    next_watermark,
                    query: walk.query.clone(),
                    cursor: None,
                    n_pages,
                },
                // A cursor that comes again may have led past pages: the next walk trusts none.
                Some(next) if followed.contains(&next) => {
                    Bookmark { watermark, ..Bookmark::default() }
                }
                Some(next) => {
                    followed.insert(next.clone());
                    let (query, cursor) = (walk.query.clone(), Some(next));
                    Bookmark { watermark, next_watermark, query, cursor, n_pages }
                }
            });
            let outcome = self.store.commit_page(self.workspace, stream, &write).await?;
            count(report, &write, outcome);
            self.progress.pulled(stream, report.n_fetched, total);
        }
        self.progress.finished(stream, report.n_fetched);
        Ok(())
    }

    /// Up to when everything has been indexed, at an instant that an answer shows.
    ///
    /// An instant after the start of the run is no reason to read less the next time: a clock or a
    /// record that is ahead would hide every change until then.
    fn indexed_until(&self, shown_at: i64) -> i64 {
        shown_at.min(self.observed_at).saturating_sub(i64::from(self.settings.index_lag_for))
    }

    async fn read_page<O: Paged>(
        &self,
        stream: Stream,
        page: &Page<O>,
    ) -> Result<(PageWrite, Option<u64>), SyncError> {
        let mut write = PageWrite {
            observed_at: self.observed_at,
            run: Some(self.run),
            ..PageWrite::default()
        };
        let view = page.view().map_err(|source| SyncError::Page { stream, source })?;
        for item in &view.items {
            match record::read(&page.response().body, item) {
                Ok(record) => write.records.push(record),
                Err(entry) => {
                    tracing::warn!(%stream, reason = %entry.reason, "an entry is put aside");
                    write.quarantined.push(entry);
                }
            }
        }
        if stream == Stream::Contacts {
            self.add_attribute_changes(&mut write).await?;
        }
        Ok((write, view.total_count))
    }

    /// Compares changed contacts with their stored bodies, before those are overwritten.
    async fn add_attribute_changes(&self, write: &mut PageWrite) -> Result<(), SyncError> {
        let ids: Vec<&str> = write.records.iter().map(|record| record.id.as_str()).collect();
        let stored = self.store.stored(self.workspace, Stream::Contacts, &ids).await?;
        let changed: Vec<&str> = write
            .records
            .iter()
            .filter(|new| stored.get(&new.id).is_some_and(|before| before.hash != new.hash))
            .map(|record| record.id.as_str())
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let old = self.store.bodies(self.workspace, Stream::Contacts, &changed).await?;
        for record in &mut write.records {
            if let Some(before) = old.get(&record.id) {
                record.attribute_changes = record::attribute_changes(before, &record.body);
            }
        }
        Ok(())
    }
}

/// Whether a walk from another cursor may get further: this one is refused, or ends in a circle.
fn leads_nowhere(error: &intercom_client::Error) -> bool {
    error.status() == Some(400) || matches!(error, intercom_client::Error::CursorRepeated { .. })
}

fn cursor_text(cursor: &Cursor) -> String {
    serde_json::to_string(cursor).expect("a cursor holds only text and a number")
}

fn count(report: &mut StreamReport, write: &PageWrite, outcome: PageOutcome) {
    report.n_pages += 1;
    report.n_fetched += (write.records.len() + write.quarantined.len()) as u64;
    report.n_inserted += outcome.n_inserted;
    report.n_changed += outcome.n_changed;
    report.n_unchanged += outcome.n_unchanged + outcome.n_stale;
    report.n_quarantined += write.quarantined.len() as u64;
}
