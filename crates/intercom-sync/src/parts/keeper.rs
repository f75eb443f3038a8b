//! What the looks brought, committed in groups and counted.

use std::time::Duration;

use intercom_client::AnswerFault;
use intercom_store::{ConversationParts, FoundParts, Gone, PartsWrite, Stream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Look;
use crate::error::{SyncError, in_words};
use crate::missing::n_allowed;
use crate::pull::Puller;
use crate::report::StreamReport;

/// Conversations committed together, unless their parts are long.
const MOST_IN_A_GROUP: usize = 100;

/// Bytes of parts committed together, unless those of one conversation are more.
const MOST_BYTES_IN_A_GROUP: usize = 4 << 20;

const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// So many conversations are named when their parts are left behind.
const MOST_NAMED: usize = 5;

/// Commits what arrives, and counts it in the report of the stream.
pub(super) struct Keeper<'k, 'p> {
    puller: &'k Puller<'p>,
    report: &'k mut StreamReport,
    n_due: u64,
    n_looked: u64,
    gone: Vec<Gone>,
    /// The first of them, in words.
    failed: Vec<String>,
    n_failed: u64,
}

impl<'k, 'p> Keeper<'k, 'p> {
    pub(super) fn new(puller: &'k Puller<'p>, report: &'k mut StreamReport, n_due: u64) -> Self {
        let (gone, failed) = (Vec::new(), Vec::new());
        Self { puller, report, n_due, n_looked: 0, gone, failed, n_failed: 0 }
    }

    /// Commits groups until nothing more comes.
    pub(super) async fn keep(&mut self, mut looks: mpsc::Receiver<Look>) -> Result<(), SyncError> {
        let mut group = Vec::new();
        let (mut n_bytes, mut since) = (0, Instant::now());
        while let Some(look) = looks.recv().await {
            if group.is_empty() {
                since = Instant::now();
            }
            n_bytes += self.take(look, &mut group);
            let is_full = group.len() >= MOST_IN_A_GROUP || n_bytes >= MOST_BYTES_IN_A_GROUP;
            if is_full || since.elapsed() >= LONGEST_WAIT {
                self.commit(std::mem::take(&mut group)).await?;
                n_bytes = 0;
            }
        }
        self.commit(group).await
    }

    /// Adds a look to the group; returns how long its parts are.
    fn take(&mut self, look: Look, group: &mut Vec<ConversationParts>) -> usize {
        self.n_looked += 1;
        let found = match look {
            Look::Found(found) => found,
            Look::Gone(gone) => {
                self.report.n_pages += 1;
                self.gone.push(gone);
                return 0;
            }
            Look::Failed { due, source } => {
                let reason = match source.body_limit() {
                    Some(limit) => AnswerFault::BodyTooLarge { limit }.to_string(),
                    None => in_words(&source),
                };
                let failed = FoundParts::Failed { reason, quarantined: None };
                super::found(due, failed, false)
            }
        };
        let n_bytes = match &found.found {
            FoundParts::Unchanged => 0,
            FoundParts::Fetched(fetched) => {
                self.report.n_pages += 1;
                self.report.n_fetched += (fetched.parts.len() + fetched.quarantined.len()) as u64;
                fetched.quarantined.iter().for_each(|entry| self.report.put_aside(entry));
                fetched.parts.iter().map(|part| part.body.len()).sum()
            }
            FoundParts::Failed { reason, quarantined } => {
                let id = &found.conversation_id;
                tracing::warn!(conversation = id, reason, "its parts are not mirrored");
                self.n_failed += 1;
                self.report.n_pages += 1;
                if self.failed.len() < MOST_NAMED {
                    self.failed.push(format!("{id} ({reason})"));
                }
                quarantined.as_ref().map_or(0, |entry| entry.body.len())
            }
        };
        group.push(found);
        n_bytes
    }

    async fn commit(&mut self, conversations: Vec<ConversationParts>) -> Result<(), SyncError> {
        let Puller { store, workspace, progress, observed_at, run, .. } = *self.puller;
        if !conversations.is_empty() {
            let write = PartsWrite { conversations, observed_at, run: Some(run) };
            let outcome = store.commit_parts(workspace, &write).await?;
            self.report.n_inserted += outcome.n_inserted;
            self.report.n_changed += outcome.n_changed;
            self.report.n_unchanged += outcome.n_unchanged;
            self.report.n_truncated += outcome.n_truncated;
            progress.pulled(Stream::Parts, self.n_looked, Some(self.n_due));
        }
        Ok(())
    }

    /// Buries the conversations that are gone, unless they are too many to be true, and names what
    /// was left behind.
    pub(super) async fn finish(self) -> Result<(), SyncError> {
        let Puller { store, workspace, progress, observed_at, settings, .. } = *self.puller;
        let n_looked = usize::try_from(self.n_looked).unwrap_or(usize::MAX);
        if self.gone.len() > n_allowed(n_looked, settings) {
            let reason = format!(
                "{} of {n_looked} conversations are unknown when asked for their parts, more than \
                 {} %",
                self.gone.len(),
                settings.max_missing_percent
            );
            tracing::error!(reason, "nothing is taken for gone");
            self.report.kept_because = Some(reason);
        } else if !self.gone.is_empty() {
            let stream = Stream::Conversations;
            self.report.n_gone += store.bury(workspace, stream, &self.gone, observed_at).await?;
        }
        if self.n_failed > 0 {
            let more = if self.n_failed > MOST_NAMED as u64 { ", …" } else { "" };
            let named = self.failed.join(", ");
            let n = self.n_failed;
            let noun = if n == 1 { "conversation" } else { "conversations" };
            self.report.left_behind =
                Some(format!("the parts of {n} mirrored {noun}: {named}{more}"));
        }
        progress.finished(Stream::Parts, self.report.n_fetched);
        Ok(())
    }
}
