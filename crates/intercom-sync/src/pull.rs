//! One stream, page by page, into the store.

use std::collections::BTreeSet;
use std::pin::pin;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use intercom_api::{Id, Operator, Paged, Query, SearchRequest};
use intercom_client::{Behind, Client, Error, Page, Pages};
use intercom_store::{
    LoadWindow, MISTRUSTED, PageOutcome, PageWrite, Quarantined, RunId, Store, Stream, Workspace,
};
use tokio::sync::mpsc;
use tokio::time::timeout_at;

use crate::error::SyncError;
use crate::forget::Blocked;
use crate::group::{Group, ReadPage};
use crate::progress::Progress;
use crate::record::{self, NOT_MIRRORED, TOO_LONG, digest};
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
    pub(crate) blocked: &'a Blocked,
    pub(crate) run: RunId,
    /// Unix seconds.
    pub(crate) observed_at: i64,
}

/// Pages on their way.
pub(crate) type PageStream<O> = BoxStream<'static, Result<Page<O>, intercom_client::Error>>;

/// Where the pages of a walk go.
pub(crate) struct Sink<'s> {
    pub(crate) out: &'s mpsc::Sender<ReadPage>,
    /// The window that the walk reads; `None` when it reads a whole stream.
    pub(crate) window: Option<&'s LoadWindow>,
}

/// An entry that no answer can hold.
struct TooLarge {
    id: Option<Id>,
    limit: u64,
    behind: Behind,
}

/// Pages that were read and wait to be written; more would only fill the memory.
pub(crate) const PAGES_AHEAD: usize = 2;

impl Puller<'_> {
    /// Pulls what changed since the bookmark; `search` makes the operation of a query. `begun` is
    /// the walk over everything, where somebody has begun it.
    ///
    /// A walk that was cut off goes on at its cursor. When the cursor is refused it goes on at the
    /// last change it has read, if the records came in order; when cursors lead in a circle, the
    /// walk begins anew.
    pub(crate) async fn changed<O, F>(
        &self,
        report: &mut StreamReport,
        begun: Option<PageStream<O>>,
        search: &F,
    ) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
        F: Fn(SearchRequest) -> O,
    {
        let stream = report.stream;
        let bookmark = self.store.bookmark(self.workspace, stream).await?.unwrap_or_default();
        let overlap = i64::from(self.settings.overlap_for);
        let from = bookmark.watermark.map_or(0, |at| at.saturating_sub(overlap).max(0));
        let query = format!("updated_at >= {from}, ascending, {} a page", self.settings.per_page);
        let mut walk = Walk::changed(query, from, &bookmark);
        let (out, read) = mpsc::channel(PAGES_AHEAD);
        let reading = async move {
            let search = |from| search(changed_since(from, self.settings.per_page));
            let sink = Sink { out: &out, window: None };
            self.follow(stream, &mut walk, from, begun, search, &sink).await
        };
        self.write_while(reading, read, report).await?;
        self.progress.finished(stream, report.n_fetched);
        Ok(())
    }

    /// Reads a walk to its end, also when its cursors are refused on the way.
    pub(crate) async fn follow<O, F>(
        &self,
        stream: Stream,
        walk: &mut Walk,
        from: i64,
        mut begun: Option<PageStream<O>>,
        search: F,
        sink: &Sink<'_>,
    ) -> Result<(), SyncError>
    where
        O: Paged + Send + 'static,
        F: Fn(i64) -> O,
    {
        let mut began_anew = false;
        loop {
            let resumed = walk.resume_at.is_some();
            let n_pages = walk.n_pages();
            let pages = begun.take();
            let mut pages = pages.unwrap_or_else(|| {
                let pages = self.pages(search(walk.from.as_unix()), walk);
                match sink.window {
                    // The other windows are being fetched.
                    Some(_) => pages.boxed(),
                    None => pages.prefetch().boxed(),
                }
            });
            let source = loop {
                match pages.next().await {
                    Some(Ok(page)) => {
                        let read = self.read(stream, walk, &page, sink.window)?;
                        if sink.out.send(read).await.is_err() {
                            return Ok(());
                        }
                    }
                    Some(Err(Error::EntryTooLarge { id, limit, behind, .. })) => {
                        let read =
                            self.left_out(walk, &TooLarge { id, limit, behind }, sink.window);
                        if sink.out.send(read).await.is_err() {
                            return Ok(());
                        }
                    }
                    None => return Ok(()),
                    Some(Err(source)) => break source,
                }
            };
            let followed = resumed || walk.n_pages() > n_pages;
            match walk.last_change().filter(|_| followed && source.status() == Some(400)) {
                Some(last) => {
                    tracing::warn!(%stream, "the cursor is refused; the walk goes on without it");
                    walk.go_on_from(last);
                }
                None if resumed && !began_anew && leads_nowhere(&source) => {
                    tracing::warn!(%stream, "the stored cursor leads nowhere; the walk begins anew");
                    began_anew = true;
                    walk.begin_anew(from);
                }
                None => return Err(SyncError::Fetch { stream, source }),
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
        let stream = report.stream;
        let stored = self.store.bookmark(self.workspace, stream).await?;
        let mut walk = Walk::whole(&stored.unwrap_or_default());
        let (out, read) = mpsc::channel(PAGES_AHEAD);
        let reading = async move {
            // One page is fetched while another is read.
            let mut pages = self.pages(list, &mut walk).prefetch().boxed();
            while let Some(page) = pages.next().await {
                let read = match page {
                    Ok(page) => self.read(stream, &mut walk, &page, None)?,
                    Err(Error::EntryTooLarge { id, limit, behind, .. }) => {
                        // It is there, and not gone.
                        seen.extend(id.as_ref().map(|id| id.as_str().to_owned()));
                        self.left_out(&mut walk, &TooLarge { id, limit, behind }, None)
                    }
                    Err(source) => return Err(SyncError::Fetch { stream, source }),
                };
                seen.extend(read.write.records.iter().map(|record| record.id.clone()));
                if out.send(read).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        self.write_while(reading, read, report).await?;
        self.progress.finished(stream, report.n_fetched);
        Ok(())
    }

    /// The pages of a walk, from where it goes on.
    fn pages<O: Paged + Send + 'static>(&self, operation: O, walk: &mut Walk) -> Pages<O> {
        match walk.resume_at.take() {
            Some(cursor) => self.client.pages_from(operation, cursor),
            None => self.client.pages(operation),
        }
    }

    /// A page with the bookmark behind it: that of the window, or else of the stream.
    pub(crate) fn read<O: Paged>(
        &self,
        stream: Stream,
        walk: &mut Walk,
        page: &Page<O>,
        window: Option<&LoadWindow>,
    ) -> Result<ReadPage, SyncError> {
        let ReadPage { mut write, total } = read_page(stream, page)?;
        let records = &write.records;
        let Some(window) = window else {
            let latest_change = records.iter().filter_map(|record| record.updated_at).max();
            let indexed = Indexed {
                by_clock: page.server_date().map(|at| self.indexed_until(at.timestamp())),
                by_change: latest_change.map(|at| self.indexed_until(at)),
            };
            write.bookmark = walk.step(records, page.next(), &indexed);
            return Ok(ReadPage { write, total });
        };
        write.windows = vec![walk.step_window(window, records, page.next(), self.observed_at)];
        // What the API announces is the total of the window.
        Ok(ReadPage { write, total: None })
    }

    /// An entry that is too long to be read, put aside by its id, with the bookmark behind it.
    fn left_out(&self, walk: &mut Walk, entry: &TooLarge, window: Option<&LoadWindow>) -> ReadPage {
        let TooLarge { id, limit, behind } = entry;
        let record_id = id.as_ref().map(|id| id.as_str().to_owned());
        let reason = format!("{NOT_MIRRORED}: {TOO_LONG} {limit} bytes");
        let hash = digest(format!("{record_id:?} {reason}").as_bytes());
        let entry = Quarantined { record_id, reason, hash, body: Bytes::new() };
        let mut write = PageWrite { quarantined: vec![entry], ..PageWrite::default() };
        match window {
            Some(window) => {
                let window = walk.step_window(window, &[], behind.cursor(), self.observed_at);
                write.windows = vec![window];
            }
            None => {
                let indexed = Indexed { by_clock: None, by_change: None };
                write.bookmark = walk.step(&[], behind.cursor(), &indexed);
            }
        }
        ReadPage { write, total: None }
    }

    /// Writes what is read, in groups of pages, until the reading has ended. What was read before
    /// it failed is written; when writing fails, the reading is given up.
    pub(crate) async fn write_while(
        &self,
        reading: impl Future<Output = Result<(), SyncError>>,
        mut read: mpsc::Receiver<ReadPage>,
        report: &mut StreamReport,
    ) -> Result<(), SyncError> {
        let mut writing = pin!(self.write(&mut read, report));
        let mut reading = pin!(reading);
        tokio::select! {
            biased;
            written = &mut writing => written,
            ended = &mut reading => writing.await.and(ended),
        }
    }

    /// What the pages bring is counted in the report as it is committed.
    async fn write(
        &self,
        read: &mut mpsc::Receiver<ReadPage>,
        report: &mut StreamReport,
    ) -> Result<(), SyncError> {
        let mut group = self.group();
        loop {
            let arrived = match group.due_at() {
                Some(due_at) => timeout_at(due_at, read.recv()).await,
                None => Ok(read.recv().await),
            };
            match arrived {
                Ok(Some(page)) => {
                    group.add(page);
                    if group.is_full() {
                        self.flush(&mut group, report).await?;
                    }
                }
                Ok(None) => return self.flush(&mut group, report).await,
                Err(_waited_long_enough) => self.flush(&mut group, report).await?,
            }
        }
    }

    /// A group without pages.
    pub(crate) fn group(&self) -> Group {
        Group::new(self.observed_at, self.run)
    }

    /// Commits the pages of a group with the bookmarks behind them.
    pub(crate) async fn flush(
        &self,
        group: &mut Group,
        report: &mut StreamReport,
    ) -> Result<(), SyncError> {
        if group.n_pages == 0 {
            return Ok(());
        }
        let stream = report.stream;
        let Group { mut write, n_pages, total, .. } = std::mem::replace(group, self.group());
        self.leave_out_forgotten(stream, &mut write);
        if stream == Stream::Contacts {
            self.add_attribute_changes(&mut write).await?;
        }
        let outcome = self.store.commit_page(self.workspace, stream, &write).await?;
        count(report, n_pages, &write, outcome);
        self.progress.pulled(stream, report.n_fetched, total);
        Ok(())
    }

    fn leave_out_forgotten(&self, stream: Stream, write: &mut PageWrite) {
        let blocked = self.blocked;
        write.records.retain(|record| !blocked.holds(stream, Some(&record.id), &record.body));
        write
            .quarantined
            .retain(|entry| !blocked.holds(stream, entry.record_id.as_deref(), &entry.body));
    }

    /// Up to when everything has been indexed, at an instant that an answer shows.
    ///
    /// An instant after the start of the run is no reason to read less the next time: a clock or a
    /// record that is ahead would hide every change until then.
    pub(crate) fn indexed_until(&self, shown_at: i64) -> i64 {
        shown_at.min(self.observed_at).saturating_sub(i64::from(self.settings.index_lag_for))
    }

    /// Compares changed contacts with their stored bodies, before those are overwritten. Of a body
    /// that is damaged nobody knows what has changed since.
    async fn add_attribute_changes(&self, write: &mut PageWrite) -> Result<(), SyncError> {
        let ids: Vec<&str> = write.records.iter().map(|record| record.id.as_str()).collect();
        let stored = self.store.stored(self.workspace, Stream::Contacts, &ids).await?;
        let changed: Vec<&str> = write
            .records
            .iter()
            .filter(|new| {
                let before = stored.get(&new.id).map(|before| before.hash);
                before.is_some_and(|before| before != new.hash && before != MISTRUSTED)
            })
            .map(|record| record.id.as_str())
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let old = self.store.bodies(self.workspace, Stream::Contacts, &changed).await?;
        for record in &mut write.records {
            let is_intact = |before: &&Bytes| {
                stored.get(&record.id).is_some_and(|stored| stored.hash == digest(before))
            };
            if let Some(before) = old.get(&record.id).filter(is_intact) {
                record.attribute_changes = record::attribute_changes(before, &record.body);
            }
        }
        Ok(())
    }
}

/// The entries of a page: who they are, and their bytes.
pub(crate) fn read_page<O: Paged>(stream: Stream, page: &Page<O>) -> Result<ReadPage, SyncError> {
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
    Ok(ReadPage { write, total: view.total_count })
}

/// `=` and `>`: contacts are compared by whole days, of which `>` alone would skip the first.
pub(crate) fn changed_since(from: i64, per_page: u32) -> SearchRequest {
    let query = Query::any([
        Query::field("updated_at", Operator::Equals, from),
        Query::field("updated_at", Operator::GreaterThan, from),
    ]);
    SearchRequest::new(query).ascending("updated_at").per_page(per_page)
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
    write.quarantined.iter().for_each(|entry| report.put_aside(entry));
}
