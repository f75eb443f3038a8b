//! The file that says how a workspace is read, and by which rules customers are computed.

use std::time::Duration;

use chrono_tz::Tz;
use intercom_projection::{AttributeNames, MatchRule, MentionRule};
use intercom_revenue::{AlertThresholds, MovementPolicy, RevenueSettings};
use serde::Deserialize;

use crate::settings::SyncSettings;

/// The fields of a file; each is optional.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    overlap_for: u32,
    index_lag_for: u32,
    scroll_patience: u64,
    max_missing_percent: u8,
    #[serde(rename = "match", alias = "match_rule")]
    match_rule: MatchRule,
    cancel_mentions: MentionRule,
    movements: MovementPolicy,
    timezone: Option<String>,
    attributes: AttributeNames,
    revenue: RevenueSettings,
    alerts: AlertThresholds,
}

impl Default for File {
    fn default() -> Self {
        let settings = SyncSettings::default();
        Self {
            overlap_for: settings.overlap_for,
            index_lag_for: settings.index_lag_for,
            scroll_patience: settings.scroll_patience.as_secs(),
            max_missing_percent: settings.max_missing_percent,
            match_rule: settings.match_rule,
            cancel_mentions: settings.cancel_mentions,
            movements: settings.movements,
            timezone: None,
            attributes: settings.attributes,
            revenue: RevenueSettings::default(),
            alerts: settings.alerts,
        }
    }
}

/// Why a settings file cannot be used; names the field, or the line when the text is not TOML.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsFileError(String);

/// Reads settings from TOML: what differs from [`SyncSettings::default`].
///
/// ```
/// let settings = intercom_sync::read_settings(
///     "match = \"seed\"\n\
///      [attributes]\n\
///      stripe_customer_id = \"Stripe customer\"\n\
///      plan_name = [\"Plan\", \"stripe_plan\"]\n\
///      [revenue]\n\
///      preset = \"stripe\"\n",
/// )?;
/// let names: Vec<&str> = settings.attributes.plan_name.iter().collect();
/// assert_eq!(names, ["Plan", "stripe_plan"]);
/// # Ok::<(), intercom_sync::SettingsFileError>(())
/// ```
///
/// # Errors
/// [`SettingsFileError`].
pub fn read_settings(text: &str) -> Result<SyncSettings, SettingsFileError> {
    let read = toml::Deserializer::parse(text).map_err(|error| place(text, &error))?;
    let file: File = serde_path_to_error::deserialize(read).map_err(|error| {
        let path = error.path().to_string();
        let told = in_one_line(error.inner().message());
        SettingsFileError(if path == "." { told } else { format!("{path}: {told}") })
    })?;
    let invalid = |field: &str, why: String| SettingsFileError(format!("{field}: {why}"));
    let timezone = file.timezone.map(|name| name.parse::<Tz>().map_err(|_| name)).transpose();
    let timezone = timezone
        .map_err(|name| invalid("timezone", format!("{name} is not a zone like Europe/Berlin")))?;
    if file.max_missing_percent > 100 {
        return Err(invalid("max_missing_percent", "more than 100".to_owned()));
    }
    let revenue = file.revenue.policy().map_err(|error| invalid("revenue", error.to_string()))?;
    Ok(SyncSettings {
        overlap_for: file.overlap_for,
        index_lag_for: file.index_lag_for,
        scroll_patience: Duration::from_secs(file.scroll_patience),
        max_missing_percent: file.max_missing_percent,
        match_rule: file.match_rule,
        cancel_mentions: file.cancel_mentions,
        movements: file.movements,
        timezone,
        attributes: file.attributes,
        revenue,
        alerts: file.alerts,
        ..SyncSettings::default()
    })
}

fn place(text: &str, error: &toml::de::Error) -> SettingsFileError {
    let at = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    SettingsFileError(format!("line {line}: {}", in_one_line(error.message())))
}

fn in_one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join("; ")
}
