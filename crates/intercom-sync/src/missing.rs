//! Records that a whole walk did not meet: asked for one by one before they are taken for gone.

use std::collections::BTreeSet;

use intercom_api::companies::RetrieveCompany;
use intercom_api::contacts::RetrieveContact;
use intercom_api::conversations::RetrieveConversation;
use intercom_api::{ApiError, CompanyId, ContactId, ConversationId, Operation};
use intercom_store::{Fate, Gone, Stream};

use crate::error::SyncError;
use crate::pull::Puller;
use crate::report::StreamReport;
use crate::settings::SyncSettings;

/// Ids read from the store at a time.
const CHUNK: u32 = 1_000;

/// So many records may be missing whatever their share.
const ALWAYS_ALLOWED: usize = 10;

/// Buries what is stored and was not seen by a walk that is complete, unless that is too much to
/// be true.
pub(crate) async fn bury(
    puller: &Puller<'_>,
    report: &mut StreamReport,
    seen: &BTreeSet<String>,
) -> Result<(), SyncError> {
    let stream = report.stream;
    let (missing, n_stored) = missing(puller, stream, seen).await?;
    if missing.len() > n_allowed(n_stored, puller.settings) {
        let percent = puller.settings.max_missing_percent;
        let reason = format!(
            "{} of {n_stored} stored records are missing from the whole list, more than {percent} %",
            missing.len()
        );
        tracing::error!(%stream, reason, "nothing is taken for gone");
        report.kept_because = Some(reason);
        return Ok(());
    }
    let mut gone = Vec::new();
    for id in missing {
        if let Some(fate) = fate(puller, stream, &id).await? {
            gone.push(Gone { id, fate });
        }
    }
    for gone in gone.chunks(CHUNK as usize) {
        let observed_at = puller.observed_at;
        let n_buried = puller.store.bury(puller.workspace, stream, gone, observed_at).await?;
        report.n_gone += n_buried;
    }
    puller.store.release_unmet(puller.workspace, stream, puller.run).await?;
    Ok(())
}

/// How many of so many records may be gone at once.
pub(crate) fn n_allowed(n_records: usize, settings: &SyncSettings) -> usize {
    let percent = usize::from(settings.max_missing_percent);
    (n_records.saturating_mul(percent) / 100).max(ALWAYS_ALLOWED)
}

async fn missing(
    puller: &Puller<'_>,
    stream: Stream,
    seen: &BTreeSet<String>,
) -> Result<(Vec<String>, usize), SyncError> {
    let (mut missing, mut n_stored, mut after) = (Vec::new(), 0, String::new());
    loop {
        let ids = puller.store.ids(puller.workspace, stream, &after, CHUNK).await?;
        let Some(last) = ids.last() else { return Ok((missing, n_stored)) };
        after.clone_from(last);
        n_stored += ids.len();
        missing.extend(ids.into_iter().filter(|id| !seen.contains(id)));
    }
}

/// What became of a record; `None` when it is there after all.
async fn fate(puller: &Puller<'_>, stream: Stream, id: &str) -> Result<Option<Fate>, SyncError> {
    match stream {
        Stream::Contacts => match ContactId::new(id) {
            Ok(id) => ask(puller, stream, &RetrieveContact::new(id)).await,
            Err(_) => Ok(None),
        },
        Stream::Conversations => match ConversationId::new(id) {
            Ok(id) => ask(puller, stream, &RetrieveConversation::new(id)).await,
            Err(_) => Ok(None),
        },
        Stream::Companies => match CompanyId::new(id) {
            Ok(id) => ask(puller, stream, &RetrieveCompany::new(id)).await,
            Err(_) => Ok(None),
        },
        // Teammates who left are still named by what they did; parts are looked at with their
        // conversation.
        Stream::Admins | Stream::Parts => Ok(None),
        // These lists come whole, in one answer.
        Stream::Teams | Stream::Tags | Stream::Segments | Stream::DataAttributes => {
            Ok(Some(Fate::Deleted))
        }
    }
}

async fn ask<O: Operation>(
    puller: &Puller<'_>,
    stream: Stream,
    retrieve: &O,
) -> Result<Option<Fate>, SyncError> {
    let Err(source) = puller.client.execute(retrieve).await else { return Ok(None) };
    match fate_of(&source) {
        Some(fate) => Ok(Some(fate)),
        // Too long to be read, but there.
        None if source.body_limit().is_some() => Ok(None),
        None => Err(SyncError::Fetch { stream, source }),
    }
}

/// What a refusal says about the record that was asked for; `None` when it says something else.
pub(crate) fn fate_of(refusal: &intercom_client::Error) -> Option<Fate> {
    match refusal.status() {
        Some(404) => Some(Fate::Deleted),
        Some(410) => {
            let survivor = refusal.refusal().and_then(ApiError::surviving_contact);
            let merged = |id: ContactId| Fate::MergedInto(id.as_str().to_owned());
            Some(survivor.map_or(Fate::Deleted, merged))
        }
        _ => None,
    }
}
