//! The first load of a stream: windows of creation that are read side by side.
//!
//! Together they are everything, and nothing of what they return is filtered. What changes or is
//! indexed while they are read is found by the walk over changes that follows, because the
//! watermark stands before the first window was asked for. After a load that took no longer than
//! the index may lag, that walk is the next run's: it could not promise anything yet.

use std::time::Duration;

use chrono_tz::Tz;
use futures_util::future::{join_all, ready};
use futures_util::{StreamExt, stream};
use intercom_api::{Paged, SearchRequest};
use intercom_client::{Error, Page};
use intercom_store::{Bookmark, LoadWindow, PageWrite, Stream, Workspace};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cut::{Cut, created_from, created_within};
use crate::error::SyncError;
use crate::group::ReadPage;
use crate::pull::{PAGES_AHEAD, PageStream, Puller, Sink, changed_since, read_page};
use crate::report::StreamReport;
use crate::walk::Walk;

/// The query of a bookmark while the windows of its stream are read.
const IN_WINDOWS: &str = "created_at, in windows";

/// The API counts calls in windows of this length.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Calls come in bursts, because those that a window of the rate limit lacks wait for the next one:
/// so many times the calls that would be under way if they came evenly.
const BURST: u32 = 3;

const MOST_WINDOWS: u32 = 16;

/// A window costs up to two calls that a plain walk does not: it should have many more pages.
const PAGES_WORTH_A_WINDOW: u64 = 20;

/// Midnights are counted so often before the best ones known are taken.
const ROUNDS_OF_COUNTING: u32 = 2;

/// Pulls a stream that can be searched: all of it the first time, then what changed.
pub(crate) async fn searched<O, F>(
    puller: &Puller<'_>,
    report: &mut StreamReport,
    search: &F,
) -> Result<(), SyncError>
where
    O: Paged + Send + 'static,
    F: Fn(SearchRequest) -> O,
{
    let stream = report.stream;
    let bookmark = puller.store.bookmark(puller.workspace, stream).await?.unwrap_or_default();
    let is_whole = bookmark.watermark.is_some();
    if is_whole || bookmark.cursor.is_some() {
        return puller.changed(report, None, search).await;
    }
    let known = puller.store.load_windows(puller.workspace, stream).await?;
    let load = Load { puller, search };
    let begun_at = Instant::now();
    let is_resumed = bookmark.query == IN_WINDOWS && !known.is_empty();
    let planned = match is_resumed {
        true => Survey::Windows { next_watermark: bookmark.next_watermark, windows: known },
        false if puller.settings.load_windows == Some(1) => Survey::Plain(None),
        false => load.survey(report).await?,
    };
    match planned {
        Survey::Plain(begun) => puller.changed(report, begun, search).await,
        Survey::Windows { next_watermark, windows } => {
            load.read(report, &windows).await?;
            load.end(stream, next_watermark).await?;
            let index_lag = Duration::from_secs(puller.settings.index_lag_for.into());
            if !is_resumed && begun_at.elapsed() < index_lag {
                puller.progress.finished(stream, report.n_fetched);
                return Ok(());
            }
            puller.changed(report, None, search).await
        }
    }
}

/// How a stream is to be loaded.
enum Survey<O> {
    /// By a walk over everything, which may have begun.
    Plain(Option<PageStream<O>>),
    /// In windows that are stored with their first pages.
    Windows { next_watermark: Option<i64>, windows: Vec<LoadWindow> },
}

/// The first load of one stream.
struct Load<'l, F> {
    puller: &'l Puller<'l>,
    search: &'l F,
}

impl<O, F> Load<'_, F>
where
    O: Paged + Send + 'static,
    F: Fn(SearchRequest) -> O,
{
    /// Begins the walk over everything, and cuts it into windows when that is faster and they add
    /// up to the whole.
    async fn survey(&self, report: &mut StreamReport) -> Result<Survey<O>, SyncError> {
        let stream = report.stream;
        let everything = (self.search)(changed_since(0, self.puller.settings.per_page));
        let mut pages = self.puller.client.pages(everything);
        let asked_at = Instant::now();
        let first = match pages.next().await {
            Some(Ok(first)) => first,
            // A walk over everything meets what is too large again, and leaves it out.
            Some(Err(Error::EntryTooLarge { .. })) | None => return Ok(Survey::Plain(None)),
            Some(Err(source)) => return Err(SyncError::Fetch { stream, source }),
        };
        let n_windows = self.n_windows(&first, asked_at.elapsed());
        if let Some(survey) = self.windows(report, &first, n_windows).await? {
            return Ok(survey);
        }
        let begun = stream::once(ready(Ok(first))).chain(pages.prefetch());
        Ok(Survey::Plain(Some(begun.boxed())))
    }

    /// As many windows as keep the rate limit busy, at the time that a page takes.
    fn n_windows(&self, page: &Page<O>, page_takes: Duration) -> u32 {
        if let Some(n_windows) = self.puller.settings.load_windows {
            return n_windows;
        }
        let limit = self.puller.client.rate().limit.unwrap_or(0);
        let under_way = page_takes * limit * BURST;
        let by_time = under_way.as_millis().div_ceil(RATE_WINDOW.as_millis());
        let n_pages =
            page.total_count().unwrap_or(0) / u64::from(self.puller.settings.per_page.max(1));
        let by_size = u128::from(n_pages / PAGES_WORTH_A_WINDOW);
        u32::try_from(by_time.min(by_size)).unwrap_or(u32::MAX).min(MOST_WINDOWS)
    }

    /// Plans the windows and reads the first page of each; `None` when there is nothing to cut or
    /// they do not add up to the whole.
    async fn windows(
        &self,
        report: &mut StreamReport,
        first: &Page<O>,
        n_windows: u32,
    ) -> Result<Option<Survey<O>>, SyncError> {
        let stream = report.stream;
        let (Some(total), Some(date)) = (first.total_count(), first.server_date()) else {
            return Ok(None);
        };
        if n_windows < 2 {
            return Ok(None);
        }
        let everything = read_page(stream, first)?;
        let oldest = everything.write.records.iter().filter_map(|record| record.created_at).min();
        let Some(oldest) = oldest else { return Ok(None) };
        let span = (oldest, date.timestamp());
        let Some(edges) = self.edges(stream, total, span, n_windows).await? else {
            return Ok(None);
        };
        if edges.is_empty() {
            return Ok(None);
        }
        let windows = between(&edges);
        let Some(pages) = self.first_pages(stream, total, &windows).await? else {
            return Ok(None);
        };
        let next_watermark = Some(self.puller.indexed_until(date.timestamp()));
        let planned = self.store_plan(report, everything, next_watermark, windows, &pages).await?;
        tracing::info!(%stream, windows = planned.len(), "the first load is cut into windows");
        Ok(Some(Survey::Windows { next_watermark, windows: planned }))
    }

    /// Midnights between windows of about the same size.
    async fn edges(
        &self,
        stream: Stream,
        total: u64,
        span: (i64, i64),
        n_windows: u32,
    ) -> Result<Option<Vec<i64>>, SyncError> {
        let zone = self.puller.settings.timezone;
        let zone = zone_of(self.puller.workspace).or(zone).unwrap_or(Tz::UTC);
        let mut cut = Cut::new(zone, total, span, n_windows);
        for _ in 0..ROUNDS_OF_COUNTING {
            let guesses = cut.guesses();
            let counting: Vec<_> = guesses.iter().map(|&at| self.count_from(stream, at)).collect();
            for (&at, counted) in guesses.iter().zip(join_all(counting).await) {
                match counted? {
                    Some(n_from) => cut.learn(at, n_from),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(cut.edges()))
    }

    /// How many records were created at or after an instant; `None` when the API does not say.
    async fn count_from(&self, stream: Stream, at: i64) -> Result<Option<u64>, SyncError> {
        let from = SearchRequest::new(created_from(at)).ascending("created_at").per_page(1);
        let page = self.first_page(stream, from).await?;
        Ok(page.and_then(|page| page.total_count()))
    }

    /// The first page of every window, if together they have as many records as there are.
    async fn first_pages(
        &self,
        stream: Stream,
        total: u64,
        windows: &[LoadWindow],
    ) -> Result<Option<Vec<Page<O>>>, SyncError> {
        let per_page = self.puller.settings.per_page;
        let first_page = |window: &LoadWindow| {
            let from = window.from.unwrap_or(0);
            self.first_page(stream, created_within(from, window.until, per_page))
        };
        let mut pages = Vec::with_capacity(windows.len());
        let first_pages: Vec<_> = windows.iter().map(first_page).collect();
        for page in join_all(first_pages).await {
            match page? {
                Some(page) => pages.push(page),
                None => return Ok(None),
            }
        }
        let n_within: Option<u64> = pages.iter().map(Page::total_count).sum();
        if n_within == Some(total) {
            return Ok(Some(pages));
        }
        // The workspace may have grown or shrunk meanwhile.
        let recount = SearchRequest::new(created_from(0)).ascending("created_at").per_page(1);
        let recount = self.first_page(stream, recount).await?.and_then(|page| page.total_count());
        let (Some(n_within), Some(recount)) = (n_within, recount) else { return Ok(None) };
        if (total.min(recount)..=total.max(recount)).contains(&n_within) {
            return Ok(Some(pages));
        }
        tracing::warn!(
            %stream, total, n_within,
            "windows do not add up to the whole; the first load is one walk"
        );
        Ok(None)
    }

    /// The first page of a search; `None` when the API refuses such a search.
    async fn first_page(
        &self,
        stream: Stream,
        request: SearchRequest,
    ) -> Result<Option<Page<O>>, SyncError> {
        let mut pages = self.puller.client.pages((self.search)(request));
        match pages.next().await {
            Some(Ok(page)) => Ok(Some(page)),
            Some(Err(refused)) if matches!(refused.status(), Some(400 | 422)) => {
                tracing::warn!(%stream, error = %refused, "the API refuses windows");
                Ok(None)
            }
            Some(Err(Error::EntryTooLarge { .. })) | None => Ok(None),
            Some(Err(source)) => Err(SyncError::Fetch { stream, source }),
        }
    }

    /// Stores the windows with their first pages, all at once: a stored plan is one that adds up.
    async fn store_plan(
        &self,
        report: &mut StreamReport,
        everything: ReadPage,
        next_watermark: Option<i64>,
        mut windows: Vec<LoadWindow>,
        pages: &[Page<O>],
    ) -> Result<Vec<LoadWindow>, SyncError> {
        let total = everything.total;
        let mut group = self.puller.group();
        group.add(everything);
        for (window, page) in windows.iter_mut().zip(pages) {
            let mut walk = Walk::window(window);
            let read = self.puller.read(report.stream, &mut walk, page, Some(window))?;
            window.clone_from(&read.write.windows[0]);
            group.add(ReadPage { total, ..read });
        }
        group.write.forgets_windows = true;
        let query = IN_WINDOWS.to_owned();
        group.bookmark(Some(Bookmark { query, next_watermark, ..Bookmark::default() }));
        self.puller.flush(&mut group, report).await?;
        Ok(windows)
    }

    /// Reads what is missing of the windows, all at once.
    async fn read(
        &self,
        report: &mut StreamReport,
        windows: &[LoadWindow],
    ) -> Result<(), SyncError> {
        let stream = report.stream;
        let (out, read) = mpsc::channel(PAGES_AHEAD);
        let reading = async move {
            let open = windows.iter().filter(|window| window.completed_at.is_none());
            let reading: Vec<_> =
                open.map(|window| self.read_window(stream, window, &out)).collect();
            join_all(reading).await.into_iter().collect()
        };
        self.puller.write_while(reading, read, report).await
    }

    async fn read_window(
        &self,
        stream: Stream,
        window: &LoadWindow,
        out: &mpsc::Sender<ReadPage>,
    ) -> Result<(), SyncError> {
        let per_page = self.puller.settings.per_page;
        let search = |from| (self.search)(created_within(from, window.until, per_page));
        let mut walk = Walk::window(window);
        let from = window.from.unwrap_or(0);
        let sink = Sink { out, window: Some(window) };
        self.puller.follow(stream, &mut walk, from, None, search, &sink).await
    }

    /// The load is complete: what follows are changes.
    async fn end(&self, stream: Stream, watermark: Option<i64>) -> Result<(), SyncError> {
        let bookmark = Bookmark { watermark, ..Bookmark::default() };
        let write = PageWrite {
            bookmark: Some(bookmark),
            forgets_windows: true,
            observed_at: self.puller.observed_at,
            ..PageWrite::default()
        };
        self.puller.store.commit_page(self.puller.workspace, stream, &write).await?;
        Ok(())
    }
}

/// The windows before, between and after the edges.
fn between(edges: &[i64]) -> Vec<LoadWindow> {
    let from = std::iter::once(None).chain(edges.iter().copied().map(Some));
    let until = edges.iter().copied().map(Some).chain(std::iter::once(None));
    let windows = (0..).zip(from.zip(until));
    windows
        .map(|(position, (from, until))| LoadWindow {
            position,
            from,
            until,
            ..LoadWindow::default()
        })
        .collect()
}

fn zone_of(workspace: &Workspace) -> Option<Tz> {
    workspace.timezone()?.parse().ok()
}
