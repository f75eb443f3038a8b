//! Counts of people, companies and conversations.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::json::{self, Object};
use crate::routes::Call;
use crate::routes::contact_lists::numbered_page;
use crate::routes::pages::{self, NumberedPage};
use crate::workspace::contact::{Contact, Role};
use crate::workspace::conversation::{Conversation, State};

/// How many there are of something, by its name.
type Named = (String, usize);

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let call = &*call;
    let answer = match (call.query("type"), call.query("count")) {
        (None, None) => everything(call),
        (Some("conversation"), None) => of_conversations(call),
        (Some("conversation"), Some("admin")) => of_admins(call),
        (Some("user"), Some("tag")) => named("user", "tag", &people_by_tag(call)),
        (Some("user"), Some("segment")) => named("user", "segment", &people_by_segment(call)),
        (Some("company"), Some("tag")) => by_company_tag(call)?,
        (Some("company"), Some("segment")) => paged(call, "segment", &[])?,
        (Some("company"), Some("user")) => by_company(call)?,
        (Some(kind @ ("user" | "lead" | "company")), None) => total(call, kind),
        _ => {
            let message = "type and count do not go together";
            return Err(Refusal::invalid(message).field("type"));
        }
    };
    Ok(answer)
}

fn people<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c Contact> {
    call.workspace.contacts.iter().map(|(_, contact)| contact).filter(|c| !c.is_archived)
}

fn n_of_role(call: &Call<'_>, role: Role) -> usize {
    people(call).filter(|contact| contact.role == role).count()
}

fn everything(call: &Call<'_>) -> Answer {
    let counts = [
        ("company", call.workspace.companies.iter().count()),
        ("user", n_of_role(call, Role::User)),
        ("lead", n_of_role(call, Role::Lead)),
        ("tag", call.workspace.tags.iter().count()),
        ("segment", call.workspace.segments.len()),
    ];
    Answer::object(|object| {
        object.field("type", "count.hash");
        for (name, count) in counts {
            object.object(name, |total| {
                total.field("count", &count);
            });
        }
    })
}

fn total(call: &Call<'_>, kind: &str) -> Answer {
    let count = match kind {
        "user" => n_of_role(call, Role::User),
        "lead" => n_of_role(call, Role::Lead),
        _ => call.workspace.companies.iter().count(),
    };
    Answer::object(|object| {
        object.field("type", "count").field(kind, &json!({"count": count}));
    })
}

fn conversations<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c Conversation> {
    call.workspace.conversations.iter().map(|(_, found)| found).filter(|c| !c.is_archived)
}

/// Open conversations include snoozed ones; only open ones are assigned or unassigned.
fn of_conversations(call: &Call<'_>) -> Answer {
    let (mut closed, mut assigned, mut unassigned) = (0_usize, 0_usize, 0_usize);
    for conversation in conversations(call) {
        let has_assignee =
            conversation.admin_assignee_id.is_some() || conversation.team_assignee_id.is_some();
        match (conversation.state, has_assignee) {
            (State::Closed, _) => closed += 1,
            (State::Open | State::Snoozed, true) => assigned += 1,
            (State::Open | State::Snoozed, false) => unassigned += 1,
        }
    }
    Answer::object(|object| {
        object.field("type", "count").object("conversation", |counts| {
            counts.field("assigned", &assigned).field("closed", &closed);
            counts.field("open", &(assigned + unassigned)).field("unassigned", &unassigned);
        });
    })
}

fn of_admins(call: &Call<'_>) -> Answer {
    let admins = call.workspace.admins.iter();
    let mut counts: Vec<(Option<i64>, usize, usize)> =
        admins.map(|admin| (admin.id.parse().ok(), 0, 0)).collect();
    for conversation in conversations(call).filter(|c| c.admin_assignee_id.is_some()) {
        let own = counts.iter_mut().find(|(id, _, _)| *id == conversation.admin_assignee_id);
        match (own, conversation.state) {
            (Some(own), State::Closed) => own.2 += 1,
            (Some(own), State::Open | State::Snoozed) => own.1 += 1,
            (None, _) => {}
        }
    }
    Answer::object(|object| {
        object.field("type", "count").object("conversation", |conversation| {
            let all = call.workspace.admins.iter().zip(&counts);
            conversation.list("admin", all, |out, (admin, (_, open, closed))| {
                json::object(out, |entry| {
                    entry.field("id", &*admin.id).field("name", &admin.text("name"));
                    entry.field("open", open).field("closed", closed);
                });
            });
        });
    })
}

fn people_by_tag(call: &Call<'_>) -> Vec<Named> {
    let has = |contact: &Contact, place| contact.tags.iter().any(|applied| applied.tag == place);
    let tags = call.workspace.tags.iter();
    tags.map(|(place, tag)| {
        (tag.name.to_string(), people(call).filter(|contact| has(contact, place)).count())
    })
    .collect()
}

fn people_by_segment(call: &Call<'_>) -> Vec<Named> {
    let workspace = &*call.workspace;
    let segments = workspace.segments.iter();
    segments
        .map(|segment| {
            let members = people(call)
                .filter(|contact| workspace.belongs(contact, segment.membership, call.now));
            (segment.name.to_string(), members.count())
        })
        .collect()
}

fn entries(counts: &[Named]) -> Vec<Value> {
    counts.iter().map(|(name, count)| json!({name.as_str(): count})).collect()
}

fn named(kind: &str, counted: &str, counts: &[Named]) -> Answer {
    Answer::object(|object| {
        object.field("type", "count").field(kind, &json!({counted: entries(counts)}));
    })
}

/// Counts of companies come in pages.
fn paged(call: &Call<'_>, counted: &str, counts: &[Value]) -> Result<Answer, Refusal> {
    let page = numbered_page(call, counts.len())?;
    Ok(Answer::object(|object| {
        write(object, counted, counts, page);
        page.render_pages(object, &pages::filtered(call, "/counts"));
    }))
}

fn write(object: &mut Object<'_>, counted: &str, counts: &[Value], page: NumberedPage<'_>) {
    let shown = counts.get(page.range()).unwrap_or_default();
    object.field("type", "count").field("company", &json!({counted: shown}));
}

/// By tag, the pages stand inside of another object of that name.
fn by_company_tag(call: &Call<'_>) -> Result<Answer, Refusal> {
    let all = || call.workspace.companies.iter().map(|(_, company)| company);
    let tags = call.workspace.tags.iter();
    let counts: Vec<Named> = tags
        .map(|(place, tag)| {
            (tag.name.to_string(), all().filter(|company| company.tags.contains(&place)).count())
        })
        .collect();
    let counts = entries(&counts);
    let page = numbered_page(call, counts.len())?;
    Ok(Answer::object(|object| {
        write(object, "tag", &counts, page);
        object.object("pages", |inner| page.render_pages(inner, &pages::filtered(call, "/counts")));
    }))
}

fn by_company(call: &Call<'_>) -> Result<Answer, Refusal> {
    let companies = call.workspace.companies.iter().map(|(_, company)| company);
    let counts: Vec<Value> = companies
        .map(|company| {
            let name = company.name.as_deref().unwrap_or_default();
            json!({name: company.members.len(), "remote_company_id": company.company_id})
        })
        .collect();
    paged(call, "user", &counts)
}
