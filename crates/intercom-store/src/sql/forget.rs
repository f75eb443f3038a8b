//! Erasing what is known of a person.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::{SqlStore, Write, customers, during, projections};
use crate::dialect::{Dialect, Query, Reader, execute_rows, only_column};
use crate::error::Fault;
use crate::{Erased, ForgetStore, Forgotten, Notice, Personal, StoreError, Stream, Workspace};

/// Where a person may be found by contact, conversation and e-mail.
const BY_CONTACT: [(&str, &str); 8] = [
    ("alert_state", "contact_id"),
    ("attribute_history", "contact_id"),
    ("billing_months", "contact_id"),
    ("facts", "contact_id"),
    ("sessions", "contact_id"),
    ("contact_aliases", "contact_id"),
    ("contact_aliases", "old_id"),
    ("contacts", "id"),
];
const BY_RECORD: [(&str, &str); 3] =
    [("quarantine", "record_id"), ("tombstones", "id"), ("webhook_seen", "record_id")];
const BY_EMAIL: [(&str, &str); 3] =
    [("alert_state", "subject"), ("customer_history", "email"), ("dirty_customers", "email")];

#[async_trait]
impl<D: Dialect> ForgetStore for SqlStore<D> {
    async fn personal(&self, workspace: &Workspace, who: &str) -> Result<Personal, StoreError> {
        personal(self, workspace, who).await.map_err(during("look for a person", workspace))
    }

    async fn forget(
        &self,
        workspace: &Workspace,
        who: &Personal,
        digests: &[&str],
        now: i64,
    ) -> Result<Erased, StoreError> {
        forget(self, workspace, who, digests, now)
            .await
            .map_err(during("forget a person", workspace))
    }

    async fn scrub(&self, workspace: &Workspace) -> Result<bool, StoreError> {
        let scrubbed = D::scrub(&self.writer).await.map_err(Fault::from);
        scrubbed.map_err(during("overwrite what was erased", workspace))
    }

    async fn forget_key(&self, workspace: &Workspace) -> Result<String, StoreError> {
        key(self, workspace).await.map_err(during("make a key", workspace))
    }

    async fn forgotten(&self, workspace: &Workspace) -> Result<Forgotten, StoreError> {
        forgotten(self, workspace).await.map_err(during("read the forgotten", workspace))
    }
}

async fn personal<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    who: &str,
) -> Result<Personal, Fault> {
    let mut connection = store.read().await?;
    let found: Vec<String> = Query::<D>::new(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
         UNION SELECT contact_id FROM contact_aliases WHERE workspace_id = $1 AND old_id = $2 \
         UNION SELECT contact_id FROM members WHERE workspace_id = $1 \
         AND (external_id = $2 OR LOWER(email) = LOWER($2)) \
         UNION SELECT contact_id FROM customer_contacts WHERE workspace_id = $1 \
         AND email = LOWER($2)",
    )
    .bind(&workspace.id)
    .bind(who)
    .fetch(&mut connection, "contacts", only_column)
    .await?;
    let pending = pending_with::<D>(&mut connection, workspace, Stream::Contacts, who).await?;
    // The text may stand anywhere in a body, such as a role.
    let pending = pending.into_iter().filter(|(_, body)| is_of(who, body)).map(|(id, _)| id);
    let mut contact_ids: BTreeSet<String> = found.into_iter().chain(pending).collect();
    if contact_ids.is_empty() {
        return Ok(Personal::default());
    }
    let is_one = D::is_one_of(2);
    let texts = async |connection: &mut D::Connection, ids: &BTreeSet<String>, sql: String| {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let query = Query::<D>::new(sql).bind(&workspace.id).bind(ids.as_slice());
        query.fetch(connection, "contacts", only_column::<D, String>).await
    };
    let merged = format!(
        "SELECT old_id FROM contact_aliases WHERE workspace_id = $1 AND contact_id {is_one}"
    );
    let merged = texts(&mut connection, &contact_ids, merged).await?;
    contact_ids.extend(merged);
    let of_facts = format!(
        "SELECT conversation_id FROM facts WHERE workspace_id = $1 AND contact_id {is_one} \
         UNION SELECT conversation_id FROM sessions WHERE workspace_id = $1 \
         AND contact_id {is_one}"
    );
    let of_facts = texts(&mut connection, &contact_ids, of_facts).await?;
    let mut conversation_ids: BTreeSet<String> = of_facts.into_iter().collect();
    for id in &contact_ids {
        let stream = Stream::Conversations;
        let pending = pending_with::<D>(&mut connection, workspace, stream, id).await?;
        conversation_ids.extend(pending.into_iter().map(|(id, _)| id));
    }
    // Also those from before the address was changed, which history keeps.
    let emails = format!(
        "SELECT email FROM customer_contacts WHERE workspace_id = $1 AND contact_id {is_one} \
         UNION SELECT LOWER(email) FROM members WHERE workspace_id = $1 \
         AND email IS NOT NULL AND contact_id {is_one} \
         UNION SELECT email FROM customer_history WHERE workspace_id = $1 \
         AND intercom_contact_id {is_one} \
         UNION SELECT email FROM intercom_customers WHERE workspace_id = $1 \
         AND intercom_contact_id {is_one}"
    );
    let emails = texts(&mut connection, &contact_ids, emails).await?;
    let (contact_ids, conversation_ids) =
        (contact_ids.into_iter().collect(), conversation_ids.into_iter().collect());
    Ok(Personal { contact_ids, conversation_ids, emails })
}

/// Whether the body is that of a contact that is known by `who`.
fn is_of(who: &str, body: &[u8]) -> bool {
    let contact: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let is = |key: &str| contact[key].as_str().is_some_and(|text| text.eq_ignore_ascii_case(who));
    is("email") || contact["id"] == who || contact["external_id"] == who
}

/// The records of whose bodies some value is `text` and which are not projected yet, so that no
/// table tells of them.
async fn pending_with<D: Dialect>(
    connection: &mut D::Connection,
    workspace: &Workspace,
    stream: Stream,
    text: &str,
) -> sqlx::Result<Vec<(String, Vec<u8>)>> {
    let sql = format!(
        "SELECT r.id, b.body FROM {} r JOIN {} b ON b.workspace_id = r.workspace_id AND b.id = r.id \
         WHERE r.workspace_id = $1 AND r.projected_version = 0 AND {}",
        stream.name(),
        stream.bodies_table(),
        D::contains("b.body", 2)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(&serde_json::json!(text).to_string())
        .fetch(connection, stream.name(), |row: &mut Reader<'_, D>| Ok((row.next()?, row.next()?)))
        .await
}

async fn forgotten<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Forgotten, Fault> {
    let mut connection = store.read().await?;
    let key =
        Query::<D>::new("SELECT COALESCE(forget_key, '') FROM workspaces WHERE workspace_id = $1")
            .bind(&workspace.id)
            .fetch_first(&mut connection, "workspaces", only_column)
            .await?;
    let digests = Query::<D>::new("SELECT digest FROM forgotten WHERE workspace_id = $1")
        .bind(&workspace.id)
        .fetch(&mut connection, "forgotten", only_column)
        .await?;
    Ok(Forgotten { key: key.unwrap_or_default(), digests: digests.into_iter().collect() })
}

async fn key<D: Dialect>(store: &SqlStore<D>, workspace: &Workspace) -> Result<String, Fault> {
    let mut write = store.write(workspace).await?;
    let sql = format!(
        "UPDATE workspaces SET forget_key = COALESCE(forget_key, {}) WHERE workspace_id = $1 \
         RETURNING forget_key",
        D::RANDOM
    );
    let key = Query::<D>::new(sql)
        .bind(&workspace.id)
        .fetch_first(&mut write.transaction, "workspaces", only_column)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    store.commit(write).await?;
    Ok(key)
}

async fn forget<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    who: &Personal,
    digests: &[&str],
    now: i64,
) -> Result<Erased, Fault> {
    let contacts: Vec<&str> = who.contact_ids.iter().map(String::as_str).collect();
    let conversations: Vec<&str> = who.conversation_ids.iter().map(String::as_str).collect();
    let emails: Vec<&str> = who.emails.iter().map(String::as_str).collect();
    let records: Vec<&str> = contacts.iter().chain(&conversations).copied().collect();

    let mut write = store.write(workspace).await?;
    let mut erased = Erased::new();
    projections::forget_conversations(&mut write, workspace, &conversations).await?;
    projections::forget_contacts(&mut write, workspace, &contacts).await?;
    let parts = ("conversation_parts", "conversation_id");
    erased.insert(parts.0, erase(&mut write, workspace, parts.0, parts.1, &conversations).await?);
    let n = erase(&mut write, workspace, "conversations", "id", &conversations).await?;
    erased.insert("conversations", n);
    erase(&mut write, workspace, "parts_ledger", "conversation_id", &conversations).await?;
    let emails_alone = without_others(&mut write, workspace, &emails).await?;
    let alone: Vec<&str> = emails_alone.iter().map(String::as_str).collect();
    let n = customers::erase(&mut write, workspace, &alone).await?;
    erased.insert("customers", n);
    for (keys, tables) in [
        (&contacts, BY_CONTACT.as_slice()),
        (&records, BY_RECORD.as_slice()),
        (&alone, BY_EMAIL.as_slice()),
    ] {
        for (table, key) in tables {
            *erased.entry(table).or_default() +=
                erase(&mut write, workspace, table, key, keys).await?;
        }
    }
    let names: Vec<&str> = records.iter().chain(&emails).copied().collect();
    erased.insert("outbox", erase_effects(&mut write, workspace, &names).await?);
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO forgotten (workspace_id, digest, forgotten_at)",
        digests,
        "ON CONFLICT DO NOTHING",
        |row, digest| {
            row.bind(&workspace.id).bind(*digest).bind(now);
        },
    )
    .await?;
    store.commit(write).await?;
    Ok(erased)
}

/// The e-mails that no other contact has.
async fn without_others<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    emails: &[&str],
) -> sqlx::Result<Vec<String>> {
    let sql = format!(
        "SELECT email FROM customer_contacts WHERE workspace_id = $1 AND email {}",
        D::is_one_of(2)
    );
    let shared: Vec<String> = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(emails)
        .fetch(&mut write.transaction, "customer_contacts", only_column)
        .await?;
    let own = emails.iter().filter(|email| !shared.iter().any(|shared| shared == *email));
    Ok(own.map(|email| (*email).to_owned()).collect())
}

async fn erase<D: Dialect>(
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

/// Effects that name the person: a digest of many loses its lines about it, others go as a whole.
async fn erase_effects<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    names: &[&str],
) -> sqlx::Result<u64> {
    let mut quoting = BTreeMap::new();
    for name in names {
        quoting.extend(effects_quoting(write, workspace, &quoted(name)).await?);
    }
    let is_named = |text: &str| names.contains(&text);
    for (effect_id, (kind, payload)) in &quoting {
        let rest = Notice::parse(kind, payload).and_then(|notice| notice.without(&is_named));
        let rest = rest.map(|rest| rest.payload());
        let is_free = |text: &String| names.iter().all(|name| !text.contains(&quoted(name)));
        match rest.filter(is_free) {
            Some(payload) => {
                Query::<D>::new(
                    "UPDATE outbox SET payload = $3 WHERE workspace_id = $1 AND effect_id = $2",
                )
                .bind(&workspace.id)
                .bind(*effect_id)
                .bind(&payload)
                .execute(&mut write.transaction)
                .await?;
            }
            None => {
                Query::<D>::new("DELETE FROM outbox WHERE workspace_id = $1 AND effect_id = $2")
                    .bind(&workspace.id)
                    .bind(*effect_id)
                    .execute(&mut write.transaction)
                    .await?;
            }
        }
    }
    Ok(quoting.len() as u64)
}

/// Kind and payload of the effects whose payload holds a text, by id.
async fn effects_quoting<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    text: &str,
) -> sqlx::Result<Vec<(i64, (String, String))>> {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    Query::<D>::new(
        "SELECT effect_id, kind, payload FROM outbox \
         WHERE workspace_id = $1 AND payload LIKE $2 ESCAPE '!'",
    )
    .bind(&workspace.id)
    .bind(&pattern)
    .fetch(&mut write.transaction, "outbox", |row| Ok((row.next()?, (row.next()?, row.next()?))))
    .await
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::json!(text).to_string()
}
