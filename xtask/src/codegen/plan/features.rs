//! Which cargo features an item needs: those of the operations that reach it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;

use super::Operation;
use crate::codegen::overlay::Overlay;
use crate::codegen::versions::{Version, Versions};

/// The feature of what only Preview has.
pub(crate) const PREVIEW: &str = "preview";

/// The feature of every group.
pub(crate) const FULL: &str = "full";

/// Features that are no group.
const RESERVED: [&str; 4] = ["conformance", "default", FULL, PREVIEW];

/// The groups whose operations reach an item, and whether only those of Preview do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gate(BTreeMap<String, Reach>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Preview,
    Stable,
}

impl Gate {
    /// The gate of an operation of a group.
    pub(super) fn of(group: &str, operation: &Operation) -> Self {
        let is_preview = operation.versions == Versions::only(Version::PREVIEW);
        let reach = if is_preview { Reach::Preview } else { Reach::Stable };
        Self(BTreeMap::from([(group.to_owned(), reach)]))
    }

    /// Opens the gate also where the other one is open; tells whether it was closed there.
    pub(crate) fn widen(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (group, reach) in &other.0 {
            let known = self.0.entry(group.clone()).or_insert(*reach);
            *known = (*known).max(*reach);
        }
        *self != before
    }

    /// The groups, by name.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether nothing opens it but `preview`, together with a group.
    pub(crate) fn is_preview(&self) -> bool {
        self.0.values().all(|reach| *reach == Reach::Preview)
    }

    /// The condition as `cfg` takes it.
    pub(crate) fn condition(&self) -> String {
        let of = |wanted: Reach| {
            let groups = self.0.iter().filter(move |(_, reach)| **reach == wanted);
            groups.map(|(group, _)| feature(group)).collect::<Vec<_>>()
        };
        let mut conditions = of(Reach::Stable);
        let previewed = of(Reach::Preview);
        if !previewed.is_empty() {
            conditions.push(format!("all({}, {})", feature(PREVIEW), any(&previewed)));
        }
        any(&conditions)
    }
}

fn feature(name: &str) -> String {
    format!("feature = {name:?}")
}

fn any(conditions: &[String]) -> String {
    match conditions {
        [condition] => condition.clone(),
        conditions => format!("any({})", conditions.join(", ")),
    }
}

/// Fails when the overlay asks for features that cannot be, or that would hold nothing.
pub(super) fn check(overlay: &Overlay, filled: &BTreeSet<&str>) -> anyhow::Result<()> {
    for group in &overlay.emit {
        ensure!(!RESERVED.contains(&group.as_str()), "the group {group} has the name of a feature");
        ensure!(
            filled.contains(group.as_str()),
            "the group {group} is emitted but has no operation"
        );
    }
    for group in &overlay.default {
        ensure!(overlay.emit.contains(group), "the default group {group} is not emitted");
    }
    Ok(())
}
