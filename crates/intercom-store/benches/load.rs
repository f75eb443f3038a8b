//! How long a workspace takes to load: `cargo bench -p intercom-store`.
//!
//! `--contacts N --conversations N --url URL`; by default a SQLite file in a temporary folder.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::time::Instant;

use intercom_engagement::{Channel, UnixSecond};
use intercom_store::{
    CustomerContact, CustomerRow, CustomerWrite, FactRow, MemberRow, PageWrite, ProjectedContact,
    ProjectedConversation, ProjectionWrite, Record, SessionRow, Store, Stream, Workspace,
    WorkspaceProfile,
};

const NOW: i64 = 1_766_000_000;
const PAGE: usize = 150;

#[tokio::main]
async fn main() {
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let argument = |name: &str| {
        let mut arguments = std::env::args();
        arguments.by_ref().find(|argument| argument == name).and_then(|_| arguments.next())
    };
    let number = |name, default| argument(name).map_or(default, |n| n.parse().unwrap());
    let n_contacts: usize = number("--contacts", 5_000);
    let n_conversations: usize = number("--conversations", 20_000);
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}/intercom.db", folder.path().display());
    let url = argument("--url").unwrap_or(file);

    let store = intercom_store::open(&url).await.unwrap();
    let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
    let workspace = store.ensure_workspace(&profile, NOW).await.unwrap();
    let (store, workspace) = (&*store, &workspace);

    let total = Instant::now();
    time("pages of contacts", n_contacts, pull(store, workspace, Stream::Contacts, n_contacts))
        .await;
    let pulling = pull(store, workspace, Stream::Conversations, n_conversations);
    time("pages of conversations", n_conversations, pulling).await;
    time("projecting contacts", n_contacts, project_contacts(store, workspace)).await;
    let projecting = project_conversations(store, workspace, n_contacts);
    time("projecting conversations", n_conversations, projecting).await;
    println!("{:<26} {:>6} ms", "mirror and projection", total.elapsed().as_millis());
    time("customers", n_contacts, write_customers(store, workspace)).await;

    let again = pull(store, workspace, Stream::Conversations, n_conversations);
    time("unchanged conversations", n_conversations, again).await;
    time("customers again", n_contacts, async {
        store.mark_all_customers(workspace).await.unwrap();
        write_customers(store, workspace).await;
    })
    .await;
    time("sessions into columns", n_conversations, async {
        assert_eq!(store.sessions(workspace).await.unwrap().len(), n_conversations);
    })
    .await;
    time("directory", n_contacts, async {
        assert_eq!(store.directory(workspace).await.unwrap().members.len(), n_contacts);
    })
    .await;
}

async fn time(what: &str, n: usize, work: impl Future<Output = ()>) {
    let started = Instant::now();
    work.await;
    let took = started.elapsed();
    let rate = n as f64 / took.as_secs_f64();
    println!("{what:<26} {:>6} ms {rate:>9.0} rows/s", took.as_millis());
}

/// A body of about 2 KB that differs from row to row.
fn body(n: usize) -> Vec<u8> {
    let mut body = format!(r#"{{"id":"{n}","#).into_bytes();
    body.extend((0..2_000).map(|byte| b' ' + ((byte * 7 + n * 13) % 90) as u8));
    body
}

/// Ids that grow with time, as those of contacts and conversations do.
fn id(n: usize) -> String {
    format!("{:08x}149b6c129b3c9003", 0x6500_0000 + n * 61)
}

fn hash(n: usize) -> [u8; 16] {
    (n as u128 + 1).to_be_bytes()
}

async fn pull(store: &dyn Store, workspace: &Workspace, stream: Stream, n_records: usize) {
    for start in (0..n_records).step_by(PAGE) {
        let records: Vec<Record> = (start..(start + PAGE).min(n_records))
            .map(|n| Record {
                id: id(n),
                created_at: Some(NOW),
                updated_at: Some(NOW),
                hash: hash(n),
                body: body(n).into(),
                attribute_changes: Vec::new(),
            })
            .collect();
        let ids: Vec<&str> = records.iter().map(|record| &*record.id).collect();
        store.stored(workspace, stream, &ids).await.unwrap();
        let page = PageWrite { records, observed_at: NOW, ..Default::default() };
        store.commit_page(workspace, stream, &page).await.unwrap();
    }
}

async fn project_contacts(store: &dyn Store, workspace: &Workspace) {
    loop {
        let pending = store.pending(workspace, Stream::Contacts, 1, None, 500).await.unwrap();
        if pending.is_empty() {
            break;
        }
        let contacts = pending.into_iter().map(|body| ProjectedContact {
            member: Some(MemberRow {
                name: Some("Ada Lovelace".into()),
                email: Some(format!("{}@example.com", body.id)),
                client: Some("Acme".into()),
                created_at: Some(NOW),
                ..Default::default()
            }),
            customer: Some(CustomerContact {
                email: format!("{}@example.com", body.id),
                role_rank: 0,
                updated_at: NOW,
                profile: format!("{{{:400}}}", ""),
            }),
            id: body.id,
            hash: body.hash,
        });
        let contacts = contacts.collect();
        let write = ProjectionWrite { version: 1, contacts, ..Default::default() };
        store.commit_projection(workspace, &write).await.unwrap();
    }
}

async fn project_conversations(store: &dyn Store, workspace: &Workspace, n_contacts: usize) {
    let at = UnixSecond::new(NOW).unwrap();
    let mut n = 0;
    loop {
        let pending = store.pending(workspace, Stream::Conversations, 1, None, 500).await.unwrap();
        if pending.is_empty() {
            break;
        }
        let conversations = pending.into_iter().map(|body| {
            n += 1;
            let contact_id = id(n % n_contacts);
            ProjectedConversation {
                sessions: vec![SessionRow {
                    position: 0,
                    contact_id: contact_id.clone(),
                    coach_id: Some("900002".into()),
                    channel: Channel::Phone,
                    source: Some("conversation".into()),
                    session_at: at,
                    updated_at: at,
                }],
                facts: vec![FactRow { contact_id, created_at: NOW, ..Default::default() }],
                id: body.id,
                hash: body.hash,
            }
        });
        let conversations = conversations.collect();
        let write = ProjectionWrite { version: 1, conversations, ..Default::default() };
        store.commit_projection(workspace, &write).await.unwrap();
    }
}

async fn write_customers(store: &dyn Store, workspace: &Workspace) {
    loop {
        let dirty = store.dirty_customers(workspace, "", 500).await.unwrap();
        if dirty.is_empty() {
            break;
        }
        let emails: Vec<&str> = dirty.iter().map(|dirty| &*dirty.email).collect();
        let candidates = store.customer_candidates(workspace, &emails).await.unwrap();
        let ids: Vec<&str> = candidates.iter().map(|found| &*found.contact_id).collect();
        let counts = store.support_counts(workspace, &ids, NOW - 2_592_000).await.unwrap();
        store.customers_by_emails(workspace, &emails).await.unwrap();
        let writes: Vec<CustomerWrite> = dirty
            .iter()
            .zip(&candidates)
            .map(|(dirty, found)| CustomerWrite {
                dirty: dirty.clone(),
                customer: Some(CustomerRow {
                    intercom_contact_id: found.contact_id.clone(),
                    intercom_contact_ids: vec![found.contact_id.clone()],
                    name: Some("Ada Lovelace".into()),
                    intercom_convos_total: counts.get(&found.contact_id).map(|row| row.n_total),
                    last_intercom_sync: Some(NOW),
                    ..Default::default()
                }),
                is_restated: false,
                effects: Vec::new(),
                lasting: Vec::new(),
            })
            .collect();
        store.commit_customers(workspace, &writes, NOW).await.unwrap();
    }
}
