//! A workspace from files: one API object a line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::workspace::catalogue::{Admin, DataAttribute, DataType, Model, Profile, Tag, Tags};
use crate::workspace::company::Company;
use crate::workspace::contact::{Applied, Contact};
use crate::workspace::conversation::Conversation;
use crate::workspace::misfit::{self, Misfit};
use crate::workspace::table::{Record, Slot, compare_ids};
use crate::workspace::{Parts, WRITTEN_ATTRIBUTES, Workspace};

/// A data set that cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is not a JSON object of the expected kind.
    #[error("{}, line {line}: {problem}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a line of a data set.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The line is not JSON.
    #[error("not a JSON object ({0})")]
    Json(serde_json::Error),
    /// The line is not text in UTF-8.
    #[error("not UTF-8 text; save the file as UTF-8")]
    NotUtf8,
    /// There is no id.
    #[error("the object has no id")]
    NoId,
    /// Another line has the same id.
    #[error("the id {id:?} is also in line {line}")]
    DuplicateId {
        /// The id.
        id: String,
        /// The line that had it first.
        line: usize,
    },
    /// A field holds something it cannot.
    #[error(transparent)]
    Field(#[from] Misfit),
}

impl Workspace {
    /// Loads `contacts.jsonl`, `conversations.jsonl` and `admins.jsonl` from a folder, and
    /// `companies.jsonl` and `tags.jsonl` if they exist. Empty lines are skipped.
    ///
    /// Attribute definitions follow from the values that occur; the zone is UTC until
    /// [`Workspace::set_timezone`] changes it.
    ///
    /// # Errors
    /// [`LoadError`] names the file and the line.
    pub fn load(dir: &Path) -> Result<Self, LoadError> {
        let contact_rows = read(dir, "contacts.jsonl", Presence::Required)?;
        let conversation_rows = read(dir, "conversations.jsonl", Presence::Required)?;
        let admin_rows = read(dir, "admins.jsonl", Presence::Required)?;
        let company_rows = read(dir, "companies.jsonl", Presence::Optional)?;
        let tag_rows = read(dir, "tags.jsonl", Presence::Optional)?;

        let attributes = attributes(&contact_rows, &conversation_rows, &company_rows);
        let id_code =
            contact_rows.rows.first().and_then(|row| row.fields.get("workspace_id")?.as_str());
        let id_code = id_code.unwrap_or("dataset").into();
        let mut tags = Tags::default();
        for row in tag_rows.rows {
            let name = row.fields.get("name").and_then(Value::as_str).unwrap_or_default().into();
            tags.push(Tag { id: row.id.into(), name });
        }
        let mut companies = company_rows.convert(|id, fields| {
            let mut company = Company::blank(id, 0);
            company.apply(fields).map(|()| company)
        })?;
        companies.sort_by(|a, b| compare_ids(a.id(), b.id()));
        let mut contacts = contact_rows.convert(|id, fields| {
            let (applied, members) = (applied(&fields, &mut tags), memberships(&fields));
            let mut contact = Contact::blank(id, 0);
            contact.tags = applied;
            contact.companies = members.iter().filter_map(|id| slot(&companies, id)).collect();
            contact.apply(fields).map(|()| contact)
        })?;
        contacts.sort_by(|a, b| compare_ids(a.id(), b.id()));
        for (member, contact) in (0..).zip(&contacts) {
            for company in &contact.companies {
                companies[*company as usize].members.push(member);
            }
        }
        let conversations = conversation_rows.convert(|id, fields| {
            let mut conversation = Conversation::blank(id, 0);
            conversation.tags = applied(&fields, &mut tags);
            conversation.apply(fields).map(|()| conversation)
        })?;
        let admins = admin_rows.rows.into_iter().filter_map(|row| Admin::from_fields(row.fields));
        let created_at = contacts.iter().map(|contact| contact.created_at).min().unwrap_or(0);
        let profile = Profile {
            id_code,
            name: "Data set".into(),
            region: "US".into(),
            timezone: chrono_tz::UTC,
            created_at,
        };
        let parts = Parts {
            profile,
            contacts,
            conversations,
            companies,
            admins: admins.collect(),
            teams: Vec::new(),
            tags,
            attributes,
            last_number: 900_000_000,
        };
        Ok(Self::assemble(parts).expect("ids were found to be unique line by line"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

struct Row {
    line: usize,
    id: String,
    fields: Map<String, Value>,
}

struct Rows {
    file: PathBuf,
    rows: Vec<Row>,
}

fn read(dir: &Path, name: &str, presence: Presence) -> Result<Rows, LoadError> {
    let file = dir.join(name);
    let bytes = match std::fs::read(&file) {
        Err(error)
            if presence == Presence::Optional && error.kind() == std::io::ErrorKind::NotFound =>
        {
            Vec::new()
        }
        Err(source) => return Err(LoadError::Read { file, source }),
        Ok(bytes) => bytes,
    };
    let mut rows = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        match parse(text, &lines) {
            Ok((id, fields)) => {
                lines.insert(id.clone(), line);
                rows.push(Row { line, id, fields });
            }
            Err(problem) => return Err(LoadError::Line { file, line, problem }),
        }
    }
    Ok(Rows { file, rows })
}

fn parse(
    text: &[u8],
    lines: &BTreeMap<String, usize>,
) -> Result<(String, Map<String, Value>), Problem> {
    let text = std::str::from_utf8(text).map_err(|_| Problem::NotUtf8)?;
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(Problem::Json)?;
    let id = fields.get("id").and_then(misfit::id).ok_or(Problem::NoId)?;
    match lines.get(&id) {
        Some(&line) => Err(Problem::DuplicateId { id, line }),
        None => Ok((id, fields)),
    }
}

impl Rows {
    fn convert<T>(
        self,
        mut convert: impl FnMut(String, Map<String, Value>) -> Result<T, Misfit>,
    ) -> Result<Vec<T>, LoadError> {
        let mut converted = Vec::with_capacity(self.rows.len());
        for Row { line, id, fields } in self.rows {
            match convert(id, fields) {
                Ok(record) => converted.push(record),
                Err(misfit) => {
                    let problem = Problem::Field(misfit);
                    return Err(LoadError::Line { file: self.file, line, problem });
                }
            }
        }
        Ok(converted)
    }
}

/// The tags of a contact (`tags.data`) or a conversation (`tags.tags`); unknown ones are added.
fn applied(fields: &Map<String, Value>, tags: &mut Tags) -> Vec<Applied> {
    let list = fields.get("tags").map(|list| [list.get("data"), list.get("tags")]);
    let entries = list.into_iter().flatten().flatten().filter_map(Value::as_array).flatten();
    entries
        .filter_map(|entry| {
            let id = misfit::id(entry.get("id")?)?;
            let tag = tags.find(&id).unwrap_or_else(|| {
                let name = entry.get("name").and_then(Value::as_str);
                let name = name.map_or_else(|| format!("Tag {id}"), str::to_owned);
                tags.push(Tag { id: id.clone().into(), name: name.into() })
            });
            let applied_at = entry.get("applied_at").and_then(Value::as_i64);
            Some(Applied { tag, applied_at: applied_at.unwrap_or(0) })
        })
        .collect()
}

fn memberships(fields: &Map<String, Value>) -> Vec<String> {
    let list = fields.get("companies").and_then(|list| list.get("data")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| misfit::id(entry.get("id")?)).collect()
}

fn slot(companies: &[Company], id: &str) -> Option<Slot> {
    let position = companies.binary_search_by(|company| compare_ids(company.id(), id)).ok()?;
    Slot::try_from(position).ok()
}

/// The type of an attribute that holds values of two types: a date stays one although somebody
/// wrote a text into it; otherwise the type that can hold both.
fn wider(known: DataType, found: DataType) -> DataType {
    match (known, found) {
        (DataType::Date, _) | (_, DataType::Date) => DataType::Date,
        (DataType::Float, DataType::Integer) | (DataType::Integer, DataType::Float) => {
            DataType::Float
        }
        (known, found) if known == found => known,
        _ => DataType::String,
    }
}

/// A definition for every custom attribute that occurs, in the order of names.
fn attributes(contacts: &Rows, conversations: &Rows, companies: &Rows) -> Vec<DataAttribute> {
    let mut types: BTreeMap<(Model, String), DataType> = WRITTEN_ATTRIBUTES
        .iter()
        .map(|(model, name, data_type)| ((*model, (*name).to_owned()), *data_type))
        .collect();
    let rows = [
        (Model::Contact, contacts),
        (Model::Conversation, conversations),
        (Model::Company, companies),
    ];
    for (model, rows) in rows {
        for row in &rows.rows {
            let Some(Value::Object(values)) = row.fields.get("custom_attributes") else { continue };
            for (name, value) in values {
                let Some(found) = DataType::infer(name, value) else { continue };
                let known = types.entry((model, name.clone())).or_insert(found);
                *known = wider(*known, found);
            }
        }
    }
    (18_001..)
        .zip(types)
        .map(|(id, ((model, name), data_type))| DataAttribute {
            id,
            model,
            name: name.into(),
            data_type,
            description: "".into(),
            options: Vec::new(),
            is_archived: false,
            messenger_writable: false,
            created_at: 0,
            updated_at: 0,
        })
        .collect()
}
