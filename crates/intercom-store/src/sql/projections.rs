//! What the bodies say: the work list, and the results with the marks they leave.

use std::collections::BTreeSet;

use super::{SqlStore, Write, marks};
use crate::dialect::{Dialect, Query, Reader, execute_rows, only_column};
use crate::error::Fault;
use crate::{
    ContentHash, CustomerContact, FactRow, MemberRow, PendingBody, PendingPlace, ProjectedAdmin,
    ProjectedContact, ProjectedConversation, ProjectionOutcome, ProjectionWrite, SessionRow,
    Stream, UnreadableBody, Workspace,
};

/// Bytes of bodies that are read at a time, unless a single body is larger.
const BYTES_AT_A_TIME: i64 = 16 << 20;

pub(super) async fn pending<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    version: i64,
    after: Option<&PendingPlace>,
    limit: u32,
) -> Result<Vec<PendingBody>, Fault> {
    let (table, bodies) = (stream.name(), stream.bodies_table());
    let first = PendingPlace { version: 0, id: String::new() };
    let after = after.unwrap_or(&first);
    let mut connection = store.read().await?;
    let mut sizes = Vec::new();
    let mut of_version = after.version;
    // A planner that is asked for all versions at once reads every record of the workspace.
    while sizes.is_empty() && of_version < version {
        let after = if of_version == after.version { &*after.id } else { "" };
        let sql = format!(
            "SELECT r.id, CAST(LENGTH(b.body) AS BIGINT) FROM \
             (SELECT id FROM {table} WHERE workspace_id = $1 AND projected_version = $2 \
             AND id > $3 ORDER BY id LIMIT $4) r \
             JOIN {bodies} b ON b.workspace_id = $1 AND b.id = r.id ORDER BY r.id"
        );
        sizes = Query::<D>::new(sql)
            .bind(&workspace.id)
            .bind(of_version)
            .bind(after)
            .bind(i64::from(limit))
            .fetch(&mut connection, table, |row: &mut Reader<'_, D>| {
                Ok((row.next::<String>()?, row.next::<i64>()?))
            })
            .await?;
        of_version += i64::from(sizes.is_empty());
    }
    if sizes.is_empty() {
        return Ok(Vec::new());
    }
    let mut n_bytes = 0;
    let fitting = sizes.iter().take_while(|(_, size)| {
        n_bytes += size;
        n_bytes <= BYTES_AT_A_TIME
    });
    let n_fitting = fitting.count().max(1);
    let ids: Vec<&str> = sizes.iter().take(n_fitting).map(|(id, _)| id.as_str()).collect();
    let sql = format!(
        "SELECT r.id, r.content_hash, b.body FROM {table} r \
         JOIN {bodies} b ON b.workspace_id = $1 AND b.id = r.id \
         WHERE r.workspace_id = $1 AND r.id {} ORDER BY r.id",
        D::is_one_of(2)
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(ids.as_slice())
        .fetch(&mut connection, table, move |row: &mut Reader<'_, D>| {
            let (id, hash) = (row.next()?, row.next()?);
            let body = row.next::<Vec<u8>>()?.into();
            Ok(PendingBody { id, hash, body, version: of_version })
        })
        .await?)
}

/// A record whose results are at hand.
trait Projected: Sync {
    fn id(&self) -> &str;
    fn hash(&self) -> &ContentHash;
}

impl Projected for ProjectedContact {
    fn id(&self) -> &str {
        &self.id
    }

    fn hash(&self) -> &ContentHash {
        &self.hash
    }
}

impl Projected for ProjectedConversation {
    fn id(&self) -> &str {
        &self.id
    }

    fn hash(&self) -> &ContentHash {
        &self.hash
    }
}

impl Projected for ProjectedAdmin {
    fn id(&self) -> &str {
        &self.id
    }

    fn hash(&self) -> &ContentHash {
        &self.hash
    }
}

impl Projected for &UnreadableBody {
    fn id(&self) -> &str {
        &self.id
    }

    fn hash(&self) -> &ContentHash {
        &self.hash
    }
}

pub(super) async fn commit<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    results: &ProjectionWrite,
) -> Result<ProjectionOutcome, Fault> {
    let version = results.version;
    let mut write = store.write(workspace).await?;
    let contacts =
        claim(&mut write, workspace, Stream::Contacts, version, &results.contacts).await?;
    let conversations =
        claim(&mut write, workspace, Stream::Conversations, version, &results.conversations)
            .await?;
    let admins = claim(&mut write, workspace, Stream::Admins, version, &results.admins).await?;

    for (stream, ids) in [
        (Stream::Contacts, ids_of(&contacts)),
        (Stream::Conversations, ids_of(&conversations)),
        (Stream::Admins, ids_of(&admins)),
    ] {
        super::pages::release_projected(&mut write, workspace, stream, &ids).await?;
    }

    let mut n_unreadable = 0;
    for stream in Stream::ALL {
        let of_stream: Vec<_> = results.unreadable.iter().filter(|b| b.stream == stream).collect();
        n_unreadable += claim(&mut write, workspace, stream, version, &of_stream).await?.len();
    }

    write_contacts(&mut write, workspace, &contacts).await?;
    write_conversations(&mut write, workspace, &conversations).await?;
    write_admins(&mut write, workspace, &admins).await?;
    store.commit(write).await?;

    let n_given = results.contacts.len()
        + results.conversations.len()
        + results.admins.len()
        + results.unreadable.len();
    let n_written = contacts.len() + conversations.len() + admins.len() + n_unreadable;
    Ok(ProjectionOutcome { n_written: n_written as u64, n_outdated: (n_given - n_written) as u64 })
}

fn ids_of<'p, P: Projected>(results: &[&'p P]) -> Vec<&'p str> {
    results.iter().map(|result| result.id()).collect()
}

/// Marks as projected the records whose body is still the one that was read, and returns them.
async fn claim<'p, D: Dialect, P: Projected>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    version: i64,
    results: &'p [P],
) -> sqlx::Result<Vec<&'p P>> {
    if results.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = results.iter().map(Projected::id).collect();
    let stored =
        super::pages::read_stored::<D>(&mut write.transaction, workspace, stream, &ids).await?;
    let current: Vec<&P> = results
        .iter()
        .filter(|result| stored.get(result.id()).is_some_and(|row| row.hash == *result.hash()))
        .collect();
    let ids: Vec<&str> = current.iter().map(|result| result.id()).collect();
    let sql = format!(
        "UPDATE {} SET projected_version = $1 WHERE workspace_id = $2 AND id {}",
        stream.name(),
        D::is_one_of(3)
    );
    Query::<D>::new(sql)
        .bind(version)
        .bind(&workspace.id)
        .bind(ids.as_slice())
        .execute(&mut write.transaction)
        .await?;
    Ok(current)
}

async fn write_contacts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    contacts: &[&ProjectedContact],
) -> sqlx::Result<()> {
    let ids: Vec<&str> = contacts.iter().map(|contact| &*contact.id).collect();
    let members: Vec<(&str, &MemberRow)> = contacts
        .iter()
        .filter_map(|contact| Some((&*contact.id, contact.member.as_ref()?)))
        .collect();
    let customers: Vec<(&str, &CustomerContact)> = contacts
        .iter()
        .filter_map(|contact| Some((&*contact.id, contact.customer.as_ref()?)))
        .collect();

    delete(write, workspace, "members", "contact_id", &ids).await?;
    write_members(write, workspace, &members).await?;
    // The customers under the e-mails of before and of after.
    let before = marks::emails_of_contacts(write, workspace, &ids).await?;
    delete(write, workspace, "customer_contacts", "contact_id", &ids).await?;
    write_customer_contacts(write, workspace, &customers).await?;
    let after = customers.iter().map(|(_, customer)| customer.email.as_str());
    let touched = before.iter().map(String::as_str).chain(after).collect();
    marks::mark(write, workspace, &touched).await
}

async fn write_members<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    members: &[(&str, &MemberRow)],
) -> sqlx::Result<u64> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO members (workspace_id, contact_id, external_id, name, email, role, client, \
         registered_on, created_at, last_seen_at)",
        members,
        "",
        |row, (contact_id, member)| {
            row.bind(&workspace.id)
                .bind(*contact_id)
                .bind(&member.external_id)
                .bind(&member.name)
                .bind(&member.email)
                .bind(&member.role)
                .bind(&member.client)
                .bind(member.registered_on.map(|day| day.to_string()))
                .bind(member.created_at)
                .bind(member.last_seen_at);
        },
    )
    .await
}

async fn write_customer_contacts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    customers: &[(&str, &CustomerContact)],
) -> sqlx::Result<u64> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO customer_contacts (workspace_id, contact_id, email, role_rank, updated_at, \
         profile)",
        customers,
        "",
        |row, (contact_id, contact)| {
            row.bind(&workspace.id)
                .bind(*contact_id)
                .bind(&contact.email)
                .bind(contact.role_rank)
                .bind(contact.updated_at)
                .bind(&contact.profile);
        },
    )
    .await
}

async fn write_conversations<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversations: &[&ProjectedConversation],
) -> sqlx::Result<()> {
    let ids: Vec<&str> = conversations.iter().map(|conversation| &*conversation.id).collect();
    let sessions: Vec<(&str, &SessionRow)> = conversations
        .iter()
        .flat_map(|conversation| conversation.sessions.iter().map(|row| (&*conversation.id, row)))
        .collect();
    let facts: Vec<(&str, &FactRow)> = conversations
        .iter()
        .flat_map(|conversation| conversation.facts.iter().map(|row| (&*conversation.id, row)))
        .collect();

    delete(write, workspace, "sessions", "conversation_id", &ids).await?;
    write_sessions(write, workspace, &sessions).await?;
    let mut contact_ids = contacts_of(write, workspace, &ids).await?;
    delete(write, workspace, "facts", "conversation_id", &ids).await?;
    write_facts(write, workspace, &facts).await?;
    contact_ids.extend(facts.iter().map(|(_, fact)| fact.contact_id.clone()));
    let contact_ids: Vec<&str> = contact_ids.iter().map(String::as_str).collect();
    marks::mark_contacts(write, workspace, &contact_ids).await?;
    Ok(())
}

/// Takes out what was projected from contacts that are gone.
pub(super) async fn forget_contacts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    ids: &[&str],
) -> sqlx::Result<()> {
    marks::mark_contacts(write, workspace, ids).await?;
    delete(write, workspace, "customer_contacts", "contact_id", ids).await?;
    delete(write, workspace, "members", "contact_id", ids).await?;
    Ok(())
}

/// Takes out what was projected from conversations that are gone.
pub(super) async fn forget_conversations<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    ids: &[&str],
) -> sqlx::Result<()> {
    let contact_ids = contacts_of(write, workspace, ids).await?;
    let contact_ids: Vec<&str> = contact_ids.iter().map(String::as_str).collect();
    marks::mark_contacts(write, workspace, &contact_ids).await?;
    delete(write, workspace, "facts", "conversation_id", ids).await?;
    delete(write, workspace, "sessions", "conversation_id", ids).await?;
    Ok(())
}

/// The contacts that the given conversations said something about until here.
async fn contacts_of<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversation_ids: &[&str],
) -> sqlx::Result<BTreeSet<String>> {
    let sql = format!(
        "SELECT DISTINCT contact_id FROM facts WHERE workspace_id = $1 AND conversation_id {}",
        D::is_one_of(2)
    );
    let ids = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(conversation_ids)
        .fetch(&mut write.transaction, "facts", only_column)
        .await?;
    Ok(ids.into_iter().collect())
}

async fn write_sessions<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    sessions: &[(&str, &SessionRow)],
) -> sqlx::Result<u64> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO sessions (workspace_id, conversation_id, position, contact_id, coach_id, \
         channel, source, session_at, updated_at)",
        sessions,
        "ON CONFLICT DO NOTHING",
        |row, (conversation_id, session)| {
            row.bind(&workspace.id)
                .bind(*conversation_id)
                .bind(session.position)
                .bind(&session.contact_id)
                .bind(&session.coach_id)
                .bind(session.channel.name())
                .bind(&session.source)
                .bind(session.session_at.get())
                .bind(session.updated_at.get());
        },
    )
    .await
}

/// A conversation can name a contact twice; the first mention counts.
async fn write_facts<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    facts: &[(&str, &FactRow)],
) -> sqlx::Result<u64> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO facts (workspace_id, contact_id, conversation_id, created_at, updated_at, \
         is_open, rating, cancel_mentioned_at, cancel_words, first_reply_for, first_close_for, \
         last_close_for, n_reopens)",
        facts,
        "ON CONFLICT DO NOTHING",
        |row, (conversation_id, fact)| {
            row.bind(&workspace.id)
                .bind(&fact.contact_id)
                .bind(*conversation_id)
                .bind(fact.created_at)
                .bind(fact.updated_at)
                .bind(fact.is_open)
                .bind(fact.rating)
                .bind(fact.cancel_mentioned_at)
                .bind(&fact.cancel_words)
                .bind(fact.first_reply_for)
                .bind(fact.first_close_for)
                .bind(fact.last_close_for)
                .bind(fact.n_reopens);
        },
    )
    .await
}

async fn write_admins<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    admins: &[&ProjectedAdmin],
) -> sqlx::Result<u64> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO coaches (workspace_id, admin_id, name, email)",
        admins,
        "ON CONFLICT (workspace_id, admin_id) DO UPDATE SET \
         name = excluded.name, email = excluded.email",
        |row, admin| {
            row.bind(&workspace.id).bind(&admin.id).bind(&admin.name).bind(&admin.email);
        },
    )
    .await
}

/// Deletes what was projected from the given records before.
async fn delete<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    table: &'static str,
    key: &'static str,
    ids: &[&str],
) -> sqlx::Result<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let sql = format!("DELETE FROM {table} WHERE workspace_id = $1 AND {key} {}", D::is_one_of(2));
    Query::<D>::new(sql).bind(&workspace.id).bind(ids).execute(&mut write.transaction).await
}
