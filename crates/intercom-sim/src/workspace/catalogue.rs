//! The few objects of a workspace that everything else refers to: the workspace itself, admins,
//! teams, tags, segments and attribute definitions.

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use crate::json::Object;
use crate::workspace::misfit;

/// The workspace itself, as `/me` shows it.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) id_code: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) region: Box<str>,
    pub(crate) timezone: Tz,
    pub(crate) created_at: i64,
}

/// A teammate.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) id: Box<str>,
    pub(crate) fields: Map<String, Value>,
}

impl Admin {
    /// A teammate from the fields the API shows; `None` without an id.
    pub(crate) fn from_fields(mut fields: Map<String, Value>) -> Option<Self> {
        let id = misfit::id(fields.get("id")?)?;
        let defaults = json!({
            "type": "admin", "name": null, "email": null, "job_title": "",
            "away_mode_enabled": false, "away_mode_reassign": false, "has_inbox_seat": true,
            "team_ids": [], "avatar": null,
        });
        if let Value::Object(defaults) = defaults {
            for (name, value) in defaults {
                fields.entry(name).or_insert(value);
            }
        }
        fields.insert("id".to_owned(), id.clone().into());
        Some(Self { id: id.into(), fields })
    }

    /// A field that holds a text.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }
}

/// A group of teammates.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) admin_ids: Vec<i64>,
}

impl Team {
    pub(crate) fn render(&self, object: &mut Object<'_>) {
        object.field("type", "team").field("id", &*self.id).field("name", &*self.name);
        object.field("admin_ids", &self.admin_ids);
        object.field("assignment_limit", &None::<u32>);
        object.field("distribution_method", "round_robin");
    }
}

/// A tag.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
}

impl Tag {
    pub(crate) fn render(&self, object: &mut Object<'_>) {
        object.field("type", "tag").field("id", &*self.id).field("name", &*self.name);
    }
}

/// All tags; a deleted one leaves its place, so that places can be referred to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags(Vec<Option<Tag>>);

impl Tags {
    pub(crate) fn get(&self, place: u32) -> Option<&Tag> {
        self.0.get(place as usize).and_then(Option::as_ref)
    }

    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        self.position(|tag| &*tag.id == id)
    }

    pub(crate) fn find_name(&self, name: &str) -> Option<u32> {
        self.position(|tag| tag.name.eq_ignore_ascii_case(name))
    }

    fn position(&self, is_it: impl Fn(&Tag) -> bool) -> Option<u32> {
        let mut places = (0..).zip(&self.0);
        places.find(|(_, tag)| tag.as_ref().is_some_and(&is_it)).map(|(place, _)| place)
    }

    pub(crate) fn push(&mut self, tag: Tag) -> u32 {
        self.0.push(Some(tag));
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// A tag of this name, created with an id that follows the others when there is none.
    pub(crate) fn named(&mut self, name: &str) -> u32 {
        if let Some(place) = self.find_name(name) {
            return place;
        }
        let numbers = self.iter().filter_map(|(_, tag)| tag.id.parse::<u64>().ok());
        let id = numbers.max().unwrap_or(7_100) + 1;
        self.push(Tag { id: id.to_string().into(), name: name.into() })
    }

    pub(crate) fn rename(&mut self, place: u32, name: &str) {
        if let Some(Some(tag)) = self.0.get_mut(place as usize) {
            tag.name = name.into();
        }
    }

    pub(crate) fn remove(&mut self, place: u32) {
        if let Some(tag) = self.0.get_mut(place as usize) {
            *tag = None;
        }
    }

    pub(crate) fn n_deleted(&self) -> usize {
        self.0.iter().filter(|tag| tag.is_none()).count()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Tag)> {
        (0..).zip(&self.0).filter_map(|(place, tag)| tag.as_ref().map(|tag| (place, tag)))
    }
}

/// Who belongs to a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    Users,
    Leads,
    /// Created within so many days.
    CreatedFor(i64),
    /// Seen within so many days.
    SeenFor(i64),
    /// Users not seen for so many days.
    UnseenFor(i64),
    /// Those with the tag at a place.
    Tagged(u32),
}

/// A segment: its members follow from a rule.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) membership: Membership,
    pub(crate) created_at: i64,
}

impl Segment {
    pub(crate) fn render(&self, object: &mut Object<'_>) {
        let person = if self.membership == Membership::Leads { "contact" } else { "user" };
        object.field("type", "segment").field("id", &*self.id).field("name", &*self.name);
        object.field("created_at", &self.created_at).field("updated_at", &self.created_at);
        object.field("person_type", person);
    }
}

/// What an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Model {
    Contact,
    Company,
    Conversation,
}

impl Model {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Conversation => "conversation",
        }
    }
}

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataType {
    String,
    Integer,
    Float,
    Boolean,
    Date,
}

impl DataType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    /// The type a client asks for; `datetime` and `date` are the same thing here.
    pub(crate) fn from_request(text: &str) -> Option<Self> {
        match text {
            "string" | "options" => Some(Self::String),
            "integer" => Some(Self::Integer),
            "float" => Some(Self::Float),
            "boolean" => Some(Self::Boolean),
            "date" | "datetime" => Some(Self::Date),
            _ => None,
        }
    }

    /// Whether a value can be written to an attribute of this type.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => true,
            // Lists of texts are what usage attributes such as the enabled integrations hold.
            (Self::String, Value::Array(entries)) => entries.iter().all(Value::is_string),
            (Self::String, value) => !value.is_object(),
            (Self::Integer | Self::Date, value) => misfit::whole(value).is_some(),
            (Self::Float, Value::String(text)) => text.parse::<f64>().is_ok(),
            (Self::Float, value) => value.is_number(),
            (Self::Boolean, Value::String(text)) => matches!(text.as_str(), "true" | "false"),
            (Self::Boolean, value) => value.is_boolean(),
        }
    }

    /// The type that fits what a data set holds.
    pub(crate) fn infer(name: &str, value: &Value) -> Option<Self> {
        let is_date_name = name.ends_with("_at") || name.ends_with(" Date");
        match value {
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(number) if number.is_f64() => Some(Self::Float),
            Value::Number(_) if is_date_name => Some(Self::Date),
            Value::Number(_) => Some(Self::Integer),
            Value::String(_) | Value::Array(_) => Some(Self::String),
            Value::Null | Value::Object(_) => None,
        }
    }
}

/// The definition of a custom attribute.
#[derive(Debug, Clone)]
pub(crate) struct DataAttribute {
    pub(crate) id: u32,
    pub(crate) model: Model,
    pub(crate) name: Box<str>,
    pub(crate) data_type: DataType,
    pub(crate) description: Box<str>,
    pub(crate) options: Vec<Box<str>>,
    pub(crate) is_archived: bool,
    pub(crate) messenger_writable: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl DataAttribute {
    pub(crate) fn render(&self, object: &mut Object<'_>) {
        object.field("type", "data_attribute").field("id", &self.id);
        object.field("model", self.model.as_str()).field("name", &*self.name);
        object.field("full_name", &format!("custom_attributes.{}", self.name));
        object.field("label", &*self.name).field("description", &*self.description);
        object.field("data_type", self.data_type.as_str());
        if !self.options.is_empty() {
            object.field("options", &self.options);
        }
        object.field("api_writable", &true).field("ui_writable", &true);
        object.field("messenger_writable", &self.messenger_writable).field("custom", &true);
        object.field("archived", &self.is_archived);
        object.field("created_at", &self.created_at).field("updated_at", &self.updated_at);
    }
}
