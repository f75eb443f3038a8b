//! One stream, page by page, into the store.

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
    /// A walk that was cut off goes on at its cursor; when the API no longer takes the cursor, the
    /// same walk begins anew.
    pub(crate) async fn changed<O, F>(
        &self,
        stream: Stream,
        search: F,
    ) -> Result<StreamReport, SyncError>
    where
        O: Paged + Send + 'static,
        F: Fn(Timestamp) -> O,
    {
        let bookmark = self.store.bookmark(self.workspace, stream).await?.unwrap_or_default();
        let mut walk = self.plan(bookmark);
        let resumed = walk.resume_at.is_some();
        match self.walk(stream, search(walk.from), &mut walk).await {
            Err(SyncError::Fetch { source, .. }) if resumed && refuses_cursor(&source) => {
                tracing::warn!(%stream, "the stored cursor is refused; the walk begins anew");
                walk.resume_at = None;
                self.walk(stream, search(walk.from), &mut walk).await
            }
            ended => ended,
        }
    }

    /// Pulls a list that has no order and no filter; what is unchanged is not written.
    pub(crate) async fn all<O>(&self, stream: Stream, list: O) -> Result<StreamReport, SyncError>
    where
        O: Paged + Send + 'static,
    {
        let bookmark = self.store.bookmark(self.workspace, stream).await?.unwrap_or_default();
        let query = "all".to_owned();
        let mut walk = Walk { query, from: Timestamp::from_unix(0), resume_at: None, bookmark };
        self.walk(stream, list, &mut walk).await
    }

    fn plan(&self, bookmark: Bookmark) -> Walk {
        let overlap = i64::from(self.settings.overlap_for);
        let from = bookmark.watermark.map_or(0, |at| at.saturating_sub(overlap).max(0));
        let query = format!("updated_at >= {from}, ascending, {} a page", self.settings.per_page);
        let stored = bookmark.cursor.as_deref().filter(|_| bookmark.query == query);
        let resume_at = stored.and_then(|text| serde_json::from_str(text).ok());
        Walk { query, from: Timestamp::from_unix(from), resume_at, bookmark }
    }

    async fn walk<O>(
        &self,
        stream: Stream,
        operation: O,
        walk: &mut Walk,
    ) -> Result<StreamReport, SyncError>
    where
        O: Paged + Send + 'static,
    {
        let mut report = StreamReport::new(stream);
        let mut next_watermark = match walk.resume_at {
            Some(_) => walk.bookmark.next_watermark,
            None => None,
        };
        let mut n_pages = if walk.resume_at.is_some() { walk.bookmark.n_pages } else { 0 };
        let mut latest_change = None;
        let mut pages = pin!(match walk.resume_at.take() {
            Some(cursor) => self.client.pages_from(operation, cursor),
            None => self.client.pages(operation),
        });
        while let Some(page) = pages.next().await {
            let page = page.map_err(|source| SyncError::Fetch { stream, source })?;
            next_watermark = next_watermark.or_else(|| self.reach(&page));
            n_pages += 1;
            let (mut write, total) = self.read_page(stream, &page).await?;
            latest_change =
                write.records.iter().filter_map(|r| r.updated_at).max().max(latest_change);
            let reached = next_watermark.or(latest_change);
            write.bookmark = Some(Bookmark {
                watermark: match page.next() {
                    Some(_) => walk.bookmark.watermark,
                    None => walk.bookmark.watermark.max(reached),
                },
                next_watermark,
                query: walk.query.clone(),
                cursor: page.next().map(cursor_text),
                n_pages,
            });
            let outcome = self.store.commit_page(self.workspace, stream, &write).await?;
            count(&mut report, &write, outcome);
            self.progress.pulled(stream, report.n_fetched, total);
        }
        self.progress.finished(stream, report.n_fetched);
        Ok(report)
    }

    /// Up to when everything has been indexed: the server's clock when it answered, less the lag.
    fn reach<O: Paged>(&self, page: &Page<O>) -> Option<i64> {
        let answered_at = page.server_date()?.timestamp();
        Some(answered_at.saturating_sub(i64::from(self.settings.index_lag_for)))
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

fn refuses_cursor(error: &intercom_client::Error) -> bool {
    matches!(error, intercom_client::Error::Refused { error, .. } if error.status == 400)
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
