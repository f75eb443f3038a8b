//! The file that says how a workspace is read, and by which rules customers are computed.

use std::time::Duration;

use chrono_tz::Tz;
use intercom_projection::{AttributeNames, MatchRule, MentionRule};
use intercom_revenue::{AlertThresholds, MovementPolicy, RevenueSettings};
use serde::Deserialize;

use crate::settings::SyncSettings;

/// A settings file with every setting: its meaning, and the value that holds without it.
pub const SETTINGS: &str = include_str!("settings.toml");

/// The fields of a file; each is optional.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
struct File {
    overlap_for: u32,
    index_lag_for: u32,
    scroll_patience: u64,
    max_missing_percent: u64,
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
            max_missing_percent: settings.max_missing_percent.into(),
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
    let percent = u8::try_from(file.max_missing_percent).ok().filter(|percent| *percent <= 100);
    let max_missing_percent =
        percent.ok_or_else(|| invalid("max_missing_percent", "more than 100".to_owned()))?;
    let revenue = file.revenue.policy().map_err(|error| invalid("revenue", error.to_string()))?;
    Ok(SyncSettings {
        overlap_for: file.overlap_for,
        index_lag_for: file.index_lag_for,
        scroll_patience: Duration::from_secs(file.scroll_patience),
        max_missing_percent,
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

#[cfg(test)]
mod tests {
    use intercom_revenue::RevenuePolicy;
    use serde_json::Value;

    use super::*;

    /// The lines of a table of the listing; the examples lose their mark.
    fn table(name: &str) -> Vec<&'static str> {
        let mut current = "";
        let lines = SETTINGS.lines().filter(|line| {
            if let Some(begun) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                current = begun;
            }
            current == name
        });
        lines.map(|line| line.strip_prefix("# ").unwrap_or(line)).collect()
    }

    #[test]
    fn the_listing_says_what_holds_by_default() {
        let read = read_settings(SETTINGS).expect("settings");
        assert_eq!(read, SyncSettings { holder: read.holder.clone(), ..SyncSettings::default() });
    }

    #[test]
    fn every_setting_is_in_the_listing_and_can_be_written_as_it_is_there() {
        let revenue = RevenueSettings::from(&RevenuePolicy::default());
        let file = serde_json::to_value(File { revenue, ..File::default() }).expect("a tree");
        let mut n_keys = 0;
        let mut check = |name: &str, keys: &Value| {
            let lines = table(name);
            for key in keys.as_object().expect("a table").keys() {
                n_keys += 1;
                let begins = format!("{key} = ");
                let line = lines.iter().find(|line| line.starts_with(&begins));
                if line.is_none() {
                    let is_table = SETTINGS.contains(&format!("[{key}]"))
                        || SETTINGS.contains(&format!("[{name}.{key}]"));
                    assert!(is_table, "{name} {key} is not in the listing");
                    continue;
                }
                let alone = format!("[{name}]\n{}", line.expect("found"));
                let alone = alone.strip_prefix("[]\n").unwrap_or(&alone);
                if let Err(error) = read_settings(alone) {
                    panic!("{alone}: {error}");
                }
            }
        };
        check("", &file);
        for name in ["attributes", "alerts", "movements", "revenue"] {
            check(name, &file[name]);
        }
        assert!(n_keys > 70, "{n_keys}");
        let rates = table("revenue.rates").join("\n");
        assert!(!read_settings(&rates).expect("rates").revenue.rates.is_empty());
    }
}
