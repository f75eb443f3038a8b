//! What a run reads, how far it reaches back, and by which rules it computes.

use std::time::Duration;

use chrono_tz::Tz;
use intercom_projection::{AttributeNames, MatchRule, MentionRule};
use intercom_revenue::{AlertThresholds, MovementPolicy, RevenuePolicy};
use intercom_store::Stream;

/// The choices of a sync; `default()` reads everything by the documented rules.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncSettings {
    /// The streams to read, in this order.
    pub streams: Vec<Stream>,
    /// Records asked for on a page, 1 to 150.
    pub per_page: u32,
    /// Into how many windows the first load of a stream that can be searched is cut, to be read
    /// side by side: 1 is a plain walk, and `None` as many as the announced rate limit and the
    /// measured time of a call allow.
    pub load_windows: Option<u32>,
    /// Seconds that an incremental query reaches back behind the watermark.
    ///
    /// Rows seen twice cost a comparison; rows that are indexed late are not lost.
    pub overlap_for: u32,
    /// Seconds that the search index may lag behind a change; the watermark stays this far behind
    /// the server's clock.
    pub index_lag_for: u32,
    /// How long to wait for a scroll over the companies that somebody else has open, before they
    /// are listed instead.
    pub scroll_patience: Duration,
    /// The share of a stream's stored records, in percent, that one whole walk may find gone. When
    /// more are missing, nothing is taken for gone and the run is not complete.
    pub max_missing_percent: u8,
    /// Under which names the workspace keeps what is read from custom attributes.
    pub attributes: AttributeNames,
    /// How subscriptions and payments become MRR, ARR and LTV.
    pub revenue: RevenuePolicy,
    /// When a change is worth an alert.
    pub alerts: AlertThresholds,
    /// Which contact speaks for a customer when several share an e-mail address.
    pub match_rule: MatchRule,
    /// How messages that speak of leaving are recognised.
    pub cancel_mentions: MentionRule,
    /// How movements of MRR are told apart; absent beginnings are those of the first load.
    pub movements: MovementPolicy,
    /// What this process calls itself to others that want the workspace while a run has it.
    pub holder: String,
    /// How long this process may be silent during a run before another may take the workspace
    /// over; it speaks three times as often.
    pub lease_for: Duration,
    /// The zone whose days the daily history counts; the workspace's own when absent.
    pub timezone: Option<Tz>,
    /// Whether a workspace that the store does not know is taken in beside others.
    pub newcomers: Newcomers,
}

/// What becomes of a workspace that the store does not know.
///
/// A token of another workspace in the settings of an existing mirror is a mistake more often than
/// a wish, and what it would do is hard to undo: two workspaces in the reports, and the old one
/// never again brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Newcomers {
    /// The first one is taken in; after that only known ones are read.
    #[default]
    FirstOnly,
    /// Every one is taken in.
    Welcome,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            streams: Stream::ALL.to_vec(),
            per_page: intercom_api::SearchRequest::MAX_PER_PAGE,
            load_windows: None,
            overlap_for: 900,
            index_lag_for: 300,
            max_missing_percent: 5,
            scroll_patience: Duration::from_secs(65),
            attributes: AttributeNames::default(),
            revenue: RevenuePolicy::default(),
            alerts: AlertThresholds::default(),
            match_rule: MatchRule::default(),
            cancel_mentions: MentionRule::default(),
            movements: MovementPolicy::default(),
            holder: format!("process {}", std::process::id()),
            lease_for: Duration::from_secs(60),
            timezone: None,
            newcomers: Newcomers::default(),
        }
    }
}
