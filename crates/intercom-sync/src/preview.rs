//! What a run would fetch, asked with one call a stream.

use futures_util::StreamExt;
use intercom_api::Paged;
use intercom_api::admins::ListAdmins;
use intercom_api::companies::ListCompanies;
use intercom_api::contacts::{ListContacts, SearchContacts};
use intercom_api::conversations::{ListConversations, SearchConversations};
use intercom_api::data_attributes::ListDataAttributes;
use intercom_api::segments::ListSegments;
use intercom_api::tags::ListTags;
use intercom_api::teams::ListTeams;
use intercom_client::Client;
use intercom_store::{Store, Stream, Workspace};
use serde::Serialize;

use crate::error::SyncError;
use crate::identify;
use crate::pull::changed_since;
use crate::run::{Extent, Sync};
use crate::settings::SyncSettings;
use crate::streams::COMPANIES_PER_PAGE;

/// Companies on a page of the scroll that a run reads them with.
const COMPANIES_A_SCROLL: u64 = 100;

/// What a run would fetch of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamPreview {
    /// The stream.
    pub stream: Stream,
    /// Only records that changed at or after this instant (Unix seconds); all when absent.
    pub changed_since: Option<i64>,
    /// Records, as the API counts them; 0 when the stream is left out.
    pub n_records: u64,
    /// Pages that hold them.
    pub n_calls: u64,
    /// Why the stream would be left out: the token lacks a permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_because: Option<String>,
    /// The scope that the token lacks for it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_scope: Option<String>,
}

impl Sync {
    /// Asks how much a run would fetch; nothing is written and the workspace is not leased.
    ///
    /// How much of it differs from what is stored shows only when it is fetched.
    ///
    /// # Errors
    /// [`SyncError`] when the API or the store does not answer, or when a run would be refused, as
    /// [`SyncError::OtherWorkspace`]; a stream that the token may not read is named in its preview.
    pub async fn preview(&self, extent: Extent) -> Result<Vec<StreamPreview>, SyncError> {
        let newcomers = self.settings().newcomers;
        let profile = identify::admitted(self.client(), self.store(), newcomers).await?;
        let known = self.store().workspaces().await?;
        let workspace = known.into_iter().find(|known| known.id() == profile.id);
        let asker = Asker {
            client: self.client(),
            store: self.store(),
            workspace: workspace.as_ref(),
            settings: self.settings(),
            extent,
        };
        let mut previews = Vec::with_capacity(self.settings().streams.len());
        for &stream in &self.settings().streams {
            previews.push(asker.preview(stream).await?);
        }
        Ok(previews)
    }
}

/// Asks for the sizes of streams.
pub(crate) struct Asker<'a> {
    pub(crate) client: &'a Client,
    pub(crate) store: &'a dyn Store,
    /// Absent when it was never synchronised.
    pub(crate) workspace: Option<&'a Workspace>,
    pub(crate) settings: &'a SyncSettings,
    pub(crate) extent: Extent,
}

impl Asker<'_> {
    pub(crate) async fn preview(&self, stream: Stream) -> Result<StreamPreview, SyncError> {
        let changed_since = match (stream, self.extent) {
            (Stream::Contacts | Stream::Conversations, Extent::Changed) => {
                self.watermark(stream).await?
            }
            // Their conversations tell which to read again; those are read one by one.
            (Stream::Parts, Extent::Changed) => self.watermark(Stream::Conversations).await?,
            _ => None,
        };
        let mut preview = StreamPreview {
            stream,
            changed_since,
            n_records: 0,
            n_calls: 0,
            skipped_because: None,
            missing_scope: None,
        };
        match self.total(stream, changed_since).await {
            Ok(total) => {
                preview.n_records = total;
                preview.n_calls = total.div_ceil(self.per_page(stream)).max(1);
            }
            Err(SyncError::Fetch { source, .. }) if source.status() == Some(403) => {
                preview.skipped_because = Some(source.to_string());
                preview.missing_scope = source.missing_scope().map(|scope| scope.to_string());
            }
            Err(error) => return Err(error),
        }
        Ok(preview)
    }

    /// Where an incremental query would begin.
    async fn watermark(&self, stream: Stream) -> Result<Option<i64>, SyncError> {
        let Some(workspace) = self.workspace else { return Ok(None) };
        let bookmark = self.store.bookmark(workspace, stream).await?;
        let overlap = i64::from(self.settings.overlap_for);
        let watermark = bookmark.and_then(|bookmark| bookmark.watermark);
        Ok(watermark.map(|at| at.saturating_sub(overlap).max(0)))
    }

    fn per_page(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Contacts | Stream::Conversations => self.settings.per_page.max(1).into(),
            Stream::Companies => COMPANIES_A_SCROLL,
            Stream::Parts => 1,
            // These lists come whole, in one answer.
            Stream::Admins
            | Stream::Teams
            | Stream::Tags
            | Stream::Segments
            | Stream::DataAttributes => u64::MAX,
        }
    }

    async fn total(&self, stream: Stream, since: Option<i64>) -> Result<u64, SyncError> {
        let query = |from| changed_since(from, 1);
        match (stream, since) {
            (Stream::Contacts, Some(from)) => {
                self.count(stream, SearchContacts::new(query(from))).await
            }
            (Stream::Contacts, None) => {
                let list = ListContacts { per_page: Some(1), ..ListContacts::default() };
                self.count(stream, list).await
            }
            (Stream::Conversations | Stream::Parts, Some(from)) => {
                self.count(stream, SearchConversations::new(query(from))).await
            }
            (Stream::Conversations | Stream::Parts, None) => {
                let list = ListConversations { per_page: Some(1), ..ListConversations::default() };
                self.count(stream, list).await
            }
            (Stream::Companies, _) => {
                let per_page = Some(COMPANIES_PER_PAGE);
                let list = ListCompanies { per_page, ..ListCompanies::default() };
                self.count(stream, list).await
            }
            (Stream::Admins, _) => self.count(stream, ListAdmins::default()).await,
            (Stream::Teams, _) => self.count(stream, ListTeams).await,
            (Stream::Tags, _) => self.count(stream, ListTags).await,
            (Stream::Segments, _) => self.count(stream, ListSegments::default()).await,
            (Stream::DataAttributes, _) => {
                let include_archived = Some(true);
                let list = ListDataAttributes { include_archived, ..ListDataAttributes::default() };
                self.count(stream, list).await
            }
        }
    }

    /// How many records a list announces, or has on its first page.
    async fn count<O: Paged + Send + 'static>(
        &self,
        stream: Stream,
        list: O,
    ) -> Result<u64, SyncError> {
        let mut pages = std::pin::pin!(self.client.pages(list));
        let Some(page) = pages.next().await else { return Ok(0) };
        let page = page.map_err(|source| SyncError::Fetch { stream, source })?;
        let view = page.view().map_err(|source| SyncError::Page { stream, source })?;
        Ok(view.total_count.unwrap_or(view.items.len() as u64))
    }
}
