//! One official description read down to its facts: schemas, operations, their types.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

use super::shape::{EnumValue, Shape, Type};
use super::yaml::Node;

/// The facts of one description.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) schemas: Vec<Schema>,
    pub(crate) operations: Vec<Operation>,
}

/// A schema: an object with fields, or another name for a type.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Schema {
    pub(crate) name: String,
    /// What it is when it is not an object with fields.
    pub(crate) alias: Option<Type>,
    /// Schemas whose fields it has too.
    pub(crate) extends: Vec<String>,
    /// Alternatives that add fields.
    pub(crate) variants: Vec<String>,
    pub(crate) fields: Vec<(String, Type)>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) tags: Vec<String>,
    pub(crate) path_parameters: Vec<(String, Type)>,
    pub(crate) query: Vec<(String, Type)>,
    pub(crate) body: Option<Type>,
    /// Statuses of success with the type of the body, when there is one.
    pub(crate) ok: Vec<(String, Option<Type>)>,
}

impl Operation {
    /// Method and path with the names of its parameters left out: they differ by version.
    pub(crate) fn route(&self) -> String {
        route(&self.method, &self.path)
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Description {
    /// Reads a description.
    ///
    /// `ids` are the ids by route; an operation of another route gets an invented one.
    pub(crate) fn read(document: &Node, ids: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut reader = Reader { document, ids, schemas: Vec::new() };
        let components = document.at(&["components", "schemas"]).context("no schemas")?;
        for (name, node) in components.entries() {
            reader.define(name, node).with_context(|| format!("schema {name}"))?;
        }
        let mut operations = Vec::new();
        for (method, path, item, node) in nodes(document) {
            let operation = reader
                .operation(method, path, item, node)
                .with_context(|| format!("operation {method} {path}"))?;
            operations.push(operation);
        }
        Ok(Self { schemas: reader.schemas, operations })
    }

    /// The id of every route.
    pub(crate) fn ids(document: &Node) -> BTreeMap<String, String> {
        nodes(document)
            .into_iter()
            .filter_map(|(method, path, _, node)| {
                Some((route(method, path), node.text("operationId")?.to_owned()))
            })
            .collect()
    }

    /// The schema of a name.
    pub(crate) fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.name == name)
    }
}

/// Method, path, path item and description of every operation.
pub(crate) fn nodes(document: &Node) -> Vec<(&str, &str, &Node, &Node)> {
    let paths = document.get("paths").map_or(&[][..], Node::entries);
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.entries().iter();
        methods.map(move |(method, node)| (method.as_str(), path.as_str(), item, node))
    });
    operations.filter(|(method, ..)| METHODS.contains(method)).collect()
}

/// Method and path with the names of parameters left out.
pub(crate) fn route(method: &str, path: &str) -> String {
    let mut route = format!("{} ", method.to_uppercase());
    for segment in path.split('/').skip(1) {
        route.push('/');
        route.push_str(if segment.starts_with('{') { "{}" } else { segment });
    }
    route
}

struct Reader<'a> {
    document: &'a Node,
    ids: &'a BTreeMap<String, String>,
    schemas: Vec<Schema>,
}

impl Reader<'_> {
    /// Records the schema called `name`.
    fn define(&mut self, name: &str, node: &Node) -> anyhow::Result<()> {
        let place = self.schemas.len();
        self.schemas.push(Schema { name: name.to_owned(), ..Schema::default() });
        self.schemas[place] = if is_object(node) {
            self.object(name, node)?
        } else {
            let alias = Some(self.kind(node, &format!("{name}.is"))?);
            Schema { name: name.to_owned(), alias, ..Schema::default() }
        };
        Ok(())
    }

    fn object(&mut self, name: &str, node: &Node) -> anyhow::Result<Schema> {
        let mut schema = Schema { name: name.to_owned(), ..Schema::default() };
        self.add_fields(&mut schema, node)?;
        for part in node.list("allOf") {
            match part.text("$ref") {
                Some(reference) => schema.extends.push(referenced(reference)?.to_owned()),
                None => self.add_fields(&mut schema, part)?,
            }
        }
        for (place, part) in alternatives(node).into_iter().enumerate() {
            let variant = format!("{name}.{}", place + 1);
            self.define(&variant, part)?;
            schema.variants.push(variant);
        }
        Ok(schema)
    }

    fn add_fields(&mut self, schema: &mut Schema, node: &Node) -> anyhow::Result<()> {
        let required = node.list("required");
        for (field, described) in node.get("properties").map_or(&[][..], Node::entries) {
            let mut kind = self.kind(described, &format!("{}.{field}", schema.name))?;
            kind.required = required.contains(&Node::Text(field.clone()));
            schema.fields.retain(|(existing, _)| existing != field);
            schema.fields.push((field.clone(), kind));
        }
        Ok(())
    }

    /// The type of a node; inline objects become schemas called after their `place`.
    fn kind(&mut self, node: &Node, place: &str) -> anyhow::Result<Type> {
        let mut kind = self.kind_without_null(node, place)?;
        kind.nullable |= node.is_true("nullable");
        Ok(kind)
    }

    fn kind_without_null(&mut self, node: &Node, place: &str) -> anyhow::Result<Type> {
        if let Some(reference) = node.text("$ref") {
            let name = referenced(reference)?;
            let known = self.document.at(&["components", "schemas", name]).is_some();
            let shape = if known { Shape::Schema(name.to_owned()) } else { Shape::Any };
            return Ok(Type::plain(shape));
        }
        if is_object(node) {
            self.define(place, node)?;
            return Ok(Type::plain(Shape::Schema(place.to_owned())));
        }
        if let [part] = node.list("allOf") {
            return self.kind(part, place);
        }
        match alternatives(node).as_slice() {
            [] => {}
            [part] => return self.kind(part, place),
            parts => {
                let parts = parts.iter().enumerate();
                let parts = parts.map(|(n, part)| self.kind(part, &format!("{place}.{}", n + 1)));
                return Ok(Type::plain(Shape::Union(parts.collect::<Result<_, _>>()?)));
            }
        }
        if node.get("enum").is_some() {
            return enumeration(node.list("enum"));
        }
        self.simple(node, place)
    }

    fn simple(&mut self, node: &Node, place: &str) -> anyhow::Result<Type> {
        let Some(name) = node.text("type") else { return Ok(Type::plain(Shape::Any)) };
        Ok(Type::plain(match (name, node.text("format")) {
            ("string", Some("date-time")) => Shape::DateTime,
            ("string", Some("date")) => Shape::Date,
            ("string", Some("binary")) => Shape::Bytes,
            ("string", _) => Shape::Text,
            ("integer", Some("date-time" | "timestamp")) => Shape::Seconds,
            ("integer", _) => Shape::Integer,
            ("number", _) => Shape::Number,
            ("boolean", _) => Shape::Truth,
            ("array", _) => Shape::List(Box::new(self.inner(node, "items", place)?)),
            ("object", _) => {
                Shape::Map(Box::new(self.inner(node, "additionalProperties", place)?))
            }
            (other, _) => bail!("the type `{other}` at {place}"),
        }))
    }

    /// The type of a list's items or a map's values.
    fn inner(&mut self, node: &Node, key: &str, place: &str) -> anyhow::Result<Type> {
        match node.get(key) {
            Some(inner @ Node::Map(_)) => self.kind(inner, place),
            _ => Ok(Type::plain(Shape::Any)),
        }
    }

    fn operation(
        &mut self,
        method: &str,
        path: &str,
        item: &Node,
        node: &Node,
    ) -> anyhow::Result<Operation> {
        let known = self.ids.get(&route(method, path)).cloned();
        let id = known.unwrap_or_else(|| invented_id(method, path));
        let mut operation = Operation {
            method: method.to_uppercase(),
            path: path.to_owned(),
            tags: texts(node.list("tags")),
            path_parameters: Vec::new(),
            query: Vec::new(),
            body: None,
            ok: Vec::new(),
            id,
        };
        let declared = item.list("parameters").iter().chain(node.list("parameters"));
        self.add_parameters(&mut operation, declared)?;
        if let Some(body) = node.at(&["requestBody", "content"]) {
            let place = format!("{}.body", operation.id);
            operation.body = self.content(body, &place)?;
        }
        for (status, answer) in node.get("responses").context("no responses")?.entries() {
            if !status.starts_with(['2', '3']) {
                continue;
            }
            let place = format!("{}.ok", operation.id);
            let kind = match answer.get("content") {
                Some(content) => self.content(content, &place)?,
                None => None,
            };
            operation.ok.push((status.clone(), kind));
        }
        Ok(operation)
    }

    fn add_parameters<'n>(
        &mut self,
        operation: &mut Operation,
        nodes: impl Iterator<Item = &'n Node>,
    ) -> anyhow::Result<()> {
        let mut declared = Vec::new();
        for node in nodes {
            let name = node.text("name").context("a parameter without a name")?;
            let schema = node.get("schema").with_context(|| format!("no schema for {name}"))?;
            let mut kind = self.kind(schema, &format!("{}.{name}", operation.id))?;
            kind.required = node.is_true("required");
            declared.push((node.text("in").unwrap_or_default(), name, kind));
        }
        for segment in operation.path.split('/') {
            let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
                continue;
            };
            // Some descriptions declare a path parameter as a query parameter, or not at all.
            let kind = match declared.iter().position(|(_, declared, _)| *declared == name) {
                Some(place) => Type { required: false, ..declared.remove(place).2 },
                None => Type::plain(Shape::Any),
            };
            operation.path_parameters.push((name.to_owned(), kind));
        }
        let query = declared.into_iter().filter(|(place, ..)| *place == "query");
        operation.query.extend(query.map(|(_, name, kind)| (name.to_owned(), kind)));
        Ok(())
    }

    /// The type of a body; `None` when it is not described.
    fn content(&mut self, content: &Node, place: &str) -> anyhow::Result<Option<Type>> {
        let [(media, described)] = content.entries() else {
            ensure!(content.entries().is_empty(), "more than one media type at {place}");
            return Ok(None);
        };
        match (media.as_str(), described.get("schema")) {
            ("application/json", Some(schema)) => self.kind(schema, place).map(Some),
            ("application/json", None) => Ok(None),
            _ => Ok(Some(Type::plain(Shape::Bytes))),
        }
    }
}

/// The alternatives of a node that say more than which fields are required.
fn alternatives(node: &Node) -> Vec<&Node> {
    let parts = node.list("oneOf").iter().chain(node.list("anyOf"));
    parts.filter(|part| is_object(part) || says_type(part)).collect()
}

fn says_type(node: &Node) -> bool {
    ["$ref", "type", "enum", "oneOf", "anyOf", "allOf"].iter().any(|key| node.get(key).is_some())
}

/// Whether a node describes fields of its own.
fn is_object(node: &Node) -> bool {
    let has_fields = node.get("properties").is_some_and(|fields| !fields.entries().is_empty());
    has_fields || node.list("allOf").len() > 1
}

fn enumeration(values: &[Node]) -> anyhow::Result<Type> {
    let mut texts = Vec::new();
    let mut nullable = false;
    for value in values {
        match value {
            Node::Text(text) => texts.push(EnumValue { text: text.clone(), versions: None }),
            Node::Null => nullable = true,
            Node::Truth(_) => return Ok(Type::plain(Shape::Truth)),
            other => bail!("{other:?} in an enumeration"),
        }
    }
    Ok(Type { shape: Shape::Enum(texts), nullable, required: false })
}

fn referenced(reference: &str) -> anyhow::Result<&str> {
    reference
        .strip_prefix("#/components/schemas/")
        .with_context(|| format!("a reference to {reference}"))
}

fn texts(items: &[Node]) -> Vec<String> {
    let texts = items.iter().filter_map(|item| match item {
        Node::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

fn invented_id(method: &str, path: &str) -> String {
    let words = path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{'));
    words.fold(method.to_owned(), |id, word| format!("{id}_{word}"))
}
