//! Content in several languages.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// What something says in each language.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Translations<T> {
    /// `type`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// The contents by locale, such as `pt-BR`.
    #[serde(flatten, deserialize_with = "without_nulls")]
    pub by_locale: BTreeMap<String, T>,
}

impl<T> Default for Translations<T> {
    fn default() -> Self {
        Self { kind: None, by_locale: BTreeMap::new() }
    }
}

impl<L: Into<String>, T> FromIterator<(L, T)> for Translations<T> {
    fn from_iter<I: IntoIterator<Item = (L, T)>>(contents: I) -> Self {
        let by_locale = contents.into_iter().map(|(locale, content)| (locale.into(), content));
        Self { kind: None, by_locale: by_locale.collect() }
    }
}

impl<T> fmt::Debug for Translations<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_locale.keys()).finish()
    }
}

fn without_nulls<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let contents = BTreeMap::<String, Option<T>>::deserialize(deserializer)?;
    Ok(contents.into_iter().filter_map(|(locale, content)| Some((locale, content?))).collect())
}
