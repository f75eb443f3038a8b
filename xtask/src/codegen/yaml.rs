//! YAML read into a plain tree whose maps keep their order.

use anyhow::{Context, bail};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::Value;

/// One value of a YAML document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads a document.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let documents = Yaml::load_from_str(text).context("not valid yaml")?;
        match documents.as_slice() {
            [document] => Self::from_yaml(document),
            other => bail!("one yaml document expected, {} found", other.len()),
        }
    }

    fn from_yaml(yaml: &Yaml<'_>) -> anyhow::Result<Self> {
        Ok(match yaml {
            Yaml::Value(Scalar::Null) => Self::Null,
            Yaml::Value(Scalar::Boolean(truth)) => Self::Truth(*truth),
            Yaml::Value(Scalar::Integer(integer)) => Self::Integer(*integer),
            Yaml::Value(Scalar::FloatingPoint(number)) => Self::Number(number.into_inner()),
            Yaml::Value(Scalar::String(text)) => Self::Text(text.to_string()),
            Yaml::Sequence(items) => {
                Self::List(items.iter().map(Self::from_yaml).collect::<Result<_, _>>()?)
            }
            Yaml::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = match Self::from_yaml(key)? {
                        Self::Text(text) => text,
                        Self::Integer(integer) => integer.to_string(),
                        other => bail!("{other:?} is not a key"),
                    };
                    Ok((key, Self::from_yaml(value)?))
                });
                Self::Map(entries.collect::<Result<_, _>>()?)
            }
            Yaml::Tagged(_, inner) => Self::from_yaml(inner)?,
            Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
                bail!("a yaml value could not be resolved")
            }
        })
    }

    /// The same value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Truth(truth) => Value::from(*truth),
            Self::Integer(integer) => Value::from(*integer),
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect()
            }
        }
    }

    /// The value of a key, when this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at the end of a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a map; none when this is something else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of the list under a key; none when there is no list.
    pub(crate) fn list(&self, key: &str) -> &[Self] {
        match self.get(key) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    /// The text under a key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a key holds `true`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some(&Self::Truth(true))
    }
}
