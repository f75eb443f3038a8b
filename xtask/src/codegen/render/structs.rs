//! Structs and open enumerations.

use super::imports::Imports;
use super::{field_doc, spelled};
use crate::codegen::naming;
use crate::codegen::plan::{Enum, Field, Role, Rust, Spelling, Struct};

/// The struct of an object.
pub(super) fn object(object: &Struct, imports: &mut Imports<'_>) -> String {
    imports.begin(&object.name);
    let optional = object.fields.iter().all(|field| !field.required);
    let mut derives = vec!["Clone", "PartialEq", "Serialize"];
    imports.add("serde", "Serialize");
    if optional {
        derives.insert(1, "Default");
    }
    if object.role == Role::Answer {
        derives.push("Deserialize");
        imports.add("serde", "Deserialize");
    }
    let mut source = object_doc(object) + &imports.attribute();
    source += &format!("#[derive({})]\n", derives.join(", "));
    if let Some((field, value)) = &object.constant {
        source += &format!("#[serde(tag = {field:?}, rename = {value:?})]\n");
    }
    source += &format!("pub struct {} {{\n", object.name);
    for entry in &object.fields {
        source += &field(entry, spelling_of(object, entry), object.role, imports);
    }
    imports.add("crate::attributes", "Extra");
    source += "/// Fields this crate does not know.\n#[serde(flatten)]\npub extra: Extra,\n}\n\n";
    if !optional {
        source += &constructor(object, imports);
    }
    imports.add("crate::redact", "opaque_debug");
    let ids = shown_ids(&object.fields);
    source + &format!("{}opaque_debug!({}{ids});\n\n", imports.attribute(), object.name)
}

fn object_doc(object: &Struct) -> String {
    let what = match object.schema.rsplit_once('.') {
        Some((owner, field)) => format!("`{field}` of `{owner}`"),
        None => format!("`{}` object", object.schema),
    };
    match object.versions.hull().describe() {
        Some(range) => format!("/// {what}; {range}.\n"),
        None => format!("/// {what}.\n"),
    }
}

/// The fields that `Debug` shows: Intercom's own ids, which are not personal data.
pub(super) fn shown_ids(fields: &[Field]) -> String {
    let is_id = |field: &&Field| matches!(field.kind, Rust::Id(_));
    let names: Vec<&str> = fields.iter().filter(is_id).map(|field| field.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" {{ {} }}", names.join(", ")) }
}

/// The serializer of an id in an object: what an answer holds is encoded as it came.
fn spelling_of(object: &Struct, field: &Field) -> Option<&'static str> {
    match (object.role, &field.spelling) {
        (Role::Request, _) => spelled(field),
        (Role::Answer, Spelling::Number) if object.is_sent => {
            Some("crate::id::as_number_unless_read")
        }
        (Role::Answer, _) => None,
    }
}

/// One field of a struct that is written as JSON.
pub(super) fn field(
    field: &Field,
    spelled: Option<&'static str>,
    role: Role,
    imports: &mut Imports<'_>,
) -> String {
    let hand = imports.hand(&field.kind);
    let mut attributes = Vec::new();
    if hand.is_some_and(|hand| hand.flatten) {
        attributes.push("flatten".to_owned());
    } else {
        if field.wire != field.name {
            attributes.push(format!("rename = {:?}", field.wire));
        }
        if !field.required {
            attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        }
    }
    let serialize_with = hand.and_then(|hand| hand.serialize_with.as_deref());
    if let Some(with) = serialize_with.or(spelled) {
        attributes.push(format!("serialize_with = {with:?}"));
    }
    if let Some(with) = tolerant(&field.kind).filter(|_| role == Role::Answer) {
        attributes.push(format!("default, deserialize_with = {with:?}"));
    }
    let mut source = field_doc(field);
    if !attributes.is_empty() {
        source += &format!("#[serde({})]\n", attributes.join(", "));
    }
    source + &format!("pub {}: {},\n", field.name, imports.field(field))
}

/// The decoder of what answers hold in odd spellings.
fn tolerant(kind: &Rust) -> Option<&'static str> {
    match kind {
        Rust::Id(_) => Some("crate::id::unless_empty"),
        Rust::List(_) => Some("crate::lenient::without_nulls"),
        _ => None,
    }
}

fn constructor(object: &Struct, imports: &mut Imports<'_>) -> String {
    let mut parameters = Vec::new();
    let mut values = Vec::new();
    for field in &object.fields {
        if field.required {
            parameters.push(format!("{}: {}", field.name, imports.field(field)));
            values.push(field.name.clone());
        } else {
            values.push(format!("{}: None", field.name));
        }
    }
    values.push("extra: Extra::new()".to_owned());
    format!(
        "{}impl {} {{\n/// With what has to be sent.\npub fn new({}) -> Self {{\nSelf {{ {} }}\n}}\n\
         }}\n\n",
        imports.attribute(),
        object.name,
        parameters.join(", "),
        values.join(", ")
    )
}

/// An open enumeration; rustfmt leaves the inside of a macro as it is.
pub(super) fn enumeration(kind: &Enum, imports: &mut Imports<'_>) -> String {
    imports.begin(&kind.name);
    imports.add("crate::open", "open_enum");
    let fields: Vec<String> = kind.fields.iter().map(|field| format!("`{field}`")).collect();
    let attribute = imports.attribute();
    let mut source = format!("{attribute}open_enum! {{\n    /// {}.\n", fields.join(", "));
    source += &format!("    pub enum {} {{\n", kind.name);
    for (value, versions) in &kind.values {
        let range = versions.and_then(|versions| versions.hull().describe());
        let range = range.map_or_else(String::new, |range| format!("; {range}"));
        source += &format!("        /// `{value}`{range}.\n");
        source += &format!("        {} = {value:?},\n", naming::variant(value));
    }
    source + "    }\n}\n\n"
}
