//! The parts of every stored conversation against the store: a call for each.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::pin::pin;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use intercom_store::{
    ConversationParts, DueParts, FetchedParts, FoundParts, Part, PartsState, PartsWrite, Store,
    StoredPart, Stream, Workspace,
};
use tokio::time::Instant;

use super::{CHUNK, StreamComparison, bodies};
use crate::error::{SyncError, in_words};
use crate::lease::under_lease;
use crate::parts::{Answered, MOST_FAILURES_IN_A_ROW, ask, concerns_all, due_one_by_one, width};
use crate::progress::Progress;
use crate::record::digest;
use crate::run::Sync;

impl Sync {
    /// Asks for the parts of every stored conversation, one call each, and compares them with the
    /// store; nothing is written.
    ///
    /// A conversation whose parts the next run looks at anyway is pending and costs no call. Parts
    /// are named with their conversation. What the API leaves out of a long conversation, and the
    /// text that it took away, is kept in the store and no difference.
    ///
    /// # Errors
    /// As for [`Sync::verify`].
    pub async fn verify_parts(
        &self,
        progress: &dyn Progress,
    ) -> Result<StreamComparison, SyncError> {
        let workspace = self.known_workspace().await?;
        self.compare_parts(&workspace, Asked::All, None, progress).await
    }

    /// The same; what differs is written, and a later run projects it. The comparison is that from
    /// before.
    ///
    /// # Errors
    /// As for [`Sync::verify`], and [`SyncError::Held`] while another process works on the
    /// workspace.
    pub async fn repair_parts(
        &self,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<StreamComparison, SyncError> {
        self.repair(Asked::All, now, progress).await
    }

    /// The same of the conversations only that have a part whose stored body is lost or damaged.
    ///
    /// # Errors
    /// As for [`Sync::repair_parts`].
    pub async fn repair_damaged_parts(
        &self,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<StreamComparison, SyncError> {
        self.repair(Asked::Damaged, now, progress).await
    }

    async fn repair(
        &self,
        asked: Asked,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<StreamComparison, SyncError> {
        let workspace = self.known_workspace().await?;
        let settings = self.settings();
        let holder = (settings.holder.as_str(), settings.lease_for);
        let repair = async |leased: Workspace| {
            self.compare_parts(&leased, asked, Some(now.timestamp()), progress).await
        };
        under_lease(self.store(), &workspace, holder, repair).await
    }

    async fn compare_parts(
        &self,
        workspace: &Workspace,
        asked: Asked,
        repair_at: Option<i64>,
        progress: &dyn Progress,
    ) -> Result<StreamComparison, SyncError> {
        let store = self.store();
        let damaged = bodies::damaged_parts(store, workspace).await?;
        let mut comparison = StreamComparison::new(Stream::Parts);
        damaged.iter().for_each(|part| comparison.damaged.add(&name(part)));
        let with_damage: BTreeSet<&str> = damaged.iter().map(|(of, _)| of.as_str()).collect();
        let due: BTreeSet<String> = due_one_by_one(store, workspace)
            // What the last run could not read may not have changed.
            .try_filter(|due| ready(!has_failed(due)))
            .map_ok(|due| due.conversation_id)
            .try_collect()
            .await?;
        let ids = match asked {
            Asked::All => conversation_ids(store, workspace).await?,
            Asked::Damaged => with_damage.iter().map(|id| (*id).to_owned()).collect(),
        };
        let is_pending = |id: &String| due.contains(id) && !with_damage.contains(id.as_str());
        let (pending, asked): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_pending);
        pending.iter().for_each(|id| comparison.pending.add(id));
        let total = asked.len() as u64;
        let mut asked = asked.into_iter();
        let damaged = damaged.into_iter().map(|(_, id)| id).collect();
        let mut verdict =
            Verdict { store, workspace, repair_at, comparison, damaged, n_failed_in_a_row: 0 };
        // The first call tells the rate limit and the latency.
        let began_at = Instant::now();
        if let Some(id) = asked.next() {
            let answered = ask(self.client(), &id).await;
            verdict.take(id, answered).await?;
        }
        let at_once = width(self.client().rate().limit, began_at.elapsed());
        let calls = asked.map(|id| async {
            let answered = ask(self.client(), &id).await;
            (id, answered)
        });
        let mut answers = pin!(stream::iter(calls).buffer_unordered(at_once));
        let mut n_asked = 1;
        while verdict.comparison.skipped_because.is_none()
            && let Some((id, answered)) = answers.next().await
        {
            verdict.take(id, answered).await?;
            n_asked += 1;
            progress.pulled(Stream::Parts, n_asked, Some(total));
        }
        progress.finished(Stream::Parts, verdict.comparison.n_walked);
        Ok(verdict.comparison)
    }
}

/// Which conversations are asked for.
#[derive(Clone, Copy)]
enum Asked {
    All,
    /// Those with a part whose stored body is lost or damaged.
    Damaged,
}

fn has_failed(due: &DueParts) -> bool {
    due.ledger.as_ref().is_some_and(|ledger| ledger.state == PartsState::Failed)
}

async fn conversation_ids(
    store: &dyn Store,
    workspace: &Workspace,
) -> Result<Vec<String>, SyncError> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let chunk = store.ids(workspace, Stream::Conversations, &after, CHUNK).await?;
        let Some(last) = chunk.last() else { return Ok(ids) };
        after.clone_from(last);
        ids.extend(chunk);
    }
}

/// Parts are named with their conversation.
pub(super) fn name((conversation_id, id): &(String, String)) -> String {
    format!("{conversation_id}/{id}")
}

/// What is found, answer by answer.
struct Verdict<'v> {
    store: &'v dyn Store,
    workspace: &'v Workspace,
    /// When what differs is written; `None` when it is not.
    repair_at: Option<i64>,
    comparison: StreamComparison,
    /// Parts whose stored body is lost or damaged, which the comparison has named.
    damaged: BTreeSet<String>,
    n_failed_in_a_row: u32,
}

impl Verdict<'_> {
    async fn take(&mut self, id: String, answered: Answered) -> Result<(), SyncError> {
        let fetched = match answered {
            Answered::Parts { fetched, .. } => fetched,
            Answered::Unreadable(_) | Answered::NoPath => {
                self.comparison.unreadable(id);
                return Ok(());
            }
            // The conversation is compared elsewhere.
            Answered::Gone(_) => return Ok(()),
            Answered::Failed(source) => return self.fail(id, source),
        };
        self.n_failed_in_a_row = 0;
        let ids = [id.as_str()];
        let mut stored = self.store.parts(self.workspace, &ids).await?;
        let stored = stored.remove(&id).unwrap_or_default();
        let ledger = self.store.parts_ledger(self.workspace, &ids).await?;
        let read_at = ledger.get(&id).and_then(|entry| entry.updated_at);
        let has_changed = fetched.updated_at > read_at;
        if self.compare(&id, &fetched, &stored, has_changed) {
            self.repair(id, fetched, &stored).await?;
        }
        Ok(())
    }

    /// A failure that the next call would meet, too, ends the comparison.
    fn fail(&mut self, id: String, source: intercom_client::Error) -> Result<(), SyncError> {
        self.n_failed_in_a_row += 1;
        if concerns_all(&source) || self.n_failed_in_a_row >= MOST_FAILURES_IN_A_ROW {
            let error = SyncError::Fetch { stream: Stream::Parts, source };
            self.comparison.skipped_because = error.of_one_stream();
            return self.comparison.skipped_because.as_ref().map(|_| ()).ok_or(error);
        }
        let error = in_words(&source);
        tracing::warn!(conversation = id, error, "the parts of a conversation are not compared");
        self.comparison.unreadable(id);
        Ok(())
    }

    /// Whether the stored parts differ; a conversation that has changed since is the next run's.
    fn compare(
        &mut self,
        id: &str,
        fetched: &FetchedParts,
        stored: &[StoredPart],
        has_changed: bool,
    ) -> bool {
        let comparison = &mut self.comparison;
        let by_id: BTreeMap<&str, &StoredPart> =
            stored.iter().map(|part| (part.id.as_str(), part)).collect();
        comparison.n_walked += (fetched.parts.len() + fetched.quarantined.len()) as u64;
        comparison.n_unreadable += fetched.quarantined.len() as u64;
        let mut seen = BTreeSet::new();
        let mut differs = false;
        for part in &fetched.parts {
            seen.insert(part.id.as_str());
            if self.damaged.contains(&part.id) {
                differs = true;
                continue;
            }
            let name = format!("{id}/{}", part.id);
            let stored = by_id.get(part.id.as_str());
            if stored.is_some_and(|stored| is_equal(part, stored)) {
                comparison.n_equal += 1;
                continue;
            }
            differs = true;
            match stored {
                _ if has_changed => comparison.pending.add(&name),
                Some(_) => comparison.different.add(&name),
                None => comparison.missing.add(&name),
            }
        }
        let is_extra =
            |part: &&StoredPart| part.deleted_at.is_none() && !seen.contains(part.id.as_str());
        // The oldest parts of a long conversation are not shown.
        for part in stored.iter().filter(is_extra).filter(|_| fetched.is_whole) {
            differs = true;
            let name = format!("{id}/{}", part.id);
            match has_changed {
                true => comparison.pending.add(&name),
                false => comparison.extra.add(&name),
            }
        }
        differs
    }

    async fn repair(
        &self,
        id: String,
        fetched: FetchedParts,
        stored: &[StoredPart],
    ) -> Result<(), SyncError> {
        let Some(observed_at) = self.repair_at else { return Ok(()) };
        // A body that is lost or damaged is written again, though its digest be the right one.
        let is_stored = |part: &Part| {
            stored.iter().any(|stored| stored.id == part.id && is_equal(part, stored))
        };
        let differing = fetched.parts.iter().filter(|part| !part.is_redacted && !is_stored(part));
        let differing: Vec<String> = differing.map(|part| part.id.clone()).collect();
        bodies::mistrust(self.store, self.workspace, Stream::Parts, &differing).await?;
        let found = ConversationParts {
            conversation_id: id,
            mark: 0,
            // What makes it due, if anything does meanwhile, stays.
            is_settled: false,
            found: FoundParts::Fetched(fetched),
        };
        let write = PartsWrite { conversations: vec![found], observed_at, run: None };
        self.store.commit_parts(self.workspace, &write).await?;
        Ok(())
    }
}

/// Of a part whose text was taken away the store keeps the last one before.
fn is_equal(part: &Part, stored: &StoredPart) -> bool {
    let is_kept = part.is_redacted && stored.redacted_at.is_some();
    stored.deleted_at.is_none() && (is_kept || digest(&stored.body) == part.hash)
}
