//! The workspace, walked without a filter, against the store.

mod bodies;
mod parts;

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::StreamExt;
use intercom_api::Paged;
use intercom_api::admins::ListAdmins;
use intercom_api::companies::ScrollCompanies;
use intercom_api::contacts::ListContacts;
use intercom_api::conversations::ListConversations;
use intercom_api::data_attributes::ListDataAttributes;
use intercom_api::segments::ListSegments;
use intercom_api::tags::ListTags;
use intercom_api::teams::ListTeams;
use intercom_client::{Client, Error, Page};
use intercom_store::{Lost, Store, Stream, Workspace};
use serde::Serialize;
use tokio::time::sleep;

use crate::error::SyncError;
use crate::forget::Blocked;
use crate::identify;
use crate::lease::under_lease;
use crate::progress::Progress;
use crate::record;
use crate::run::Sync;
use crate::settings::SyncSettings;

/// Ids that are named of each kind of difference.
const NAMED: usize = 10;

/// Ids read from the store at a time.
const CHUNK: u32 = 1_000;

/// A scroll is begun so often.
const SCROLLS: u32 = 3;

/// Records that differ in one way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// How many.
    pub n: u64,
    /// The ids of the first ones.
    pub first: Vec<String>,
}

impl Differences {
    fn add(&mut self, id: &str) {
        self.n += 1;
        if self.first.len() < NAMED {
            self.first.push(id.to_owned());
        }
    }
}

/// How one stream of the workspace compares with the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamComparison {
    /// The stream.
    pub stream: Stream,
    /// Records the API returned.
    pub n_walked: u64,
    /// Records that are stored as the API returned them.
    pub n_equal: u64,
    /// Records that changed after what the last run has read: the next run brings them.
    pub pending: Differences,
    /// Records that the store lacks.
    pub missing: Differences,
    /// Records that are stored otherwise than the API returned them.
    pub different: Differences,
    /// Records whose stored body is lost or damaged: it is not what its digest says.
    pub damaged: Differences,
    /// Records that are stored and that the walk did not meet.
    pub extra: Differences,
    /// Records that are not stored because somebody was forgotten.
    pub n_forgotten: u64,
    /// Records that cannot be read, in the workspace as it answers.
    pub n_unreadable: u64,
    /// The conversations among the first of them, when parts are compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// Why the stream was not compared, or not to its end: the token lacks a permission, or the API
    /// does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_because: Option<String>,
}

impl StreamComparison {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            n_walked: 0,
            n_equal: 0,
            pending: Differences::default(),
            missing: Differences::default(),
            different: Differences::default(),
            damaged: Differences::default(),
            extra: Differences::default(),
            n_forgotten: 0,
            n_unreadable: 0,
            unreadable: Vec::new(),
            skipped_because: None,
        }
    }

    /// Counts a conversation whose parts cannot be read.
    fn unreadable(&mut self, conversation_id: String) {
        self.n_unreadable += 1;
        if self.unreadable.len() < NAMED {
            self.unreadable.push(conversation_id);
        }
    }

    /// Whether the store holds what the workspace holds, but for what the next run brings.
    pub fn is_equal(&self) -> bool {
        let differences = [&self.missing, &self.different, &self.damaged, &self.extra];
        self.skipped_because.is_none()
            && self.n_unreadable == 0
            && differences.iter().all(|difference| difference.n == 0)
    }
}

impl Sync {
    /// Walks every stream without a filter and compares it with the store, record by record: what
    /// is stored of it, and whether the stored body is still the one that was stored. Nothing is
    /// written.
    ///
    /// A record that changes during the walk, or that a run writes meanwhile, may show as pending.
    /// Parts have no list of their own: they show when stored bodies of theirs are lost or damaged,
    /// and [`Sync::verify_parts`] compares them.
    ///
    /// # Errors
    /// [`SyncError`] when the token is refused or belongs to another workspace, or the store does
    /// not answer; a stream that cannot be read is named in its comparison.
    pub async fn verify(
        &self,
        progress: &dyn Progress,
    ) -> Result<Vec<StreamComparison>, SyncError> {
        let workspace = self.known_workspace().await?;
        let compared = self.compare_streams(&workspace, progress).await?;
        Ok(compared.into_iter().map(|walked| walked.comparison).collect())
    }

    /// The same; what is damaged or differs is marked, so that a [run over
    /// everything](crate::Extent::Whole) writes it as the API returns it, also where that claims to
    /// be older. Damaged parts are [repaired](Sync::repair_damaged_parts) by themselves.
    ///
    /// # Errors
    /// As for [`Sync::verify`], and [`SyncError::Held`] while another process works on the
    /// workspace.
    pub async fn verify_before_repair(
        &self,
        progress: &dyn Progress,
    ) -> Result<Vec<StreamComparison>, SyncError> {
        let workspace = self.known_workspace().await?;
        let compared = self.compare_streams(&workspace, progress).await?;
        if compared.iter().any(|it| !it.damaged.is_empty() || !it.different.is_empty()) {
            let settings = self.settings();
            let holder = (settings.holder.as_str(), settings.lease_for);
            let store = self.store();
            let mark = async |leased: Workspace| {
                for Walked { comparison, damaged, different, .. } in &compared {
                    let stream = comparison.stream;
                    bodies::mistrust(store, &leased, stream, damaged).await?;
                    for ids in different.chunks(CHUNK as usize) {
                        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                        store.undate(&leased, stream, &ids).await?;
                    }
                }
                Ok::<_, SyncError>(())
            };
            under_lease(store, &workspace, holder, mark).await?;
        }
        Ok(compared.into_iter().map(|walked| walked.comparison).collect())
    }

    /// What was made of stored bodies and is lost, because somebody has deleted it; a [run over
    /// everything](crate::Extent::Whole) makes it again.
    ///
    /// # Errors
    /// As for [`Sync::verify`].
    pub async fn lost(&self) -> Result<Lost, SyncError> {
        let workspace = self.known_workspace().await?;
        Ok(self.store().lost(&workspace).await?)
    }

    async fn compare_streams(
        &self,
        workspace: &Workspace,
        progress: &dyn Progress,
    ) -> Result<Vec<Walked>, SyncError> {
        let comparer = Comparer {
            client: self.client(),
            store: self.store(),
            settings: self.settings(),
            workspace,
            blocked: &Blocked::read(self.store(), workspace).await?,
            progress,
        };
        let mut compared = Vec::with_capacity(self.settings().streams.len());
        for &stream in self.settings().streams.iter().filter(|stream| **stream != Stream::Parts) {
            compared.push(comparer.compare(stream).await?);
        }
        if self.settings().streams.contains(&Stream::Parts) {
            let damaged = bodies::damaged_parts(self.store(), workspace).await?;
            let mut parts = Walked::new(Stream::Parts, None);
            damaged.iter().for_each(|part| parts.comparison.damaged.add(&parts::name(part)));
            compared.extend((!damaged.is_empty()).then_some(parts));
        }
        Ok(compared)
    }

    /// The workspace of the token, which the store has to know.
    async fn known_workspace(&self) -> Result<Workspace, SyncError> {
        let newcomers = self.settings().newcomers;
        let profile = identify::admitted(self.client(), self.store(), newcomers).await?;
        let known = self.store().workspaces().await?;
        let workspace = known.into_iter().find(|known| known.id() == profile.id);
        workspace.ok_or(SyncError::NeverSynchronised { workspace: profile.id })
    }
}

struct Comparer<'a> {
    client: &'a Client,
    store: &'a dyn Store,
    settings: &'a SyncSettings,
    workspace: &'a Workspace,
    blocked: &'a Blocked,
    progress: &'a dyn Progress,
}

/// One walk.
struct Walked {
    comparison: StreamComparison,
    /// Up to when the last run has read (Unix seconds).
    watermark: Option<i64>,
    seen: BTreeSet<String>,
    /// Records whose stored body is lost or damaged.
    damaged: Vec<String>,
    /// Records that are stored otherwise than the API returned them.
    different: Vec<String>,
}

impl Walked {
    fn new(stream: Stream, watermark: Option<i64>) -> Self {
        let comparison = StreamComparison::new(stream);
        Self {
            comparison,
            watermark,
            seen: BTreeSet::new(),
            damaged: Vec::new(),
            different: Vec::new(),
        }
    }
}

impl Comparer<'_> {
    async fn compare(&self, stream: Stream) -> Result<Walked, SyncError> {
        let bookmark = self.store.bookmark(self.workspace, stream).await?;
        let watermark = match bookmark {
            Some(bookmark) if bookmark.watermark.is_some() => bookmark.watermark,
            // What is read whole has been read up to the last run.
            Some(_) if !matches!(stream, Stream::Contacts | Stream::Conversations) => {
                let runs = self.store.last_runs(self.workspace, 1).await?;
                runs.first().map(|run| run.started_at)
            }
            _ => None,
        };
        let mut walked = Walked::new(stream, watermark);
        match self.walk(stream, &mut walked).await {
            Ok(()) => {}
            Err(error) => {
                let Some(reason) = error.of_one_stream() else { return Err(error) };
                walked.comparison.skipped_because = Some(reason);
                return Ok(walked);
            }
        }
        // Teammates who left are kept: reports name them.
        if stream != Stream::Admins {
            self.find_extra(&mut walked).await?;
        }
        self.progress.finished(stream, walked.comparison.n_walked);
        Ok(walked)
    }

    async fn walk(&self, stream: Stream, walked: &mut Walked) -> Result<(), SyncError> {
        let per_page = Some(i64::from(self.settings.per_page));
        match stream {
            Stream::Contacts => {
                let list = ListContacts { per_page, ..ListContacts::default() };
                self.pages(list, walked).await
            }
            Stream::Conversations => {
                let list = ListConversations { per_page, ..ListConversations::default() };
                self.pages(list, walked).await
            }
            Stream::Companies => self.scroll(walked).await,
            // No list has them: `verify` leaves them out.
            Stream::Parts => Ok(()),
            Stream::Admins => self.pages(ListAdmins::default(), walked).await,
            Stream::Teams => self.pages(ListTeams, walked).await,
            Stream::Tags => self.pages(ListTags, walked).await,
            Stream::Segments => self.pages(ListSegments::default(), walked).await,
            Stream::DataAttributes => {
                let include_archived = Some(true);
                let list = ListDataAttributes { include_archived, ..ListDataAttributes::default() };
                self.pages(list, walked).await
            }
        }
    }

    /// A scroll that somebody else has open is waited for; one that is lost begins again.
    async fn scroll(&self, walked: &mut Walked) -> Result<(), SyncError> {
        let mut attempt = 1;
        loop {
            *walked = Walked::new(Stream::Companies, walked.watermark);
            match self.pages(ScrollCompanies::default(), walked).await {
                Err(SyncError::Fetch { source, .. })
                    if source.scroll_fault().is_some() && attempt < SCROLLS =>
                {
                    tracing::warn!(attempt, error = %source, "the companies cannot be scrolled");
                    attempt += 1;
                    sleep(self.settings.scroll_patience).await;
                }
                ended => return ended,
            }
        }
    }

    async fn pages<O: Paged + Send + 'static>(
        &self,
        list: O,
        walked: &mut Walked,
    ) -> Result<(), SyncError> {
        let stream = walked.comparison.stream;
        let mut pages = pin!(self.client.pages(list));
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(Error::EntryTooLarge { id, .. }) => {
                    walked.comparison.n_walked += 1;
                    walked.comparison.n_unreadable += 1;
                    walked.seen.extend(id.map(|id| id.as_str().to_owned()));
                    continue;
                }
                Err(source) => return Err(SyncError::Fetch { stream, source }),
            };
            let total = self.compare_page(&page, walked).await?;
            self.progress.pulled(stream, walked.comparison.n_walked, total);
        }
        Ok(())
    }

    async fn compare_page<O: Paged>(
        &self,
        page: &Page<O>,
        walked: &mut Walked,
    ) -> Result<Option<u64>, SyncError> {
        let stream = walked.comparison.stream;
        let view = page.view().map_err(|source| SyncError::Page { stream, source })?;
        let mut records = Vec::with_capacity(view.items.len());
        for item in &view.items {
            walked.comparison.n_walked += 1;
            match record::read(stream, &page.response().body, item) {
                Ok(record) if self.blocked.holds(stream, Some(&record.id), &record.body) => {
                    walked.comparison.n_forgotten += 1;
                }
                Ok(record) => records.push(record),
                Err(_) => walked.comparison.n_unreadable += 1,
            }
        }
        let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
        let stored = self.store.stored(self.workspace, stream, &ids).await?;
        let intact = bodies::intact(self.store, self.workspace, stream, &stored).await?;
        for record in &records {
            // A list that moves while it is read can show a record twice.
            if !walked.seen.insert(record.id.clone()) {
                continue;
            }
            let comparison = &mut walked.comparison;
            let changed_at = record.updated_at.max(record.created_at);
            // What was never read to its end is missing, however late it changed.
            let is_later = walked.watermark.is_some() && changed_at > walked.watermark;
            match stored.get(&record.id) {
                Some(stored) if stored.hash == record.hash && !stored.is_archived => {
                    if intact.contains(&record.id) {
                        comparison.n_equal += 1;
                    } else {
                        comparison.damaged.add(&record.id);
                        walked.damaged.push(record.id.clone());
                    }
                }
                _ if is_later => comparison.pending.add(&record.id),
                Some(_) => {
                    comparison.different.add(&record.id);
                    walked.different.push(record.id.clone());
                }
                None => comparison.missing.add(&record.id),
            }
        }
        Ok(view.total_count)
    }

    async fn find_extra(&self, walked: &mut Walked) -> Result<(), SyncError> {
        let (stream, mut after) = (walked.comparison.stream, String::new());
        loop {
            let ids = self.store.ids(self.workspace, stream, &after, CHUNK).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            for id in ids.iter().filter(|id| !walked.seen.contains(*id)) {
                walked.comparison.extra.add(id);
            }
        }
    }
}
