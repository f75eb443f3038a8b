//! What a notice says: what happened, to whom, the figures before and after, and where to look.

use chrono::DateTime;
use intercom_outreach::Message;
use intercom_revenue::{Alert, AlertKind, Money, Movement};
use intercom_store::{
    CustomerNotice, DigestCause, DigestEntry, DigestPart, Notice, RunNotice, RunOutcome, SaidWords,
    Workspace,
};
use url::Url;

/// The most characters of a customer's words that are shown.
const MAX_QUOTED: usize = 120;

/// The message of a notice. `app` is where the workspace's people use Intercom, such as
/// `https://app.eu.intercom.com`.
#[must_use]
pub fn message(notice: &Notice, workspace: &Workspace, app: &Url) -> Message {
    match notice {
        Notice::Customer(notice) => about_customer(notice, workspace, app),
        Notice::Digest(notice) => {
            let headline = match notice.cause {
                DigestCause::FirstLoad => "What the first sync found",
                DigestCause::ChangedRules => "What the changed rules found",
            };
            digest(headline, &notice.parts, workspace, app)
        }
        Notice::Run(notice) => about_run(notice, workspace),
    }
}

fn about_customer(notice: &CustomerNotice, workspace: &Workspace, app: &Url) -> Message {
    let message = Message::new(headline(&notice.alert));
    let message = match &notice.name {
        Some(name) => message.fact("Customer", name),
        None => message,
    };
    let message = message.fact("E-mail", &notice.email);
    let message = match &notice.alert {
        Alert::NewHighValueCustomer { mrr } => message.fact("MRR", format!("0 → {}", money(*mrr))),
        Alert::LargeMrrChange { from, to, .. } => message
            .fact("MRR", format!("{} → {}", money(*from), money(*to)))
            .fact("Change", change(*from, *to)),
        Alert::CancelMention | Alert::PaymentDelinquent => match notice.mrr {
            Some(mrr) => message.fact("MRR", money(mrr)),
            None => message,
        },
    };
    let message = match &notice.said {
        Some(said) => message.fact("Words", quoted(&said.words)),
        None => message,
    };
    let inbox = |said: &SaidWords| talk(said, workspace, app);
    let profile = |id| page_of(app, &["apps", workspace.id(), "users", id, "all-conversations"]);
    let links = [
        ("Open the conversation", notice.said.as_ref().and_then(inbox)),
        ("Open in Intercom", notice.contact_id.as_deref().and_then(profile)),
    ];
    links.into_iter().fold(message, |message, (label, page)| match page {
        Some(page) => message.link(label, page),
        None => message,
    })
}

fn headline(alert: &Alert) -> &'static str {
    match alert {
        Alert::NewHighValueCustomer { .. } => "New high-value customer",
        Alert::CancelMention => "A customer mentions leaving",
        Alert::PaymentDelinquent => "A payment is overdue",
        Alert::LargeMrrChange { movement, .. } => match movement {
            Movement::Churn => "A customer is lost",
            Movement::Contraction => "A customer pays much less",
            Movement::Expansion => "A customer pays much more",
            Movement::CurrencyChange => "A customer pays in another currency",
            Movement::New | Movement::Reactivation | Movement::Exchange => {
                "A customer's MRR has changed"
            }
        },
    }
}

fn about_run(notice: &RunNotice, workspace: &Workspace) -> Message {
    let headline = match notice.outcome {
        RunOutcome::Failed => "Intercom sync failed",
        RunOutcome::Refused => "Intercom sync was refused",
        RunOutcome::Partial => "Intercom sync was partial",
        RunOutcome::Done => "Intercom sync completed",
    };
    let started_at = DateTime::from_timestamp(notice.started_at, 0).unwrap_or_default();
    Message::new(headline)
        .fact("Workspace", workspace.name().unwrap_or(workspace.id()))
        .fact("Started", started_at.format("%Y-%m-%d %H:%M:%S UTC").to_string())
        .lines(vec![notice.detail.clone()])
}

fn digest(headline: &str, parts: &[DigestPart], workspace: &Workspace, app: &Url) -> Message {
    let message = Message::new(headline);
    parts.iter().fold(message, |message, part| {
        let n_left = part.n_customers.saturating_sub(part.top.len() as u64);
        let title = format!("{}: {}", sum(part.kind), part.n_customers);
        let rest = (n_left > 0).then(|| format!("… and {n_left} more"));
        let has_words = part.top.iter().any(|entry| entry.said.is_some());
        let entries = part.top.iter().zip(1..).map(|(entry, place)| match has_words {
            true => format!("{place}. {}", line(entry)),
            false => format!("• {}", line(entry)),
        });
        let message = message.lines([title].into_iter().chain(entries).chain(rest).collect());
        let talks = part.top.iter().map(|entry| talk(entry.said.as_ref()?, workspace, app));
        talks.zip(TALKS).fold(message, |message, (page, label)| match page {
            Some(page) => message.link(label, page),
            None => message,
        })
    })
}

/// What the links of a digest are called, by the place of their line.
pub(crate) const TALKS: [&str; 5] = [
    "Open the conversation of 1",
    "Open the conversation of 2",
    "Open the conversation of 3",
    "Open the conversation of 4",
    "Open the conversation of 5",
];

/// Where a customer's words stand.
pub(crate) fn talk(said: &SaidWords, workspace: &Workspace, app: &Url) -> Option<Url> {
    page_of(app, &["inbox", workspace.id(), "inbox", "conversation", &said.conversation_id])
}

fn sum(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::NewHighValueCustomer => "High-value customers",
        AlertKind::CancelMention => "Customers who mention leaving",
        AlertKind::PaymentDelinquent => "Overdue payments",
        AlertKind::LargeMrrChange => "Large changes of MRR",
    }
}

fn line(entry: &DigestEntry) -> String {
    let mut line = String::new();
    if let Some(name) = &entry.name {
        line.push_str(name);
        line.push_str(" · ");
    }
    line.push_str(&entry.email);
    if let Some(mrr) = entry.mrr {
        line.push_str(" · ");
        line.push_str(&money(mrr));
    }
    if let Some(said) = &entry.said {
        line.push_str(" · ");
        line.push_str(&quoted(&said.words));
    }
    line
}

pub(crate) fn money(amount: Money) -> String {
    format!("{} {}", amount.currency, amount.amount())
}

/// The change in percent of what was, to the tenth, half a tenth away from zero.
fn change(from: Money, to: Money) -> String {
    if from.currency != to.currency {
        return "cannot be compared".to_owned();
    }
    let before = i128::from(from.minor);
    if before <= 0 {
        return "–".to_owned();
    }
    let difference = i128::from(to.minor) - before;
    let tenths = (difference.abs() * 2_000 + before) / (before * 2);
    let sign = if difference < 0 { '−' } else { '+' };
    format!("{sign}{}.{} %", tenths / 10, tenths % 10)
}

/// Words of a customer, shortened.
pub(crate) fn quoted(words: &str) -> String {
    let mut shown: String = words.chars().take(MAX_QUOTED).collect();
    if shown.len() < words.len() {
        shown.push('…');
    }
    format!("“{shown}”")
}

/// A page of the app; every part stays one segment of the path.
fn page_of(app: &Url, parts: &[&str]) -> Option<Url> {
    let mut page = app.clone();
    page.path_segments_mut().ok()?.clear().push("a").extend(parts);
    Some(page)
}
