//! Official response examples in the form that the fuzz target `decoding` takes.

use std::path::Path;

use intercom_api::registry::OPERATIONS;

use super::examples;
use crate::codegen::import::{documents, newest_ids};

/// Each example once: the place of its operation in the registry, its status, its body.
pub(super) fn of(dir: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let documents = documents(dir)?;
    let ids = newest_ids(&documents);
    let mut inputs = Vec::new();
    for (_, document) in &documents {
        for example in examples::of(document, &ids) {
            let entries = OPERATIONS.iter().enumerate();
            for (place, _) in entries.filter(|(_, entry)| entry.id == example.operation) {
                let mut input = u16::try_from(place)?.to_le_bytes().to_vec();
                input.extend(example.status.to_le_bytes());
                input.extend(example.body.to_string().into_bytes());
                inputs.push(input);
            }
        }
    }
    inputs.sort();
    inputs.dedup();
    Ok(inputs)
}
