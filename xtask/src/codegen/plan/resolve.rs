//! Types of the manifest become Rust types; the schemas they reach become structs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};

use super::{Enum, Field, Role, Rust, Spelling, Struct, cycles};
use crate::codegen::manifest::Manifest;
use crate::codegen::naming;
use crate::codegen::overlay::{Correction, Overlay};
use crate::codegen::shape::{EnumValue, History, Shape, Type};
use crate::codegen::versions::Versions;

/// Resolves types and remembers what they reach.
pub(super) struct Planner<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) overlay: &'a Overlay,
    set: Entries<'a>,
    renamed: Entries<'a>,
    called: Entries<'a>,
    constants: Entries<'a>,
    shared_enums: Entries<'a>,
    /// Schemas reached so far, and whether an answer reaches them.
    reached: RefCell<BTreeMap<String, Role>>,
    /// Schemas that a request holds directly.
    sent: RefCell<BTreeSet<String>>,
    enums: RefCell<BTreeMap<String, Enum>>,
    /// Entries of the overlay that had an effect.
    used: RefCell<BTreeSet<String>>,
}

type Entries<'a> = BTreeMap<&'a str, &'a str>;

impl<'a> Planner<'a> {
    pub(super) fn new(manifest: &'a Manifest, overlay: &'a Overlay) -> Self {
        let mut planner = Self {
            manifest,
            overlay,
            set: Entries::new(),
            renamed: Entries::new(),
            called: Entries::new(),
            constants: Entries::new(),
            shared_enums: Entries::new(),
            reached: RefCell::default(),
            sent: RefCell::default(),
            enums: RefCell::default(),
            used: RefCell::default(),
        };
        for Correction { set, rename, called, constants, enums, .. } in &overlay.correction {
            planner.set.extend(pairs(set));
            planner.renamed.extend(pairs(rename));
            planner.called.extend(pairs(called));
            planner.constants.extend(pairs(constants));
            for (name, fields) in enums {
                planner.shared_enums.extend(fields.iter().map(|f| (f.as_str(), name.as_str())));
            }
        }
        planner
    }

    fn mark(&self, entry: String) {
        self.used.borrow_mut().insert(entry);
    }

    /// An entry of the overlay, noted as used.
    fn look_up(&self, kind: &str, entries: &Entries<'a>, key: &str) -> Option<&'a str> {
        let found = entries.get(key).copied();
        if found.is_some() {
            self.mark(format!("{kind} {key}"));
        }
        found
    }

    /// The constant value of a field or parameter.
    pub(super) fn constant(&self, address: &str) -> Option<&'a str> {
        self.look_up("constants", &self.constants, address)
    }

    /// The Rust name of a schema's struct.
    pub(super) fn struct_name(&self, schema: &str) -> String {
        if let Some(name) = self.look_up("called", &self.called, schema) {
            return name.to_owned();
        }
        match schema.rsplit_once('.') {
            Some((owner, field)) => self.part_name(owner, field),
            None => naming::pascal(schema),
        }
    }

    /// The Rust name of what a field holds, when the field describes it.
    fn part_name(&self, owner: &str, field: &str) -> String {
        let described = self.manifest.field(&format!("{owner}.{field}"));
        let is_list = described.is_some_and(|h| matches!(h.newest().shape, Shape::List(_)));
        let field = if is_list { naming::singular(field) } else { field.to_owned() };
        naming::part(&self.struct_name(owner), &naming::pascal(&field))
    }

    /// The schema whose struct a type is or holds, also inside a hand-written type.
    pub(super) fn held<'k>(&'k self, kind: &'k Rust) -> Option<&'k str> {
        match kind {
            Rust::Hand(name) => self.overlay.types.get(name)?.holds.as_deref(),
            Rust::List(inner) | Rust::Map(inner) => self.held(inner),
            kind => kind.schema(),
        }
    }

    /// A field with its Rust type.
    pub(super) fn field(
        &self,
        owner: &str,
        name: &str,
        history: &History,
        role: Role,
    ) -> anyhow::Result<Field> {
        let address = format!("{owner}.{name}");
        let set = self.look_up("set", &self.set, &address).map(Type::parse).transpose()?;
        let kind = match &set {
            Some(kind) => self.by_type(&address, kind, role),
            None => self.by_history(&address, history, role),
        };
        let kind = kind.with_context(|| format!("{address} = \"{history}\""))?;
        let required = set.as_ref().map_or_else(|| history.is_required(), |kind| kind.required);
        let rust_name = self.look_up("rename", &self.renamed, &address);
        Ok(Field {
            wire: name.to_owned(),
            name: rust_name.map_or_else(|| naming::field(name), str::to_owned),
            spelling: if kind.id().is_some() { spelling(history) } else { Spelling::AsGiven },
            required: role == Role::Request && required,
            boxed: false,
            versions: history.versions(),
            kind,
        })
    }

    fn by_history(&self, address: &str, history: &History, role: Role) -> anyhow::Result<Rust> {
        if let Some(kind) = self.by_name(address, history) {
            return Ok(kind);
        }
        let mut kinds = Vec::new();
        for kind in history.kinds() {
            let kind = self.by_type(address, kind, role)?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        // An open enumeration takes any text.
        if kinds.iter().any(|kind| matches!(kind, Rust::Enum(_))) {
            kinds.retain(|kind| *kind != Rust::Text);
        }
        match <[Rust; 1]>::try_from(kinds) {
            Ok([kind]) => Ok(kind),
            Err(_) => bail!("the type changes by version and the overlay does not settle it"),
        }
    }

    /// Fields that are known by their name: references, instants, attributes.
    fn by_name(&self, address: &str, history: &History) -> Option<Rust> {
        let (owner, name) = address.rsplit_once('.')?;
        if name == "custom_attributes" {
            return Some(Rust::Attributes);
        }
        let scalar = |shape: &Shape| matches!(shape, Shape::Text | Shape::Integer);
        let all = |test: &dyn Fn(&Shape) -> bool| history.kinds().all(|kind| test(&kind.shape));
        if all(&|shape| *shape == Shape::Integer) && name.ends_with("_at") {
            return Some(Rust::Seconds);
        }
        let is_list = all(&|shape| matches!(shape, Shape::List(inner) if scalar(&inner.shape)));
        if !is_list && !all(&scalar) {
            return None;
        }
        let own = self.overlay.ids.get(owner).filter(|_| name == "id");
        let reference = self.overlay.references.get(name).filter(|_| own.is_none());
        if own.is_some() {
            self.mark(format!("ids {owner}"));
        }
        if reference.is_some() {
            self.mark(format!("references {name}"));
        }
        let is_id = name == "id" || name.ends_with("_id") || name.ends_with("_ids");
        let item = match own.or(reference).map(String::as_str) {
            Some("str") => Rust::Text,
            Some(newtype) => Rust::Id(newtype.to_owned()),
            None if is_id => Rust::Id("Id".to_owned()),
            None => return None,
        };
        Some(if is_list { Rust::List(Box::new(item)) } else { item })
    }

    fn by_type(&self, address: &str, kind: &Type, role: Role) -> anyhow::Result<Rust> {
        let inner = |inner: &Type| self.by_type(address, inner, role).map(Box::new);
        Ok(match &kind.shape {
            Shape::Text => Rust::Text,
            Shape::Integer => Rust::Integer,
            Shape::Number => Rust::Number,
            Shape::Truth => Rust::Truth,
            Shape::Any => Rust::Value,
            Shape::Seconds => Rust::Seconds,
            Shape::DateTime => Rust::DateTime,
            Shape::Date => Rust::Date,
            Shape::Bytes => Rust::Bytes,
            Shape::List(item) => Rust::List(inner(item)?),
            Shape::Map(value) => Rust::Map(inner(value)?),
            Shape::Schema(name) => self.by_schema(address, name, role)?,
            // An enumeration of one value is a type tag.
            Shape::Enum(values) if values.len() < 2 => Rust::Text,
            Shape::Enum(values) => Rust::Enum(self.enumeration(address, values)?),
            Shape::Union(_) => bail!("a union; it has to be written by hand"),
            Shape::Hand(name) if name.ends_with("Id") => Rust::Id(name.clone()),
            Shape::Hand(name) if name == "Attributes" => Rust::Attributes,
            Shape::Hand(name) => {
                let hand = self.overlay.types.get(name);
                let hand = hand.with_context(|| format!("no hand-written type {name}"))?;
                self.mark(format!("types {name}"));
                if let Some(schema) = &hand.holds {
                    self.by_schema(address, schema, role)?;
                }
                Rust::Hand(name.clone())
            }
        })
    }

    fn by_schema(&self, address: &str, name: &str, role: Role) -> anyhow::Result<Rust> {
        let schema = self.manifest.schema(name).with_context(|| format!("no schema {name}"))?;
        if let Some(alias) = &schema.alias {
            return self.by_history(address, alias, role).with_context(|| format!("as {name}"));
        }
        ensure!(
            schema.variants.is_none(),
            "{name} has alternatives; merge them in the overlay or write the type by hand"
        );
        let mut reached = self.reached.borrow_mut();
        let known = reached.entry(name.to_owned()).or_insert(role);
        match role {
            Role::Answer => *known = Role::Answer,
            Role::Request => {
                self.sent.borrow_mut().insert(name.to_owned());
            }
        }
        Ok(Rust::Struct(name.to_owned()))
    }

    fn enumeration(&self, address: &str, values: &[EnumValue]) -> anyhow::Result<String> {
        let name = match self.look_up("enums", &self.shared_enums, address) {
            Some(name) => name.to_owned(),
            None => {
                let (owner, field) = address.rsplit_once('.').context("no owner")?;
                self.part_name(owner, field)
            }
        };
        let mut enums = self.enums.borrow_mut();
        let known = enums.entry(name.clone()).or_insert_with(|| Enum {
            name: name.clone(),
            fields: BTreeSet::new(),
            values: Vec::new(),
        });
        known.fields.insert(address.to_owned());
        for value in values {
            if !known.values.iter().any(|(text, _)| *text == value.text) {
                known.values.push((value.text.clone(), value.versions));
            }
        }
        Ok(name)
    }

    /// A struct for every schema reached, and for those that these reach.
    ///
    /// What an answer reaches is a struct of answers also where a request holds it.
    pub(super) fn structs(&self) -> anyhow::Result<Vec<Struct>> {
        let mut planned: BTreeMap<String, Struct> = BTreeMap::new();
        loop {
            let reached = self.reached.borrow().clone();
            let open = reached
                .iter()
                .find(|(name, role)| planned.get(*name).is_none_or(|object| object.role != **role));
            let Some((name, role)) = open else { break };
            let object = self.object(name, *role)?;
            planned.insert(name.clone(), object);
        }
        let mut structs: Vec<Struct> = planned.into_values().collect();
        cycles::break_up(&mut structs);
        self.mark_sent(&mut structs)?;
        Ok(structs)
    }

    /// Notes which structs requests hold, directly or through others.
    fn mark_sent(&self, structs: &mut [Struct]) -> anyhow::Result<()> {
        let mut open: Vec<String> = self.sent.borrow().iter().cloned().collect();
        while let Some(schema) = open.pop() {
            let Some(object) = structs.iter_mut().find(|object| object.schema == schema) else {
                continue;
            };
            if std::mem::replace(&mut object.is_sent, true) {
                continue;
            }
            for field in &object.fields {
                let by_version = matches!(field.spelling, Spelling::NumberIn(_));
                ensure!(!by_version, "{schema}.{} is spelled by version inside a body", field.wire);
                open.extend(self.held(&field.kind).map(str::to_owned));
            }
        }
        Ok(())
    }

    fn object(&self, schema: &str, role: Role) -> anyhow::Result<Struct> {
        let facts = self.manifest.schema(schema).with_context(|| format!("no schema {schema}"))?;
        let mut object = Struct {
            schema: schema.to_owned(),
            name: self.struct_name(schema),
            versions: facts.versions,
            role,
            fields: Vec::new(),
            constant: None,
            is_sent: false,
        };
        for (name, history) in self.manifest.fields_of(&Shape::Schema(schema.to_owned())) {
            let owner = self.owner(schema, &name);
            match constant_of(&history).filter(|_| role == Role::Request) {
                Some(value) => {
                    ensure!(object.constant.is_none(), "{schema} has two constant fields");
                    object.constant = Some((name, value));
                }
                None => object.fields.push(self.field(&owner, &name, &history, role)?),
            }
        }
        Ok(object)
    }

    /// The schema that declares a field, which may be one that `schema` extends.
    pub(super) fn owner(&self, schema: &str, field: &str) -> String {
        let Some(facts) = self.manifest.schema(schema) else { return schema.to_owned() };
        let mut bases = Vec::new();
        if facts.fields.iter().all(|(name, _)| name != field)
            && let Some(extends) = &facts.extends
        {
            extends.newest().schemas(&mut |base| bases.push(base.to_owned()));
        }
        let has_field = |base: &String| {
            let fields = self.manifest.fields_of(&Shape::Schema(base.clone()));
            fields.iter().any(|(name, _)| name == field)
        };
        match bases.into_iter().find(has_field) {
            Some(base) => self.owner(&base, field),
            None => schema.to_owned(),
        }
    }

    /// The enumerations that the planned types use.
    pub(super) fn enums(&self) -> Vec<Enum> {
        std::mem::take(&mut *self.enums.borrow_mut()).into_values().collect()
    }

    /// Fails when an entry of the overlay had no effect.
    pub(super) fn check_used(&self) -> anyhow::Result<()> {
        let overlay = self.overlay;
        let entries = [
            ("set", &self.set),
            ("rename", &self.renamed),
            ("called", &self.called),
            ("constants", &self.constants),
            ("enums", &self.shared_enums),
        ];
        let mut wanted = Vec::new();
        for (kind, entries) in entries {
            wanted.extend(entries.keys().map(|key| format!("{kind} {key}")));
        }
        wanted.extend(overlay.ids.keys().map(|key| format!("ids {key}")));
        wanted.extend(overlay.references.keys().map(|key| format!("references {key}")));
        wanted.extend(overlay.types.keys().map(|key| format!("types {key}")));
        wanted.retain(|key| !self.used.borrow().contains(key));
        ensure!(wanted.is_empty(), "overlay.toml has entries without effect: {wanted:?}");
        Ok(())
    }
}

fn pairs(map: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

/// The only value a required field may have.
pub(super) fn constant_of(history: &History) -> Option<String> {
    let [(_, kind)] = history.0.as_slice() else { return None };
    match &kind.shape {
        Shape::Enum(values) if kind.required => match values.as_slice() {
            [value] => Some(value.text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn spelling(history: &History) -> Spelling {
    fn scalar(kind: &Type) -> Shape {
        match &kind.shape {
            Shape::List(inner) => scalar(inner),
            // A list of what one value may be instead of it.
            Shape::Union(parts) if parts.iter().all(|part| scalar(part) == scalar(&parts[0])) => {
                scalar(&parts[0])
            }
            shape => shape.clone(),
        }
    }
    let mut numbers = Versions::default();
    let mut has_text = false;
    for (versions, kind) in &history.0 {
        match scalar(kind) {
            Shape::Integer => numbers = numbers.union(versions.unwrap_or(Versions::ALL)),
            Shape::Text => has_text = true,
            _ => return Spelling::AsGiven,
        }
    }
    match (numbers == Versions::default(), has_text) {
        (true, _) => Spelling::Text,
        (false, false) => Spelling::Number,
        (false, true) => Spelling::NumberIn(numbers),
    }
}
