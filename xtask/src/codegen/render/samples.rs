//! One value of every operation, for the request snapshots.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::imports::attribute;
use super::operations::range;
use super::{HEADER, Names};
use crate::codegen::overlay::Overlay;
use crate::codegen::plan::{Body, Field, Operation, Plan, Rust, Struct};
use crate::codegen::versions::Versions;

/// The source of the samples.
pub(super) fn render(plan: &Plan, overlay: &Overlay, names: &Names) -> String {
    let structs = plan.groups.values().flat_map(|group| &group.structs);
    let structs = structs.map(|object| (object.schema.as_str(), object)).collect();
    let writer = Writer { plan, overlay, names, structs, open: RefCell::default() };
    let mut source = format!(
        "{HEADER}//! One value of every operation, with every parameter that its version knows.\n\n\
         use intercom_api::search::{{Operator, Query, SearchRequest}};\n\
         use intercom_api::{{ApiVersion, Attributes, ContactHandle, Timestamp, VersionRange}};\n\n\
         use crate::requests::{{Sample, id, sample, within}};\n"
    );
    let mut table = String::new();
    for (name, group) in &plan.groups {
        let is_preview = |operation: &&Operation| plan.gate(&operation.name).is_preview();
        let (preview, stable): (Vec<_>, Vec<_>) = group.operations.iter().partition(is_preview);
        for (name, operations) in [(name.clone(), stable), (format!("{name}_preview"), preview)] {
            let Some(first) = operations.first() else { continue };
            let attribute = attribute(&plan.gate(&first.name));
            table += &format!("{attribute}({name:?}, {name}()),\n");
            source += &format!("\n{attribute}fn {name}() -> Vec<Sample> {{\nvec![\n");
            for operation in operations {
                source += &writer.sample(operation);
            }
            source += "]\n}\n";
        }
    }
    source
        + "\n/// The samples by group, those that only Preview has apart.\n\
           pub(crate) fn groups() -> Vec<(&'static str, Vec<Sample>)> {\nVec::from([\n"
        + &table
        + "])\n}\n"
}

struct Writer<'a> {
    plan: &'a Plan,
    overlay: &'a Overlay,
    names: &'a Names,
    structs: BTreeMap<&'a str, &'a Struct>,
    /// The schemas that are being written.
    open: RefCell<Vec<String>>,
}

impl Writer<'_> {
    fn path(&self, name: &str) -> String {
        let home = self.plan.homes.get(name).map_or("", String::as_str);
        format!("intercom_api::{home}::{name}")
    }

    /// The call that makes the sample of an operation.
    fn sample(&self, operation: &Operation) -> String {
        let value = self.operation(operation);
        let version = if value.contains("within(") { "version" } else { "_" };
        format!("sample(|{version}| {value}),\n")
    }

    fn operation(&self, operation: &Operation) -> String {
        let path = self.path(&operation.name);
        let search = matches!(operation.body, Body::Search).then(|| {
            "SearchRequest::new(Query::field(\"updated_at\", Operator::GreaterThan, \
             1_700_000_000)).ascending(\"updated_at\").per_page(50)"
                .to_owned()
        });
        let fields: Vec<&Field> = operation.fields().collect();
        if fields.is_empty() && matches!(operation.body, Body::None) {
            return path;
        }
        let literal = self.literal(&path, &fields, search);
        match operation.body {
            // Nothing is left for the struct update to fill in.
            Body::None | Body::Form(_) => literal.replace(&format!(", ..{path}::default()"), ""),
            Body::Search | Body::Fields { .. } => literal,
        }
    }

    /// Required fields through `new`, the others by struct update.
    fn literal(&self, path: &str, fields: &[&Field], last: Option<String>) -> String {
        let required = fields.iter().filter(|field| field.required);
        let mut arguments: Vec<String> = required.map(|field| self.field(field)).collect();
        arguments.extend(last);
        let base = if arguments.is_empty() {
            format!("{path}::default()")
        } else {
            format!("{path}::new({})", arguments.join(", "))
        };
        let optional = fields.iter().filter(|field| !field.required);
        let optional: Vec<String> = optional.map(|field| self.optional(field)).collect();
        if optional.is_empty() {
            return base;
        }
        format!("{path} {{ {}, ..{base} }}", optional.join(", "))
    }

    /// A field that need not be set, where the version knows it.
    fn optional(&self, field: &Field) -> String {
        let (name, value) = (&field.name, self.field(field));
        match field.versions.map(Versions::hull).filter(|versions| *versions != Versions::ALL) {
            Some(versions) => format!("{name}: within(version, {}, {value})", range(versions)),
            None => format!("{name}: Some({value})"),
        }
    }

    fn field(&self, field: &Field) -> String {
        let value = self.value(&field.kind, &field.name);
        if field.boxed { format!("Box::new({value})") } else { value }
    }

    fn value(&self, kind: &Rust, name: &str) -> String {
        match kind {
            Rust::Text => format!("{name:?}.to_owned()"),
            Rust::Integer => "7".to_owned(),
            Rust::Number => "7.5".to_owned(),
            Rust::Truth => "true".to_owned(),
            Rust::Value => "serde_json::json!({\"key\": 1})".to_owned(),
            Rust::Seconds => "Timestamp::from_unix(1_700_000_000)".to_owned(),
            Rust::Attributes => "Attributes::from_iter([(\"plan\", \"pro\")])".to_owned(),
            Rust::Id(_) => "id(\"42\")".to_owned(),
            Rust::Hand(hand) => {
                let sample = self.overlay.types.get(hand).and_then(|hand| hand.sample.clone());
                sample.unwrap_or_else(|| "Default::default()".to_owned())
            }
            Rust::Struct(schema) => self.object(schema),
            Rust::Enum(kind) => format!("{}::from(\"sample\")", self.path(kind)),
            Rust::List(inner) => format!("vec![{}]", self.value(inner, name)),
            Rust::Map(inner) => {
                format!("[(\"key\".to_owned(), {})].into()", self.value(inner, name))
            }
            Rust::Bytes => "bytes::Bytes::from_static(b\"[]\")".to_owned(),
            Rust::DateTime => {
                "intercom_api::DateTimeText(\"2026-11-21T06:35:00Z\".to_owned())".to_owned()
            }
            Rust::Unit | Rust::Search | Rust::Date => "Default::default()".to_owned(),
        }
    }

    fn object(&self, schema: &str) -> String {
        let path = self.path(self.names.of(schema));
        // A sample of something that holds its own kind ends there.
        let is_open = self.open.borrow().iter().any(|open| open == schema);
        let Some(object) = self.structs.get(schema).filter(|_| !is_open) else {
            return format!("{path}::default()");
        };
        self.open.borrow_mut().push(schema.to_owned());
        let fields: Vec<&Field> = object.fields.iter().collect();
        let literal = self.literal(&path, &fields, None);
        self.open.borrow_mut().pop();
        literal
    }
}
