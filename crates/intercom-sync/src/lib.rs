//! Pulls an Intercom workspace into a store, and makes customers of what it finds.
//!
//! A run has four steps, each of which can be cut off and goes on in the next run: **pull** writes
//! the records as received, a page and its bookmark in one transaction; **project** makes members,
//! sessions and profiles of bodies that have not been projected; **customers** adds up what one
//! e-mail address stands for; and the day's buckets are recorded, because nobody can rebuild them.
//!
//! Nothing the API returns is dropped: an entry that cannot be read is put aside with the reason,
//! a row seen twice costs a comparison of hashes, and the watermark never passes what the search
//! index can be trusted to show.
//!
//! ```
//! use std::sync::Arc;
//!
//! use chrono::{DateTime, Utc};
//! use intercom_client::Client;
//! use intercom_sync::{Silent, Sync, SyncError, SyncSettings};
//!
//! async fn mirror(client: Client, now: DateTime<Utc>) -> Result<String, SyncError> {
//!     let store = intercom_store::open("sqlite://intercom.db").await?;
//!     let sync = Sync::new(client, Arc::clone(&store), SyncSettings::default());
//!     let report = sync.run(now, &Silent).await?;
//!     Ok(report.log_entry().to_string())
//! }
//! ```
//!
//! | module | concept |
//! |---|---|
//! | `run` | the order of the steps, and the sum of what they did |
//! | `streams` | how each stream is read |
//! | `pull`, `walk`, `group`, `record` | pages into the mirror |
//! | `first_load`, `cut` | a stream that was never read, in windows side by side |
//! | `parts` | the parts of conversations that changed |
//! | `forget` | people who were erased on request |
//! | `notifications` | what notifications tell of what vanishes |
//! | `missing` | what a whole walk did not meet |
//! | `project` | bodies into domain values |
//! | `rules` | what changes when settings do |
//! | `odd` | values that are left out, by record |
//! | `customers`, `buckets` | what follows from them |
//! | `kept` | figures that stay while their billing cannot be read |
//! | `aside` | work that only computes, on threads of its own |
//! | `explain`, `columns`, `past`, `departed`, `skipped` | where a customer's values come from, how they changed; what is left under an old address; who is no customer |
//! | `movements`, `timelines` | how MRR moved |
//! | `accounts`, `returning` | what other customers pay by the same billing account; who has paid before |
//! | `alerting` | what is told of customers and runs |
//! | `lease`, `calls` | one run at a time; one rate limit for every process on the store |
//! | `report`, `progress` | what a run tells, after and while |
//! | `settings`, `settings_file` | the choices, and how they are written down |
//! | `standing` | up to when streams have been read, and which runs died |
//! | `refused` | runs that could not begin |
//! | `preview`, `check`, `verify` | what a run would fetch; whether it can; whether the store is right |
//! | `watch`, `metrics` | runs by the clock, and what they did in the form that Prometheus reads |

mod accounts;
mod alerting;
mod aside;
mod buckets;
mod calls;
mod check;
mod columns;
mod customers;
mod cut;
mod departed;
mod error;
mod explain;
mod first_load;
mod forget;
mod group;
mod identify;
mod kept;
mod lease;
#[cfg(feature = "metrics")]
mod metrics;
mod missing;
mod movements;
mod notifications;
mod odd;
mod parts;
mod past;
mod preview;
mod progress;
mod project;
mod pull;
mod record;
mod refused;
mod report;
mod returning;
mod rules;
mod run;
mod settings;
mod settings_file;
mod skipped;
mod standing;
mod streams;
mod timelines;
mod verify;
mod walk;
mod watch;

pub use calls::{CallBudget, StoreCalls, call_budgets};
pub use check::{Finding, State};
pub use columns::{ColumnLine, WouldBe};
pub use departed::{Departed, departed};
pub use error::SyncError;
pub use explain::{ContactLine, ConversationLine, Explanation, RevenueLine, explain};
pub use forget::{Erasure, forget, was_forgotten};
#[cfg(feature = "metrics")]
pub use metrics::{METRICS_MEDIA_TYPE, RunMetrics};
pub use movements::{MrrBeside, MrrReport, MrrWaterfall, NamedLine, waterfall};
pub use notifications::{apply_notification, mirror_notification};
pub use past::HistoryLine;
pub use preview::StreamPreview;
pub use progress::{Progress, Silent};
pub use report::{
    CustomerAlert, Digest, LogEntry, Metrics, PutAside, RunReport, Skipped, StreamReport,
};
pub use rules::OtherSettings;
pub use run::{Extent, Sync};
pub use settings::{Newcomers, SyncSettings};
pub use settings_file::{SETTINGS, SettingsFileError, read_settings};
pub use skipped::{NoCustomer, no_customer};
pub use standing::{Unfinished, advice, last_runs, read_up_to};
pub use verify::{Differences, StreamComparison};
pub use watch::{Agenda, Schedule, ScheduleError, Watcher};
