//! Operations of the manifest become operation structs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};

use super::groups;
use super::resolve::{Planner, constant_of};
use super::{Body, Field, Operation, Page, PageKind, Role, Rust};
use crate::codegen::manifest::OperationFacts;
use crate::codegen::naming;
use crate::codegen::overlay::Safety;
use crate::codegen::shape::{History, Shape, Type};
use crate::codegen::versions::Versions;

/// The operations of the emitted groups.
pub(super) fn plan(planner: &Planner<'_>) -> anyhow::Result<Vec<Operation>> {
    let declared = Declared::new(planner)?;
    let mut planned = Vec::new();
    let mut failures = Vec::new();
    for facts in &planner.manifest.operations {
        let group = groups::of_operation(planner, facts)?;
        if !group.is_some_and(|group| planner.overlay.emit.contains(&group)) {
            continue;
        }
        for (name, body) in declared.acts(facts) {
            match operation(planner, &declared, facts, &name, body.as_ref()) {
                Ok(operation) => planned.push(operation),
                Err(error) => failures.push(format!("operation {}: {error:#}", facts.id)),
            }
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    declared.check_emitted(&planned)?;
    Ok(planned)
}

/// What the overlay declares about operations.
struct Declared<'a> {
    names: BTreeMap<&'a str, &'a str>,
    safety: BTreeMap<&'a str, Safety>,
    /// Fields by struct name.
    once_without: BTreeMap<&'a str, &'a str>,
    searches: BTreeSet<&'a str>,
    split: BTreeMap<&'a str, &'a BTreeMap<String, String>>,
    forms: BTreeMap<&'a str, &'a str>,
    /// By struct name.
    versions: BTreeMap<&'a str, Versions>,
}

impl<'a> Declared<'a> {
    fn new(planner: &Planner<'a>) -> anyhow::Result<Self> {
        let mut declared = Self {
            names: BTreeMap::new(),
            safety: BTreeMap::new(),
            once_without: BTreeMap::new(),
            searches: BTreeSet::new(),
            split: BTreeMap::new(),
            forms: BTreeMap::new(),
            versions: BTreeMap::new(),
        };
        for correction in &planner.overlay.correction {
            let names = correction.names.iter().map(|(id, name)| (id.as_str(), name.as_str()));
            declared.names.extend(names);
            declared.searches.extend(correction.searches.iter().map(String::as_str));
            declared.split.extend(correction.split.iter().map(|(id, into)| (id.as_str(), into)));
            let forms = correction.forms.iter().map(|(id, schema)| (id.as_str(), schema.as_str()));
            declared.forms.extend(forms);
            for (name, range) in &correction.versions {
                declared.versions.insert(name, Versions::parse(range)?);
            }
            let keys = correction.once_without.iter();
            declared.once_without.extend(keys.map(|(name, field)| (name.as_str(), field.as_str())));
            for (safety, ids) in &correction.safety {
                for id in ids {
                    let before = declared.safety.insert(id, *safety);
                    ensure!(before.is_none(), "the safety of {id} is declared twice");
                }
            }
        }
        Ok(declared)
    }

    /// Name and body of each struct that stands for an operation of the API: one, unless the
    /// overlay splits it.
    fn acts(&self, facts: &OperationFacts) -> Vec<(String, Option<History>)> {
        let Some(into) = self.split.get(facts.id.as_str()) else {
            return vec![(self.name(facts), facts.body.clone())];
        };
        let body = |schema: &String| Type::plain(Shape::Schema(schema.clone()));
        into.iter()
            .map(|(name, schema)| (name.clone(), Some(History::constant(body(schema)))))
            .collect()
    }

    fn name(&self, facts: &OperationFacts) -> String {
        let given = self.names.get(facts.id.as_str());
        given.map_or_else(|| naming::operation(&facts.id), |name| (*name).to_owned())
    }

    /// The safety of an operation: what HTTP says of the method, or what the overlay declares.
    fn safety(&self, facts: &OperationFacts, name: &str) -> anyhow::Result<Safety> {
        if let Some(safety) = self.safety.get(name) {
            return Ok(*safety);
        }
        match facts.method.as_str() {
            "GET" => Ok(Safety::Read),
            "PUT" | "DELETE" => Ok(Safety::Idempotent),
            method => bail!("{name} is a {method} whose safety the overlay does not declare"),
        }
    }

    fn check_emitted(&self, planned: &[Operation]) -> anyhow::Result<()> {
        let ids = self.searches.iter().chain(self.names.keys()).chain(self.split.keys());
        let ids = ids.chain(self.forms.keys());
        for id in ids {
            let known = planned.iter().any(|operation| operation.id == *id);
            ensure!(known, "overlay.toml declares something about {id}, which is not emitted");
        }
        let names = self.safety.keys().chain(self.versions.keys());
        for name in names.chain(self.once_without.keys()) {
            let known = planned.iter().any(|operation| operation.name == *name);
            ensure!(known, "overlay.toml declares something about {name}, which is not emitted");
        }
        Ok(())
    }
}

fn operation(
    planner: &Planner<'_>,
    declared: &Declared<'_>,
    facts: &OperationFacts,
    name: &str,
    body: Option<&History>,
) -> anyhow::Result<Operation> {
    let (query, constants) = query(planner, facts)?;
    let body = if declared.searches.contains(facts.id.as_str()) {
        Body::Search
    } else if let Some(form) = declared.forms.get(facts.id.as_str()) {
        Body::Form(fields_of(planner, form)?)
    } else {
        body.map_or(Ok(Body::None), |body| body_of(planner, body))?
    };
    let output = output(planner, facts)?;
    let safety = declared.safety(facts, name)?;
    let once_without = match declared.once_without.get(name) {
        Some(field) => Some(once_without(name, safety, field, &body)?),
        None => None,
    };
    let planned = Operation {
        id: facts.id.clone(),
        safety,
        once_without,
        name: name.to_owned(),
        method: facts.method.clone(),
        route: facts.path.clone(),
        versions: declared.versions.get(name).copied().unwrap_or(facts.versions).hull(),
        path: path(planner, facts)?,
        query,
        constants,
        body,
        page: page(planner, facts, name, &output)?,
        output,
    };
    let mut seen = BTreeSet::new();
    for field in planned.fields() {
        ensure!(seen.insert(&field.name), "{name} has two parameters called {}", field.name);
    }
    Ok(planned)
}

/// The Rust name of the field without which an idempotent operation is sent once.
fn once_without(name: &str, safety: Safety, wire: &str, body: &Body) -> anyhow::Result<String> {
    ensure!(safety == Safety::Idempotent, "{name} is not idempotent to begin with");
    let Body::Fields { fields, .. } = body else { bail!("{name} has no field {wire}") };
    let field = fields.iter().find(|field| field.wire == wire);
    let field = field.with_context(|| format!("{name} has no field {wire}"))?;
    let fits = !field.required && field.kind == Rust::Text;
    ensure!(fits, "the field {wire} of {name} is not an optional text");
    Ok(field.name.clone())
}

fn path(planner: &Planner<'_>, facts: &OperationFacts) -> anyhow::Result<Vec<Field>> {
    let fields = facts.path_parameters.iter().map(|(name, history)| {
        let mut field = planner.field(&facts.id, name, history, Role::Request)?;
        if field.kind == Rust::Value {
            field.kind = Rust::Id("Id".to_owned());
        }
        let fits = matches!(field.kind, Rust::Id(_) | Rust::Text | Rust::Integer);
        ensure!(fits, "the path parameter {name} is neither id, text nor integer");
        Ok(Field { required: true, ..field })
    });
    fields.collect()
}

type Constants = Vec<(String, String)>;

fn query(planner: &Planner<'_>, facts: &OperationFacts) -> anyhow::Result<(Vec<Field>, Constants)> {
    let (mut fields, mut constants) = (Vec::new(), Vec::new());
    for (name, history) in &facts.query {
        match planner.constant(&format!("{}.{name}", facts.id)) {
            Some(value) => constants.push((name.clone(), value.to_owned())),
            None => fields.push(planner.field(&facts.id, name, history, Role::Request)?),
        }
    }
    Ok((fields, constants))
}

fn body_of(planner: &Planner<'_>, body: &History) -> anyhow::Result<Body> {
    let [(_, Type { shape: Shape::Schema(schema), .. })] = body.0.as_slice() else {
        bail!("the body \"{body}\" is not one object; split the operation in the overlay");
    };
    let facts = planner.manifest.schema(schema).with_context(|| format!("no schema {schema}"))?;
    let plain = facts.alias.is_none() && facts.variants.is_none();
    ensure!(plain, "the body {schema} has alternatives");
    let (mut fields, mut constants) = (Vec::new(), Vec::new());
    for (name, history) in planner.manifest.fields_of(&Shape::Schema(schema.clone())) {
        let owner = planner.owner(schema, &name);
        let fixed = planner.constant(&format!("{owner}.{name}")).map(str::to_owned);
        match fixed.or_else(|| constant_of(&history)) {
            Some(value) => constants.push((name, value)),
            None => fields.push(planner.field(&owner, &name, &history, Role::Request)?),
        }
    }
    Ok(Body::Fields { fields, constants })
}

fn fields_of(planner: &Planner<'_>, schema: &str) -> anyhow::Result<Vec<Field>> {
    let fields = planner.manifest.fields_of(&Shape::Schema(schema.to_owned())).into_iter();
    fields.map(|(name, history)| planner.field(schema, &name, &history, Role::Request)).collect()
}

fn output(planner: &Planner<'_>, facts: &OperationFacts) -> anyhow::Result<Rust> {
    let mut kinds = Vec::new();
    for (_, _, history) in &facts.answers {
        let kind = match history {
            None => Rust::Unit,
            Some(history) => planner.field(&facts.id, "ok", history, Role::Answer)?.kind,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    match <[Rust; 1]>::try_from(kinds) {
        Ok([kind]) => Ok(kind),
        Err(kinds) => bail!("{} types of answers; declare one in the overlay", kinds.len()),
    }
}

fn page(
    planner: &Planner<'_>,
    facts: &OperationFacts,
    name: &str,
    output: &Rust,
) -> anyhow::Result<Option<Page>> {
    let Rust::Struct(schema) = output else { return Ok(None) };
    let fields = planner.manifest.fields_of(&Shape::Schema(schema.clone()));
    let is_list = |history: &History| matches!(history.newest().shape, Shape::List(_));
    let page = match (&facts.page, name.starts_with("List")) {
        (Some(page), _) if page == "none" => return Ok(None),
        (Some(page), _) => page.clone(),
        (None, true) => match fields.iter().find(|(_, history)| is_list(history)) {
            Some((items, _)) => format!("single query {items}"),
            None => return Ok(None),
        },
        (None, false) => return Ok(None),
    };
    let [kind, place, items] = page.split(' ').collect::<Vec<_>>()[..] else {
        bail!("`{page}` is not kind, place and items key");
    };
    let kind = match (kind, place) {
        ("cursor", "body") => PageKind::BodyCursor,
        ("cursor", "query") => PageKind::QueryCursor,
        ("url", "query") => PageKind::NextUrl,
        ("number", "query") => PageKind::PageNumber,
        ("number", "body") => PageKind::BodyPageNumber,
        ("scroll", "query") => PageKind::Scroll,
        ("next", "query") => PageKind::NextCursor,
        ("single", "query") => PageKind::Single,
        _ => bail!("`{page}` is not a way of paging"),
    };
    let history = fields.iter().find(|(name, _)| name == items).map(|(_, history)| history);
    let history = history.with_context(|| format!("{schema} has no field {items}"))?;
    let owner = planner.owner(schema, items);
    match planner.field(&owner, items, history, Role::Answer)?.kind {
        Rust::List(item) => Ok(Some(Page { kind, items: items.to_owned(), item: *item })),
        other => bail!("{schema}.{items} is {other:?}, not a list"),
    }
}
