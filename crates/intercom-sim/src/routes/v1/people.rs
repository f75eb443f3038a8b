//! Lists of users and leads, by page and by scroll.

use crate::answer::{Answer, Refusal};
use crate::routes::companies::by_company_id;
use crate::routes::contact_lists::{company_not_found, numbered_page};
use crate::routes::pages::{self, MAX_LISTED, NumberedPage};
use crate::routes::v1::person;
use crate::routes::{Call, scroll};
use crate::search::cursor::SortUnit;
use crate::search::fields::Column;
use crate::search::filter::{self, Leaf, Needle, Source, Span, Test};
use crate::search::{self, Search};
use crate::workspace::Workspace;
use crate::workspace::catalogue::Membership;
use crate::workspace::contact::{Contact, Role};
use crate::workspace::table::Slot;

/// How an answer names its type and its entries.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    kind: &'static str,
    entries: &'static str,
    path: &'static str,
}

pub(super) const USERS: Shape = Shape { kind: "user.list", entries: "users", path: "/users" };
pub(super) const LEADS: Shape =
    Shape { kind: "contact.list", entries: "contacts", path: "/contacts" };

/// Which people of a role a list shows.
enum Filter {
    All,
    Email(String),
    Phone(String),
    Tag(u32),
    Segment(Membership),
    Company(Slot),
}

impl Filter {
    fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        if call.query("tag_id").is_some() && call.query("segment_id").is_some() {
            return Err(Refusal::invalid("tag_id and segment_id exclude each other"));
        }
        let text = |name: &str| call.query(name).map(str::to_owned);
        if let Some(email) = text("email") {
            return Ok(Self::Email(email));
        }
        if let Some(phone) = text("phone") {
            return Ok(Self::Phone(phone));
        }
        if let Some(id) = call.query("tag_id") {
            return Ok(Self::Tag(call.tag(id)?));
        }
        if let Some(id) = call.query("segment_id") {
            let segment = call.workspace.segments.iter().find(|segment| &*segment.id == id);
            let segment = segment.ok_or_else(|| Refusal::not_found("Resource"))?;
            return Ok(Self::Segment(segment.membership));
        }
        if let Some(company_id) = call.query("company_id") {
            let company = by_company_id(call, company_id);
            let company = company.ok_or_else(company_not_found)?;
            return Ok(Self::Company(company));
        }
        Ok(Self::All)
    }

    /// A list of users by tag, segment or company has leads in it.
    fn includes(&self, role: Role, other: Role) -> bool {
        let is_mixed = matches!(self, Self::Tag(_) | Self::Segment(_) | Self::Company(_));
        role == other || role == Role::User && is_mixed
    }

    fn passes(&self, workspace: &Workspace, contact: &Contact, now: i64) -> bool {
        match self {
            Self::All | Self::Email(_) => true,
            Self::Phone(phone) => {
                contact.body.pick(&["phone"]).is_some_and(|known| known == phone.as_str())
            }
            Self::Tag(tag) => contact.tags.iter().any(|applied| applied.tag == *tag),
            Self::Segment(membership) => workspace.belongs(contact, *membership, now),
            Self::Company(company) => contact.companies.contains(company),
        }
    }
}

/// What a list is ordered by.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Creation,
    LastChange,
    LastRequest,
    SignUp,
}

impl Sort {
    fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        Ok(match call.query("sort") {
            None | Some("created_at") => Self::Creation,
            Some("updated_at") => Self::LastChange,
            Some("last_request_at") => Self::LastRequest,
            Some("signed_up_at") => Self::SignUp,
            Some(_) => {
                let message =
                    "sort must be created_at, last_request_at, signed_up_at or updated_at";
                return Err(Refusal::invalid(message).field("sort"));
            }
        })
    }

    fn key(self, contact: &Contact) -> i64 {
        let stored = |name| contact.body.pick(&[name]).and_then(|at| at.as_i64()).unwrap_or(0);
        match self {
            Self::Creation => contact.created_at,
            Self::LastChange => contact.updated_at,
            Self::LastRequest => stored("last_seen_at"),
            Self::SignUp => stored("signed_up_at"),
        }
    }
}

/// Whether the query asks for ascending order; lists are descending by default.
pub(super) fn is_ascending(call: &Call<'_>) -> Result<bool, Refusal> {
    match call.query("order") {
        None | Some("desc") => Ok(false),
        Some("asc") => Ok(true),
        Some(_) => Err(Refusal::invalid("order must be asc or desc").field("order")),
    }
}

/// A page of the people of a role that the query asks for.
pub(super) fn list(call: &mut Call<'_>, role: Role, shape: Shape) -> Result<Answer, Refusal> {
    let (filter, sort, is_ascending) =
        (Filter::read(call)?, Sort::read(call)?, is_ascending(call)?);
    let since = match call.query("created_since").map(str::parse::<i64>) {
        None => i64::MIN,
        Some(Ok(days)) if days >= 0 => call.now.saturating_sub(days.saturating_mul(86_400)),
        Some(_) => {
            let message = "created_since must be a number of days";
            return Err(Refusal::invalid(message).field("created_since"));
        }
    };
    let column = match sort {
        Sort::Creation => Some(Column::CreatedAt),
        Sort::LastChange => Some(Column::UpdatedAt),
        Sort::LastRequest | Sort::SignUp => None,
    };
    if let (Filter::All, Some(column)) = (&filter, column) {
        let (source, unit) = (Source::Column(column), SortUnit::Instant);
        let sort = search::Sort { source, unit, is_ascending };
        return everybody(call, (role, since), sort, shape);
    }
    let workspace = &*call.workspace;
    let passes = |slot: &Slot| {
        let contact = workspace.contacts.get(*slot).filter(|contact| !contact.is_archived);
        contact.is_some_and(|contact| {
            filter.includes(role, contact.role)
                && contact.created_at >= since
                && filter.passes(workspace, contact, call.now)
        })
    };
    let is_indexed = matches!(sort, Sort::Creation | Sort::LastChange);
    let mut found: Vec<Slot> = match (&filter, sort) {
        (Filter::Email(email), _) => workspace.contacts_by_email(email).filter(passes).collect(),
        (_, Sort::LastChange) => {
            let index = workspace.contacts.updated();
            index.slots(0..index.len()).filter(passes).collect()
        }
        _ => {
            let index = workspace.contacts.created();
            index.slots(0..index.len()).filter(passes).collect()
        }
    };
    let key = |slot: &Slot| workspace.contacts.get(*slot).map_or(0, |contact| sort.key(contact));
    if !is_indexed || matches!(filter, Filter::Email(_)) {
        found.sort_by_cached_key(|slot| (key(slot), *slot));
    }
    if !is_ascending {
        found.reverse();
    }
    page(call, &found, shape.path, shape)
}

/// A page of everybody who has a role and was created since an instant, in the order of an index:
/// of a large workspace only what leads up to the page is walked.
fn everybody(
    call: &mut Call<'_>,
    (role, since): (Role, i64),
    sort: search::Sort,
    shape: Shape,
) -> Result<Answer, Refusal> {
    let asked = numbered_page(call, MAX_LISTED)?;
    asked.refuse_beyond_cap()?;
    let leaf = |column, test| filter::Filter::Leaf(Leaf { source: Source::Column(column), test });
    let needles = vec![Needle::Text(role.as_str().into())];
    let mut parts = vec![leaf(Column::Role, Test::Among { needles, is_negated: false })];
    if since > i64::MIN {
        let span = Span { from: since, ..Span::ALL };
        parts.push(leaf(Column::CreatedAt, Test::Within(vec![span])));
    }
    let filter = Some(filter::Filter::All(parts));
    let search = Search { filter, sort, per_page: asked.range().end.max(1), cursor: None };
    let found = search.page::<Contact>(call.workspace, call.now)?;
    let shown = numbered_page(call, found.total.min(MAX_LISTED))?;
    let slots = found.slots.get(shown.range()).unwrap_or_default();
    Ok(answer(call, (slots, found.total), shown, shape.path, shape))
}

/// A page of people.
pub(super) fn page(
    call: &Call<'_>,
    found: &[Slot],
    path: &str,
    shape: Shape,
) -> Result<Answer, Refusal> {
    let page = numbered_page(call, found.len().min(MAX_LISTED))?;
    page.refuse_beyond_cap()?;
    let shown = found.get(page.range()).unwrap_or_default();
    Ok(answer(call, (shown, found.len()), page, path, shape))
}

/// A page with these people on it, of so many.
fn answer(
    call: &Call<'_>,
    (shown, total): (&[Slot], usize),
    page: NumberedPage<'_>,
    path: &str,
    shape: Shape,
) -> Answer {
    Answer::object(|object| {
        object.field("type", shape.kind);
        object.list(shape.entries, shown, |out, slot| person::render(call, out, *slot));
        object.field("total_count", &total);
        object.field("limited", &(total > MAX_LISTED));
        page.render_pages(object, &pages::filtered(call, path));
    })
}

/// The next page of the scroll over the people of a role.
pub(super) fn scroll(call: &mut Call<'_>, role: Role, shape: Shape) -> Result<Answer, Refusal> {
    let kind = match role {
        Role::User => scroll::Kind::Users,
        Role::Lead => scroll::Kind::Leads,
    };
    let page = scroll::advance(call, kind, |workspace, from| {
        let rest = workspace.contacts.iter_from(from);
        let own = rest.filter(|(_, contact)| contact.role == role && !contact.is_archived);
        own.map(|(slot, _)| slot).take(scroll::PAGE).collect()
    })?;
    Ok(Answer::object(|object| {
        object.field("type", shape.kind);
        object.list(shape.entries, &page.slots, |out, slot| person::render(call, out, *slot));
        page.render(object);
    }))
}
