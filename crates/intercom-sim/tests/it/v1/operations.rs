//! Every operation of `intercom_api::v1` is answered, with nothing in the answer that it does not
//! know.

use std::collections::BTreeSet;
use std::path::Path;

use intercom_api::v1::{
    AdminReplyType, AssignConversation, CloseConversation, CompanyHandle, ConversationFilter,
    ConvertLead, Counted, CreateAdminMessage, CreateLead, CreateNote, CreateOrUpdateCompany,
    CreateOrUpdateTag, CreateOrUpdateUser, CreateUserMessage, DeleteLead, DeleteTag, DeleteUser,
    JobState, LeadFields, ListAdmins, ListCompanies, ListCompanyUsers, ListConversations,
    ListJobErrors, ListLeads, ListSegments, ListTags, ListUserEventSummaries, ListUserEvents,
    ListUserNotes, ListUsers, ListUsersByCompanyId, MarkConversationRead, MessagePerson,
    MessageType, OpenConversation, ReplyAsAdmin, ReplyAsUser, RequestPermanentDeletion,
    RetrieveAdmin, RetrieveAppCounts, RetrieveCompany, RetrieveConversation, RetrieveCounts,
    RetrieveJob, RetrieveLead, RetrieveMe, RetrieveNote, RetrieveSegment, RetrieveUser,
    RunAssignmentRules, ScrollCompanies, ScrollLeads, ScrollUsers, SnoozeConversation, SubmitEvent,
    SubmitEventJob, SubmitUserJob, TagCompanies, TagUsers, UniqueHandle, UntagCompanies,
    UntagUsers, UpdateLead, UserCompany, UserJobItem,
};
use intercom_api::{AdminId, ContactHandle, ContactId, Id, TextOr, Timestamp};

use super::Legacy;
use crate::support::NOW;

/// The operations, as the snapshots of their requests name them.
fn contract() -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intercom-api/tests/it/snapshots");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir).expect("the snapshots are there") {
        let entry = entry.expect("a file");
        if entry.file_name().to_string_lossy().starts_with("v1_") {
            let text = std::fs::read_to_string(entry.path()).expect("text");
            let lines = text.lines().filter(|line| line.starts_with("v1::"));
            names.extend(lines.filter_map(|line| line.split(' ').next()).map(str::to_owned));
        }
    }
    names
}

#[test]
fn every_operation_is_answered_with_what_it_knows() {
    let mut api = Legacy::new(40, 30);
    people(&mut api);
    companies(&mut api);
    notes_tags_and_segments(&mut api);
    events_and_jobs(&mut api);
    conversations(&mut api);
    admins_and_counts(&mut api);
    farewells(&mut api);
    let answered: BTreeSet<String> = api.answered.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(answered, contract());
    assert_eq!(answered.len(), 55);
}

fn ada() -> ContactHandle {
    ContactHandle::UserId("u1".to_owned())
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn own_id(value: &str) -> Option<Id> {
    Some(Id::new(value).expect("an id"))
}

fn people(api: &mut Legacy) {
    let user = api.run(&CreateOrUpdateUser {
        user_id: own_id("u1"),
        email: text("ada@example.com"),
        name: text("Ada"),
        companies: Some(vec![UserCompany {
            company_id: own_id("g1"),
            name: text("Acme"),
            ..UserCompany::default()
        }]),
        ..CreateOrUpdateUser::default()
    });
    assert_eq!(user.kind.as_deref(), Some("user"));
    let by_user_id = api.run(&RetrieveUser::new(UniqueHandle::UserId("u1".to_owned())));
    assert_eq!(by_user_id.id, user.id);
    let id = user.id.expect("an id");
    assert_eq!(api.run(&RetrieveUser::new(UniqueHandle::Id(id))), by_user_id);
    assert!(api.run(&ListUsers::default()).users.is_some_and(|users| users.len() > 1));
    assert!(api.run(&ScrollUsers::default()).scroll_param.is_some());

    let lead = api.run(&CreateLead::default());
    assert_eq!((lead.kind.as_deref(), lead.anonymous), (Some("contact"), Some(true)));
    let id = lead.id.expect("an id");
    let fields = LeadFields { phone: text("+100"), ..LeadFields::default() };
    let update = UpdateLead { fields, ..UpdateLead::new(UniqueHandle::Id(id.clone())) };
    assert_eq!(api.run(&update).phone.as_deref(), Some("+100"));
    let found = api.run(&RetrieveLead::new(UniqueHandle::Id(id.clone())));
    assert_eq!(found.phone.as_deref(), Some("+100"));
    assert!(api.run(&ListLeads::default()).contacts.is_some_and(|leads| !leads.is_empty()));
    assert!(api.run(&ScrollLeads::default()).contacts.is_some_and(|leads| !leads.is_empty()));
    let email = ContactHandle::Email("converted@example.com".to_owned());
    let converted = api.run(&ConvertLead::new(UniqueHandle::Id(id), email));
    assert_eq!(converted.email.as_deref(), Some("converted@example.com"));
}

fn companies(api: &mut Legacy) {
    let company = api.run(&CreateOrUpdateCompany {
        company_id: own_id("g1"),
        plan: text("Pro"),
        ..CreateOrUpdateCompany::default()
    });
    assert!(matches!(&company.plan, Some(TextOr::Object(plan)) if plan.name == text("Pro")));
    let by_name = RetrieveCompany::new(CompanyHandle::Name("Acme".to_owned()));
    assert_eq!(api.run(&by_name).id, company.id);
    let listed = api.run(&ListCompanies::default()).companies.expect("companies");
    assert!(listed.iter().any(|listed| listed.id == company.id));
    let scrolled = api.run(&ScrollCompanies::default()).companies.expect("companies");
    assert!(scrolled.iter().any(|scrolled| scrolled.id == company.id));
    let users = api.run(&ListCompanyUsers::new(company.id.expect("an id"))).users;
    let same = api.run(&ListUsersByCompanyId::new(Id::new("g1").expect("an id"))).users;
    assert_eq!(users.as_ref().map(Vec::len), Some(1));
    assert_eq!(users, same);
}

fn notes_tags_and_segments(api: &mut Legacy) {
    let note = api.run(&CreateNote::new(ada(), "Likes tea".to_owned()));
    assert_eq!((note.body.as_deref(), &note.author), (Some("Likes tea"), &None));
    let listed = api.run(&ListUserNotes::new(ada())).notes.expect("notes");
    assert_eq!(listed, std::slice::from_ref(&note));
    assert_eq!(api.run(&RetrieveNote::new(note.id.clone().expect("an id"))), note);

    let tea = || "Tea".to_owned();
    let acme = || vec![CompanyHandle::Name("Acme".to_owned())];
    let tag = api.run(&CreateOrUpdateTag::new(tea()));
    assert_eq!(api.run(&TagUsers::new(tea(), vec![ada()])), tag);
    let id = tag.id.clone().expect("an id");
    let tagged = ListUsers { tag_id: Some(id.clone()), ..ListUsers::default() };
    assert_eq!(api.run(&tagged).total_count, Some(1));
    api.run(&UntagUsers::new(tea(), vec![ada()]));
    assert_eq!(api.run(&tagged).total_count, Some(0));
    let tagged = ListCompanies { tag_id: Some(id.clone()), ..ListCompanies::default() };
    api.run(&TagCompanies::new(tea(), acme()));
    assert_eq!(api.run(&tagged).total_count, Some(1));
    api.run(&UntagCompanies::new(tea(), acme()));
    assert_eq!(api.run(&tagged).total_count, Some(0));
    assert!(api.run(&ListTags).tags.is_some_and(|tags| tags.contains(&tag)));
    api.run(&DeleteTag::new(id));
    assert!(api.run(&ListTags).tags.is_some_and(|tags| !tags.contains(&tag)));

    let segments = api.run(&ListSegments { include_count: Some(true) }).segments;
    let segment = segments.expect("segments").swap_remove(0);
    assert!(segment.count > Some(0));
    let found = api.run(&RetrieveSegment::new(segment.id.clone().expect("an id")));
    assert_eq!(found.name, segment.name);
}

fn event(name: &str) -> SubmitEvent {
    SubmitEvent {
        user_id: own_id("u1"),
        created_at: Some(Timestamp::from_unix(NOW - 5)),
        ..SubmitEvent::new(name.to_owned())
    }
}

fn events_and_jobs(api: &mut Legacy) {
    api.run(&event("ordered"));
    let listed = api.run(&ListUserEvents::new(ada())).events.expect("events");
    assert_eq!(listed[0].event_name.as_deref(), Some("ordered"));
    let summary = api.run(&ListUserEventSummaries::new(ada())).events.expect("events");
    assert_eq!((summary[0].name.as_deref(), summary[0].count), (Some("ordered"), Some(1)));

    let user = CreateOrUpdateUser { user_id: own_id("u2"), ..CreateOrUpdateUser::default() };
    let unknown = ContactHandle::UserId("nobody".to_owned());
    let items = vec![UserJobItem::Post(Box::new(user)), UserJobItem::Delete(unknown)];
    let job = api.run(&SubmitUserJob::new(items));
    api.run(&SubmitEventJob::new(vec![event("left")]));
    assert_eq!(job.state, Some(JobState::Pending));
    api.now += 4;
    let id = job.id.expect("an id");
    assert_eq!(api.run(&RetrieveJob::new(id.clone())).state, Some(JobState::Completed));
    let errors = api.run(&ListJobErrors::new(id)).items.expect("items");
    assert_eq!(errors.len(), 1);
}

fn first_admin(api: &mut Legacy) -> AdminId {
    let me = api.run(&RetrieveMe);
    AdminId::new(me.id.expect("an id").as_str()).expect("an id")
}

fn conversations(api: &mut Legacy) {
    let admin = first_admin(api);
    let to = MessagePerson::User(ada());
    api.run(&CreateAdminMessage::new(MessageType::InApp, admin.clone(), to, "Hi".to_owned()));
    api.run(&CreateUserMessage::new(MessagePerson::User(ada()), "Tea?".to_owned()));
    let of = Some(ConversationFilter::User { user: ada(), unread: Some(true) });
    let list = api.run(&ListConversations { of, ..ListConversations::default() });
    let id = list.conversations.expect("conversations").swap_remove(0).id.expect("an id");
    assert_eq!(api.run(&MarkConversationRead::new(id.clone())).read, Some(true));
    let assignee = api.run(&RunAssignmentRules::new(id.clone())).assignee.expect("an assignee");
    assert!(assignee.id.is_some());
    api.run(&ReplyAsUser::new(id.clone(), ada(), "Hello?".to_owned()));
    let comment = AdminReplyType::Comment;
    api.run(&ReplyAsAdmin::new(id.clone(), admin.clone(), comment, "Yes".to_owned()));
    let nobody = Id::new("0").expect("an id");
    let assigned = api.run(&AssignConversation::new(id.clone(), admin.clone(), nobody));
    assert_eq!(assigned.assignee.and_then(|nobody| nobody.kind), text("nobody_admin"));
    let until = Timestamp::from_unix(NOW + 3_600);
    let snoozed = api.run(&SnoozeConversation::new(id.clone(), admin.clone(), until));
    assert_eq!((snoozed.state, snoozed.snoozed_until), (text("snoozed"), Some(until)));
    let opened = api.run(&OpenConversation::new(id.clone(), admin.clone()));
    assert_eq!(opened.state.as_deref(), Some("open"));
    let closed = api.run(&CloseConversation::new(id.clone(), admin));
    assert_eq!(closed.open, Some(false));
    let read = api.run(&RetrieveConversation::new(id));
    assert_eq!(read.conversation_parts, closed.conversation_parts);
}

fn admins_and_counts(api: &mut Legacy) {
    let admin = first_admin(api);
    assert!(api.run(&RetrieveAdmin::new(admin)).name.is_some());
    let admins = api.run(&ListAdmins).admins.expect("admins");
    assert!(admins.iter().any(|admin| admin.kind.as_deref() == Some("team")));
    assert!(api.run(&RetrieveAppCounts).user.and_then(|user| user.count) > Some(1));
    for counted in [
        Counted::Conversations,
        Counted::ConversationsByAdmin,
        Counted::UsersByTag,
        Counted::UsersBySegment,
        Counted::CompaniesByTag,
        Counted::CompaniesBySegment,
        Counted::CompaniesByUser,
    ] {
        let counts = api.run(&RetrieveCounts::new(counted));
        assert_eq!(counts.kind.as_deref(), Some("count"), "{counted:?}");
    }
}

fn farewells(api: &mut Legacy) {
    let lead: ContactId = api.run(&CreateLead::default()).id.expect("an id");
    assert_eq!(api.run(&DeleteLead::new(lead.clone())).id, Some(lead));
    let gone = api.run(&DeleteUser::new(ada())).id.expect("an id");
    assert!(api.run(&RequestPermanentDeletion::new(gone)).id.is_some());
}
