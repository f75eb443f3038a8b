//! How events become requests: the settings file, then the environment over it.

use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use intercom_deliver::read_settings;
use intercom_transform::Settings;
use intercom_transform::settings::Region;
use program::{BadSetting, Environment};

/// Reads the settings file, if one is named, and puts the environment over it. Events without a
/// time are taken to have been at `now`.
pub(crate) fn read(
    file: Option<&Path>,
    environment: &Environment,
    now: DateTime<Utc>,
) -> anyhow::Result<Settings> {
    checked(file, environment, now).context(BadSetting)
}

fn checked(
    file: Option<&Path>,
    environment: &Environment,
    now: DateTime<Utc>,
) -> anyhow::Result<Settings> {
    let mut settings = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            read_settings(&text).with_context(|| file.display().to_string())?
        }
        None => Settings::default(),
    };
    settings.now = Some(now.timestamp());
    if let Some(version) = environment.get("INTERCOM_VERSION") {
        settings.version =
            version.trim().parse().context("INTERCOM_VERSION is not a version of the API")?;
    }
    if let Some(region) = environment.get("INTERCOM_REGION") {
        settings.region = match region.trim().to_ascii_lowercase().as_str() {
            "us" => Region::Us,
            "eu" => Region::Eu,
            "au" => Region::Au,
            _ => anyhow::bail!("INTERCOM_REGION is not us, eu or au"),
        };
    }
    if let Some(user_agent) = environment.get("INTERCOM_USER_AGENT_HEADER") {
        settings.user_agent = Some(user_agent);
    }
    Ok(settings)
}
