//! The table that conformance runs look answers up in.

use std::collections::BTreeSet;

use super::HEADER;
use crate::codegen::overlay::Overlay;
use crate::codegen::plan::{Operation, Plan, Rust};

/// The source of the registry.
pub(super) fn render(plan: &Plan, overlay: &Overlay) -> String {
    let mut entries = BTreeSet::new();
    for (group, contents) in &plan.groups {
        for operation in &contents.operations {
            let path = format!("super::{group}::{}", operation.name);
            entries.insert((described_id(operation, overlay), path, make(operation, overlay)));
        }
    }
    let mut source = format!(
        "{HEADER}//! Every generated operation by its id in the official descriptions, for \
         conformance runs.\n\nuse crate::registry::{{Entry, entry, other, paged}};\n\n\
         /// The operations.\npub const OPERATIONS: &[Entry] = &[\n"
    );
    for (id, path, make) in entries {
        source += &format!("{make}::<{path}>({id:?}),\n");
    }
    source + "];\n"
}

/// The id in the descriptions of an operation that may be a copy.
fn described_id<'a>(operation: &'a Operation, overlay: &'a Overlay) -> &'a str {
    let mut copies = overlay.correction.iter().filter_map(|c| c.copy.get(&operation.id));
    copies.next().map_or(&operation.id, String::as_str)
}

fn make(operation: &Operation, overlay: &Overlay) -> &'static str {
    let is_json = match &operation.output {
        Rust::Hand(name) => overlay.types.get(name).is_some_and(|hand| hand.decode.is_none()),
        _ => true,
    };
    match (is_json, operation.page.is_some()) {
        (false, _) => "other",
        (true, true) => "paged",
        (true, false) => "entry",
    }
}
