//! The rules that stored bodies are projected by: when they change, everything is read anew.

use std::fmt;

use intercom_projection::PROJECTION_VERSION;
use intercom_revenue::RevenueSettings;
use intercom_store::{PageWrite, ProjectionRules, Stream};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::SyncError;
use crate::project::Projector;
use crate::record;
use crate::settings::SyncSettings;

/// Entries that are tried again in one transaction.
const CHUNK: usize = 150;

/// Makes what other rules have projected pending again, and gives the entries that nobody could
/// read another try. Returns since when customers are being restated, if they are.
pub(crate) async fn settle(projector: &Projector<'_>) -> Result<Option<i64>, SyncError> {
    let Projector { store, workspace, settings, observed_at, .. } = *projector;
    let change = store.project_by(workspace, &rules(settings), observed_at).await?;
    if change.bodies {
        try_again(projector).await?;
    }
    Ok(change.restating_since)
}

/// What differs between settings and those that a row was written with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OtherSettings {
    /// Attribute names, mentions of leaving, or the version of the projection.
    pub bodies: bool,
    /// The revenue policy, or which contact speaks.
    pub customers: bool,
    /// The exchange rates.
    pub rates: bool,
    /// They have changed, and the row is not computed anew yet.
    pub restating: bool,
}

impl OtherSettings {
    /// What differs from the rules that the tables were made by.
    pub(crate) fn between(noted: &ProjectionRules, settings: &SyncSettings) -> Self {
        let by_now = rules(settings);
        Self {
            bodies: noted.bodies != by_now.bodies,
            customers: noted.customers != by_now.customers,
            rates: noted.rates != by_now.rates,
            restating: false,
        }
    }

    /// Whether other rules than these have chosen what was to be chosen.
    pub(crate) fn are_other_rules(self) -> bool {
        self.bodies || self.customers || self.restating
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for OtherSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            (self.bodies, "attribute names, mentions of leaving or the version of this program"),
            (self.customers, "the revenue policy or which contact speaks"),
            (self.rates, "exchange rates"),
            (self.restating, "they have changed, and no run has been through all customers since"),
        ];
        let named = named.into_iter().filter_map(|(differs, name)| differs.then_some(name));
        f.write_str(&named.collect::<Vec<_>>().join("; "))
    }
}

fn rules(settings: &SyncSettings) -> ProjectionRules {
    let mut policy = RevenueSettings::from(&settings.revenue);
    let rates = policy.rates.take();
    ProjectionRules {
        bodies: digest(&json!(
            [PROJECTION_VERSION, settings.attributes, settings.cancel_mentions,]
        )),
        customers: digest(&json!([policy, settings.match_rule])),
        rates: digest(&json!(rates)),
    }
}

fn digest(rules: &impl Serialize) -> String {
    let json = serde_json::to_vec(rules).expect("rules hold only text, numbers and lists");
    let digest = Sha256::digest(json);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// An entry that can be read becomes a record, as if a page had brought it.
async fn try_again(projector: &Projector<'_>) -> Result<(), SyncError> {
    let Projector { store, workspace, run, observed_at, .. } = *projector;
    let entries = store.quarantined(workspace).await?;
    for stream in Stream::ALL {
        let mut readable = Vec::new();
        for entry in entries.iter().filter(|entry| entry.stream == stream) {
            // What is mirrored and was not projected is pending again.
            if !entry.reason.starts_with(record::NOT_MIRRORED) {
                continue;
            }
            let Ok(text) = std::str::from_utf8(&entry.body) else { continue };
            readable.extend(record::read(stream, &entry.body, text).ok());
        }
        for records in readable.chunks(CHUNK) {
            let page = PageWrite {
                records: records.to_vec(),
                released: records.iter().map(|record| record.hash).collect(),
                observed_at,
                run: Some(run),
                ..PageWrite::default()
            };
            store.commit_page(workspace, stream, &page).await?;
            tracing::info!(%stream, n = records.len(), "entries put aside can be read");
        }
    }
    Ok(())
}
