//! Which module an operation or type lives in, and which groups reach it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};

use super::resolve::Planner;
use super::{Enum, Gate, Operation, Plan, Rust, Struct};
use crate::codegen::manifest::OperationFacts;
use crate::codegen::shape::History;

/// The group of an operation: what the overlay says, or that of the last segment of its path
/// that names one.
pub(super) fn of_operation(
    planner: &Planner<'_>,
    facts: &OperationFacts,
) -> anyhow::Result<Option<String>> {
    let overlay = planner.overlay;
    let pinned = overlay.correction.iter().find_map(|c| c.groups.get(&facts.id));
    if let Some(group) = pinned {
        ensure!(overlay.groups.contains_key(group), "{} is pinned to no group", facts.id);
        return Ok(Some(group.clone()));
    }
    let named = facts.path.split('/').rev().find_map(|segment| {
        let mut groups = overlay.groups.iter();
        groups.find(|(_, segments)| segments.iter().any(|s| s == segment)).map(|(name, _)| name)
    });
    Ok(named.cloned())
}

/// Sorts everything into modules.
pub(super) fn sort(
    planner: &Planner<'_>,
    operations: Vec<Operation>,
    structs: Vec<Struct>,
) -> anyhow::Result<Plan> {
    let mut plan = Plan { groups: BTreeMap::new(), homes: BTreeMap::new(), gates: BTreeMap::new() };
    let mut sorter = Sorter::new(planner, &structs);
    for operation in operations {
        let facts = planner.manifest.operation(&operation.id).context("an unknown operation")?;
        let group = of_operation(planner, facts)?.context("an operation without a group")?;
        plan.gates.insert(operation.name.clone(), sorter.enter(facts, &operation, &group));
        plan.homes.insert(operation.name.clone(), group.clone());
        plan.groups.entry(group).or_default().operations.push(operation);
    }
    for object in structs {
        let group = sorter.home(&object.schema)?;
        plan.gates.insert(object.name.clone(), sorter.gate(&object.name)?);
        plan.homes.insert(object.name.clone(), group.clone());
        plan.groups.entry(group).or_default().structs.push(object);
    }
    for kind in planner.enums() {
        let group = sorter.enum_home(&kind).with_context(|| format!("enum {}", kind.name))?;
        plan.gates.insert(kind.name.clone(), sorter.gate(&kind.name)?);
        plan.homes.insert(kind.name.clone(), group.clone());
        plan.groups.entry(group).or_default().enums.push(kind);
    }
    let homes = planner.overlay.homes.keys();
    let unused: Vec<_> = homes.filter(|prefix| !sorter.used.contains(*prefix)).collect();
    ensure!(unused.is_empty(), "overlay.toml has homes without effect: {unused:?}");
    for group in plan.groups.values_mut() {
        group.operations.sort_by(|a, b| a.name.cmp(&b.name));
        group.structs.sort_by(|a, b| a.name.cmp(&b.name));
        group.enums.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(plan)
}

struct Sorter<'a> {
    planner: &'a Planner<'a>,
    /// The Rust name of each schema's struct.
    names: BTreeMap<String, String>,
    /// The types that each struct holds, by Rust name.
    holds: BTreeMap<String, Vec<String>>,
    /// What reaches each type, by Rust name.
    gates: BTreeMap<String, Gate>,
    /// The group of the operation whose body or answer a schema is.
    parts: BTreeMap<String, String>,
    used: BTreeSet<String>,
}

impl<'a> Sorter<'a> {
    fn new(planner: &'a Planner<'a>, structs: &[Struct]) -> Self {
        let name = |object: &Struct| (object.schema.clone(), object.name.clone());
        let mut sorter = Self {
            planner,
            names: structs.iter().map(name).collect(),
            holds: BTreeMap::new(),
            gates: BTreeMap::new(),
            parts: BTreeMap::new(),
            used: BTreeSet::new(),
        };
        for object in structs {
            let fields = object.fields.iter().filter_map(|field| sorter.held(&field.kind));
            let held = fields.collect();
            sorter.holds.insert(object.name.clone(), held);
        }
        sorter
    }

    /// The Rust name of the struct or enumeration that a type is or holds.
    fn held(&self, kind: &Rust) -> Option<String> {
        match kind {
            Rust::Enum(name) => Some(name.clone()),
            Rust::List(inner) | Rust::Map(inner) => self.held(inner),
            kind => self.names.get(self.planner.held(kind)?).cloned(),
        }
    }

    fn gate(&self, name: &str) -> anyhow::Result<Gate> {
        let gate = self.gates.get(name).cloned();
        gate.with_context(|| format!("no operation reaches {name}"))
    }

    /// Notes everything that an operation reaches; answers with the operation's own gate.
    fn enter(&mut self, facts: &OperationFacts, operation: &Operation, group: &str) -> Gate {
        self.parts.insert(facts.id.clone(), group.to_owned());
        for kind in facts.body.iter().flat_map(History::kinds) {
            kind.schemas(&mut |name| {
                self.parts.insert(name.to_owned(), group.to_owned());
            });
        }
        let gate = Gate::of(group, operation);
        let kinds = operation.fields().map(|field| &field.kind).chain([&operation.output]);
        let mut open: Vec<String> = kinds.filter_map(|kind| self.held(kind)).collect();
        while let Some(name) = open.pop() {
            if self.gates.entry(name.clone()).or_default().widen(&gate) {
                open.extend(self.holds.get(&name).into_iter().flatten().cloned());
            }
        }
        gate
    }

    fn home(&mut self, schema: &str) -> anyhow::Result<String> {
        let is_start = |prefix: &&String| {
            let rest = schema.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.']))
        };
        let homes = &self.planner.overlay.homes;
        if let Some(prefix) = homes.keys().filter(is_start).max_by_key(|prefix| prefix.len()) {
            self.used.insert(prefix.clone());
            return Ok(homes[prefix].clone());
        }
        let owner = schema.rsplit_once('.').map(|(owner, _)| owner);
        let operation = owner.map(|owner| owner.trim_end_matches(".body"));
        let part = self.parts.get(schema).or_else(|| self.parts.get(operation?));
        if let Some(group) = part {
            return Ok(group.clone());
        }
        let gate = self.names.get(schema).and_then(|name| self.gates.get(name));
        let groups: Vec<&str> = gate.into_iter().flat_map(Gate::groups).collect();
        match (groups.as_slice(), owner) {
            ([group], _) => Ok((*group).to_owned()),
            (_, Some(owner)) => self.home(owner),
            _ => bail!("the schema {schema} is reached by {groups:?}; give it a home"),
        }
    }

    fn enum_home(&mut self, kind: &Enum) -> anyhow::Result<String> {
        let owners = kind.fields.iter().filter_map(|field| field.rsplit_once('.'));
        let owner = owners.map(|(owner, _)| owner.to_owned()).next();
        self.home(&owner.context("a field without an owner")?)
    }
}
