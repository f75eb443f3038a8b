//! What the bodies say.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use intercom_engagement::{CaseloadParams, Channel, UnixSecond, caseload};
use intercom_store::{
    CustomerContact, FactRow, MemberRow, PageWrite, PendingBody, ProjectedAdmin, ProjectedContact,
    ProjectedConversation, ProjectionOutcome, ProjectionWrite, Quarantined, SessionRow, Stream,
    UnreadableBody,
};

use crate::database::{Database, NOW};
use crate::mirror::{page, record};

const DAY: i64 = 86_400;

/// Stores a contact with a body of its e-mail and projects it.
pub(crate) async fn put_contact(on: &Database, id: &str, email: Option<&str>, at: i64) {
    let body = format!("{id} {email:?} {at}");
    on.commit(Stream::Contacts, vec![record(id, at, body.as_bytes())]).await;
    let contact = ProjectedContact {
        id: id.into(),
        hash: crate::mirror::hash_of(body.as_bytes()),
        member: None,
        customer: email.map(|email| CustomerContact {
            email: email.into(),
            role_rank: 0,
            updated_at: at,
            profile: "{}".into(),
        }),
    };
    let write = ProjectionWrite { version: 1, contacts: vec![contact], ..Default::default() };
    assert_eq!(project(on, &write).await.n_written, 1);
}

/// Stores a conversation and projects it.
pub(crate) async fn put_conversation(on: &Database, id: &str, at: i64, facts: Vec<FactRow>) {
    let body = format!("{id} {at}");
    on.commit(Stream::Conversations, vec![record(id, at, body.as_bytes())]).await;
    let conversation = ProjectedConversation {
        id: id.into(),
        hash: crate::mirror::hash_of(body.as_bytes()),
        sessions: Vec::new(),
        facts,
    };
    let conversations = vec![conversation];
    let write = ProjectionWrite { version: 1, conversations, ..Default::default() };
    assert_eq!(project(on, &write).await.n_written, 1);
}

pub(crate) fn fact(contact_id: &str, created_at: i64) -> FactRow {
    FactRow {
        contact_id: contact_id.into(),
        created_at,
        updated_at: created_at,
        ..Default::default()
    }
}

async fn project(on: &Database, write: &ProjectionWrite) -> ProjectionOutcome {
    on.store.commit_projection(&on.workspace, write).await.expect("the projection is written")
}

async fn pending(on: &Database, stream: Stream, version: i64, limit: u32) -> Vec<PendingBody> {
    on.store.pending(&on.workspace, stream, version, None, limit).await.expect("pending bodies")
}

/// Nothing but the fact that the bodies were read.
fn read_by(version: i64, bodies: &[PendingBody]) -> ProjectionWrite {
    let contacts = bodies.iter().map(|body| ProjectedContact {
        id: body.id.clone(),
        hash: body.hash,
        ..Default::default()
    });
    ProjectionWrite { version, contacts: contacts.collect(), ..Default::default() }
}

pub(crate) async fn a_projected_body_is_no_longer_pending(on: &Database) {
    let records = ["c1", "c2", "c3"].map(|id| record(id, NOW, id.as_bytes()));
    on.commit(Stream::Contacts, records.into()).await;

    let first = pending(on, Stream::Contacts, 1, 2).await;
    assert_eq!(first.iter().map(|body| &*body.id).collect::<Vec<_>>(), ["c1", "c2"]);
    assert_eq!(first[0].body.as_ref(), b"c1");
    let outcome = project(on, &read_by(1, &first)).await;
    assert_eq!(outcome, ProjectionOutcome { n_written: 2, n_outdated: 0 });
    let rest = pending(on, Stream::Contacts, 1, 2).await;
    assert_eq!(rest.iter().map(|body| &*body.id).collect::<Vec<_>>(), ["c3"]);
    project(on, &read_by(1, &rest)).await;
    assert!(pending(on, Stream::Contacts, 1, 2).await.is_empty());

    on.commit(Stream::Contacts, vec![record("c2", NOW + 1, b"changed")]).await;
    let again = pending(on, Stream::Contacts, 1, 2).await;
    assert_eq!(again.iter().map(|body| &*body.id).collect::<Vec<_>>(), ["c2"]);
}

pub(crate) async fn a_later_version_is_pending_again(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    let bodies = pending(on, Stream::Contacts, 2, 10).await;
    project(on, &read_by(2, &bodies)).await;
    assert!(pending(on, Stream::Contacts, 2, 10).await.is_empty());
    assert!(pending(on, Stream::Contacts, 1, 10).await.is_empty());
    let again = bodies.into_iter().map(|body| PendingBody { version: 2, ..body });
    assert_eq!(pending(on, Stream::Contacts, 3, 10).await, again.collect::<Vec<_>>());
}

pub(crate) async fn pending_bodies_are_read_place_by_place_new_ones_first(on: &Database) {
    let records = ["c1", "c2", "c3", "c4"].map(|id| record(id, NOW, id.as_bytes()));
    on.commit(Stream::Contacts, records.into()).await;
    let first = pending(on, Stream::Contacts, 1, 2).await;
    project(on, &read_by(1, &first)).await;

    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let pending = on.store.pending(&on.workspace, Stream::Contacts, 2, after.as_ref(), 3).await;
        let pending = pending.expect("pending bodies");
        let Some(last) = pending.last() else { break };
        after = Some(last.place());
        read.extend(pending.into_iter().map(|body| (body.version, body.id)));
    }
    let expected = [(0, "c3"), (0, "c4"), (1, "c1"), (1, "c2")];
    assert_eq!(read, expected.map(|(version, id)| (version, id.to_owned())));
}

pub(crate) async fn large_pending_bodies_are_few_at_a_time(on: &Database) {
    let large = vec![b'x'; 6 << 20];
    let records = ["c1", "c2", "c3"].map(|id| record(id, NOW, &large));
    on.commit(Stream::Contacts, records.into()).await;
    let ids = async || {
        let bodies = pending(on, Stream::Contacts, 1, 10).await;
        bodies.into_iter().map(|body| body.id).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["c1", "c2"]);

    let larger = vec![b'y'; 20 << 20];
    on.commit(Stream::Contacts, vec![record("c1", NOW + 1, &larger)]).await;
    assert_eq!(ids().await, ["c1"]);
}

pub(crate) async fn what_a_later_version_can_read_leaves_the_quarantine(on: &Database) {
    let records = ["c1", "c2"].map(|id| record(id, NOW, id.as_bytes()));
    on.commit(Stream::Contacts, records.to_vec()).await;
    let bodies = pending(on, Stream::Contacts, 1, 10).await;
    let quarantined = bodies.iter().map(|body| Quarantined {
        record_id: Some(body.id.clone()),
        reason: "mirrored but not projected".into(),
        hash: body.hash,
        body: body.body.clone(),
    });
    let page = PageWrite { quarantined: quarantined.collect(), ..page(Vec::new()) };
    on.store.commit_page(&on.workspace, Stream::Contacts, &page).await.unwrap();
    let unreadable = bodies.iter().map(|body| UnreadableBody {
        stream: Stream::Contacts,
        id: body.id.clone(),
        hash: body.hash,
    });
    let write =
        ProjectionWrite { version: 1, unreadable: unreadable.collect(), ..Default::default() };
    project(on, &write).await;
    assert_eq!(on.store.quarantined(&on.workspace).await.unwrap().len(), 2);

    let bodies = pending(on, Stream::Contacts, 2, 10).await;
    project(on, &read_by(2, &bodies[..1])).await;
    let left = on.store.quarantined(&on.workspace).await.unwrap();
    let left: Vec<_> = left.iter().map(|entry| entry.record_id.as_deref()).collect();
    assert_eq!(left, [Some("c2")]);
}

pub(crate) async fn results_of_an_outdated_body_are_dropped(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    let bodies = pending(on, Stream::Contacts, 1, 10).await;
    on.commit(Stream::Contacts, vec![record("c1", NOW + 1, b"changed meanwhile")]).await;

    let mut write = read_by(1, &bodies);
    write.contacts[0].member = Some(MemberRow { name: Some("Old".into()), ..Default::default() });
    let outcome = project(on, &write).await;
    assert_eq!(outcome, ProjectionOutcome { n_written: 0, n_outdated: 1 });
    assert!(on.store.directory(&on.workspace).await.unwrap().members.is_empty());
    assert_eq!(pending(on, Stream::Contacts, 1, 10).await[0].body.as_ref(), b"changed meanwhile");
}

fn second(at: i64) -> UnixSecond {
    UnixSecond::new(at).expect("after 1970")
}

fn session(position: i64, contact_id: &str, at: i64) -> SessionRow {
    SessionRow {
        position,
        contact_id: contact_id.into(),
        coach_id: Some("900002".into()),
        channel: Channel::VideoConference,
        source: Some("conversation".into()),
        session_at: second(at),
        updated_at: second(at + 60),
    }
}

async fn project_conversation(on: &Database, body: &[u8], sessions: Vec<SessionRow>) {
    on.commit(Stream::Conversations, vec![record("v1", NOW, body)]).await;
    let conversation = ProjectedConversation {
        id: "v1".into(),
        hash: crate::mirror::hash_of(body),
        sessions,
        facts: Vec::new(),
    };
    let conversations = vec![conversation];
    project(on, &ProjectionWrite { version: 1, conversations, ..Default::default() }).await;
}

pub(crate) async fn results_replace_earlier_results(on: &Database) {
    let both = vec![session(0, "c1", NOW - DAY), session(1, "c2", NOW - DAY)];
    project_conversation(on, b"closed", both).await;
    let sessions = on.store.sessions(&on.workspace).await.unwrap();
    let rows: Vec<_> = sessions.iter().collect();
    assert_eq!(rows.len(), 1, "a session counts for the first contact");
    assert_eq!((rows[0].member, rows[0].coach), ("c1", Some("900002")));
    assert_eq!((rows[0].channel, rows[0].at), (Channel::VideoConference, second(NOW - DAY)));
    assert_eq!(rows[0].updated_at, second(NOW - DAY + 60));
    assert_eq!(on.number("SELECT COUNT(*) FROM sessions").await, 2);

    project_conversation(on, b"reopened", Vec::new()).await;
    assert!(on.store.sessions(&on.workspace).await.unwrap().is_empty());
}

pub(crate) async fn a_failing_projection_leaves_nothing(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    let mut write = read_by(1, &pending(on, Stream::Contacts, 1, 10).await);
    write.contacts[0].member = Some(MemberRow::default());
    write.contacts[0].customer = Some(CustomerContact {
        email: "ada@example.com".into(),
        profile: "{}".into(),
        ..Default::default()
    });
    on.execute("ALTER TABLE dirty_customers RENAME TO elsewhere").await;
    on.store.commit_projection(&on.workspace, &write).await.unwrap_err();
    on.execute("ALTER TABLE elsewhere RENAME TO dirty_customers").await;

    assert!(on.store.directory(&on.workspace).await.unwrap().members.is_empty());
    assert_eq!(pending(on, Stream::Contacts, 1, 10).await.len(), 1);
    assert_eq!(project(on, &write).await.n_written, 1);
    assert_eq!(on.store.dirty_customers(&on.workspace, "", 9).await.unwrap().len(), 1);
}

pub(crate) async fn names_come_with_the_directory(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    on.commit(Stream::Admins, vec![record("900002", NOW, b"a"), record("900003", NOW, b"b")]).await;
    let mut write = read_by(1, &pending(on, Stream::Contacts, 1, 10).await);
    write.contacts[0].member = Some(MemberRow {
        external_id: Some("u-1".into()),
        name: Some("Ada\0 Lovelace".into()),
        email: Some("Ada@Example.com".into()),
        role: Some("user".into()),
        client: Some("Acme".into()),
        registered_on: NaiveDate::from_ymd_opt(2025, 2, 28),
        created_at: Some(NOW - 9),
        last_seen_at: None,
    });
    let admins = pending(on, Stream::Admins, 1, 10).await;
    write.admins = admins
        .into_iter()
        .zip([Some("Carol".to_owned()), None])
        .map(|(body, name)| ProjectedAdmin { id: body.id, hash: body.hash, name, email: None })
        .collect();
    assert_eq!(project(on, &write).await.n_written, 3);

    let directory = on.store.directory(&on.workspace).await.unwrap();
    let member = &directory.members["c1"];
    assert_eq!(member.name.as_deref(), Some("Ada\u{fffd} Lovelace"));
    assert_eq!(member.email.as_deref(), Some("Ada@Example.com"));
    assert_eq!(member.client.as_deref(), Some("Acme"));
    let coaches = BTreeMap::from([("900002".to_owned(), "Carol".to_owned())]);
    assert_eq!(directory.coaches, coaches);
    let registered = on.texts("SELECT registered_on FROM members").await;
    assert_eq!(registered, [Some("2025-02-28".to_owned())]);

    project_conversation(on, b"closed", vec![session(0, "c1", NOW - DAY)]).await;
    let sessions = on.store.sessions(&on.workspace).await.unwrap();
    let now = DateTime::from_timestamp(NOW, 0).expect("in range");
    let report = caseload(&sessions, &directory, &CaseloadParams::default(), now);
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["members"][0]["memberName"], "Ada\u{fffd} Lovelace");
    assert_eq!(report["members"][0]["coachNames"][0], "Carol");
}
