//! The settings that a case is run with.

use intercom_api::ApiVersion;
use intercom_transform::Settings;
use intercom_transform::settings::{Destination, Region};
use serde::Deserialize;
use serde_json::Value;

use super::cases::{Config, DestinationName};

/// Which of the two sets of rules a case is run with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Profile {
    /// What the transformation recommends.
    Default,
    /// What the system did that the answers are from.
    Rudderstack,
}

impl Profile {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Rudderstack => "rudderstack",
        }
    }

    /// The profile with a case's own settings.
    pub(super) fn settings(self, destination: DestinationName, config: &Config) -> Settings {
        let base = match self {
            Self::Default => Settings::default(),
            Self::Rudderstack => Settings::rudderstack(),
        };
        let destination = match destination {
            DestinationName::Intercom => Destination::Intercom,
            DestinationName::IntercomV2 => Destination::IntercomV2,
        };
        let is_v1 = destination == Destination::Intercom && text(&config.api_version) == Some("v1");
        let updates = config.update_last_request_at.as_ref().and_then(Value::as_bool);
        Settings {
            destination,
            version: if is_v1 { ApiVersion::V1_4 } else { ApiVersion::V2_10 },
            region: region(destination, text(&config.api_server)),
            send_anonymous_id: config.send_anonymous_id.as_ref().is_some_and(is_truthy),
            update_last_request_at: updates.unwrap_or(true),
            ..base
        }
    }
}

fn region(destination: Destination, server: Option<&str>) -> Region {
    match (destination, server) {
        (Destination::Intercom, Some("eu")) | (Destination::IntercomV2, Some("Europe")) => {
            Region::Eu
        }
        (Destination::Intercom, Some("au")) | (Destination::IntercomV2, Some("Australia")) => {
            Region::Au
        }
        _ => Region::Us,
    }
}

pub(super) fn text(value: &Option<Value>) -> Option<&str> {
    value.as_ref()?.as_str()
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
