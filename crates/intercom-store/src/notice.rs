//! What people are told: the payload of effects in the queue of alerts.
//!
//! Who finds something out writes it here, who tells it reads it; neither knows the other.

use std::time::Duration;

use intercom_revenue::{Alert, AlertKind, Money};
use serde::{Deserialize, Serialize};

use crate::redact::opaque_debug;
use crate::{ClaimedEffect, Effect, RunOutcome};

/// The queue of the outbox that notices wait in.
pub const ALERT_QUEUE: &str = "alerts";

/// The kind of the effects.
const KIND: &str = "alert";

/// What somebody should be told.
///
/// `Debug` of a notice and its parts does not show whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Notice {
    /// Something has become true of a customer.
    Customer(CustomerNotice),
    /// What is true of many customers, in one notice.
    Digest(DigestNotice),
    /// A run did not do all it should.
    Run(RunNotice),
}

/// Something that has become true of a customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNotice {
    /// The key.
    pub email: String,
    /// The name.
    pub name: Option<String>,
    /// The contact that speaks for the customer.
    pub contact_id: Option<String>,
    /// What the customer pays.
    pub mrr: Option<Money>,
    /// What has become true.
    pub alert: Alert,
    /// Where the customer speaks of leaving, when that is what has become true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<SaidWords>,
}

opaque_debug!(CustomerNotice, |it| {
    contact_id: it.contact_id,
    alert: it.alert,
    said: it.said,
});

/// Words of a customer, and where they stand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidWords {
    /// As they were found.
    pub words: String,
    /// The conversation.
    pub conversation_id: String,
}

opaque_debug!(SaidWords, |it| { conversation_id: it.conversation_id });

/// Words of a customer, and the contact that wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentioned {
    /// The contact; of a text whose author takes no part, one who does.
    pub contact_id: String,
    /// What it wrote.
    pub said: SaidWords,
}

/// What is true of many customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestNotice {
    /// What has found it.
    #[serde(default)]
    pub cause: DigestCause,
    /// Each kind that is true of somebody, in the order of [`AlertKind`].
    pub parts: Vec<DigestPart>,
}

/// What finds something true of many customers at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestCause {
    /// A first load: it was true before.
    #[default]
    FirstLoad,
    /// Other rules: it may have been true before.
    ChangedRules,
}

/// One kind of what is true of many customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestPart {
    /// The kind.
    pub kind: AlertKind,
    /// Of how many customers it is true.
    pub n_customers: u64,
    /// Those that pay most.
    pub top: Vec<DigestEntry>,
}

/// A customer in a digest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestEntry {
    /// The key.
    pub email: String,
    /// The name.
    pub name: Option<String>,
    /// The contact that speaks for the customer.
    pub contact_id: Option<String>,
    /// What the customer pays.
    pub mrr: Option<Money>,
    /// Where the customer speaks of leaving, when that is what is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<SaidWords>,
}

opaque_debug!(DigestEntry, |it| { contact_id: it.contact_id, said: it.said });

/// A run that did not do all it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunNotice {
    /// How it ended.
    pub outcome: RunOutcome,
    /// When it started (Unix seconds).
    pub started_at: i64,
    /// What went wrong, in words without personal data.
    pub detail: String,
}

impl Notice {
    /// The notice as work for those who tell people; a second one with the key is not written.
    #[must_use]
    pub fn effect(&self, dedupe_key: String) -> Effect {
        Effect {
            kind: KIND.to_owned(),
            queue: ALERT_QUEUE.to_owned(),
            dedupe_key,
            payload: self.payload(),
            after: Duration::ZERO,
        }
    }

    /// The notice in an effect; `None` when there is none that this version can read.
    #[must_use]
    pub fn read(effect: &ClaimedEffect) -> Option<Self> {
        Self::parse(&effect.kind, &effect.payload)
    }

    pub(crate) fn parse(kind: &str, payload: &str) -> Option<Self> {
        (kind == KIND).then(|| serde_json::from_str(payload).ok()).flatten()
    }

    pub(crate) fn payload(&self) -> String {
        serde_json::to_string(self).expect("a notice holds only text and numbers")
    }

    /// What is left of the notice without the customers with these e-mails or contacts; `None` when
    /// it is about nobody else.
    pub(crate) fn without(self, is_named: &impl Fn(&str) -> bool) -> Option<Self> {
        let Self::Digest(DigestNotice { cause, mut parts }) = self else { return None };
        for part in &mut parts {
            let n_before = part.top.len();
            part.top.retain(|entry| {
                let contact_id = entry.contact_id.as_deref();
                !is_named(&entry.email) && !contact_id.is_some_and(is_named)
            });
            let n_gone = (n_before - part.top.len()) as u64;
            part.n_customers = part.n_customers.saturating_sub(n_gone);
        }
        parts.retain(|part| part.n_customers > 0);
        (!parts.is_empty()).then_some(Self::Digest(DigestNotice { cause, parts }))
    }
}
