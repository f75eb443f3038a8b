//! What changes nothing and answers at once.

use intercom_api::admins::{ListAdmins, RetrieveAdmin, RetrieveMe};
use intercom_api::companies::{RetrieveCompany, RetrieveCompanyByCompanyId, RetrieveCompanyByName};
use intercom_api::contacts::{RetrieveContact, RetrieveContactByExternalId};
use intercom_api::conversation_attributes::ListConversationAttributes;
use intercom_api::conversations::RetrieveConversation;
use intercom_api::data_attributes::ListDataAttributes;
use intercom_api::events::ListEventSummaries;
use intercom_api::exports::{DownloadDataExport, RetrieveDataExport};
use intercom_api::jobs::RetrieveJob;
use intercom_api::notes::{ListCompanyNotes, RetrieveNote};
use intercom_api::segments::{
    ListCompanySegments, ListContactSegments, ListSegments, RetrieveSegment,
};
use intercom_api::subscription_types::ListContactSubscriptions;
use intercom_api::tags::{ListContactTags, ListTags, RetrieveTag};
use intercom_api::teams::{ListTeams, RetrieveTeam};
use intercom_api::ticket_types::{ListTicketTypes, RetrieveTicketType};
use intercom_api::tickets::RetrieveTicket;
use intercom_api::{ApiVersion, ContactHandle};

use super::super::world::{COMPANY_ID, COMPANY_NAME, EXTERNAL_ID, World, id};
use super::Row;

pub(in super::super) fn all(world: &World) -> Vec<Row> {
    let mut rows = people(world);
    rows.extend(customers(world));
    rows.extend(catalogue(world));
    rows
}

fn people(world: &World) -> Vec<Row> {
    vec![
        Row::new(RetrieveMe),
        Row::new(ListAdmins::default()),
        Row::new(RetrieveAdmin::new(id(&world.admin))),
        Row::new(ListTeams),
        Row::new(RetrieveTeam::new(id(&world.team))),
    ]
}

fn customers(world: &World) -> Vec<Row> {
    vec![
        Row::new(RetrieveContact::new(id(&world.contact))),
        Row::new(RetrieveContactByExternalId::new(EXTERNAL_ID.to_owned())),
        Row::new(ListContactTags::new(id(&world.contact))),
        Row::new(ListContactSegments::new(id(&world.contact))),
        Row::new(ListContactSubscriptions::new(id(&world.contact))),
        Row::new(RetrieveNote::new(id(&world.note))),
        Row::new(ListEventSummaries::new(ContactHandle::Id(id(&world.contact)))),
        Row::new(RetrieveConversation::new(id(&world.conversation))),
        Row::new(RetrieveCompany::new(id(&world.company))),
        Row::new(RetrieveCompanyByCompanyId::new(COMPANY_ID.to_owned())),
        Row::new(RetrieveCompanyByName::new(COMPANY_NAME.to_owned())),
        Row::new(ListCompanySegments::new(id(&world.company))),
        Row::new(ListCompanyNotes::new(id(&world.company))),
        Row::new(RetrieveTicket::new(id(&world.ticket))),
    ]
}

fn catalogue(world: &World) -> Vec<Row> {
    let length = |file: &bytes::Bytes| format!("{file:?}");
    vec![
        Row::new(ListTags),
        Row::new(RetrieveTag::new(id(&world.tag))),
        Row::new(ListSegments::default()),
        Row::new(RetrieveSegment::new(id(&world.segment))),
        Row::new(ListDataAttributes::default()),
        Row::new(ListConversationAttributes::default()),
        Row::new(ListTicketTypes),
        Row::new(RetrieveTicketType::new(id(&world.ticket_type))),
        Row::new(RetrieveJob::new(id("1"))),
        Row::new(RetrieveDataExport::new(id(&world.job))),
        Row::shown(DownloadDataExport::new(id(&world.job)), ApiVersion::V2_16, length),
    ]
}
