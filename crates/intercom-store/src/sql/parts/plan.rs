//! What an answer with parts means for those that are stored: no database.

use std::collections::{BTreeMap, BTreeSet};

use super::super::runs::whole;
use crate::{
    ContentHash, ConversationParts, FetchedParts, FoundParts, Part, PartsLedger, PartsOutcome,
    PartsState, PartsWrite, Quarantined, RunCounts,
};

/// A stored part, as far as a new answer has to know it.
pub(super) struct Known {
    pub(super) conversation_id: String,
    pub(super) hash: ContentHash,
    pub(super) created_at: Option<i64>,
    pub(super) is_redacted: bool,
    pub(super) is_deleted: bool,
}

/// What is to be done about the parts of some conversations.
#[derive(Default)]
pub(super) struct Plan<'p> {
    pub(super) written: Vec<(&'p str, &'p Part)>,
    pub(super) redacted: Vec<&'p str>,
    pub(super) deleted: Vec<&'p str>,
    /// Conversations that now say something else.
    pub(super) changed: BTreeSet<&'p str>,
    pub(super) ledger: Vec<(&'p str, PartsLedger)>,
    pub(super) quarantined: Vec<&'p Quarantined>,
    pub(super) outcome: PartsOutcome,
}

/// What a run has done with this.
pub(super) fn counts(results: &PartsWrite, outcome: PartsOutcome) -> RunCounts {
    let (mut n_parts, mut n_quarantined) = (0, 0);
    for conversation in &results.conversations {
        if let FoundParts::Fetched(fetched) = &conversation.found {
            n_parts += fetched.parts.len() as u64;
            n_quarantined += fetched.quarantined.len() as u64;
        }
    }
    RunCounts {
        n_fetched: whole(n_parts + n_quarantined),
        n_inserted: whole(outcome.n_inserted),
        n_changed: whole(outcome.n_changed),
        n_quarantined: whole(n_quarantined),
        ..RunCounts::default()
    }
}

pub(super) fn plan<'p>(
    conversations: &[&'p ConversationParts],
    known: &'p BTreeMap<String, Known>,
    observed_at: i64,
) -> Plan<'p> {
    let mut of_conversation = BTreeMap::<&str, Vec<(&str, &Known)>>::new();
    for (id, part) in known {
        of_conversation.entry(&part.conversation_id).or_default().push((id, part));
    }
    let mut plan = Plan::default();
    for conversation in conversations {
        let id = conversation.conversation_id.as_str();
        match &conversation.found {
            FoundParts::Unchanged => {}
            FoundParts::Failed { reason, quarantined } => {
                let failed = PartsLedger {
                    state: PartsState::Failed,
                    reason: Some(reason.clone()),
                    updated_at: None,
                    n_counted: None,
                    n_fetched: 0,
                    fetched_at: observed_at,
                };
                plan.ledger.push((id, failed));
                plan.quarantined.extend(quarantined);
            }
            FoundParts::Fetched(fetched) => {
                let before = of_conversation.get(id).map_or(&[][..], Vec::as_slice);
                plan.add(id, fetched, known, before);
                let n_held = plan.n_held(fetched, before);
                plan.ledger.push((id, entry(fetched, n_held, observed_at)));
                plan.quarantined.extend(&fetched.quarantined);
            }
        }
    }
    let is_truncated = |(_, entry): &&(&str, PartsLedger)| entry.state == PartsState::Truncated;
    plan.outcome.n_truncated = plan.ledger.iter().filter(is_truncated).count() as u64;
    plan
}

impl<'p> Plan<'p> {
    fn add(
        &mut self,
        conversation_id: &'p str,
        fetched: &'p FetchedParts,
        known: &'p BTreeMap<String, Known>,
        before: &[(&'p str, &'p Known)],
    ) {
        for part in latest_of_each_id(&fetched.parts).into_values() {
            match known.get(&part.id) {
                None => {
                    self.outcome.n_inserted += 1;
                    self.written.push((conversation_id, part));
                }
                // Its text is gone from the API; the mirror keeps the one it has.
                Some(stored)
                    if part.is_redacted
                        && !stored.is_deleted
                        && stored.conversation_id == conversation_id =>
                {
                    if stored.is_redacted {
                        self.outcome.n_unchanged += 1;
                        continue;
                    }
                    self.outcome.n_changed += 1;
                    self.redacted.push(&part.id);
                }
                Some(stored)
                    if stored.hash == part.hash
                        && !stored.is_deleted
                        && stored.conversation_id == conversation_id =>
                {
                    self.outcome.n_unchanged += 1;
                    continue;
                }
                Some(_) => {
                    self.outcome.n_changed += 1;
                    self.written.push((conversation_id, part));
                }
            }
            self.changed.insert(conversation_id);
        }
        for id in missing(fetched, before) {
            self.outcome.n_changed += 1;
            self.deleted.push(id);
            self.changed.insert(conversation_id);
        }
    }

    /// How many parts of the conversation are stored after this write.
    fn n_held(&self, fetched: &FetchedParts, before: &[(&str, &Known)]) -> i64 {
        let fetched_ids: BTreeSet<&str> = fetched.parts.iter().map(|part| &*part.id).collect();
        let gone: BTreeSet<&str> = missing(fetched, before).into_iter().collect();
        let kept = before.iter().filter(|(id, part)| {
            !part.is_deleted && !fetched_ids.contains(id) && !gone.contains(id)
        });
        i64::try_from(fetched_ids.len() + kept.count()).unwrap_or(i64::MAX)
    }
}

fn latest_of_each_id(parts: &[Part]) -> BTreeMap<&str, &Part> {
    parts.iter().map(|part| (part.id.as_str(), part)).collect()
}

/// The stored parts that the answer would show if they were still there.
///
/// An answer that is cut shows the most recent parts: what is older than all of them may be there.
/// An answer with unreadable parts tells nothing, because one of them may be it.
fn missing<'k>(fetched: &FetchedParts, before: &[(&'k str, &Known)]) -> Vec<&'k str> {
    if !fetched.quarantined.is_empty() {
        return Vec::new();
    }
    let ids: BTreeSet<&str> = fetched.parts.iter().map(|part| &*part.id).collect();
    let oldest = fetched.parts.iter().map(|part| part.created_at).min().flatten();
    let would_show = |part: &Known| fetched.is_whole || part.created_at > oldest.or(Some(i64::MAX));
    before
        .iter()
        .filter(|(id, part)| !part.is_deleted && !ids.contains(id) && would_show(part))
        .map(|(id, _)| *id)
        .collect()
}

fn entry(fetched: &FetchedParts, n_held: i64, fetched_at: i64) -> PartsLedger {
    let is_enough = match fetched.n_counted {
        Some(n_counted) => n_held >= n_counted,
        None => fetched.is_whole,
    };
    let state = match (is_enough, fetched.is_whole) {
        (true, _) => PartsState::Complete,
        (false, true) => PartsState::Short,
        (false, false) => PartsState::Truncated,
    };
    PartsLedger {
        state,
        reason: None,
        updated_at: fetched.updated_at,
        n_counted: fetched.n_counted,
        n_fetched: i64::try_from(fetched.parts.len()).unwrap_or(i64::MAX),
        fetched_at,
    }
}
