//! Sets of API versions: who has a fact, and how a range is written.

use std::fmt;

use anyhow::{Context, bail, ensure};

/// The versions that have a description, oldest first.
const NAMES: [&str; 11] =
    ["2.7", "2.8", "2.9", "2.10", "2.11", "2.12", "2.13", "2.14", "2.15", "2.16", "Preview"];

/// One version, by its place in [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u8);

impl Version {
    const OLDEST: Self = Self(0);
    /// The newest version.
    pub(crate) const PREVIEW: Self = Self(10);

    /// Every version, oldest first.
    pub(crate) fn all() -> impl DoubleEndedIterator<Item = Self> {
        (0..=Self::PREVIEW.0).map(Self)
    }

    /// The version of a name.
    pub(crate) fn parse(name: &str) -> anyhow::Result<Self> {
        Self::all()
            .find(|version| version.name() == name)
            .with_context(|| format!("`{name}` is not an api version"))
    }

    /// The name, as sent in the version header.
    pub(crate) fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// The variant of `ApiVersion`.
    pub(crate) fn variant(self) -> String {
        match self {
            Self::PREVIEW => "ApiVersion::Preview".to_owned(),
            _ => format!("ApiVersion::V{}", self.name().replace('.', "_")),
        }
    }
}

/// A set of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Versions(u16);

impl Versions {
    /// Every version.
    pub(crate) const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// The set of one version.
    pub(crate) fn only(version: Version) -> Self {
        Self(1 << version.0)
    }

    /// Everything from `first` to `last`.
    pub(crate) fn span(first: Version, last: Version) -> Self {
        Version::all()
            .filter(|version| (first..=last).contains(version))
            .map(Self::only)
            .fold(Self::default(), Self::union)
    }

    /// The versions in either set.
    #[must_use]
    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The versions in both sets.
    #[must_use]
    pub(crate) fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the set has a version.
    pub(crate) fn contains(self, version: Version) -> bool {
        self.0 & Self::only(version).0 != 0
    }

    /// The oldest version of a set that is not empty.
    pub(crate) fn first(self) -> Option<Version> {
        Version::all().find(|version| self.contains(*version))
    }

    /// The newest version of a set that is not empty.
    pub(crate) fn last(self) -> Option<Version> {
        Version::all().rev().find(|version| self.contains(*version))
    }

    /// The set with its gaps closed.
    #[must_use]
    pub(crate) fn hull(self) -> Self {
        match (self.first(), self.last()) {
            (Some(first), Some(last)) => Self::span(first, last),
            _ => self,
        }
    }

    /// The set of a range as [`fmt::Display`] writes it.
    pub(crate) fn parse(range: &str) -> anyhow::Result<Self> {
        let Some((first, last)) = range.split_once("..") else {
            return Version::parse(range).map(Self::only);
        };
        if range == ".." {
            bail!("the range `..` says nothing; leave it out");
        }
        let first = if first.is_empty() { Version::OLDEST } else { Version::parse(first)? };
        let last = if last.is_empty() { Version::PREVIEW } else { Version::parse(last)? };
        ensure!(first <= last, "the range `{range}` is backwards");
        Ok(Self::span(first, last))
    }

    /// How a reader is told about the range; `None` when every version is in it.
    pub(crate) fn describe(self) -> Option<String> {
        let (first, last) = (self.first()?, self.last()?);
        match (first == Version::OLDEST, last == Version::PREVIEW) {
            (true, true) => None,
            (false, true) if first == Version::PREVIEW => Some("Preview only".to_owned()),
            (false, true) => Some(format!("since {}", first.name())),
            (true, false) => Some(format!("until {}", last.name())),
            (false, false) if first == last => Some(format!("only {}", first.name())),
            (false, false) => Some(format!("{} to {}", first.name(), last.name())),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(first), Some(last)) = (self.first(), self.last()) else {
            return f.write_str("never");
        };
        if first == last {
            return f.write_str(first.name());
        }
        if first != Version::OLDEST {
            f.write_str(first.name())?;
        }
        f.write_str("..")?;
        if last != Version::PREVIEW {
            f.write_str(last.name())?;
        }
        Ok(())
    }
}
