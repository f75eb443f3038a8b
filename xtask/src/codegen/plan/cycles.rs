//! Structs that contain themselves, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rust, Struct};

/// Boxes the fields that make a struct contain itself; lists and maps need no box.
pub(super) fn break_up(structs: &mut [Struct]) {
    let held = |object: &Struct| {
        let fields = object.fields.iter().filter_map(|field| match &field.kind {
            Rust::Struct(name) => Some(name.clone()),
            _ => None,
        });
        (object.schema.clone(), fields.collect())
    };
    let holds: BTreeMap<String, Vec<String>> = structs.iter().map(held).collect();
    for object in structs {
        for field in &mut object.fields {
            if let Rust::Struct(name) = &field.kind {
                field.boxed = reaches(&holds, name, &object.schema);
            }
        }
    }
}

fn reaches(holds: &BTreeMap<String, Vec<String>>, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            open.extend(holds.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}
