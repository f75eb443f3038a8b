//! The overlay: corrections of the manifest written by hand, each with its reason.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;

/// `spec/overlay.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Overlay {
    /// The groups to generate.
    pub(crate) emit: Vec<String>,
    /// The groups whose features are on by default.
    #[serde(default)]
    pub(crate) default: Vec<String>,
    /// Path segments by group: an operation belongs to the group of its last known segment.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    /// Groups by the start of a schema's name, for schemas that several groups reach.
    pub(crate) homes: BTreeMap<String, String>,
    /// The id newtype of a schema's own `id`.
    pub(crate) ids: BTreeMap<String, String>,
    /// What a field of this name refers to, in every schema: an id newtype, or `str`.
    pub(crate) references: BTreeMap<String, String>,
    /// Hand-written types by name.
    pub(crate) types: BTreeMap<String, HandType>,
    /// The corrections.
    pub(crate) correction: Vec<Correction>,
    /// Official examples that are known not to come back as they were.
    #[serde(default)]
    pub(crate) exception: Vec<Exception>,
}

/// A type written by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandType {
    /// The type as it is spelled in Rust, when it has parameters: `OneOrMany<MessageRecipient>`.
    #[serde(default)]
    pub(crate) spelled: Option<String>,
    /// What has to be imported.
    pub(crate) import: Vec<String>,
    /// An expression of it for the request snapshots; absent for types that only answers hold.
    #[serde(default)]
    pub(crate) sample: Option<String>,
    /// Its fields stand beside those of its owner.
    #[serde(default)]
    pub(crate) flatten: bool,
    /// How it is written, when not by its own `Serialize`.
    #[serde(default)]
    pub(crate) serialize_with: Option<String>,
    /// What gives it the shape that a version wants.
    #[serde(default)]
    pub(crate) adapt: Option<String>,
    /// The schema whose struct it holds.
    #[serde(default)]
    pub(crate) holds: Option<String>,
    /// What reads it from a whole answer, when the answer is not JSON.
    #[serde(default)]
    pub(crate) decode: Option<String>,
    /// A redirect is such an answer.
    #[serde(default)]
    pub(crate) redirect: bool,
    /// The media type of such an answer.
    #[serde(default)]
    pub(crate) accept: Option<String>,
}

/// Corrections that share a reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correction {
    /// The reason.
    pub(crate) why: String,
    /// Operations that share the route of another one.
    #[serde(default)]
    pub(crate) copy: BTreeMap<String, String>,
    /// Objects that are not described, with their fields.
    #[serde(default)]
    pub(crate) schemas: BTreeMap<String, BTreeMap<String, String>>,
    /// Objects that are sent as `multipart/form-data`, by operation.
    #[serde(default)]
    pub(crate) forms: BTreeMap<String, String>,
    /// Versions by struct name, when not all that have the operation.
    #[serde(default)]
    pub(crate) versions: BTreeMap<String, String>,
    /// Struct names by operation.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
    /// Groups by operation.
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, String>,
    /// `read`, `idempotent` or `once`, with the operations.
    #[serde(default)]
    pub(crate) safety: BTreeMap<Safety, Vec<String>>,
    /// What keeps an idempotent operation from creating twice, by operation: without that field of
    /// the body it is sent once.
    #[serde(default)]
    pub(crate) once_without: BTreeMap<String, String>,
    /// Kind, place and items key of a list, by operation; `none` for an answer that is no list.
    #[serde(default)]
    pub(crate) pages: BTreeMap<String, String>,
    /// Types of answers, by operation.
    #[serde(default)]
    pub(crate) outputs: BTreeMap<String, String>,
    /// Operations whose body is a search.
    #[serde(default)]
    pub(crate) searches: Vec<String>,
    /// Several operations in place of one, each with one of the alternatives of its body.
    #[serde(default)]
    pub(crate) split: BTreeMap<String, BTreeMap<String, String>>,
    /// Types of fields and parameters that are described otherwise.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    /// Fields and parameters that are not described.
    #[serde(default)]
    pub(crate) add: BTreeMap<String, String>,
    /// Fields and parameters left out.
    #[serde(default)]
    pub(crate) drop: Vec<String>,
    /// Rust names of fields and parameters.
    #[serde(default)]
    pub(crate) rename: BTreeMap<String, String>,
    /// Query parameters and fields that always have the same value.
    #[serde(default)]
    pub(crate) constants: BTreeMap<String, String>,
    /// Schemas that are another schema.
    #[serde(default)]
    pub(crate) same: BTreeMap<String, String>,
    /// Rust names of schemas.
    #[serde(default)]
    pub(crate) called: BTreeMap<String, String>,
    /// Schemas whose alternatives become the optional fields of one struct.
    #[serde(default)]
    pub(crate) merge: Vec<String>,
    /// Enumerations that several fields share, by Rust name.
    #[serde(default)]
    pub(crate) enums: BTreeMap<String, Vec<String>>,
}

/// What a safety class is called in the overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Safety {
    Read,
    Idempotent,
    Once,
}

/// Examples that are known not to come back as they were, for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// The reason.
    pub(crate) why: String,
    /// The versions whose descriptions have the examples; absent: all.
    #[serde(default)]
    pub(crate) versions: Option<String>,
    /// Paths of the differences, each after the operation's id, status and example:
    /// `listTags 200 successful data[0].id`.
    pub(crate) examples: Vec<String>,
}

impl Overlay {
    /// Parses the overlay.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("overlay.toml")
    }
}
