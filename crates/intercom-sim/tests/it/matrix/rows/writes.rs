//! What changes the workspace: some of it may be repeated, some must not.

use intercom_api::companies::{
    AttachContactToCompany, CreateOrUpdateCompany, DeleteCompany, DetachContactFromCompany,
    UpdateCompany,
};
use intercom_api::contacts::{
    ArchiveContact, BlockContact, CreateContact, DeleteContact, MergeContacts, UnarchiveContact,
    UpdateContact,
};
use intercom_api::conversations::{
    AssignConversation, AttachContactToConversation, CloseConversation, ConversationStarter,
    CreateConversation, DeleteConversation, DetachContactFromConversation, OpenConversation,
    ReplyAsAdmin, ReplyAsContact, SnoozeConversation, UpdateConversation,
};
use intercom_api::data_attributes::{CreateDataAttribute, UpdateDataAttribute};
use intercom_api::events::{CreateEvent, CreateEventSummaries, NewEventSummary};
use intercom_api::exports::{CancelDataExport, CreateDataExport};
use intercom_api::messages::{CreateMessage, MessageSender, Recipient};
use intercom_api::notes::CreateContactNote;
use intercom_api::tags::{
    AttachTagToContact, AttachTagToConversation, AttachTagToTicket, CompanyToTag, CompanyToUntag,
    ContactToTag, CreateOrUpdateTag, DeleteTag, DetachTagFromContact, DetachTagFromConversation,
    DetachTagFromTicket, TagCompanies, TagContacts, UntagCompanies,
};
use intercom_api::tickets::{CreateTicket, DeleteTicket, UpdateTicket};
use intercom_api::{ContactHandle, Timestamp};

use super::super::world::{COMPANY_ID, EXTERNAL_ID, TAG_NAME, World, id};
use super::Row;
use crate::support::NOW;

pub(in super::super) fn all(world: &World) -> Vec<Row> {
    let mut rows = contacts(world);
    rows.extend(companies(world));
    rows.extend(tags(world));
    rows.extend(conversations(world));
    rows.extend(replies(world));
    rows.extend(others(world));
    rows
}

fn contacts(world: &World) -> Vec<Row> {
    let name = Some("Jo".to_owned());
    let contact = &*world.contact;
    vec![
        Row::new(CreateContact {
            email: Some("new@example.com".to_owned()),
            ..CreateContact::default()
        }),
        Row::new(UpdateContact { name, ..UpdateContact::new(id(contact)) }),
        Row::new(ArchiveContact::new(id(contact))),
        Row::new(UnarchiveContact::new(id(&world.archived_contact))),
        Row::new(BlockContact::new(id(contact))),
        Row::new(DeleteContact::new(id(contact))),
        Row::new(MergeContacts::new(id(&world.lead), id(contact))),
        Row::new(AttachContactToCompany::new(id(contact), id(&world.other_company))),
        Row::new(DetachContactFromCompany::new(id(contact), id(&world.company))),
        Row::new(CreateContactNote::new(id(contact), "fifth".to_owned())),
    ]
}

fn companies(world: &World) -> Vec<Row> {
    let size = Some(7);
    let known = CreateOrUpdateCompany {
        company_id: Some(COMPANY_ID.to_owned()),
        size,
        ..CreateOrUpdateCompany::default()
    };
    let new = CreateOrUpdateCompany {
        company_id: Some("matrix-company-new".to_owned()),
        ..CreateOrUpdateCompany::default()
    };
    let anonymous = CreateOrUpdateCompany {
        name: Some("Anonymous".to_owned()),
        ..CreateOrUpdateCompany::default()
    };
    vec![
        Row::new(known),
        Row::new(new),
        Row::new(anonymous),
        Row::new(UpdateCompany { size, ..UpdateCompany::new(id(&world.company)) }),
        Row::new(DeleteCompany::new(id(&world.company))),
    ]
}

fn tags(world: &World) -> Vec<Row> {
    let (contact, conversation) = (&*world.contact, &*world.conversation);
    let (tag, other, admin) = (&*world.tag, &*world.other_tag, &*world.admin);
    let to_tag = CompanyToTag { id: Some(id(&world.other_company)), ..CompanyToTag::default() };
    let to_untag = CompanyToUntag { id: Some(id(&world.company)), ..CompanyToUntag::new(true) };
    let user = ContactToTag { id: Some(id(&world.other_contact)), ..ContactToTag::default() };
    let name = || TAG_NAME.to_owned();
    vec![
        Row::new(CreateOrUpdateTag::new("brand new".to_owned())),
        Row::new(DeleteTag::new(id(other))),
        Row::new(AttachTagToContact::new(id(contact), id(other))),
        Row::new(DetachTagFromContact::new(id(contact), id(tag))),
        Row::new(AttachTagToConversation::new(id(conversation), id(other), id(admin))),
        Row::new(DetachTagFromConversation::new(id(conversation), id(tag), id(admin))),
        Row::new(TagContacts::new(name(), vec![user])),
        Row::new(TagCompanies::new(name(), vec![to_tag])),
        Row::new(UntagCompanies::new(name(), vec![to_untag])),
    ]
}

fn conversations(world: &World) -> Vec<Row> {
    let conversation = &*world.conversation;
    let (contact, other) = (&*world.contact, &*world.other_contact);
    let leaving = &*world.participant;
    let admin = &*world.admin;
    let added = AttachContactToConversation {
        admin_id: Some(id(admin)),
        ..AttachContactToConversation::new(id(conversation), ContactHandle::Id(id(other)))
    };
    vec![
        Row::new(UpdateConversation {
            title: Some("Titled".to_owned()),
            ..UpdateConversation::new(id(conversation))
        }),
        Row::new(DeleteConversation::new(id(conversation))),
        Row::new(added),
        Row::new(DetachContactFromConversation::new(id(conversation), id(leaving), id(admin))),
        Row::new(CreateConversation::new(
            ConversationStarter::new("user".into(), id(contact)),
            "Hello again".to_owned(),
        )),
        Row::new(CreateMessage {
            body: Some("Hello".to_owned()),
            ..CreateMessage::new(
                "in_app".into(),
                MessageSender::new(id(admin)),
                Recipient::new("user".into(), id(contact)).into(),
            )
        }),
    ]
}

fn replies(world: &World) -> Vec<Row> {
    let (conversation, admin) = (&*world.conversation, &*world.admin);
    let contact = ContactHandle::Id(id(&world.contact));
    let snoozed_until = Timestamp::from_unix(NOW + 86_400);
    vec![
        Row::new(ReplyAsAdmin {
            body: Some("Yes".to_owned()),
            ..ReplyAsAdmin::new(id(conversation), "comment".into(), id(admin))
        }),
        Row::new(ReplyAsContact::new(id(conversation), "No".to_owned(), contact)),
        Row::new(AssignConversation::new(
            id(conversation),
            "admin".into(),
            id(admin),
            id(&world.other_admin),
        )),
        Row::new(CloseConversation::new(id(conversation), id(admin))),
        Row::new(OpenConversation::new(id(conversation), id(admin))),
        Row::new(SnoozeConversation::new(id(conversation), id(admin), snoozed_until)),
    ]
}

fn others(world: &World) -> Vec<Row> {
    let handle = || ContactHandle::Id(id(&world.contact));
    let at = Timestamp::from_unix(NOW);
    let summaries = CreateEventSummaries {
        user_id: Some(EXTERNAL_ID.to_owned()),
        event_summaries: Some(NewEventSummary {
            event_name: Some("summed".to_owned()),
            count: Some(7),
            ..NewEventSummary::default()
        }),
        ..CreateEventSummaries::default()
    };
    vec![
        Row::new(CreateEvent::new("bought".to_owned(), at, handle())),
        Row::new(summaries),
        Row::new(CreateDataAttribute::new(
            "brand_new".to_owned(),
            "contact".into(),
            "string".into(),
        )),
        Row::new(UpdateDataAttribute {
            description: Some("Described".to_owned()),
            ..UpdateDataAttribute::new(id(&world.attribute))
        }),
        Row::new(CreateDataExport::new(Timestamp::from_unix(1), at)),
        Row::new(CancelDataExport::new(id(&world.job))),
        Row::new(CreateTicket::new(id(&world.ticket_type), vec![handle()])),
        Row::new(UpdateTicket { open: Some(false), ..UpdateTicket::new(id(&world.ticket)) }),
        Row::new(AttachTagToTicket::new(id(&world.ticket), id(&world.tag), id(&world.admin))),
        Row::new(DetachTagFromTicket::new(
            id(&world.ticket),
            id(&world.other_tag),
            id(&world.admin),
        )),
        Row::new(DeleteTicket::new(id(&world.ticket))),
    ]
}
