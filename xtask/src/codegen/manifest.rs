//! The manifest: the facts of every version in one file, as a value and as text.

use std::fmt::{self, Write as _};

use anyhow::{Context, bail};
use toml::{Table, Value};

use super::shape::{History, Shape, Type};
use super::versions::Versions;

/// All facts.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) schemas: Vec<SchemaFacts>,
    pub(crate) operations: Vec<OperationFacts>,
}

/// A schema over the versions.
#[derive(Debug, Clone)]
pub(crate) struct SchemaFacts {
    pub(crate) name: String,
    pub(crate) versions: Versions,
    /// `"="`: what it is when it is not an object with fields.
    pub(crate) alias: Option<History>,
    /// `"+"`: schemas whose fields it has too.
    pub(crate) extends: Option<History>,
    /// `"|"`: alternatives that add fields.
    pub(crate) variants: Option<History>,
    pub(crate) fields: Vec<(String, History)>,
}

/// An operation over the versions.
#[derive(Debug, Clone)]
pub(crate) struct OperationFacts {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) versions: Versions,
    pub(crate) tags: Vec<String>,
    pub(crate) path_parameters: Vec<(String, History)>,
    pub(crate) query: Vec<(String, History)>,
    pub(crate) body: Option<History>,
    /// Status, the versions that name it, the type of its body.
    pub(crate) answers: Vec<(String, Versions, Option<History>)>,
    /// How the list goes on, where that goes, and the key of its items.
    pub(crate) page: Option<String>,
}

const HEADER: &str = "\
# Written by `cargo xtask codegen import`; corrections go into overlay.toml.
#
# Names, types and versions of Intercom's REST API, drawn from its official descriptions.
#   str int num bool any   ts unix seconds   dt RFC 3339   date   bytes not JSON
#   [T] list   {T} object with any keys   @name schema   (A|B) either   enum(a, b)
#   ? may be null   ! has to be sent   2.9..2.13, 2.14.., ..2.12 versions (absent: all of the owner's)
# In a schema \"@\" is its versions, \"=\" what it is when it has no fields of its own, \"+\" whose
# fields it has too, \"|\" alternatives that add fields.
";

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        for schema in &self.schemas {
            writeln!(f, "\n[schema.{}]", key(&schema.name))?;
            write_versions(f, schema.versions)?;
            for (sign, history) in
                [("=", &schema.alias), ("+", &schema.extends), ("|", &schema.variants)]
            {
                if let Some(history) = history {
                    writeln!(f, "\"{sign}\" = {}", quoted(&history.to_string()))?;
                }
            }
            for (name, history) in &schema.fields {
                writeln!(f, "{} = {}", key(name), quoted(&history.to_string()))?;
            }
        }
        for operation in &self.operations {
            write_operation(f, operation)?;
        }
        Ok(())
    }
}

fn write_operation(f: &mut fmt::Formatter<'_>, operation: &OperationFacts) -> fmt::Result {
    writeln!(f, "\n[op.{}]", key(&operation.id))?;
    writeln!(f, "http = {}", quoted(&format!("{} {}", operation.method, operation.path)))?;
    write_versions(f, operation.versions)?;
    if !operation.tags.is_empty() {
        writeln!(f, "tag = {}", quoted(&operation.tags.join(", ")))?;
    }
    for (name, history) in &operation.path_parameters {
        writeln!(f, "p.{} = {}", key(name), quoted(&history.to_string()))?;
    }
    for (name, history) in &operation.query {
        writeln!(f, "q.{} = {}", key(name), quoted(&history.to_string()))?;
    }
    if let Some(body) = &operation.body {
        writeln!(f, "body = {}", quoted(&body.to_string()))?;
    }
    for (status, versions, history) in &operation.answers {
        let range = match (history, *versions == operation.versions) {
            (Some(history), _) => history.to_string(),
            (None, true) => String::new(),
            (None, false) => versions.to_string(),
        };
        writeln!(f, "ok.{status} = {}", quoted(&range))?;
    }
    if let Some(page) = &operation.page {
        writeln!(f, "page = {}", quoted(page))?;
    }
    Ok(())
}

fn write_versions(f: &mut fmt::Formatter<'_>, versions: Versions) -> fmt::Result {
    if versions.hull() == Versions::ALL {
        return Ok(());
    }
    writeln!(f, "\"@\" = {}", quoted(&versions.hull().to_string()))
}

fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

impl Manifest {
    /// Parses what [`fmt::Display`] writes.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let document: Table = text.parse().context("the manifest is not valid toml")?;
        let mut manifest = Self { schemas: Vec::new(), operations: Vec::new() };
        for (name, value) in table(&document, "schema")? {
            let schema = parse_schema(name, value).with_context(|| format!("schema {name}"))?;
            manifest.schemas.push(schema);
        }
        for (id, value) in table(&document, "op")? {
            let operation = parse_operation(id, value).with_context(|| format!("op {id}"))?;
            manifest.operations.push(operation);
        }
        Ok(manifest)
    }

    /// The schema of a name.
    pub(crate) fn schema(&self, name: &str) -> Option<&SchemaFacts> {
        self.schemas.iter().find(|schema| schema.name == name)
    }

    /// The operation of an id.
    pub(crate) fn operation(&self, id: &str) -> Option<&OperationFacts> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// What is known about the field or parameter at `owner.name`.
    pub(crate) fn field(&self, address: &str) -> Option<&History> {
        let (owner, name) = address.rsplit_once('.')?;
        let find =
            |fields: &'_ [(String, History)]| fields.iter().position(|(field, _)| field == name);
        if let Some(schema) = self.schema(owner) {
            return find(&schema.fields).map(|place| &schema.fields[place].1);
        }
        let operation = self.operation(owner)?;
        [&operation.path_parameters, &operation.query]
            .into_iter()
            .find_map(|fields| find(fields).map(|place| &fields[place].1))
    }

    /// Notes how each list goes on, as far as the descriptions tell.
    pub(crate) fn find_pages(&mut self) {
        for place in 0..self.operations.len() {
            self.operations[place].page = self.page_of(&self.operations[place]);
        }
    }

    fn page_of(&self, operation: &OperationFacts) -> Option<String> {
        let (_, _, history) = operation.answers.first()?;
        let fields = self.fields_of(&history.as_ref()?.newest().shape);
        let find = |name: &str| {
            fields.iter().find(|(field, _)| field == name).map(|(_, history)| history.newest())
        };
        let mut lists = fields.iter().filter(|(_, h)| matches!(h.newest().shape, Shape::List(_)));
        let (items, _) = lists.next()?;
        if find("scroll_param").is_some() {
            return Some(format!("scroll query {items}"));
        }
        let pages = self.fields_of(&find("pages")?.shape);
        let in_pages = |name: &str| pages.iter().find(|(field, _)| field == name);
        let body = operation.body.as_ref().map(|body| self.fields_of(&body.newest().shape));
        let in_body = body.is_some_and(|body| body.iter().any(|(field, _)| field == "pagination"));
        let place = if in_body { "body" } else { "query" };
        let kind = match in_pages("next").map(|(_, history)| &history.newest().shape) {
            Some(Shape::Schema(_)) => "cursor",
            Some(_) => "url",
            None => "number",
        };
        Some(format!("{kind} {place} {items}"))
    }

    /// The fields of an object, those of the schemas it extends included.
    pub(crate) fn fields_of(&self, shape: &Shape) -> Vec<(String, History)> {
        let Shape::Schema(name) = shape else { return Vec::new() };
        let Some(schema) = self.schema(name) else { return Vec::new() };
        let mut fields = Vec::new();
        for kind in schema.extends.iter().flat_map(|history| parts(history.newest())) {
            fields.extend(self.fields_of(&kind.shape));
        }
        fields.retain(|(name, _): &(String, History)| {
            !schema.fields.iter().any(|(own, _)| own == name)
        });
        fields.extend(schema.fields.iter().cloned());
        fields
    }
}

/// The parts of a union, or the type itself.
pub(crate) fn parts(kind: &Type) -> &[Type] {
    match &kind.shape {
        Shape::Union(parts) => parts,
        _ => std::slice::from_ref(kind),
    }
}

fn table<'a>(parent: &'a Table, key: &str) -> anyhow::Result<&'a Table> {
    parent.get(key).and_then(Value::as_table).with_context(|| format!("no table `{key}`"))
}

fn text<'a>(name: &str, value: &'a Value) -> anyhow::Result<&'a str> {
    value.as_str().with_context(|| format!("`{name}` is not a text"))
}

fn parse_schema(name: &str, value: &Value) -> anyhow::Result<SchemaFacts> {
    let mut schema = SchemaFacts {
        name: name.to_owned(),
        versions: Versions::ALL,
        alias: None,
        extends: None,
        variants: None,
        fields: Vec::new(),
    };
    for (name, value) in value.as_table().context("not a table")? {
        let value = text(name, value)?;
        match name.as_str() {
            "@" => schema.versions = Versions::parse(value)?,
            "=" => schema.alias = Some(History::parse(value)?),
            "+" => schema.extends = Some(History::parse(value)?),
            "|" => schema.variants = Some(History::parse(value)?),
            _ => schema.fields.push((name.clone(), History::parse(value)?)),
        }
    }
    Ok(schema)
}

fn parse_operation(id: &str, value: &Value) -> anyhow::Result<OperationFacts> {
    let facts = value.as_table().context("not a table")?;
    let http = text("http", facts.get("http").context("no `http`")?)?;
    let (method, path) = http.split_once(' ').context("`http` is not `METHOD path`")?;
    let mut operation = OperationFacts {
        id: id.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        versions: Versions::ALL,
        tags: Vec::new(),
        path_parameters: Vec::new(),
        query: Vec::new(),
        body: None,
        answers: Vec::new(),
        page: None,
    };
    for (name, value) in facts {
        match (name.as_str(), value) {
            ("http", _) => {}
            ("@", _) => operation.versions = Versions::parse(text(name, value)?)?,
            ("tag", _) => {
                operation.tags = text(name, value)?.split(", ").map(str::to_owned).collect();
            }
            ("p", Value::Table(entries)) => operation.path_parameters = histories(entries)?,
            ("q", Value::Table(entries)) => operation.query = histories(entries)?,
            ("body", _) => operation.body = Some(History::parse(text(name, value)?)?),
            ("page", _) => operation.page = Some(text(name, value)?.to_owned()),
            ("ok", Value::Table(entries)) => {
                for (status, value) in entries {
                    let answer = parse_answer(text(status, value)?, operation.versions)?;
                    operation.answers.push((status.clone(), answer.0, answer.1));
                }
            }
            (other, _) => bail!("`{other}` is not a fact of an operation"),
        }
    }
    Ok(operation)
}

/// Empty: no body is described; a range: nor in these versions alone; else types.
fn parse_answer(text: &str, all: Versions) -> anyhow::Result<(Versions, Option<History>)> {
    if text.is_empty() {
        return Ok((all, None));
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '.') || text == "Preview" {
        return Ok((Versions::parse(text)?, None));
    }
    let history = History::parse(text)?;
    Ok((history.versions().unwrap_or(all), Some(history)))
}

fn histories(entries: &Table) -> anyhow::Result<Vec<(String, History)>> {
    entries
        .iter()
        .map(|(name, value)| Ok((name.clone(), History::parse(text(name, value)?)?)))
        .collect()
}
