//! Companies: look-up, create or update, list, scroll, members.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::routes::contact_lists::{company_answer, company_not_found, notes_about, numbered_page};
use crate::routes::pages::NumberedPage;
use crate::routes::{Call, pages};
use crate::search::fields::{COMPANY_FIELDS, COMPANY_RULES, Column};
use crate::search::grammar::{Attributes, Grammar, Precision};
use crate::search::{PageLimits, Search};
use crate::workspace::catalogue::Model;
use crate::workspace::company::Company;
use crate::workspace::journal::Subject;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 15, max: 60 };
const SEARCH_PAGE: PageLimits = PageLimits { default: 15, max: 150 };
/// The list ends here; larger workspaces must scroll.
const MAX_LISTED: usize = 10_000;
const SCROLL_PAGE: usize = 100;
/// A scroll that nobody continues for so many seconds is closed.
const SCROLL_IDLE: i64 = 60;

/// The one open scroll of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Scroll {
    param: String,
    next: Slot,
    /// How many pages were read.
    n_pages: u32,
    used_at: i64,
}

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
    let all = call.workspace.companies.iter();
    let found: Vec<&Company> =
        all.map(|(_, company)| company).filter(|company| filter.matches(company)).collect();
    let page = numbered_page(call, found.len())?;
    Ok(listed(call, found.get(page.range()).unwrap_or_default(), page, "/companies"))
}

enum Lookup {
    Tag(u32),
    /// Company segments are not simulated: none has members.
    Segment,
}

impl Lookup {
    fn read(call: &Call<'_>) -> Result<Option<Self>, Refusal> {
        if let Some(tag) = call.query("tag_id") {
            return Ok(Some(Self::Tag(call.tag(tag)?)));
        }
        Ok(call.query("segment_id").map(|_| Self::Segment))
    }

    fn matches(&self, company: &Company) -> bool {
        match self {
            Self::Tag(tag) => company.tags.contains(tag),
            Self::Segment => false,
        }
    }
}

fn by_company_id(call: &Call<'_>, company_id: &str) -> Option<Slot> {
    let mut all = call.workspace.companies.iter();
    all.find(|(_, company)| company.company_id.as_deref() == Some(company_id)).map(|(slot, _)| slot)
}

fn by_name(call: &Call<'_>, name: &str) -> Option<Slot> {
    let mut all = call.workspace.companies.iter();
    all.find(|(_, company)| company.name.as_deref() == Some(name)).map(|(slot, _)| slot)
}

fn listed(call: &Call<'_>, companies: &[&Company], page: NumberedPage, path: &str) -> Answer {
    Answer::object(|object| {
        object.field("type", "list");
        object.list("data", companies, |out, company| {
            call.workspace.render_company(out, company);
        });
        page.render(object, path);
    })
}

pub(super) fn create_or_update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let fields = writable(call, call.body()?)?;
    let company_id = fields.get("company_id").and_then(misfit::id);
    let known = company_id.as_deref().and_then(|id| by_company_id(call, id));
    if company_id.is_none() && !fields.contains_key("name") {
        return Err(Refusal::new(400, "bad_request", "bad 'company_id' and 'name' parameters"));
    }
    let slot = match known {
        Some(slot) => patch(call, slot, fields)?,
        None => {
            let id = call.workspace.next_company_id(call.now);
            let mut company = Company::blank(id, call.now);
            company.apply(fields)?;
            call.workspace.companies.push(company)
        }
    };
    company_answer(call, slot)
}

fn writable(call: &Call<'_>, mut body: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    const FIELDS: &[&str] = &[
        "company_id",
        "name",
        "plan",
        "size",
        "website",
        "industry",
        "custom_attributes",
        "remote_created_at",
        "monthly_spend",
    ];
    body.retain(|name, _| FIELDS.contains(&name.as_str()));
    if let Some(attributes) = body.get("custom_attributes") {
        super::data_attributes::check(call.workspace, Model::Company, attributes)?;
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

fn named(call: &Call<'_>) -> Result<Slot, Refusal> {
    call.workspace.companies.find(call.parameter(0)).ok_or_else(company_not_found)
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    company_answer(call, slot)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let mut fields = writable(call, call.body()?)?;
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
    if number.saturating_mul(per_page) > MAX_LISTED.next_multiple_of(per_page) {
        let message = "page limit reached, please use scroll API";
        return Err(Refusal::new(400, "bad_request", message));
    }
    let all = call.workspace.companies.iter().map(|(_, company)| company);
    let mut companies: Vec<&Company> = all.filter(|company| !company.members.is_empty()).collect();
    let requested_at = |company: &Company| {
        company.body.pick(&["last_request_at"]).and_then(|at| at.as_i64()).unwrap_or(0)
    };
    companies.sort_by_cached_key(|company| {
        (std::cmp::Reverse(requested_at(company)), company.id.clone())
    });
    let page = NumberedPage { number, per_page, total: companies.len() };
    Ok(listed(call, companies.get(page.range()).unwrap_or_default(), page, "/companies/list"))
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
    let search = Search::parse(&body, &grammar, SEARCH_PAGE, Column::CreatedAt)?.lagging(call);
    let page = search.page(&call.workspace.companies, call.workspace, call.now)?;
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
    let now = call.now;
    let open = call.session.scroll.take().filter(|scroll| now - scroll.used_at <= SCROLL_IDLE);
    let scroll = match (open, call.query("scroll_param")) {
        (Some(open), Some(param)) if open.param == param => open,
        (open, Some(_)) => {
            call.session.scroll = open;
            return Err(Refusal::new(404, "not_found", "scroll parameter not found"));
        }
        (Some(open), None) => {
            call.session.scroll = Some(open);
            let message = "scroll already exists for this workspace";
            return Err(Refusal::new(400, "scroll_exists", message));
        }
        (None, None) => {
            let param = format!("{:08x}-5c20-4000-8000-{now:012x}", call.workspace.next_number());
            Scroll { param, next: 0, n_pages: 0, used_at: now }
        }
    };
    let n_pages = scroll.n_pages + 1;
    if call.settings.scroll_fails_at == Some(n_pages) && !call.session.has_broken_scroll {
        call.session.has_broken_scroll = true;
        let message = "Request failed due to an internal error: restart the scroll operation";
        return Err(Refusal::new(500, "server_error", message));
    }
    let rest = call.workspace.companies.iter().filter(|(slot, _)| *slot >= scroll.next);
    let page: Vec<(Slot, &Company)> = rest.take(SCROLL_PAGE).collect();
    let next = page.last().map_or(scroll.next, |(slot, _)| slot + 1);
    let answer = Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &page, |out, (_, company)| {
            call.workspace.render_company(out, company);
        });
        object.raw("pages", b"null").raw("total_count", b"null");
        object.field("scroll_param", &scroll.param);
    });
    // The empty page at the end closes the scroll.
    let is_over = page.is_empty();
    call.session.scroll = (!is_over).then_some(Scroll { next, n_pages, used_at: now, ..scroll });
    Ok(answer)
}

pub(super) fn contacts(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let company = call.workspace.companies.get(slot).ok_or_else(company_not_found)?;
    let members = company.members.iter().filter_map(|slot| call.workspace.contacts.get(*slot));
    let members: Vec<_> = members.filter(|contact| !contact.is_archived).collect();
    let page = numbered_page(call, members.len())?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", members.get(page.range()).unwrap_or_default(), |out, contact| {
            call.workspace.render_contact(out, contact, call.version);
        });
        page.render(object, &format!("/companies/{}/contacts", company.id));
    }))
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
