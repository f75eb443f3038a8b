//! One stream, page by page, into the store.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::StreamExt;
use intercom_api::{Paged, Timestamp};
use intercom_client::{Client, Page};
use intercom_store::{PageOutcome, PageWrite, RunId, Store, Stream, Workspace};

use crate::error::SyncError;
use crate::group::Group;
use crate::progress::Progress;
use crate::record;
use crate::report::StreamReport;
use crate::run::Extent;
use crate::settings::SyncSettings;
use crate::walk::{Indexed, Walk};

/// What every stream of a run is pulled with.
pub(crate) struct Puller<'a> {
    pub(crate) client: &'a Client,
    pub(crate) store: &'a dyn Store,
    pub(crate) workspace: &'a Workspace,
    pub(crate) settings: &'a SyncSettings,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) extent: Extent,
    pub(crate) run: RunId,
    /// Unix seconds.
    pub(crate) observed_at: i64,
}

impl Puller<'_> {
    /// Pulls what changed since the bookmark; `search` makes the operation for records that
    /// changed at or after an instant, oldest change first.
    ///
    /// A walk that was cut off goes on at its cursor. When the cursor is refused it goes on at the
    /// last change it has read, if the records came in order; when cursors lead in a circle, the
    /// walk begins anew.
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
        let overlap = i64::from(self.settings.overlap_for);
        let from = bookmark.watermark.map_or(0, |at| at.saturating_sub(overlap).max(0));
        let query = format!("updated_at >= {from}, ascending, {} a page", self.settings.per_page);
        let mut walk = Walk::changed(query, from, &bookmark);
        let mut began_anew = false;
        loop {
            let resumed = walk.resume_at.is_some();
            let n_pages = report.n_pages;
            let ended = self.walk(search(walk.from), &mut walk, report, None).await;
            let Err(SyncError::Fetch { source, .. }) = &ended else { return ended };
            let followed = resumed || report.n_pages > n_pages;
            match walk.last_change().filter(|_| followed && source.status() == Some(400)) {
                Some(last) => {
                    tracing::warn!(%stream, "the cursor is refused; the walk goes on without it");
                    walk.go_on_from(last);
                }
                None if resumed && !began_anew && leads_nowhere(source) => {
                    tracing::warn!(%stream, "the stored cursor leads nowhere; the walk begins anew");
                    began_anew = true;
                    walk.begin_anew(from);
                }
                None => return ended,
            }
        }
    }

    /// Pulls a list that has no order and no filter; what is unchanged is not written. `seen`
    /// learns the id of every record.
    pub(crate) async fn all<O>(
        &self,
        report: &mut StreamReport,
        list: O,
        seen: &mut BTreeSet<String>,
    ) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
    {
        let stored = self.store.bookmark(self.workspace, report.stream).await?;
        let mut walk = Walk::whole(&stored.unwrap_or_default());
        self.walk(list, &mut walk, report, Some(seen)).await
    }

    /// What the walk brings is counted in the report as it is committed, also when it breaks off.
    async fn walk<O>(
        &self,
        operation: O,
        walk: &mut Walk,
        report: &mut StreamReport,
        mut seen: Option<&mut BTreeSet<String>>,
    ) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
    {
        let stream = report.stream;
        let mut group = Group::new(self.observed_at, self.run);
        let mut pages = pin!(match walk.resume_at.take() {
            Some(cursor) => self.client.pages_from(operation, cursor),
            None => self.client.pages(operation),
        });
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(source) => {
                    self.flush(&mut group, report).await?;
                    return Err(SyncError::Fetch { stream, source });
                }
            };
            let (mut write, total) = self.read_page(stream, &page)?;
            if let Some(seen) = &mut seen {
                seen.extend(write.records.iter().map(|record| record.id.clone()));
            }
            let latest_change = write.records.iter().filter_map(|record| record.updated_at).max();
            let indexed = Indexed {
                by_clock: page.server_date().map(|at| self.indexed_until(at.timestamp())),
                by_change: latest_change.map(|at| self.indexed_until(at)),
            };
            write.bookmark = walk.step(&write.records, page.next(), &indexed);
            group.add(write, total);
            if group.is_due() {
                self.flush(&mut group, report).await?;
            }
        }
        self.flush(&mut group, report).await?;
        self.progress.finished(stream, report.n_fetched);
        Ok(())
    }

    /// Commits the pages of a group with the bookmark of the last one.
    async fn flush(&self, group: &mut Group, report: &mut StreamReport) -> Result<(), SyncError> {
        if group.n_pages == 0 {
            return Ok(());
        }
        let stream = report.stream;
        let Group { mut write, n_pages, total, .. } =
            std::mem::replace(group, Group::new(self.observed_at, self.run));
        if stream == Stream::Contacts {
            self.add_attribute_changes(&mut write).await?;
        }
        let outcome = self.store.commit_page(self.workspace, stream, &write).await?;
        count(report, n_pages, &write, outcome);
        self.progress.pulled(stream, report.n_fetched, total);
        Ok(())
    }

    /// Up to when everything has been indexed, at an instant that an answer shows.
    ///
    /// An instant after the start of the run is no reason to read less the next time: a clock or a
    /// record that is ahead would hide every change until then.
    fn indexed_until(&self, shown_at: i64) -> i64 {
        shown_at.min(self.observed_at).saturating_sub(i64::from(self.settings.index_lag_for))
    }

    fn read_page<O: Paged>(
        &self,
        stream: Stream,
        page: &Page<O>,
    ) -> Result<(PageWrite, Option<u64>), SyncError> {
        let mut write = PageWrite::default();
        let view = page.view().map_err(|source| SyncError::Page { stream, source })?;
        for item in &view.items {
            match record::read(stream, &page.response().body, item) {
                Ok(record) => write.records.push(record),
                Err(entry) => {
                    tracing::warn!(%stream, reason = %entry.reason, "an entry is put aside");
                    write.quarantined.push(entry);
                }
            }
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

fn count(report: &mut StreamReport, n_pages: u32, write: &PageWrite, outcome: PageOutcome) {
    report.n_pages += u64::from(n_pages);
    report.n_fetched += (write.records.len() + write.quarantined.len()) as u64;
    report.n_inserted += outcome.n_inserted;
    report.n_changed += outcome.n_changed;
    report.n_unchanged += outcome.n_unchanged + outcome.n_stale;
    report.n_quarantined += write.quarantined.len() as u64;
}
