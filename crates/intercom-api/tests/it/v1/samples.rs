//! Every operation of 1.4 with what it needs, and with everything it knows.

use intercom_api::v1::{
    AdminReplyType, AssignConversation, Avatar, CloseConversation, CompanyHandle,
    ConversationFilter, ConvertLead, Counted, CreateAdminMessage, CreateLead, CreateNote,
    CreateOrUpdateCompany, CreateOrUpdateTag, CreateOrUpdateUser, CreateUserMessage, DeleteLead,
    DeleteTag, DeleteUser, LeadFields, ListAdmins, ListCompanies, ListCompanyUsers,
    ListConversations, ListJobErrors, ListLeads, ListSegments, ListTags, ListUserEventSummaries,
    ListUserEvents, ListUserNotes, ListUsers, ListUsersByCompanyId, MarkConversationRead,
    MessagePerson, MessageTemplate, MessageType, OpenConversation, ReplyAsAdmin, ReplyAsUser,
    RequestPermanentDeletion, RetrieveAdmin, RetrieveAppCounts, RetrieveCompany,
    RetrieveConversation, RetrieveCounts, RetrieveJob, RetrieveLead, RetrieveMe, RetrieveNote,
    RetrieveSegment, RetrieveUser, RunAssignmentRules, ScrollCompanies, ScrollLeads, ScrollUsers,
    SnoozeConversation, SubmitEvent, SubmitEventJob, SubmitUserJob, TagCompanies, TagUsers,
    UniqueHandle, UntagCompanies, UntagUsers, UpdateLead, UserCompany, UserJobItem,
};
use intercom_api::{Attributes, ContactHandle, Id, Metadata, Timestamp};
use serde_json::{Number, Value, json};

use crate::requests::{Sample, id, sample};

pub(crate) fn groups() -> Vec<(&'static str, Vec<Sample>)> {
    vec![
        ("v1_admins", admins()),
        ("v1_companies", companies()),
        ("v1_conversations", conversations()),
        ("v1_counts", counts()),
        ("v1_events", events()),
        ("v1_jobs", jobs()),
        ("v1_leads", leads()),
        ("v1_messages", messages()),
        ("v1_notes", notes()),
        ("v1_replies", replies()),
        ("v1_segments", segments()),
        ("v1_tags", tags()),
        ("v1_users", users()),
    ]
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn at() -> Option<Timestamp> {
    Some(Timestamp::from_unix(1_700_000_000))
}

fn attributes() -> Option<Attributes> {
    Some(Attributes::from_iter([("plan", json!("pro")), ("seats", json!(3))]))
}

fn by_id() -> ContactHandle {
    ContactHandle::Id(id("42"))
}

fn by_user_id() -> ContactHandle {
    ContactHandle::UserId("u 1".to_owned())
}

fn by_email() -> ContactHandle {
    ContactHandle::Email("jo+1@example.com".to_owned())
}

fn user_company() -> UserCompany {
    UserCompany {
        id: Some(id("42")),
        company_id: Some(Id::number(7)),
        name: text("Acme"),
        plan: text("Pro"),
        monthly_spend: Number::from_f64(10.5),
        size: Some(4),
        website: text("https://acme.example"),
        industry: text("Tools"),
        remote_created_at: at(),
        custom_attributes: attributes(),
        remove: Some(true),
        ..UserCompany::default()
    }
}

fn full_user() -> CreateOrUpdateUser {
    CreateOrUpdateUser {
        id: Some(id("42")),
        user_id: Some(id("u1")),
        email: text("jo@example.com"),
        phone: text("+100"),
        name: text("Jo"),
        avatar: Some(Avatar {
            kind: text("avatar"),
            image_url: text("https://example.com/jo.png"),
            ..Avatar::default()
        }),
        signed_up_at: at(),
        remote_created_at: at(),
        last_request_at: at(),
        update_last_request_at: Some(true),
        new_session: Some(true),
        last_seen_ip: text("192.0.2.1"),
        last_seen_user_agent: text("agent"),
        unsubscribed_from_emails: Some(false),
        companies: Some(vec![user_company()]),
        custom_attributes: attributes(),
        extra: [("owner_id".to_owned(), Value::Null)].into(),
    }
}

fn users() -> Vec<Sample> {
    vec![
        sample(|_| CreateOrUpdateUser { user_id: Some(id("u1")), ..CreateOrUpdateUser::default() }),
        sample(|_| full_user()),
        sample(|_| RetrieveUser::new(UniqueHandle::Id(id("42")))),
        sample(|_| RetrieveUser::new(UniqueHandle::UserId("u 1".to_owned()))),
        sample(|_| ListUsers::default()),
        sample(|_| ListUsers {
            email: text("jo+1@example.com"),
            phone: text("+100"),
            tag_id: Some(id("42")),
            segment_id: Some(id("42")),
            created_since: Some(30),
            sort: text("updated_at"),
            order: text("asc"),
            page: Some(2),
            per_page: Some(60),
        }),
        sample(|_| ScrollUsers::default()),
        sample(|_| ScrollUsers { scroll_param: text("5-a") }),
        sample(|_| DeleteUser::new(by_id())),
        sample(|_| DeleteUser::new(by_user_id())),
        sample(|_| DeleteUser::new(by_email())),
        sample(|_| RequestPermanentDeletion::new(id("42"))),
    ]
}

fn lead_fields() -> LeadFields {
    LeadFields {
        email: text("jo@example.com"),
        phone: text("+100"),
        name: text("Jo"),
        avatar: Some(Avatar { image_url: text("https://example.com/jo.png"), ..Avatar::default() }),
        last_request_at: at(),
        update_last_request_at: Some(true),
        new_session: Some(true),
        last_seen_ip: text("192.0.2.1"),
        last_seen_user_agent: text("agent"),
        unsubscribed_from_emails: Some(true),
        companies: Some(vec![UserCompany { company_id: Some(id("g1")), ..UserCompany::default() }]),
        custom_attributes: attributes(),
        extra: [("job".to_owned(), json!("cook"))].into(),
    }
}

fn leads() -> Vec<Sample> {
    vec![
        sample(|_| CreateLead::default()),
        sample(|_| CreateLead { fields: lead_fields() }),
        sample(|_| UpdateLead::new(UniqueHandle::Id(id("42")))),
        sample(|_| UpdateLead {
            fields: lead_fields(),
            ..UpdateLead::new(UniqueHandle::UserId("8a88".to_owned()))
        }),
        sample(|_| RetrieveLead::new(UniqueHandle::Id(id("42")))),
        sample(|_| RetrieveLead::new(UniqueHandle::UserId("8a88".to_owned()))),
        sample(|_| ListLeads::default()),
        sample(|_| ListLeads {
            email: text("jo@example.com"),
            phone: text("+100"),
            tag_id: Some(id("42")),
            segment_id: Some(id("42")),
            created_since: Some(30),
            page: Some(2),
            per_page: Some(60),
        }),
        sample(|_| ScrollLeads::default()),
        sample(|_| ScrollLeads { scroll_param: text("5-a") }),
        sample(|_| DeleteLead::new(id("42"))),
        sample(|_| ConvertLead::new(UniqueHandle::Id(id("42")), by_email())),
        sample(|_| ConvertLead::new(UniqueHandle::UserId("8a88".to_owned()), by_id())),
    ]
}

fn companies() -> Vec<Sample> {
    vec![
        sample(|_| CreateOrUpdateCompany {
            company_id: Some(id("g1")),
            ..CreateOrUpdateCompany::default()
        }),
        sample(|_| CreateOrUpdateCompany {
            id: Some(id("42")),
            company_id: Some(Id::number(7)),
            name: text("Acme"),
            plan: text("Pro"),
            monthly_spend: Number::from_f64(10.5),
            size: Some(4),
            website: text("https://acme.example"),
            industry: text("Tools"),
            remote_created_at: at(),
            custom_attributes: attributes(),
            extra: [("size_unknown".to_owned(), Value::Null)].into(),
        }),
        sample(|_| RetrieveCompany::new(CompanyHandle::Id(id("42")))),
        sample(|_| RetrieveCompany::new(CompanyHandle::CompanyId("g/1".to_owned()))),
        sample(|_| RetrieveCompany::new(CompanyHandle::Name("Acme & Co".to_owned()))),
        sample(|_| ListCompanies::default()),
        sample(|_| ListCompanies {
            tag_id: Some(id("42")),
            segment_id: Some(id("42")),
            page: Some(2),
            per_page: Some(60),
        }),
        sample(|_| ScrollCompanies::default()),
        sample(|_| ScrollCompanies { scroll_param: text("5-a") }),
        sample(|_| ListCompanyUsers::new(id("42"))),
        sample(|_| ListCompanyUsers {
            page: Some(2),
            per_page: Some(60),
            ..ListCompanyUsers::new(id("42"))
        }),
        sample(|_| ListUsersByCompanyId::new(id("g1"))),
        sample(|_| ListUsersByCompanyId {
            page: Some(2),
            per_page: Some(60),
            ..ListUsersByCompanyId::new(id("g1"))
        }),
    ]
}

fn minimal_event() -> SubmitEvent {
    SubmitEvent { user_id: Some(id("u1")), ..SubmitEvent::new("ordered".to_owned()) }
}

fn full_event() -> SubmitEvent {
    SubmitEvent {
        created_at: at(),
        id: Some(id("42")),
        email: text("jo@example.com"),
        metadata: Some(Metadata::from_iter([
            ("price", json!({ "amount": 5, "currency": "eur" })),
            ("article", json!("tea")),
        ])),
        extra: [("type".to_owned(), json!("event"))].into(),
        ..minimal_event()
    }
}

fn events() -> Vec<Sample> {
    vec![
        sample(|_| minimal_event()),
        sample(|_| full_event()),
        sample(|_| SubmitEvent { created: at(), email: text("jo@example.com"), ..minimal_event() }),
        sample(|_| ListUserEvents::new(by_id())),
        sample(|_| ListUserEvents { per_page: Some(20), ..ListUserEvents::new(by_email()) }),
        sample(|_| ListUserEventSummaries::new(by_user_id())),
    ]
}

fn tags() -> Vec<Sample> {
    vec![
        sample(|_| CreateOrUpdateTag::new("VIP".to_owned())),
        sample(|_| CreateOrUpdateTag {
            id: Some(id("42")),
            ..CreateOrUpdateTag::new("VIP".to_owned())
        }),
        sample(|_| TagUsers::new("VIP".to_owned(), vec![by_id(), by_user_id(), by_email()])),
        sample(|_| UntagUsers::new("VIP".to_owned(), vec![by_id(), by_user_id(), by_email()])),
        sample(|_| TagCompanies::new("VIP".to_owned(), company_handles())),
        sample(|_| UntagCompanies::new("VIP".to_owned(), company_handles())),
        sample(|_| DeleteTag::new(id("42"))),
        sample(|_| ListTags),
    ]
}

fn company_handles() -> Vec<CompanyHandle> {
    vec![
        CompanyHandle::Id(id("42")),
        CompanyHandle::CompanyId("g1".to_owned()),
        CompanyHandle::Name("Acme".to_owned()),
    ]
}

fn segments() -> Vec<Sample> {
    vec![
        sample(|_| ListSegments::default()),
        sample(|_| ListSegments { include_count: Some(true) }),
        sample(|_| RetrieveSegment::new(id("42"))),
    ]
}

fn notes() -> Vec<Sample> {
    vec![
        sample(|_| CreateNote::new(by_id(), "Likes tea".to_owned())),
        sample(|_| CreateNote {
            admin_id: Some(id("42")),
            ..CreateNote::new(by_email(), "Likes tea".to_owned())
        }),
        sample(|_| ListUserNotes::new(by_id())),
        sample(|_| ListUserNotes {
            page: Some(2),
            per_page: Some(20),
            ..ListUserNotes::new(by_user_id())
        }),
        sample(|_| RetrieveNote::new(id("42"))),
    ]
}

fn counts() -> Vec<Sample> {
    vec![
        sample(|_| RetrieveAppCounts),
        sample(|_| RetrieveCounts::new(Counted::Conversations)),
        sample(|_| RetrieveCounts::new(Counted::ConversationsByAdmin)),
        sample(|_| RetrieveCounts::new(Counted::UsersByTag)),
        sample(|_| RetrieveCounts::new(Counted::UsersBySegment)),
        sample(|_| RetrieveCounts {
            page: Some(2),
            per_page: Some(5),
            ..RetrieveCounts::new(Counted::CompaniesByTag)
        }),
        sample(|_| RetrieveCounts::new(Counted::CompaniesBySegment)),
        sample(|_| RetrieveCounts::new(Counted::CompaniesByUser)),
    ]
}

fn conversations() -> Vec<Sample> {
    vec![
        sample(|_| ListConversations::default()),
        sample(|_| ListConversations {
            of: Some(ConversationFilter::Admin { admin_id: id("42"), open: Some(true) }),
            sort: text("updated_at"),
            order: text("asc"),
            display_as: text("plaintext"),
            page: Some(2),
            per_page: Some(20),
        }),
        sample(|_| ListConversations {
            of: Some(ConversationFilter::User { user: by_id(), unread: Some(true) }),
            ..ListConversations::default()
        }),
        sample(|_| RetrieveConversation::new(id("42"))),
        sample(|_| RetrieveConversation {
            display_as: text("plaintext"),
            ..RetrieveConversation::new(id("42"))
        }),
        sample(|_| MarkConversationRead::new(id("42"))),
        sample(|_| RunAssignmentRules::new(id("42"))),
    ]
}

fn replies() -> Vec<Sample> {
    vec![
        sample(|_| ReplyAsUser::new(id("42"), by_id(), "Hi".to_owned())),
        sample(|_| ReplyAsUser {
            attachment_urls: Some(vec!["https://example.com/a.png".to_owned()]),
            ..ReplyAsUser::new(id("42"), by_user_id(), "Hi".to_owned())
        }),
        sample(|_| {
            let note = AdminReplyType::Note;
            ReplyAsAdmin::new(id("42"), id("42"), note, "Likes tea".to_owned())
        }),
        sample(|_| {
            let comment = AdminReplyType::Comment;
            ReplyAsAdmin {
                attachment_urls: Some(vec!["https://example.com/a.png".to_owned()]),
                ..ReplyAsAdmin::new(id("42"), id("42"), comment, "Hi".to_owned())
            }
        }),
        sample(|_| AssignConversation::new(id("42"), id("42"), id("0"))),
        sample(|_| AssignConversation {
            body: text("Over to you"),
            ..AssignConversation::new(id("42"), id("42"), id("42"))
        }),
        sample(|_| {
            SnoozeConversation::new(id("42"), id("42"), Timestamp::from_unix(1_800_000_000))
        }),
        sample(|_| OpenConversation::new(id("42"), id("42"))),
        sample(|_| CloseConversation::new(id("42"), id("42"))),
        sample(|_| CloseConversation {
            body: text("Bye"),
            ..CloseConversation::new(id("42"), id("42"))
        }),
    ]
}

fn messages() -> Vec<Sample> {
    vec![
        sample(|_| {
            let to = MessagePerson::Lead(UniqueHandle::UserId("8a88".to_owned()));
            CreateAdminMessage::new(MessageType::InApp, id("42"), to, "Hi".to_owned())
        }),
        sample(|_| {
            let to = MessagePerson::User(by_email());
            CreateAdminMessage {
                subject: text("Tea"),
                template: Some(MessageTemplate::Personal),
                ..CreateAdminMessage::new(MessageType::Email, id("42"), to, "Hi".to_owned())
            }
        }),
        sample(|_| CreateUserMessage::new(MessagePerson::User(by_id()), "Hi".to_owned())),
        sample(|_| {
            let from = MessagePerson::Lead(UniqueHandle::Id(id("42")));
            CreateUserMessage::new(from, "Hi".to_owned())
        }),
    ]
}

fn admins() -> Vec<Sample> {
    vec![sample(|_| ListAdmins), sample(|_| RetrieveAdmin::new(id("42"))), sample(|_| RetrieveMe)]
}

fn jobs() -> Vec<Sample> {
    vec![
        sample(|_| SubmitUserJob::new(vec![])),
        sample(|_| SubmitUserJob {
            items: vec![
                UserJobItem::Post(Box::new(CreateOrUpdateUser {
                    user_id: Some(id("u1")),
                    name: text("Jo"),
                    ..CreateOrUpdateUser::default()
                })),
                UserJobItem::Delete(by_email()),
            ],
            job_id: Some(id("42")),
        }),
        sample(|_| SubmitEventJob::new(vec![])),
        sample(|_| SubmitEventJob {
            items: vec![minimal_event(), full_event()],
            job_id: Some(id("42")),
        }),
        sample(|_| RetrieveJob::new(id("42"))),
        sample(|_| ListJobErrors::new(id("42"))),
    ]
}
