//! The table that conformance runs look answers up in.

use std::collections::BTreeMap;

use super::HEADER;
use crate::codegen::plan::Plan;

/// The source of the registry.
pub(super) fn render(plan: &Plan) -> String {
    // Operations that stand for one of the API's have the same answer.
    let mut entries = BTreeMap::new();
    for (group, contents) in &plan.groups {
        for operation in &contents.operations {
            let path = format!("super::{group}::{}", operation.name);
            entries.entry(operation.id.clone()).or_insert((path, operation.page.is_some()));
        }
    }
    let mut source = format!(
        "{HEADER}//! Every generated operation by its id in the official descriptions, for \
         conformance runs.\n\nuse crate::registry::{{Entry, entry, paged}};\n\n\
         /// The operations.\npub const OPERATIONS: &[Entry] = &[\n"
    );
    for (id, (path, is_paged)) in entries {
        let make = if is_paged { "paged" } else { "entry" };
        source += &format!("{make}::<{path}>({id:?}),\n");
    }
    source + "];\n"
}
