//! What a generated file uses, and how types are spelled in it.

use std::collections::BTreeMap;

use super::Names;
use crate::codegen::overlay::{HandType, Overlay};
use crate::codegen::plan::{Field, Gate, Group, Plan, Rust};

/// The imports of one file, collected while it is written.
pub(super) struct Imports<'a> {
    overlay: &'a Overlay,
    plan: &'a Plan,
    names: &'a Names,
    own: &'a str,
    /// What opens the file.
    whole: Gate,
    /// What opens the item that is being written.
    gate: Gate,
    /// What opens the items that use a path.
    paths: BTreeMap<(String, String), Gate>,
}

impl<'a> Imports<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        overlay: &'a Overlay,
        names: &'a Names,
        own: &'a str,
    ) -> Self {
        let whole = plan.groups.get(own).map(|group| whole(plan, group)).unwrap_or_default();
        let (gate, paths) = (Gate::default(), BTreeMap::new());
        Self { overlay, plan, names, own, whole, gate, paths }
    }

    /// Begins an item, whose gate what it uses will have.
    pub(super) fn begin(&mut self, item: &str) {
        self.gate = self.plan.gate(item);
    }

    /// The attribute of the item, unless whatever opens the file opens the item.
    pub(super) fn attribute(&self) -> String {
        self.attribute_of(&self.gate)
    }

    fn attribute_of(&self, gate: &Gate) -> String {
        if *gate == self.whole { String::new() } else { attribute(gate) }
    }

    /// Uses `module::name`; answers with the name.
    pub(super) fn add(&mut self, module: &str, name: &str) -> String {
        let path = (module.to_owned(), name.to_owned());
        self.paths.entry(path).or_default().widen(&self.gate);
        name.to_owned()
    }

    /// The hand-written type of a field, if it is one.
    pub(super) fn hand(&self, kind: &Rust) -> Option<&'a HandType> {
        match kind {
            Rust::Hand(name) => self.overlay.types.get(name),
            _ => None,
        }
    }

    /// Uses a generated type of any module.
    fn generated(&mut self, name: &str) -> String {
        match self.plan.homes.get(name) {
            Some(home) if home != self.own => self.add(&format!("crate::generated::{home}"), name),
            Some(_) | None => name.to_owned(),
        }
    }

    /// A Rust type as written in this file.
    pub(super) fn kind(&mut self, kind: &Rust) -> String {
        match kind {
            Rust::Unit => "()".to_owned(),
            Rust::Text => "String".to_owned(),
            Rust::Integer => "i64".to_owned(),
            Rust::Number => "f64".to_owned(),
            Rust::Truth => "bool".to_owned(),
            Rust::Value => self.add("serde_json", "Value"),
            Rust::Seconds => self.add("crate::timestamp", "Timestamp"),
            Rust::DateTime => self.add("crate::timestamp", "DateTimeText"),
            Rust::Date => self.add("chrono", "NaiveDate"),
            Rust::Bytes => self.add("bytes", "Bytes"),
            Rust::Attributes => self.add("crate::attributes", "Attributes"),
            Rust::Search => self.add("crate::search", "SearchRequest"),
            Rust::Id(name) => self.add("crate::id", name),
            Rust::Hand(name) => self.hand_written(name),
            Rust::Struct(schema) => {
                let names = self.names;
                self.generated(names.of(schema))
            }
            Rust::Enum(name) => self.generated(name),
            Rust::List(inner) => format!("Vec<{}>", self.kind(inner)),
            Rust::Map(inner) => {
                let inner = self.kind(inner);
                self.add("std::collections", "BTreeMap");
                format!("BTreeMap<String, {inner}>")
            }
        }
    }

    fn hand_written(&mut self, name: &str) -> String {
        let overlay = self.overlay;
        let Some(hand) = overlay.types.get(name) else { return name.to_owned() };
        for (module, name) in hand.import.iter().filter_map(|path| path.rsplit_once("::")) {
            self.add(module, name);
        }
        if let Some(schema) = &hand.holds {
            self.kind(&Rust::Struct(schema.clone()));
        }
        hand.spelled.clone().unwrap_or_else(|| name.to_owned())
    }

    /// The type of a field, `Option` included.
    pub(super) fn field(&mut self, field: &Field) -> String {
        let mut kind = self.kind(&field.kind);
        if field.boxed {
            kind = format!("Box<{kind}>");
        }
        if field.required { kind } else { format!("Option<{kind}>") }
    }

    /// The `use` items in blocks: std, crates, this crate.
    pub(super) fn render(&self) -> String {
        let block_of = |module: &str| match module.split("::").next() {
            Some("std") => 0,
            Some("crate") => 2,
            _ => 1,
        };
        let mut blocks: [BTreeMap<(&str, String), Vec<&str>>; 3] = Default::default();
        for ((module, name), gate) in &self.paths {
            let attribute = self.attribute_of(gate);
            blocks[block_of(module)].entry((module, attribute)).or_default().push(name);
        }
        let mut source = String::new();
        for block in blocks {
            for ((module, attribute), names) in block {
                source += &format!("{attribute}use {module}::{{{}}};\n", names.join(", "));
            }
            source += "\n";
        }
        source
    }
}

/// What opens a file: everything that opens one of its items.
pub(super) fn whole(plan: &Plan, group: &Group) -> Gate {
    let mut gate = Gate::default();
    for name in group.names() {
        gate.widen(&plan.gate(name));
    }
    gate
}

/// The attribute of what a gate opens.
pub(super) fn attribute(gate: &Gate) -> String {
    format!("#[cfg({})]\n", gate.condition())
}
