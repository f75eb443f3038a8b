//! What will be generated: groups of operations, structs and enumerations with Rust types.

mod cycles;
mod features;
mod groups;
mod operations;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;

use super::manifest::Manifest;
use super::overlay::{Overlay, Safety};
use super::versions::Versions;
pub(crate) use features::{FULL, Gate, PREVIEW};
use resolve::Planner;

/// Everything to generate.
#[derive(Debug)]
pub(crate) struct Plan {
    /// By name; each becomes a module.
    pub(crate) groups: BTreeMap<String, Group>,
    /// The group of every type and operation, by Rust name.
    pub(crate) homes: BTreeMap<String, String>,
    /// The gate of every type and operation, by Rust name.
    pub(crate) gates: BTreeMap<String, Gate>,
}

impl Plan {
    /// The gate of a type or operation.
    pub(crate) fn gate(&self, name: &str) -> Gate {
        self.gates.get(name).cloned().unwrap_or_default()
    }
}

/// One module.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) operations: Vec<Operation>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) enums: Vec<Enum>,
}

impl Group {
    /// The Rust names of everything in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let operations = self.operations.iter().map(|operation| operation.name.as_str());
        let structs = self.structs.iter().map(|object| object.name.as_str());
        operations.chain(structs).chain(self.enums.iter().map(|kind| kind.name.as_str()))
    }
}

/// A Rust type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rust {
    Unit,
    Text,
    Integer,
    Number,
    Truth,
    Value,
    Seconds,
    DateTime,
    Date,
    Bytes,
    Attributes,
    Search,
    /// An id newtype.
    Id(String),
    /// Written by hand.
    Hand(String),
    /// Of a schema, by its wire name.
    Struct(String),
    /// A generated enumeration, by its Rust name.
    Enum(String),
    List(Box<Rust>),
    Map(Box<Rust>),
}

impl Rust {
    /// The schema whose struct the type is or holds.
    pub(crate) fn schema(&self) -> Option<&str> {
        match self {
            Self::Struct(name) => Some(name),
            Self::List(inner) | Self::Map(inner) => inner.schema(),
            _ => None,
        }
    }

    /// The id newtype that the type is or lists.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Id(name) => Some(name),
            Self::List(inner) => inner.id(),
            _ => None,
        }
    }
}

/// A struct of an object.
#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) versions: Versions,
    pub(crate) role: Role,
    pub(crate) fields: Vec<Field>,
    /// A field that always has the same value, and the value.
    pub(crate) constant: Option<(String, String)>,
    /// Whether a request holds it.
    pub(crate) is_sent: bool,
}

/// Where an object occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// In answers: every field is optional, unknown fields are kept.
    Answer,
    /// In requests only: required fields are not optional.
    Request,
}

/// A field of a struct or a parameter of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) kind: Rust,
    pub(crate) required: bool,
    pub(crate) boxed: bool,
    /// `None`: all of its owner's.
    pub(crate) versions: Option<Versions>,
    pub(crate) spelling: Spelling,
}

/// How an id is encoded in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spelling {
    AsGiven,
    Text,
    Number,
    /// Which versions want a number; the others want a text.
    NumberIn(Versions),
}

/// An open enumeration.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: String,
    /// The fields that have it.
    pub(crate) fields: BTreeSet<String>,
    pub(crate) values: Vec<(String, Option<Versions>)>,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Its id in the descriptions.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) safety: Safety,
    /// The text field of the body without which it is sent once, by its Rust name.
    pub(crate) once_without: Option<String>,
    pub(crate) versions: Versions,
    pub(crate) path: Vec<Field>,
    pub(crate) query: Vec<Field>,
    pub(crate) body: Body,
    /// Query parameters that always have the same value.
    pub(crate) constants: Vec<(String, String)>,
    pub(crate) output: Rust,
    pub(crate) page: Option<Page>,
}

/// What an operation sends.
#[derive(Debug)]
pub(crate) enum Body {
    None,
    /// A search.
    Search,
    /// The operation's own fields, as `multipart/form-data`.
    Form(Vec<Field>),
    /// The operation's own fields, and fields that always have the same value.
    Fields {
        fields: Vec<Field>,
        constants: Vec<(String, String)>,
    },
}

impl Operation {
    /// The fields of the body that are the operation's own.
    pub(crate) fn body_fields(&self) -> &[Field] {
        match &self.body {
            Body::Fields { fields, .. } | Body::Form(fields) => fields,
            Body::None | Body::Search => &[],
        }
    }

    /// Every field of the operation's struct, path parameters first.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.path.iter().chain(&self.query).chain(self.body_fields())
    }
}

/// How a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) kind: PageKind,
    pub(crate) items: String,
    pub(crate) item: Rust,
}

/// The kinds of `Paging`, by what continues them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageKind {
    BodyCursor,
    QueryCursor,
    NextUrl,
    PageNumber,
    BodyPageNumber,
    Scroll,
    NextCursor,
    Single,
}

/// Plans what the overlay says to emit.
pub(crate) fn plan(manifest: &Manifest, overlay: &Overlay) -> anyhow::Result<Plan> {
    let planner = Planner::new(manifest, overlay);
    let operations = operations::plan(&planner)?;
    let structs = planner.structs()?;
    let plan = groups::sort(&planner, operations, structs)?;
    planner.check_used()?;
    let filled = plan.groups.iter().filter(|(_, group)| !group.operations.is_empty());
    features::check(overlay, &filled.map(|(name, _)| name.as_str()).collect())?;
    check_unique(&plan)?;
    Ok(plan)
}

fn check_unique(plan: &Plan) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for name in plan.groups.values().flat_map(Group::names) {
        ensure!(seen.insert(name), "two things are called {name}");
    }
    Ok(())
}
