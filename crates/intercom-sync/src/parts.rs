//! Conversation parts: fetched for the conversations that have changed, one call each.
//!
//! The store keeps which conversations are due: those it has written since their parts were looked
//! at. The ledger tells which of them need no call, because an earlier answer was as new as what
//! the search has shown since. Calls go out side by side, as many as the rate limit and the latency
//! ask for; what they bring is committed in groups together with the ledger, so that a run that is
//! cut off fetches nothing twice.
//!
//! Bodies are asked for as HTML, as they are written: plain text does not say where a quote begins,
//! and what a customer quotes would count as the customer's words.

mod answer;
mod fetch;
mod keeper;

use std::pin::pin;

use futures_util::{Stream as Items, StreamExt, TryStreamExt, stream};
use intercom_api::ConversationId;
use intercom_client::Client;
use intercom_store::{
    ConversationParts, DueParts, Fate, FetchedParts, FoundParts, Gone, PartsState, Quarantined,
    Store, Stream, Workspace,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::answer::{Reading, count_of};
use self::fetch::RetrieveParts;
pub(crate) use self::fetch::width;
use self::keeper::Keeper;
use crate::error::SyncError;
use crate::missing::fate_of;
use crate::pull::Puller;
use crate::report::StreamReport;

/// Due conversations read from the store at a time.
const CHUNK: u32 = 200;

/// Looks that wait to be committed.
const QUEUE: usize = 100;

/// After so many failures in a row the API is taken for out of order.
pub(crate) const MOST_FAILURES_IN_A_ROW: u32 = 10;

/// What a look at one conversation brought.
enum Look {
    /// Its parts, or that a look was not needed or brought nothing that can be read.
    Found(ConversationParts),
    /// The API knows the conversation no more.
    Gone(Gone),
    /// The call failed.
    Failed { due: DueParts, source: intercom_client::Error },
}

/// Fetches the parts of every conversation that is due.
pub(crate) async fn pull(puller: &Puller<'_>, report: &mut StreamReport) -> Result<(), SyncError> {
    let n_due = puller.store.parts_counts(puller.workspace).await?.n_due;
    let (looks, received) = mpsc::channel(QUEUE);
    let mut keeper = Keeper::new(puller, report, n_due);
    // Side by side: calls go on while a group is committed.
    let (looked, kept) = tokio::join!(look_at_all(puller, looks), keeper.keep(received));
    kept?;
    looked?;
    keeper.finish().await
}

/// Looks at every due conversation, until an error that the others would meet, too.
async fn look_at_all(puller: &Puller<'_>, looks: mpsc::Sender<Look>) -> Result<(), SyncError> {
    let mut due = pin!(due_one_by_one(puller.store, puller.workspace));
    let mut n_failed_in_a_row = 0;
    let mut at_once = 1;
    // The first call tells the rate limit and the latency.
    while let Some(next) = due.try_next().await? {
        let needs_a_call = !is_known(&next);
        let began_at = Instant::now();
        forward(&looks, look_at(puller, next).await, &mut n_failed_in_a_row).await?;
        if needs_a_call {
            at_once = width(puller.client.rate().limit, began_at.elapsed());
            break;
        }
    }
    let side_by_side = due.map(|next| async { Ok::<_, SyncError>(look_at(puller, next?).await) });
    let mut results = pin!(side_by_side.buffer_unordered(at_once));
    while let Some(look) = results.next().await {
        forward(&looks, look?, &mut n_failed_in_a_row).await?;
    }
    Ok(())
}

/// Every conversation whose parts have to be looked at.
pub(crate) fn due_one_by_one<'p>(
    store: &'p dyn Store,
    workspace: &'p Workspace,
) -> impl Items<Item = Result<DueParts, SyncError>> + use<'p> {
    let chunks = stream::try_unfold(String::new(), async move |after| {
        let due = store.due_parts(workspace, &after, CHUNK).await?;
        let last = due.last().map(|last| last.conversation_id.clone());
        Ok::<_, SyncError>(last.map(|last| (stream::iter(due.into_iter().map(Ok)), last)))
    });
    chunks.try_flatten()
}

/// Hands a look on, unless calls fail for a reason that is not the conversation's.
async fn forward(
    looks: &mpsc::Sender<Look>,
    look: Look,
    n_failed_in_a_row: &mut u32,
) -> Result<(), SyncError> {
    let look = match look {
        Look::Failed { due, source } => {
            *n_failed_in_a_row += 1;
            if *n_failed_in_a_row >= MOST_FAILURES_IN_A_ROW || concerns_all(&source) {
                return Err(SyncError::Fetch { stream: Stream::Parts, source });
            }
            Look::Failed { due, source }
        }
        Look::Found(_) | Look::Gone(_) => {
            *n_failed_in_a_row = 0;
            look
        }
    };
    // Whoever receives stops only after an error of its own, which is the one to report.
    let _ = looks.send(look).await;
    Ok(())
}

/// Whether the next call would fail, too: the token is refused, or may not read conversations.
pub(crate) fn concerns_all(error: &intercom_client::Error) -> bool {
    matches!(error.status(), Some(401 | 403))
}

async fn look_at(puller: &Puller<'_>, due: DueParts) -> Look {
    if is_known(&due) {
        return Look::Found(found(due, FoundParts::Unchanged, true));
    }
    match ask(puller.client, &due.conversation_id).await {
        Answered::Parts { fetched, is_settled } => {
            Look::Found(found(due, FoundParts::Fetched(fetched), is_settled))
        }
        Answered::Unreadable(entry) => {
            let reason = entry.reason.clone();
            let failed = FoundParts::Failed { reason, quarantined: Some(entry) };
            Look::Found(found(due, failed, false))
        }
        Answered::NoPath => {
            let reason = "its id cannot stand in a path".to_owned();
            let failed = FoundParts::Failed { reason, quarantined: None };
            Look::Found(found(due, failed, false))
        }
        Answered::Gone(fate) => Look::Gone(Gone { id: due.conversation_id, fate }),
        Answered::Failed(source) => Look::Failed { due, source },
    }
}

/// What the API answers when it is asked for the parts of a conversation.
pub(crate) enum Answered {
    /// These; unless it is settled, a later change may not show.
    Parts { fetched: FetchedParts, is_settled: bool },
    /// Something that nobody can read.
    Unreadable(Quarantined),
    /// It cannot be asked for this id.
    NoPath,
    /// It knows the conversation no more.
    Gone(Fate),
    /// Nothing.
    Failed(intercom_client::Error),
}

/// Asks for the parts of a conversation, with one call.
pub(crate) async fn ask(client: &Client, conversation_id: &str) -> Answered {
    let Ok(id) = ConversationId::new(conversation_id) else { return Answered::NoPath };
    match client.execute(&RetrieveParts::new(id)).await {
        Ok(answer) => match answer::read(conversation_id, &answer) {
            Reading { fetched: Ok(fetched), is_settled } => Answered::Parts { fetched, is_settled },
            Reading { fetched: Err(entry), .. } => Answered::Unreadable(entry),
        },
        Err(source) => match fate_of(&source) {
            Some(fate) => Answered::Gone(fate),
            None => Answered::Failed(source),
        },
    }
}

fn found(due: DueParts, found: FoundParts, is_settled: bool) -> ConversationParts {
    let DueParts { conversation_id, mark, .. } = due;
    ConversationParts { conversation_id, mark, is_settled, found }
}

/// Whether the last answer with the parts was as new as the conversation is now.
///
/// The search may show a conversation as it was before that answer, because its index lags.
fn is_known(due: &DueParts) -> bool {
    let Some(ledger) = &due.ledger else { return false };
    match ledger.state {
        PartsState::Failed | PartsState::Gone => return false,
        PartsState::Complete | PartsState::Truncated | PartsState::Short => {}
    }
    match (due.updated_at, ledger.updated_at) {
        (Some(shown), Some(seen)) if shown < seen => true,
        (Some(shown), Some(seen)) if shown == seen => {
            let n_counted = count_of(&due.body);
            n_counted.is_none() || n_counted == ledger.n_counted
        }
        _ => false,
    }
}
