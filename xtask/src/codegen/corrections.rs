//! Applies the overlay to the manifest. A correction that no longer applies is an error.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

use super::manifest::{Manifest, OperationFacts, SchemaFacts, parts};
use super::naming;
use super::overlay::{Correction, Overlay};
use super::shape::{History, Shape, Type};
use super::versions::Versions;

/// The manifest with every structural correction applied.
pub(crate) fn apply(mut manifest: Manifest, overlay: &Overlay) -> anyhow::Result<Manifest> {
    manifest.operations.iter_mut().for_each(name_path_parameters);
    for correction in &overlay.correction {
        apply_one(&mut manifest, correction, overlay)
            .with_context(|| format!("the correction \"{}\" no longer applies", correction.why))?;
    }
    Ok(manifest)
}

/// Calls a path parameter that is just `id` after the segment before it: versions disagree on
/// the names, and `contact_id` says more.
fn name_path_parameters(operation: &mut OperationFacts) {
    let mut path = String::new();
    let mut previous = "";
    for segment in operation.path.split('/').skip(1) {
        path.push('/');
        if segment == "{id}" {
            let name = format!("{}_id", naming::singular(previous));
            path.push_str(&format!("{{{name}}}"));
            let parameters = &mut operation.path_parameters;
            if let Some((existing, _)) = parameters.iter_mut().find(|(name, _)| name == "id") {
                *existing = name;
            }
        } else {
            path.push_str(segment);
        }
        previous = segment;
    }
    operation.path = path;
}

fn apply_one(
    manifest: &mut Manifest,
    correction: &Correction,
    overlay: &Overlay,
) -> anyhow::Result<()> {
    for (name, fields) in &correction.schemas {
        manifest.schemas.push(described_by_hand(manifest, name, fields)?);
    }
    for (id, original) in &correction.copy {
        let copy = OperationFacts { id: id.clone(), ..operation(manifest, original)?.clone() };
        manifest.operations.push(copy);
    }
    for address in &correction.drop {
        drop_field(manifest, address)?;
    }
    for (address, kind) in &correction.add {
        add_field(manifest, address, kind)?;
    }
    for (address, kind) in &correction.set {
        check_set(manifest, overlay, address, kind)?;
    }
    for (name, other) in &correction.same {
        same(manifest, name, other)?;
    }
    for name in &correction.merge {
        merge(manifest, name)?;
    }
    for (id, kind) in &correction.outputs {
        set_output(operation(manifest, id)?, kind)?;
    }
    for (id, page) in &correction.pages {
        let operation = operation(manifest, id)?;
        ensure!(operation.page.as_ref() != Some(page), "{id} is described so");
        operation.page = Some(page.clone());
    }
    check_names(manifest, correction)
}

/// An object that the descriptions do not name.
fn described_by_hand(
    manifest: &Manifest,
    name: &str,
    fields: &BTreeMap<String, String>,
) -> anyhow::Result<SchemaFacts> {
    ensure!(manifest.schema(name).is_none(), "{name} is described");
    let parse = |(name, kind): (&String, &String)| Ok((name.clone(), History::parse(kind)?));
    Ok(SchemaFacts {
        name: name.to_owned(),
        versions: Versions::ALL,
        alias: None,
        extends: None,
        variants: None,
        fields: fields.iter().map(parse).collect::<anyhow::Result<_>>()?,
    })
}

type Fields = Vec<(String, History)>;

/// The list that the field or query parameter at `owner.name` belongs to.
fn owner_of<'a, 'b>(
    manifest: &'a mut Manifest,
    address: &'b str,
) -> anyhow::Result<(&'a mut Fields, &'b str)> {
    let (owner, name) = address.rsplit_once('.').context("an address is `owner.field`")?;
    if let Some(place) = manifest.schemas.iter().position(|schema| schema.name == owner) {
        return Ok((&mut manifest.schemas[place].fields, name));
    }
    match manifest.operations.iter_mut().find(|operation| operation.id == owner) {
        Some(operation) => Ok((&mut operation.query, name)),
        None => bail!("nothing is called {owner}"),
    }
}

fn operation<'a>(manifest: &'a mut Manifest, id: &str) -> anyhow::Result<&'a mut OperationFacts> {
    let mut operations = manifest.operations.iter_mut();
    operations.find(|operation| operation.id == id).with_context(|| format!("no operation {id}"))
}

fn drop_field(manifest: &mut Manifest, address: &str) -> anyhow::Result<()> {
    let (fields, name) = owner_of(manifest, address)?;
    let before = fields.len();
    fields.retain(|(field, _)| field != name);
    ensure!(fields.len() < before, "{address} does not exist");
    Ok(())
}

fn add_field(manifest: &mut Manifest, address: &str, kind: &str) -> anyhow::Result<()> {
    let (fields, name) = owner_of(manifest, address)?;
    ensure!(fields.iter().all(|(field, _)| field != name), "{address} is described");
    fields.push((name.to_owned(), History::parse(kind)?));
    Ok(())
}

fn check_set(
    manifest: &Manifest,
    overlay: &Overlay,
    address: &str,
    kind: &str,
) -> anyhow::Result<()> {
    let described = manifest.field(address).with_context(|| format!("no field {address}"))?;
    let name = address.rsplit_once('.').map_or(address, |(_, name)| name);
    // A description may be right where the rule for fields of that name is not.
    let by_rule = name == "id" || name.ends_with("_id") || overlay.references.contains_key(name);
    let differs = by_rule || described.to_string() != kind;
    ensure!(differs, "{address} is described as {kind}");
    Type::parse(kind).map(|_| ())
}

/// Gives `name` the fields of its alternatives; none of them has to be sent.
fn merge(manifest: &mut Manifest, name: &str) -> anyhow::Result<()> {
    let place = manifest.schemas.iter().position(|schema| schema.name == name);
    let place = place.with_context(|| format!("no schema {name}"))?;
    let facts = &manifest.schemas[place];
    let histories = facts.alias.iter().chain(&facts.variants);
    let variants: Vec<Type> = histories.flat_map(History::kinds).flat_map(parts).cloned().collect();
    ensure!(variants.len() > 1 || facts.variants.is_some(), "{name} has no alternatives");
    let own = facts.versions.hull();
    let mut fields = facts.fields.clone();
    for variant in variants {
        ensure!(matches!(variant.shape, Shape::Schema(_)), "{name} has the alternative {variant}");
        let narrower = versions_of(manifest, &variant).filter(|versions| *versions != own);
        for (field, mut history) in manifest.fields_of(&variant.shape) {
            for (versions, kind) in &mut history.0 {
                kind.required = false;
                *versions = versions.or(narrower);
            }
            match fields.iter_mut().find(|(existing, _)| *existing == field) {
                Some((_, existing)) => widen(existing, &history)
                    .with_context(|| format!("{name}: the alternatives disagree on {field}"))?,
                None => fields.push((field, history)),
            }
        }
    }
    let schema = &mut manifest.schemas[place];
    *schema = SchemaFacts { alias: None, variants: None, fields, ..schema.clone() };
    Ok(())
}

fn versions_of(manifest: &Manifest, kind: &Type) -> Option<Versions> {
    let Shape::Schema(name) = &kind.shape else { return None };
    manifest.schema(name).map(|schema| schema.versions.hull())
}

/// Adds the values of another enumeration; anything else has to be the same already.
fn widen(existing: &mut History, other: &History) -> anyhow::Result<()> {
    let [(versions, old)] = existing.0.as_mut_slice() else {
        bail!("{existing} changes by version");
    };
    *versions = versions.zip(other.0[0].0).map(|(old, new)| old.union(new).hull());
    let new = other.newest();
    if let (Shape::Enum(values), Shape::Enum(more)) = (&mut old.shape, &new.shape) {
        for value in more {
            if values.iter().all(|known| known.text != value.text) {
                values.push(value.clone());
            }
        }
        return Ok(());
    }
    ensure!(old.shape == new.shape, "{old} and {new}");
    Ok(())
}

/// Replaces every mention of `name` by `other`, which has all its fields.
fn same(manifest: &mut Manifest, name: &str, other: &str) -> anyhow::Result<()> {
    let schema = |name: &str| Shape::Schema(name.to_owned());
    let gone = manifest.schemas.iter().position(|schema| schema.name == name);
    let gone = gone.with_context(|| format!("no schema {name}"))?;
    ensure!(manifest.schema(other).is_some(), "no schema {other}");
    let kept = manifest.fields_of(&schema(other));
    for (field, _) in manifest.fields_of(&schema(name)) {
        let known = kept.iter().any(|(existing, _)| *existing == field);
        ensure!(known, "{other} lacks the field {field} of {name}");
    }
    manifest.schemas.remove(gone);
    for facts in &mut manifest.schemas {
        let own = [&mut facts.alias, &mut facts.extends, &mut facts.variants];
        let fields = facts.fields.iter_mut().map(|(_, history)| history);
        fields.chain(own.into_iter().flatten()).for_each(|h| rename_in(h, name, other));
    }
    for facts in &mut manifest.operations {
        let answers = facts.answers.iter_mut().filter_map(|(_, _, history)| history.as_mut());
        answers.chain(&mut facts.body).for_each(|history| rename_in(history, name, other));
    }
    Ok(())
}

fn rename_in(history: &mut History, name: &str, other: &str) {
    history.0.iter_mut().for_each(|(_, kind)| rename(kind, name, other));
    let first = history.newest().clone();
    if history.0.len() > 1 && history.kinds().all(|kind| *kind == first) {
        *history = History(vec![(history.versions(), first)]);
    }
}

fn rename(kind: &mut Type, name: &str, other: &str) {
    match &mut kind.shape {
        Shape::Schema(mentioned) if mentioned == name => other.clone_into(mentioned),
        Shape::List(inner) | Shape::Map(inner) => rename(inner, name, other),
        Shape::Union(parts) => parts.iter_mut().for_each(|part| rename(part, name, other)),
        _ => {}
    }
}

fn set_output(operation: &mut OperationFacts, kind: &str) -> anyhow::Result<()> {
    let history = match kind {
        "" => None,
        kind => Some(History::constant(Type::parse(kind)?)),
    };
    if let [(_, _, described)] = operation.answers.as_slice() {
        ensure!(*described != history, "{} is described so", operation.id);
    }
    operation.answers = vec![("200".to_owned(), operation.versions, history)];
    Ok(())
}

fn check_names(manifest: &Manifest, correction: &Correction) -> anyhow::Result<()> {
    let is_split = |name: &str| correction.split.values().any(|into| into.contains_key(name));
    let ids = correction.names.keys().chain(correction.groups.keys()).chain(&correction.searches);
    let ids = ids.chain(correction.forms.keys());
    for id in ids.chain(correction.split.keys()) {
        ensure!(manifest.operation(id).is_some() || is_split(id), "no operation {id}");
    }
    for address in correction.rename.keys().chain(correction.enums.values().flatten()) {
        ensure!(manifest.field(address).is_some(), "no field {address}");
    }
    for name in correction.called.keys() {
        ensure!(manifest.schema(name).is_some(), "no schema {name}");
    }
    Ok(())
}
