//! How each stream is read.

use std::collections::BTreeSet;

use intercom_api::admins::ListAdmins;
use intercom_api::companies::{ListCompanies, ScrollCompanies};
use intercom_api::contacts::{ListContacts, SearchContacts};
use intercom_api::conversations::{ListConversations, SearchConversations};
use intercom_api::data_attributes::ListDataAttributes;
use intercom_api::segments::ListSegments;
use intercom_api::tags::ListTags;
use intercom_api::teams::ListTeams;
use intercom_store::Stream;
use tokio::time::sleep;

use crate::error::SyncError;
use crate::first_load::searched;
use crate::missing;
use crate::parts;
use crate::pull::Puller;
use crate::report::StreamReport;
use crate::run::Extent;

/// The longest page of a list of companies.
pub(crate) const COMPANIES_PER_PAGE: i64 = 60;

/// A scroll is begun so often before the companies are listed.
const SCROLLS: u32 = 3;

/// Pulls a stream, or names why it could not be read: that costs no other stream.
///
/// # Errors
/// Only what makes going on senseless.
pub(crate) async fn pull_or_skip(
    puller: &Puller<'_>,
    report: &mut StreamReport,
) -> Result<(), SyncError> {
    let pulled = match puller.extent {
        Extent::Changed => changes(puller, report).await,
        Extent::Whole => everything(puller, report).await,
    };
    match pulled {
        Err(SyncError::Fetch { stream, source }) if source.status() == Some(403) => {
            tracing::warn!(%stream, error = %source, "the token may not read this stream");
            report.skipped_because = Some(source.to_string());
            Ok(())
        }
        Err(error) => {
            let Some(reason) = error.of_one_stream() else { return Err(error) };
            tracing::error!(stream = %report.stream, reason, "a stream is not read to its end");
            report.broke_off_because = Some(reason);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// What changed, of the streams that can be asked for it.
async fn changes(puller: &Puller<'_>, report: &mut StreamReport) -> Result<(), SyncError> {
    match report.stream {
        Stream::Contacts => searched(puller, report, &SearchContacts::new).await,
        Stream::Conversations => searched(puller, report, &SearchConversations::new).await,
        Stream::Parts => parts::pull(puller, report).await,
        Stream::Admins
        | Stream::Companies
        | Stream::Teams
        | Stream::Tags
        | Stream::Segments
        | Stream::DataAttributes => everything(puller, report).await,
    }
}

/// Every record, and what of those that are stored is gone.
async fn everything(puller: &Puller<'_>, report: &mut StreamReport) -> Result<(), SyncError> {
    let mut seen = BTreeSet::new();
    let into = &mut seen;
    let per_page = Some(i64::from(puller.settings.per_page));
    match report.stream {
        Stream::Contacts => {
            let list = ListContacts { per_page, ..ListContacts::default() };
            puller.all(report, list, into).await?;
        }
        Stream::Conversations => {
            let list = ListConversations { per_page, ..ListConversations::default() };
            puller.all(report, list, into).await?;
        }
        Stream::Parts => return parts::pull(puller, report).await,
        Stream::Companies => return companies(puller, report).await,
        Stream::Admins => puller.all(report, ListAdmins::default(), into).await?,
        Stream::Teams => puller.all(report, ListTeams, into).await?,
        Stream::Tags => puller.all(report, ListTags, into).await?,
        Stream::Segments => puller.all(report, ListSegments::default(), into).await?,
        Stream::DataAttributes => {
            let include_archived = Some(true);
            let list = ListDataAttributes { include_archived, ..ListDataAttributes::default() };
            puller.all(report, list, into).await?;
        }
    }
    missing::bury(puller, report, &seen).await
}

/// A workspace has one scroll at a time, which nothing can resume: one that is lost begins again
/// when the API has forgotten it. The list is the way out: it ends after 10,000 companies and
/// leaves out those without people, so nothing that it lacks is taken for gone.
async fn companies(puller: &Puller<'_>, report: &mut StreamReport) -> Result<(), SyncError> {
    for attempt in 1..=SCROLLS {
        let mut seen = BTreeSet::new();
        match puller.all(report, ScrollCompanies::default(), &mut seen).await {
            Ok(()) => return missing::bury(puller, report, &seen).await,
            Err(SyncError::Fetch { source, .. }) if source.scroll_fault().is_some() => {
                tracing::warn!(attempt, error = %source, "the companies cannot be scrolled");
            }
            Err(error) => return Err(error),
        }
        if attempt < SCROLLS {
            sleep(puller.settings.scroll_patience).await;
        }
    }
    let list = ListCompanies { per_page: Some(COMPANIES_PER_PAGE), ..ListCompanies::default() };
    puller.all(report, list, &mut BTreeSet::new()).await
}
