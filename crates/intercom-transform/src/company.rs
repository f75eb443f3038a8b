//! The body of a company, and what a person's `company` trait says.

use std::borrow::Cow;

use md5::{Digest, Md5};

use crate::event::Value;
use crate::message::Traits;
use crate::note::NoteKind;
use crate::pick::{Expected, Skip, first, number_text};
use crate::plan::CompanyKey;
use crate::planner::Planner;
use crate::rejection::Rejection;
use crate::settings::{AbsentNumbers, Typing};
use crate::write::Object;

/// What a company's body is made from.
pub(crate) struct CompanySource<'e, 'm> {
    /// The company's own id.
    pub(crate) id: Option<Value<'e>>,
    /// An id made from the name, where there is no other.
    pub(crate) made_id: Option<String>,
    /// The places of its fields, the first one counts.
    pub(crate) fields: [&'m Traits<'e>; 2],
    /// Where its custom attributes are.
    pub(crate) attributes: Option<Value<'e>>,
    pub(crate) origin: Origin,
}

/// Which call names a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A group call, whose traits are the company's.
    Group,
    /// An identify, by the trait `company` of the person.
    Person,
}

impl<'e> Planner<'e, '_> {
    /// Writes a company's body.
    pub(crate) fn write_company(
        &mut self,
        company: &CompanySource<'e, '_>,
    ) -> Result<(), Rejection> {
        let identity = Skip::identity(self.settings);
        let details = Skip::details(self.settings);
        let [own, other] = company.fields;
        let id = self.check.check(company.id, Expected::Id)?;
        let name = self.check.check(first([own.name, other.name], identity), Expected::Id)?;
        let in_properties = || self.message.properties?.get("website")?.present();
        let website = first([own.website, other.website, in_properties()], identity);
        let website = self.check.check(website, Expected::Text)?;
        let plan = self.check.check(first([own.plan, other.plan], details), Expected::Id)?;
        let industry = first([own.industry, other.industry], details);
        let industry = self.check.check(industry, Expected::Text)?;
        let size = first([own.size, other.size], details);
        let spend = first([own.monthly_spend, other.monthly_spend], details);
        let created_at = first([own.remote_created_at, other.remote_created_at], details);

        let mut body = std::mem::take(self.body);
        let mut object = Object::open(&mut body);
        match &company.made_id {
            Some(made) => object.text("company_id", made),
            None => self.check.write_id(&mut object, "company_id", id),
        }
        self.check.write_id(&mut object, "name", name);
        object.optional("website", website);
        self.check.write_id(&mut object, "plan", plan);
        self.write_count(&mut object, "size", size);
        object.optional("industry", industry);
        if spend.is_some() {
            self.write_count(&mut object, "monthly_spend", spend);
        }
        self.write_date(&mut object, "remote_created_at", created_at);
        let written = self.write_company_attributes(&mut object, company);
        object.close();
        *self.body = body;
        written
    }

    /// Writes a number; one that is absent or cannot be read is left out, or null where the
    /// settings say so.
    fn write_count(&mut self, object: &mut Object<'_>, name: &str, value: Option<Value<'e>>) {
        if let Some(number) = value.and_then(number_text) {
            object.field(name).extend_from_slice(number.as_bytes());
            return;
        }
        if value.is_some() {
            self.notes.push(NoteKind::Unreadable, name);
        }
        if self.settings.absent_numbers == AbsentNumbers::Null {
            object.null(name);
        }
    }

    fn write_company_attributes(
        &mut self,
        object: &mut Object<'_>,
        company: &CompanySource<'e, '_>,
    ) -> Result<(), Rejection> {
        let lookup = self.lookup.clone();
        let is_v1 = self.settings.is_v1();
        let is_checked = self.settings.typing == Typing::Checked;
        let is_of_person = company.origin == Origin::Person;
        let is_reserved = |name: &str| {
            (lookup != "email" && name == lookup)
                || if is_v1 { is_reserved_v1(name) } else { is_reserved(name) }
                || (is_checked && matches!(name, "groupId" | "tags"))
                || (is_of_person && matches!(name, "id" | "remove"))
        };
        self.write_attributes(object, "custom_attributes", [company.attributes, None], is_reserved)
    }

    /// The company that an identify names.
    pub(crate) fn named_company(&self) -> Option<Value<'e>> {
        let [own, of_context] = self.message.both();
        own.company.or(of_context.company)
    }
}

/// By what the company of an identify is found: its id, else its name.
pub(crate) fn key(company: Value<'_>) -> Option<CompanyKey> {
    let plain = |name: &str| {
        let value = company.get(name).filter(|value| value.is_truthy());
        value.and_then(Value::to_plain)
    };
    let by_name = || plain("name").map(|name| CompanyKey::Name(name.into()));
    plain("id").map(|id| CompanyKey::Id(id.into())).or_else(by_name)
}

/// The id of a company that has only a name.
pub(crate) fn made_id(name: &str) -> String {
    let digest: [u8; 16] = Md5::digest(name.as_bytes()).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Traits that are fields of a company with versions 2, and so no custom attributes.
fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "tags"
            | "size"
            | "plan"
            | "name"
            | "email"
            | "userId"
            | "website"
            | "industry"
            | "segments"
            | "userCount"
            | "createdAt"
            | "sessionCount"
            | "monthlySpend"
            | "remoteCreatedAt"
    )
}

/// The same with 1.4.
fn is_reserved_v1(name: &str) -> bool {
    matches!(
        name,
        "remoteCreatedAt"
            | "monthlySpend"
            | "industry"
            | "website"
            | "size"
            | "plan"
            | "name"
            | "userId"
    )
}

/// The name of a company as text.
pub(crate) fn name_of(company: Value<'_>) -> Option<Cow<'_, str>> {
    let name = if company.is_text() { Some(company) } else { company.get("name") };
    name.filter(|name| name.is_truthy())?.to_plain()
}
