//! Official descriptions in a folder become `spec/manifest.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use super::description::Description;
use super::manifest::Manifest;
use super::merge::{bridge, merge};
use super::versions::Version;
use super::yaml::Node;

/// The version whose description is of another lineage, between its neighbours.
const ODD: [&str; 3] = ["2.10", "2.11", "2.12"];

/// Reads the description of every version.
pub(crate) fn documents(dir: &Path) -> anyhow::Result<Vec<(Version, Node)>> {
    Version::all()
        .map(|version| {
            let name = if version == Version::PREVIEW { "0" } else { version.name() };
            let path = dir.join(format!("intercom-{name}.yaml"));
            let shown = path.display();
            let text = std::fs::read_to_string(&path).with_context(|| format!("{shown}"))?;
            let document = Node::read(&text).with_context(|| format!("{shown}"))?;
            Ok((version, document))
        })
        .collect()
}

/// The facts of the descriptions in a folder.
pub(crate) fn manifest(dir: &Path) -> anyhow::Result<Manifest> {
    let documents = documents(dir)?;
    let ids = newest_ids(&documents);
    let mut descriptions = Vec::new();
    for (version, document) in &documents {
        let mut description = Description::read(document, &ids)
            .with_context(|| format!("the description of {}", version.name()))?;
        keep_required_in_requests(&mut description);
        descriptions.push((*version, description));
    }
    let places = ODD.map(|name| descriptions.iter().position(|(v, _)| v.name() == name));
    if let [Some(before), Some(odd), Some(after)] = places {
        let [before, own, after] = [before, odd, after].map(|place| &descriptions[place].1);
        descriptions[odd].1 = bridge(before, own, after);
    }
    merge(&descriptions)
}

/// The newest id of each route: ids change between versions, and inline objects are called after
/// them.
pub(crate) fn newest_ids(documents: &[(Version, Node)]) -> BTreeMap<String, String> {
    documents.iter().flat_map(|(_, document)| Description::ids(document)).collect()
}

/// Which fields are required is true of requests only.
fn keep_required_in_requests(description: &mut Description) {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    for body in description.operations.iter().filter_map(|operation| operation.body.as_ref()) {
        body.schemas(&mut |name| open.push(name.to_owned()));
    }
    while let Some(name) = open.pop() {
        let Some(schema) = description.schema(&name).filter(|_| reached.insert(name.clone()))
        else {
            continue;
        };
        for kind in schema.fields.iter().map(|(_, kind)| kind).chain(&schema.alias) {
            kind.schemas(&mut |name| open.push(name.to_owned()));
        }
        open.extend(schema.extends.iter().chain(&schema.variants).cloned());
    }
    for schema in description.schemas.iter_mut().filter(|s| !reached.contains(&s.name)) {
        for (_, kind) in &mut schema.fields {
            kind.required = false;
        }
    }
}
