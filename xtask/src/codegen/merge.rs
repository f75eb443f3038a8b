//! Many versions of the same facts become one record with version ranges.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;

use super::description::{Description, Operation, Schema};
use super::manifest::{Manifest, OperationFacts, SchemaFacts};
use super::shape::{EnumValue, History, Shape, Type};
use super::versions::{Version, Versions};

/// Merges the facts of every version.
pub(crate) fn merge(descriptions: &[(Version, Description)]) -> anyhow::Result<Manifest> {
    let schemas = names_of(descriptions, |d| d.schemas.iter().map(|s| s.name.clone()).collect())
        .into_iter()
        .map(|name| merge_schema(&name, descriptions))
        .collect();
    let mut operations = Vec::new();
    let mut ids = BTreeSet::new();
    for route in names_of(descriptions, |d| d.operations.iter().map(Operation::route).collect()) {
        let operation = merge_operation(&route, descriptions);
        ensure!(ids.insert(operation.id.clone()), "two operations are called {}", operation.id);
        operations.push(operation);
    }
    let mut manifest = Manifest { schemas, operations };
    manifest.find_pages();
    Ok(manifest)
}

/// The 2.11 description belongs to another lineage than its neighbours: most of its differences
/// from both are not facts about the API. Its list of operations is; a field counts as present
/// when it says so and 2.10 or 2.12 agrees, or when both of those have it.
pub(crate) fn bridge(before: &Description, odd: &Description, after: &Description) -> Description {
    let mut bridged = Description::default();
    let removed = before.schemas.iter().filter(|s| after.schema(&s.name).is_none());
    for schema in after.schemas.iter().chain(removed) {
        let name = &schema.name;
        let neighbours = (before.schema(name), odd.schema(name), after.schema(name));
        if let Some(schema) = bridge_schema(neighbours) {
            bridged.schemas.push(schema);
        }
    }
    for operation in &odd.operations {
        let route = operation.route();
        let find = |d: &'_ Description| d.operations.iter().find(|o| o.route() == route).cloned();
        let (old, new) = (find(before), find(after));
        let query = bridge_fields(
            old.as_ref().map(|o| &*o.query),
            Some(&operation.query),
            new.as_ref().map(|o| &*o.query),
        );
        let details = old.or(new).unwrap_or_else(|| operation.clone());
        bridged.operations.push(Operation { query, ..details });
    }
    bridged
}

fn bridge_schema(
    (before, odd, after): (Option<&Schema>, Option<&Schema>, Option<&Schema>),
) -> Option<Schema> {
    let base = match (before, odd, after) {
        (Some(_), _, Some(after)) | (None, Some(_), Some(after)) => after,
        (Some(before), Some(_), None) => before,
        (Some(_), None, None) | (None, _, _) => return None,
    };
    let fields = |schema: Option<&'_ Schema>| schema.map(|s| s.fields.clone());
    let (old, own, new) = (fields(before), fields(odd), fields(after));
    Some(Schema {
        fields: bridge_fields(old.as_deref(), own.as_deref(), new.as_deref()),
        ..before.filter(|_| base.alias.is_some()).unwrap_or(base).clone()
    })
}

type Fields<'a> = Option<&'a [(String, Type)]>;

fn bridge_fields(before: Fields<'_>, odd: Fields<'_>, after: Fields<'_>) -> Vec<(String, Type)> {
    let find = |fields: Fields<'_>, name: &str| {
        fields.unwrap_or_default().iter().find(|(n, _)| n == name).map(|(_, kind)| kind.clone())
    };
    let mut bridged: Vec<(String, Type)> = Vec::new();
    for (name, _) in after.unwrap_or_default().iter().chain(before.unwrap_or_default()) {
        let (old, own, new) = (find(before, name), find(odd, name), find(after, name));
        let votes = [&old, &own, &new].iter().filter(|kind| kind.is_some()).count();
        if votes < 2 || bridged.iter().any(|(existing, _)| existing == name) {
            continue;
        }
        let kind = if own == new { new.or(old) } else { old.or(new) };
        bridged.extend(kind.map(|kind| (name.clone(), kind)));
    }
    bridged
}

/// Every name in the order of the newest description, older ones after it.
fn names_of(
    descriptions: &[(Version, Description)],
    list: impl Fn(&Description) -> Vec<String>,
) -> Vec<String> {
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    for (_, description) in descriptions.iter().rev() {
        for name in list(description) {
            if seen.insert(name.clone()) {
                names.push(name);
            }
        }
    }
    names
}

fn merge_schema(name: &str, descriptions: &[(Version, Description)]) -> SchemaFacts {
    let found: Vec<(Version, &Schema)> =
        descriptions.iter().filter_map(|(v, d)| Some((*v, d.schema(name)?))).collect();
    let versions = set_of(found.iter().map(|(version, _)| *version));
    let list = |names: &[String]| {
        let kinds: Vec<Type> =
            names.iter().map(|name| Type::plain(Shape::Schema(name.clone()))).collect();
        match <[Type; 1]>::try_from(kinds) {
            Ok([kind]) => Some(kind),
            Err(kinds) if kinds.is_empty() => None,
            Err(kinds) => Some(Type::plain(Shape::Union(kinds))),
        }
    };
    let each = |pick: &dyn Fn(&Schema) -> Option<Type>| {
        history(found.iter().filter_map(|(v, s)| Some((*v, pick(s)?))), versions)
    };
    SchemaFacts {
        name: name.to_owned(),
        versions,
        alias: each(&|schema| schema.alias.clone()),
        extends: each(&|schema| list(&schema.extends)),
        variants: each(&|schema| list(&schema.variants)),
        fields: merge_fields(
            &found.iter().map(|(v, s)| (*v, &*s.fields)).collect::<Vec<_>>(),
            versions,
        ),
    }
}

fn merge_operation(route: &str, descriptions: &[(Version, Description)]) -> OperationFacts {
    let mut found: Vec<(Version, &Operation)> = Vec::new();
    for (version, description) in descriptions {
        let operation = description.operations.iter().find(|o| o.route() == route);
        found.extend(operation.map(|operation| (*version, operation)));
    }
    let versions = set_of(found.iter().map(|(version, _)| *version));
    // The route comes from one of the descriptions.
    let newest = found[found.len() - 1].1;
    let path_parameters = newest.path_parameters.iter().enumerate().map(|(place, (name, _))| {
        let kinds = found.iter().filter_map(|(v, o)| Some((*v, o.path_parameters.get(place)?)));
        let kinds = kinds.map(|(version, (_, kind))| (version, kind.clone()));
        (name.clone(), history(kinds, versions))
    });
    let mut answers: BTreeMap<&str, Vec<(Version, Option<Type>)>> = BTreeMap::new();
    for (version, operation) in &found {
        for (status, kind) in &operation.ok {
            answers.entry(status).or_default().push((*version, kind.clone()));
        }
    }
    let answers = answers.into_iter().map(|(status, kinds)| {
        let described = kinds.iter().filter_map(|(v, kind)| Some((*v, kind.clone()?)));
        let all = set_of(kinds.iter().map(|(version, _)| *version));
        (status.to_owned(), all, history(described, versions))
    });
    OperationFacts {
        id: newest.id.clone(),
        method: newest.method.clone(),
        path: newest.path.clone(),
        versions,
        tags: newest.tags.clone(),
        path_parameters: path_parameters.filter_map(|(name, kinds)| Some((name, kinds?))).collect(),
        query: merge_fields(
            &found.iter().map(|(v, o)| (*v, &*o.query)).collect::<Vec<_>>(),
            versions,
        ),
        body: history(found.iter().filter_map(|(v, o)| Some((*v, o.body.clone()?))), versions),
        answers: answers.collect(),
        page: None,
    }
}

fn merge_fields(owners: &[(Version, &[(String, Type)])], all: Versions) -> Vec<(String, History)> {
    let mut merged: Vec<(String, History)> = Vec::new();
    for (_, fields) in owners.iter().rev() {
        for (name, _) in *fields {
            if merged.iter().any(|(existing, _)| existing == name) {
                continue;
            }
            let kinds = owners.iter().filter_map(|(version, fields)| {
                let (_, kind) = fields.iter().find(|(field, _)| field == name)?;
                Some((*version, kind.clone()))
            });
            merged.extend(history(kinds, all).map(|history| (name.clone(), history)));
        }
    }
    merged
}

fn set_of(versions: impl Iterator<Item = Version>) -> Versions {
    versions.map(Versions::only).fold(Versions::default(), Versions::union)
}

/// Types by version, joined where they agree; `None` when there are none.
fn history(kinds: impl Iterator<Item = (Version, Type)>, all: Versions) -> Option<History> {
    let mut entries: Vec<(Versions, Type)> = Vec::new();
    for (version, kind) in kinds {
        let kind = dated(kind, version);
        match entries.last_mut() {
            Some((versions, last)) => match join(last, &kind) {
                Some(joined) => {
                    *last = joined;
                    *versions = versions.union(Versions::only(version));
                }
                None => entries.push((Versions::only(version), kind)),
            },
            None => entries.push((Versions::only(version), kind)),
        }
    }
    let alone = entries.len() == 1;
    let entries = entries.into_iter().map(|(versions, kind)| {
        let versions = versions.hull();
        let range = if alone && versions == all.hull() { None } else { Some(versions) };
        (range, undated(kind, versions))
    });
    let entries: Vec<_> = entries.collect();
    (!entries.is_empty()).then_some(History(entries))
}

/// The type with `version` noted on every value of an enumeration.
fn dated(kind: Type, version: Version) -> Type {
    map_enum_values(kind, &|value| EnumValue { versions: Some(Versions::only(version)), ..value })
}

/// The type with the versions left out of enumeration values that hold throughout.
fn undated(kind: Type, all: Versions) -> Type {
    map_enum_values(kind, &|value| EnumValue {
        versions: value.versions.map(Versions::hull).filter(|versions| *versions != all),
        ..value
    })
}

fn map_enum_values(kind: Type, change: &dyn Fn(EnumValue) -> EnumValue) -> Type {
    let inner = |inner: Box<Type>| Box::new(map_enum_values(*inner, change));
    let shape = match kind.shape {
        Shape::Enum(values) => Shape::Enum(values.into_iter().map(change).collect()),
        Shape::List(item) => Shape::List(inner(item)),
        Shape::Map(item) => Shape::Map(inner(item)),
        Shape::Union(parts) => {
            Shape::Union(parts.into_iter().map(|part| map_enum_values(part, change)).collect())
        }
        shape => shape,
    };
    Type { shape, ..kind }
}

/// The type that both are, when they differ at most in the values of an enumeration.
fn join(old: &Type, new: &Type) -> Option<Type> {
    if (old.nullable, old.required) != (new.nullable, new.required) {
        return None;
    }
    let shape = match (&old.shape, &new.shape) {
        (Shape::Enum(old), Shape::Enum(new)) => Shape::Enum(join_values(old, new)),
        (Shape::List(old), Shape::List(new)) => Shape::List(Box::new(join(old, new)?)),
        (Shape::Map(old), Shape::Map(new)) => Shape::Map(Box::new(join(old, new)?)),
        (old, new) if old == new => old.clone(),
        _ => return None,
    };
    Some(Type { shape, ..new.clone() })
}

fn join_values(old: &[EnumValue], new: &[EnumValue]) -> Vec<EnumValue> {
    let mut joined = old.to_vec();
    for value in new {
        match joined.iter_mut().find(|existing| existing.text == value.text) {
            Some(existing) => {
                let both = [existing.versions, value.versions].into_iter().flatten();
                existing.versions = Some(both.fold(Versions::default(), Versions::union));
            }
            None => joined.push(value.clone()),
        }
    }
    joined
}
