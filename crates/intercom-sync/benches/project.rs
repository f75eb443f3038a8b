//! How long stored contacts take to become customers: `cargo bench -p intercom-sync`.
//!
//! `--contacts N` (100,000 by default) and `--url URL`; by default a SQLite file in a temporary
//! folder. Prints the goal for a million contacts on two cores beside what was measured.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::sync::Arc;
use std::time::Instant;

use chrono::DateTime;
use intercom_client::{Client, ClientSettings};
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace};
use intercom_store::{PageWrite, Record, Store, Stream};
use intercom_sync::{Silent, Sync, SyncSettings};
use sha2::{Digest, Sha256};

const NOW: i64 = 1_766_000_000;
const PAGE: u64 = 1_000;

/// The goal: seconds and megabytes for a million contacts on two cores.
const GOAL: (f64, u64) = (30.0, 300);

#[tokio::main(worker_threads = 2)]
async fn main() {
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let argument = |name: &str| {
        let mut arguments = std::env::args();
        arguments.by_ref().find(|argument| argument == name).and_then(|_| arguments.next())
    };
    let n_contacts = argument("--contacts").map_or(100_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}/intercom.db", folder.path().display());
    let store = intercom_store::open(&argument("--url").unwrap_or(file)).await.unwrap();

    // An empty workspace: what is measured needs no call that brings anything.
    let empty = Invention { contacts: 0, conversations: 0, now: NOW, ..Invention::default() };
    let simulator = Simulator::new(Workspace::invent(&empty), SimSettings::default());
    let transport = Arc::new(SimTransport::new(simulator, SimClock::frozen(NOW)));
    let client = Client::new(transport, ClientSettings::default());
    let settings = SyncSettings { streams: vec![Stream::Contacts], ..SyncSettings::default() };
    let sync = Sync::new(client, Arc::clone(&store), settings);

    let started = Instant::now();
    fill(&sync, store.as_ref(), n_contacts).await;
    println!("{:<34} {:>8.1} s", "storing them", started.elapsed().as_secs_f64());

    measure(&sync, "bodies into customers", n_contacts, 0).await;
    measure(&sync, "a run without a change", n_contacts, 60).await;
    measure(&sync, "a run on the next day", n_contacts, 86_400).await;
    let (seconds, megabytes) = GOAL;
    println!("goal for 1,000,000 on two cores: {seconds} s, {megabytes} MB");
}

async fn measure(sync: &Sync, what: &str, n_contacts: u64, later: i64) {
    let started = Instant::now();
    let now = DateTime::from_timestamp(NOW + later, 0).unwrap();
    let report = sync.run(now, &Silent).await.unwrap();
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{what:<34} {seconds:>8.1} s  {:>6.1} s a million  {:>4} MB at most  {} customers written",
        seconds * 1e6 / n_contacts as f64,
        most_memory() / 1_000,
        report.metrics.contacts_synced
    );
}

/// The most kilobytes this process has occupied; 0 where nobody tells.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

async fn fill(sync: &Sync, store: &dyn Store, n_contacts: u64) {
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    let workspace = sync.workspace(now).await.unwrap();
    for first in (0..n_contacts).step_by(PAGE as usize) {
        let records = (first..n_contacts.min(first + PAGE)).map(record).collect();
        let page = PageWrite { records, observed_at: NOW, ..PageWrite::default() };
        store.commit_page(&workspace, Stream::Contacts, &page).await.unwrap();
    }
}

fn record(number: u64) -> Record {
    let body = body(number);
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(body.as_bytes())[..16]);
    let id = format!("65{number:022x}");
    Record { id, updated_at: Some(NOW - 9), hash, body: body.into(), ..Record::default() }
}

/// A contact as the API sends it; one in three pays.
fn body(number: u64) -> String {
    let seen = NOW - (number % 90) as i64 * 86_400;
    let billing = match number % 3 {
        0 => format!(
            r#""stripe_id":"cus_{number}","stripe_plan":"Pro","stripe_plan_price":29900,
            "stripe_subscription_status":"active","stripe_delinquent":false,
            "stripe_last_charge_amount":29900,"stripe_last_charge_at":{seen},
            "Stripe Subscriptions":[{{"id":"sub_{number}","status":"active","quantity":1,
            "plan":{{"amount":{},"interval":"month","currency":"usd"}},
            "current_period_end":{}}}],
            "Stripe Payments":[{{"id":"ch_{number}","amount":29900,"created":{seen},
            "status":"succeeded","currency":"usd"}}],"#,
            number % 90_000,
            NOW + (number % 30) as i64 * 86_400,
        ),
        _ => String::new(),
    };
    format!(
        r#"{{"type":"contact","id":"65{number:022x}","workspace_id":"bench",
        "external_id":"u-{number}","role":"user","email":"person{number}@member.example",
        "phone":"+1 555 0100","name":"Person {number}","avatar":null,"owner_id":null,
        "social_profiles":{{"type":"list","data":[]}},"has_hard_bounced":false,
        "marked_email_as_spam":false,"unsubscribed_from_emails":false,"created_at":{seen},
        "updated_at":{},"signed_up_at":{seen},"last_seen_at":{seen},"last_replied_at":null,
        "last_contacted_at":null,"last_email_opened_at":null,"last_email_clicked_at":null,
        "language_override":null,"browser":"chrome","browser_version":"120.0","os":"linux",
        "location":{{"type":"location","country":"Peru","region":"Lima","city":"Lima"}},
        "custom_attributes":{{{billing}"Employer":"Acme","Registration Date":"2025-01-02"}},
        "tags":{{"type":"list","data":[],"total_count":0,"has_more":false}},
        "notes":{{"type":"list","data":[],"total_count":0,"has_more":false}},
        "companies":{{"type":"list","data":[],"total_count":0,"has_more":false}}}}"#,
        NOW - 9
    )
}
