//! The environment, and the file `.env` behind it.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use anyhow::{Context, bail};
use secrecy::SecretString;

/// Settings from the environment; what it does not have comes from the file `.env`.
pub struct Environment {
    file: BTreeMap<String, String>,
}

impl Environment {
    /// Reads `.env` in the working folder, if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or has a line that is no setting.
    pub fn read() -> anyhow::Result<Self> {
        let file = match std::fs::read_to_string(".env") {
            Ok(text) => parse(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).context(".env cannot be read"),
        };
        Ok(Self { file })
    }

    /// A setting; an empty one counts as absent.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the edge: where settings are read")]
    pub fn get(&self, name: &str) -> Option<String> {
        let own = std::env::var(name).ok();
        let value = own.or_else(|| self.file.get(name).cloned())?;
        Some(value).filter(|value| !value.trim().is_empty())
    }

    /// The access token, under either of its names.
    ///
    /// # Errors
    /// There is none.
    pub fn token(&self) -> anyhow::Result<SecretString> {
        let token = self.get("INTERCOM_ACCESS_TOKEN").or_else(|| self.get("INTERCOM_API_KEY"));
        Ok(token.context("INTERCOM_ACCESS_TOKEN is not set")?.into())
    }
}

/// `NAME=value` a line; no error repeats a line, which may hold a secret.
fn parse(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            bail!(".env, line {number}: not of the form NAME=value");
        };
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| {
            value.strip_prefix(*quote).and_then(|value| value.strip_suffix(*quote))
        });
        all.insert(name.trim().to_owned(), quoted.unwrap_or(value).to_owned());
    }
    Ok(all)
}
