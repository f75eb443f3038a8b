//! The file that says how events become requests.

use intercom_transform::Settings;
use serde::Deserialize;
use toml::{Table, Value};

use crate::error::Error;

/// What a settings file differs from.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Profile {
    Recommended,
    Rudderstack,
}

/// Reads settings from TOML: the fields of [`Settings`] that differ from the profile.
///
/// `profile` is `recommended` ([`Settings::default`], also when left out) or `rudderstack`
/// ([`Settings::rudderstack`]).
///
/// ```
/// let settings = intercom_deliver::read_settings(
///     "profile = \"rudderstack\"\n\
///      send_anonymous_id = true\n\
///      [metadata]\n\
///      max_keys = 10\n",
/// )?;
/// assert_eq!(settings.metadata.max_keys, 10);
/// assert!(settings.send_anonymous_id);
/// # Ok::<(), intercom_deliver::Error>(())
/// ```
///
/// # Errors
/// [`Error::Settings`] names the field, or the line when the text is not TOML.
pub fn read_settings(text: &str) -> Result<Settings, Error> {
    let problem = |problem: String| Error::Settings { problem };
    let mut given: Table = toml::from_str(text).map_err(|error| problem(place(text, &error)))?;
    let profile = match given.remove("profile") {
        Some(profile) => profile.try_into::<Profile>().map_err(|error| {
            problem(format!("profile: {}", error.message().lines().collect::<Vec<_>>().join("; ")))
        })?,
        None => Profile::Recommended,
    };
    let base = match profile {
        Profile::Recommended => Settings::default(),
        Profile::Rudderstack => Settings::rudderstack(),
    };
    let mut all = Table::try_from(base).map_err(|error| problem(error.to_string()))?;
    merge(&mut all, given);
    serde_path_to_error::deserialize(Value::Table(all)).map_err(|error| {
        let message = error.inner().message().lines().collect::<Vec<_>>().join("; ");
        problem(format!("{}: {message}", error.path()))
    })
}

/// The fields of `given` take the place of those in `all`, table by table.
fn merge(all: &mut Table, given: Table) {
    for (name, value) in given {
        match (all.get_mut(&name), value) {
            (Some(Value::Table(inner)), Value::Table(given)) => merge(inner, given),
            (_, value) => {
                all.insert(name, value);
            }
        }
    }
}

fn place(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    format!("line {line}: {}", error.message().lines().collect::<Vec<_>>().join("; "))
}
