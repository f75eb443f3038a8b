//! The rules that stored bodies are projected by: when they change, everything is read anew.

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
