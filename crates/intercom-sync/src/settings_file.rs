//! The file that says how a workspace is read, and by which rules customers are computed.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use intercom_projection::{AttributeNames, MatchRule, MentionRule, Names};
use intercom_revenue::{AlertThresholds, MovementPolicy, RevenueSettings, SettingsError};
use serde::Deserialize;
use toml::{Table, Value};

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
    limits_are_amounts(text)?;
    let timezone = file.timezone.map(|name| name.parse::<Tz>().map_err(|_| name)).transpose();
    let timezone = timezone
        .map_err(|name| invalid("timezone", &format!("{name} is not a zone like Europe/Berlin")))?;
    let percent = u8::try_from(file.max_missing_percent).ok().filter(|percent| *percent <= 100);
    let max_missing_percent =
        percent.ok_or_else(|| invalid("max_missing_percent", "more than 100"))?;
    let wrong = |table: &str, error: SettingsError| invalid(table, &error.to_string());
    let revenue = file.revenue.policy().map_err(|error| wrong("revenue", error))?;
    let alerts = file.alerts.checked().map_err(|error| wrong("alerts", error))?;
    let movements = file.movements.checked().map_err(|error| wrong("movements", error))?;
    if !revenue.rates.is_empty() && !revenue.separate_currencies {
        let why = "have no effect with separate_currencies = false, by which every row is in base \
                   currency; leave the rates out, or set separate_currencies = true";
        return Err(invalid("revenue.rates", why));
    }
    if let Some(name) = nameless(&file.attributes) {
        let why =
            "names no attribute; write its name as the workspace has it, or leave the line out";
        return Err(invalid(&format!("attributes.{name}"), why));
    }
    if let Some(name) = of_both_lists(&file.attributes) {
        let why = format!(
            "names {name:?}, and so does subscriptions; an attribute holds one list or the other, \
             so leave it out of one of them"
        );
        return Err(invalid("attributes.payments", &why));
    }
    Ok(SyncSettings {
        overlap_for: file.overlap_for,
        index_lag_for: file.index_lag_for,
        scroll_patience: Duration::from_secs(file.scroll_patience),
        max_missing_percent,
        match_rule: file.match_rule,
        cancel_mentions: file.cancel_mentions,
        movements,
        timezone,
        attributes: file.attributes,
        revenue,
        alerts,
        ..SyncSettings::default()
    })
}

impl SyncSettings {
    /// Refuses what cannot be meant at `now`.
    ///
    /// # Errors
    /// [`SettingsFileError`] when observing begins in the future, before which nothing would move.
    pub fn checked_at(self, now: DateTime<Utc>) -> Result<Self, SettingsFileError> {
        match self.movements.observed_since.filter(|since| *since > now) {
            Some(since) => {
                let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
                let why = "is in the future; write when observing began, or leave the line out";
                Err(invalid("movements.observed_since", &format!("{since} {why}")))
            }
            None => Ok(self),
        }
    }
}

fn invalid(field: &str, why: &str) -> SettingsFileError {
    SettingsFileError(format!("{field}: {why}"))
}

/// Refuses limits with more fields than an amount has, which amounts elsewhere may have.
fn limits_are_amounts(text: &str) -> Result<(), SettingsFileError> {
    let Ok(file) = text.parse::<Table>() else { return Ok(()) };
    let limits = file.get("alerts").and_then(|alerts| alerts.get("high_value_above"));
    let limits = limits.and_then(Value::as_array).into_iter().flatten();
    for (place, limit) in limits.enumerate() {
        let keys = limit.as_table().into_iter().flat_map(Table::keys);
        let unknown = keys.into_iter().find(|key| !["minor", "currency"].contains(&key.as_str()));
        if let Some(key) = unknown {
            let field = format!("alerts.high_value_above[{place}].{key}");
            return Err(invalid(&field, "unknown field, expected `minor` or `currency`"));
        }
    }
    Ok(())
}

/// The first attribute that is named for subscriptions and for payments.
fn of_both_lists(attributes: &AttributeNames) -> Option<&str> {
    let is_taken = |name: &&str| attributes.subscriptions.iter().any(|other| other == *name);
    attributes.payments.iter().find(is_taken)
}

/// The first setting of attributes that names none, or a blank one.
fn nameless(attributes: &AttributeNames) -> Option<&'static str> {
    let all = attributes.of_contacts().into_iter().chain(attributes.of_conversations());
    let is_nameless = |names: &Names| {
        names.iter().next().is_none() || names.iter().any(|name| name.trim().is_empty())
    };
    let mut all = all.filter(|(_, names)| is_nameless(names));
    all.next().map(|(setting, _)| setting)
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
    fn what_cannot_be_meant_is_refused_with_what_to_do() {
        for (text, expected) in [
            (
                "[alerts]\nhigh_value_above = [{ minor = -1, currency = 'USD' }]",
                "alerts: high_value_above: -1 USD is below zero; write an amount in smallest units",
            ),
            (
                "[alerts]\nhigh_value_above = [{ minor = 1, currency = 'USD' }, \
                 { minor = 2, currency = 'usd' }]",
                "alerts: high_value_above names USD twice, in capitals or not; keep one of the \
                 amounts",
            ),
            (
                "[alerts]\nhigh_value_above = [{ minor = 1, currency = 'XXQ' }]",
                "alerts: high_value_above: XXQ is no currency of ISO 4217; write a code such as \
                 USD or EUR",
            ),
            (
                "[revenue]\nbase_currency = 'XXQ'",
                "revenue: base_currency: XXQ is no currency of ISO 4217; write a code such as USD \
                 or EUR",
            ),
            (
                "[revenue.rates]\nEUX = '1'",
                "revenue: rates: EUX is no currency of ISO 4217; write a code such as USD or EUR",
            ),
            (
                "[revenue.rates]\nEUR = '1'\neur = '2'",
                "revenue.rates: rates names EUR twice, in capitals or not; keep one of the amounts",
            ),
            (
                "[movements]\nleast_gap_days = 60\nmost_gap_days = 30",
                "movements: most_gap_days: 30 is less than least_gap_days, 60; raise it, lower the \
                 other, or leave one out",
            ),
            (
                "[movements]\nobserved_since = 'yesterday'",
                "movements.observed_since: \"yesterday\" is no instant; write one with its zone, \
                 such as \"2026-01-01T00:00:00Z\"",
            ),
            (
                "[attributes]\nplan_name = ''",
                "attributes.plan_name: names no attribute; write its name as the workspace has it, \
                 or leave the line out",
            ),
            (
                "[attributes]\nchannel = []",
                "attributes.channel: names no attribute; write its name as the workspace has it, \
                 or leave the line out",
            ),
        ] {
            let refused = read_settings(text).expect_err(text);
            assert_eq!(refused.to_string(), expected);
        }
        let text = "[movements]\nleast_gap_days = 30\nmost_gap_days = 30\n\
                    observed_since = '2026-01-01T00:00:00+01:00'\n\
                    [alerts]\nhigh_value_above = [{ minor = 0, currency = 'isk' }]";
        let read = read_settings(text).expect("settings");
        let since = read.movements.observed_since.map(|at| at.to_rfc3339());
        assert_eq!(since.as_deref(), Some("2025-12-31T23:00:00+00:00"));
    }

    #[test]
    fn what_has_no_effect_is_refused_with_what_to_do() {
        for (text, expected) in [
            (
                "[attributes]\npayments = ['Billing', 'Stripe Subscriptions']",
                "attributes.payments: names \"Stripe Subscriptions\", and so does subscriptions; an \
                 attribute holds one list or the other, so leave it out of one of them",
            ),
            (
                "[revenue]\nseparate_currencies = false\n[revenue.rates]\nEUR = '1.1'",
                "revenue.rates: have no effect with separate_currencies = false, by which every row \
                 is in base currency; leave the rates out, or set separate_currencies = true",
            ),
            (
                "[revenue]\npreset = 'seed'\n[revenue.rates]\nEUR = '1.1'",
                "revenue.rates: have no effect with separate_currencies = false, by which every row \
                 is in base currency; leave the rates out, or set separate_currencies = true",
            ),
            (
                "[alerts]\nhigh_value_above = [{ minor = 1, currency = 'USD', major = 5 }]",
                "alerts.high_value_above[0].major: unknown field, expected `minor` or `currency`",
            ),
        ] {
            let refused = read_settings(text).expect_err(text);
            assert_eq!(refused.to_string(), expected);
        }
    }

    #[test]
    fn observing_begins_in_the_past() {
        let now = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");
        let read = |since: &str| {
            let text = format!("[movements]\nobserved_since = '{since}'");
            read_settings(&text).expect("settings").checked_at(now).map_err(|it| it.to_string())
        };
        assert!(read("2025-12-22T15:00:00Z").is_ok());
        let expected = "movements.observed_since: 2999-01-01T00:00:00Z is in the future; write when \
                        observing began, or leave the line out";
        assert_eq!(read("2999-01-01T00:00:00Z").map(drop), Err(expected.to_owned()));
        assert!(SyncSettings::default().checked_at(now).is_ok());
    }

    #[test]
    fn every_table_knows_its_keys() {
        for (text, key) in [
            ("[attributes]\nplan = 'x'", "plan"),
            ("[alerts]\nhigh_value = 1", "high_value"),
            ("[movements]\nstep = 'net'", "step"),
            ("[revenue]\nquantity = true", "quantity"),
            ("[revenue.rates]\nEURO = '1'", "EURO"),
            ("[alert]\nfirst_load = 'silent'", "alert"),
            ("[attributes.plan_name]\nfirst = 'x'", "plan_name"),
            ("[timezone]\nname = 'UTC'", "timezone"),
        ] {
            let refused = read_settings(text).expect_err(text).to_string();
            assert!(refused.contains(key), "{text}: {refused}");
        }
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
