//! Companies: look-up, create or update, list, scroll, members.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::routes::contact_lists::{company_answer, company_not_found, notes_about, numbered_page};
use crate::routes::data_attributes::{self, Unknown};
use crate::routes::fields::{self, Takes};
use crate::routes::pages::NumberedPage;
use crate::routes::{Call, pages, scroll};
use crate::search::fields::{COMPANY_FIELDS, COMPANY_RULES, Column};
use crate::search::grammar::{Attributes, Grammar, Precision};
use crate::search::{PageLimits, Search};
use crate::workspace::catalogue::Model;
use crate::workspace::company::Company;
use crate::workspace::contact::Contact;
use crate::workspace::journal::Subject;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 15, max: 60 };
const SEARCH_PAGE: PageLimits = PageLimits { default: 15, max: 150 };

pub(super) fn find(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    if let Some(company_id) = call.query("company_id") {
        let slot = by_company_id(call, company_id).ok_or_else(company_not_found)?;
        return company_answer(call, slot);
    }
    if let Some(name) = call.query("name") {
        let slot = by_name(call, name).ok_or_else(company_not_found)?;
        return company_answer(call, slot);
    }
    let Some(filter) = Lookup::read(call)? else {
        let message = "name, company_id, tag_id or segment_id must be given";
        return Err(Refusal::new(400, "bad_request", message));
    };
    let found = filter.slots(call);
    let page = numbered_page(call, found.len())?;
    Ok(listed(call, found.get(page.range()).unwrap_or_default(), page, "/companies"))
}

/// What companies are looked for by, besides their own ids.
pub(super) enum Lookup {
    Tag(u32),
    /// Company segments are not simulated: none has members.
    Segment,
}

impl Lookup {
    pub(super) fn read(call: &Call<'_>) -> Result<Option<Self>, Refusal> {
        if let Some(tag) = call.query("tag_id") {
            return Ok(Some(Self::Tag(call.tag(tag)?)));
        }
        Ok(call.query("segment_id").map(|_| Self::Segment))
    }

    pub(super) fn slots(&self, call: &Call<'_>) -> Vec<Slot> {
        let all = call.workspace.companies.iter();
        all.filter(|(_, company)| self.matches(company)).map(|(slot, _)| slot).collect()
    }

    fn matches(&self, company: &Company) -> bool {
        match self {
            Self::Tag(tag) => company.tags.contains(tag),
            Self::Segment => false,
        }
    }
}

pub(super) fn by_company_id(call: &Call<'_>, company_id: &str) -> Option<Slot> {
    let mut all = call.workspace.companies.iter();
    all.find(|(_, company)| company.company_id.as_deref() == Some(company_id)).map(|(slot, _)| slot)
}

pub(super) fn by_name(call: &Call<'_>, name: &str) -> Option<Slot> {
    let mut all = call.workspace.companies.iter();
    all.find(|(_, company)| company.name.as_deref() == Some(name)).map(|(slot, _)| slot)
}

fn listed(call: &Call<'_>, companies: &[Slot], page: NumberedPage<'_>, path: &str) -> Answer {
    Answer::object(|object| {
        object.field("type", "list");
        object.list("data", companies, |out, slot| render(call, out, *slot));
        page.render(object, &pages::filtered(call, path));
    })
}

pub(super) fn render(call: &Call<'_>, out: &mut Vec<u8>, slot: Slot) {
    match call.workspace.companies.get(slot) {
        Some(company) => call.workspace.render_company(out, company),
        None => out.extend_from_slice(b"null"),
    }
}

pub(super) fn create_or_update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let fields = writable(call, call.body()?, Unknown::Refused)?;
    let company_id = fields.get("company_id").and_then(misfit::id);
    let known = company_id.as_deref().and_then(|id| by_company_id(call, id));
    let slot = write(call, known, fields)?;
    company_answer(call, slot)
}

/// Updates a company, or creates one that has an id of its own or a name.
pub(super) fn write(
    call: &mut Call<'_>,
    known: Option<Slot>,
    fields: Map<String, Value>,
) -> Result<Slot, Refusal> {
    if let Some(slot) = known {
        return patch(call, slot, fields);
    }
    if fields.get("company_id").and_then(misfit::id).is_none() && !fields.contains_key("name") {
        return Err(Refusal::new(400, "bad_request", "bad 'company_id' and 'name' parameters"));
    }
    let mut company = Company::blank(call.workspace.next_company_id(call.now), call.now);
    company.apply(fields)?;
    Ok(call.workspace.companies.push(company))
}

/// What the fields of a company take.
const FIELDS: &[(&str, Takes)] = &[
    ("company_id", Takes::Text),
    ("name", Takes::Text),
    ("plan", Takes::Text),
    ("size", Takes::Whole),
    ("website", Takes::Text),
    ("industry", Takes::Text),
    ("remote_created_at", Takes::Instant),
    ("monthly_spend", Takes::Amount),
];

/// The fields of a body that clients may write; the rest is ignored.
pub(super) fn writable(
    call: &Call<'_>,
    mut body: Map<String, Value>,
    unknown: Unknown,
) -> Result<Map<String, Value>, Refusal> {
    let is_known = |name: &str| FIELDS.iter().any(|(known, _)| *known == name);
    body.retain(|name, _| is_known(name) || name == "custom_attributes");
    fields::check(&mut body, FIELDS)?;
    if body.get("plan").is_some_and(Value::is_null) {
        body.insert("plan".to_owned(), Value::Object(Map::new()));
    }
    if let Some(attributes) = body.get("custom_attributes") {
        data_attributes::check(call.workspace, Model::Company, attributes, unknown)?;
    }
    Ok(body)
}

fn patch(call: &mut Call<'_>, slot: Slot, fields: Map<String, Value>) -> Result<Slot, Refusal> {
    let now = call.now;
    let changed = call.workspace.companies.change(slot, |company| {
        company.updated_at = now;
        company.apply(fields)
    });
    changed.unwrap_or(Ok(()))?;
    Ok(slot)
}

pub(super) fn named(call: &Call<'_>) -> Result<Slot, Refusal> {
    call.workspace.companies.find(call.parameter(0)).ok_or_else(company_not_found)
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    company_answer(call, slot)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let mut fields = writable(call, call.body()?, Unknown::Refused)?;
    // The remote id cannot be changed once it is set.
    fields.remove("company_id");
    let slot = patch(call, slot, fields)?;
    company_answer(call, slot)
}

/// The API archives in the background; the simulator has done it when it answers.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let removed = call.workspace.companies.remove(slot).ok_or_else(company_not_found)?;
    for member in removed.members {
        call.workspace.contacts.change(member, |contact| contact.companies.retain(|c| *c != slot));
    }
    call.session.last_job += 1;
    Ok(Answer::object(|object| {
        object.field("id", &*removed.id).field("object", "company").field("deleted", &true);
    }))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = if call.body.is_empty() { Map::new() } else { call.body()? };
    let given = |name: &str| {
        body.get(name)
            .cloned()
            .or_else(|| call.query(name).map(|text| Value::from(text.to_owned())))
    };
    let per_page = PAGE.length(given("per_page").as_ref())?;
    let number = given("page").as_ref().map_or(Some(1), misfit::whole);
    let number = number.and_then(|number| usize::try_from(number).ok()).filter(|n| *n >= 1);
    let number =
        number.ok_or_else(|| Refusal::invalid("page must be a positive integer").field("page"))?;
    let companies = with_members(call);
    let page = NumberedPage { number, per_page, total: companies.len(), origin: call.origin };
    page.refuse_beyond_cap()?;
    Ok(listed(call, companies.get(page.range()).unwrap_or_default(), page, "/companies/list"))
}

/// The companies that have contacts, those that were used last first.
pub(super) fn with_members(call: &Call<'_>) -> Vec<Slot> {
    let all = call.workspace.companies.iter();
    let mut companies: Vec<_> = all.filter(|(_, company)| !company.members.is_empty()).collect();
    let requested_at = |company: &Company| {
        company.body.pick(&["last_request_at"]).and_then(|at| at.as_i64()).unwrap_or(0)
    };
    companies.sort_by_cached_key(|(_, company)| {
        (std::cmp::Reverse(requested_at(company)), company.id.clone())
    });
    companies.into_iter().map(|(slot, _)| slot).collect()
}

pub(super) fn search(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let grammar = Grammar {
        fields: COMPANY_FIELDS,
        rules: COMPANY_RULES,
        precision: Precision::Second,
        attributes: Attributes::Custom(Model::Company),
        version: call.version,
        workspace: call.workspace,
    };
    let search = Search::parse(&body, &grammar, SEARCH_PAGE, Column::CreatedAt)?;
    let page = search.page::<Company>(call.workspace, call.now)?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        let companies = page.slots.iter().filter_map(|slot| call.workspace.companies.get(*slot));
        object.list("data", companies, |out, company| {
            call.workspace.render_company(out, company);
        });
        pages::by_cursor(object, &page);
    }))
}

pub(super) fn scroll(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let page = scroll_page(call)?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &page.slots, |out, slot| render(call, out, *slot));
        page.render(object);
    }))
}

/// The next page of the scroll over all companies.
pub(super) fn scroll_page(call: &mut Call<'_>) -> Result<scroll::Page, Refusal> {
    scroll::advance(call, scroll::Kind::Companies, |workspace, from| {
        let rest = workspace.companies.iter_from(from).map(|(slot, _)| slot);
        rest.take(scroll::PAGE).collect()
    })
}

pub(super) fn contacts(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let company = call.workspace.companies.get(slot).ok_or_else(company_not_found)?;
    let members = members(call, company);
    let page = numbered_page(call, members.len())?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", members.get(page.range()).unwrap_or_default(), |out, contact| {
            call.workspace.render_contact(out, contact, call.version);
        });
        page.render(object, &format!("/companies/{}/contacts", company.id));
    }))
}

/// The contacts of a company that are not archived, in the order they were attached.
pub(super) fn members<'c>(call: &'c Call<'_>, company: &Company) -> Vec<&'c Contact> {
    let members = company.members.iter().filter_map(|slot| call.workspace.contacts.get(*slot));
    members.filter(|contact| !contact.is_archived).collect()
}

pub(super) fn segments(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    named(call)?;
    Ok(Answer::object(|object| {
        object.field("type", "list").raw("data", b"[]");
    }))
}

pub(super) fn notes(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    notes_about(call, Subject::Company(slot))
}
