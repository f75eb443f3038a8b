//! Where the values of one customer come from.

use std::fmt;

use chrono::{DateTime, Utc};
use intercom_api::ContactId;
use intercom_api::contacts::Contact;
use intercom_projection::{
    ContactFacts, Customer, MatchRule, Oddity, Role, Unreadable, contact, origins, primary_contact,
};
use intercom_revenue::{
    Currency, Note, NoteCode, PaymentLine, QualityFactor, Ratio, RevenuePolicy, RevenueSettings,
    SubscriptionLine, Verdict,
};
use intercom_store::{Store, Stream, Workspace};
pub(crate) use intercom_text::printable;
use serde::Serialize;

use crate::columns::{ColumnLine, Sources, columns};
use crate::customers::Known;
use crate::error::SyncError;
use crate::odd::has_rate;
use crate::past::{HistoryLine, history};
use crate::rules::OtherSettings;
use crate::settings::SyncSettings;

/// The latest conversations that are shown.
const CONVERSATIONS: u32 = 50;

/// One customer: every value with its source, and every row behind the figures.
///
/// It holds personal data, which `Debug` does not show.
#[derive(Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The key: the e-mail address in lower case.
    pub email: String,
    /// Every contact with this address; one speaks for the customer.
    pub contacts: Vec<ContactLine>,
    /// By which rule it does.
    #[serde(rename = "match")]
    pub match_rule: MatchRule,
    /// The columns in the order of the table.
    pub columns: Vec<ColumnLine>,
    /// When the row in the table was written; absent when it has not been.
    pub written_at: Option<DateTime<Utc>>,
    /// What differs between the settings at hand and those that it was written with. Columns are as
    /// they were written; what is below them is by the settings at hand.
    pub other_settings: OtherSettings,
    /// Every subscription and what it brings a month; absent when none was ever recorded.
    pub subscriptions: Option<Vec<RevenueLine>>,
    /// Every payment and what it brings to LTV; absent when none was ever recorded.
    pub payments: Option<Vec<RevenueLine>>,
    /// Which of the two were recorded and cannot be read: their figures stay as last written.
    pub unreadable: Unreadable,
    /// Remarks on the figures.
    pub notes: Vec<Note>,
    /// Every setting of the revenue policy.
    pub policy: RevenueSettings,
    /// What the quality score is made of.
    pub quality: [QualityFactor; 7],
    /// The latest conversations.
    pub conversations: Vec<ConversationLine>,
    /// Values of the speaking contact that were left out or interpreted.
    pub oddities: Vec<Oddity>,
    /// How the customer changed, latest first.
    pub history: Vec<HistoryLine>,
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("contacts", &self.contacts)
            .field("n_columns", &self.columns.len())
            .field("written_at", &self.written_at)
            .finish_non_exhaustive()
    }
}

/// A contact with the customer's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactLine {
    /// Its id.
    pub id: ContactId,
    /// User or lead.
    pub role: Role,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Whether the columns are made of it.
    pub speaks: bool,
}

/// A subscription or a payment.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct RevenueLine {
    /// The id in the billing system.
    pub id: Option<String>,
    /// The status, as the billing system names it.
    pub status: String,
    /// Whether it counts.
    pub verdict: Verdict,
    /// What the amount is in.
    pub currency: Currency,
    /// Exact smallest units, a month for subscriptions; absent when they do not fit.
    pub amount: Option<Ratio>,
    /// Whether the figures are in another currency, so that it adds nothing to them.
    pub is_other_currency: bool,
    /// Remarks.
    pub notes: Vec<NoteCode>,
}

/// A conversation of one of the contacts.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ConversationLine {
    /// Its id.
    pub id: String,
    /// The contact.
    pub contact_id: String,
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it is open.
    pub is_open: bool,
    /// The rating, 1 to 5.
    pub rating: Option<i64>,
    /// When the customer last spoke of leaving in it.
    pub cancel_mentioned_at: Option<DateTime<Utc>>,
    /// The words of that mention.
    pub cancel_words: Option<String>,
    /// Seconds until the first reply.
    pub first_reply_for: Option<i64>,
}

/// Explains the customer with an e-mail address, in any case; `None` when no contact has it.
///
/// Columns are as they were written at `written_at`, with what a run under these settings at `now`
/// would write where that is something else. The rows behind the figures, notes and the quality score
/// are what the stored records say under these settings.
///
/// # Errors
/// [`SyncError::Store`], [`SyncError::Profile`].
pub async fn explain(
    store: &dyn Store,
    workspace: &Workspace,
    settings: &SyncSettings,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<Explanation>, SyncError> {
    let email = email.trim().to_lowercase();
    let mut known = Known::with_figures(store, workspace, settings, &[&email], now).await?;
    let other_settings = match (store.noted_rules(workspace).await?, known.before.get(&email)) {
        (Some((noted, restating_since)), Some(row)) => {
            let restating = restating_since.is_some_and(|at| row.last_intercom_sync < Some(at));
            OtherSettings { restating, ..OtherSettings::between(&noted, settings) }
        }
        (None, _) | (_, None) => OtherSettings::default(),
    };
    known.is_restated = other_settings.are_other_rules();
    let Some(customer) = known.compute(&email, settings, now) else { return Ok(None) };
    let written = known.before.get(&email);
    let contacts = known.contacts.get(&email).map_or(&[][..], Vec::as_slice);
    let Some(speaker) = primary_contact(contacts, settings.match_rule) else { return Ok(None) };

    let body = store.bodies(workspace, Stream::Contacts, &[speaker.id.as_str()]).await?;
    let body = body.get(speaker.id.as_str());
    let wire: Contact = body.and_then(|it| serde_json::from_slice(it).ok()).unwrap_or_default();
    let oddities = contact(&speaker.id, &wire, &settings.attributes).oddities;
    let origins = origins(&wire, &settings.attributes);

    let ids: Vec<&str> = contacts.iter().map(|contact| contact.id.as_str()).collect();
    let facts = store.facts(workspace, &ids, CONVERSATIONS).await?;
    let history = history(store, workspace, settings, &email).await?;
    let (billing, policy) = (&speaker.stripe.history, &settings.revenue);
    let lines = intercom_revenue::explain(billing, policy, now);
    let row = known.row(&email, customer.clone());
    let sources = Sources {
        speaker,
        origins,
        customer: &customer,
        n_contacts: contacts.len(),
        plan_price_unit: settings.revenue.plan_price_unit,
    };
    Ok(Some(Explanation {
        columns: columns(written, &row, &sources),
        contacts: contacts.iter().map(|contact| contact_line(contact, speaker)).collect(),
        match_rule: settings.match_rule,
        written_at: written.and_then(|row| instant(row.last_intercom_sync?)),
        other_settings,
        subscriptions: lines.subscriptions.map(|lines| {
            lines.iter().map(|line| of_subscription(line, &customer, policy)).collect()
        }),
        payments: lines
            .payments
            .map(|lines| lines.iter().map(|line| of_payment(line, &customer, policy)).collect()),
        unreadable: speaker.stripe.unreadable,
        notes: customer.revenue_notes.clone(),
        policy: RevenueSettings::from(&settings.revenue),
        quality: customer.quality_factors.factors(),
        conversations: facts
            .into_iter()
            .map(|(id, fact)| ConversationLine {
                id,
                contact_id: fact.contact_id,
                created_at: instant(fact.created_at),
                is_open: fact.is_open,
                rating: fact.rating,
                cancel_mentioned_at: fact.cancel_mentioned_at.and_then(instant),
                cancel_words: fact.cancel_words,
                first_reply_for: fact.first_reply_for,
            })
            .collect(),
        oddities,
        history: history.lines(),
        email,
    }))
}

fn of_subscription(
    line: &SubscriptionLine<'_>,
    customer: &Customer,
    policy: &RevenuePolicy,
) -> RevenueLine {
    RevenueLine {
        id: line.id.map(str::to_owned),
        status: line.status.as_str().to_owned(),
        verdict: line.verdict,
        currency: line.currency,
        amount: line.monthly,
        is_other_currency: is_other_currency(line.currency, customer, policy),
        notes: line.notes.clone(),
    }
}

fn of_payment(line: &PaymentLine<'_>, customer: &Customer, policy: &RevenuePolicy) -> RevenueLine {
    RevenueLine {
        id: line.id.map(str::to_owned),
        status: line.status.as_str().to_owned(),
        verdict: line.verdict,
        currency: line.currency,
        amount: line.amount,
        is_other_currency: is_other_currency(line.currency, customer, policy),
        notes: line.notes.clone(),
    }
}

/// Whether a row is left out because the figures cover one of several currencies, or because there is
/// no rate for its own.
fn is_other_currency(currency: Currency, customer: &Customer, policy: &RevenuePolicy) -> bool {
    let is_mixed = customer.revenue_notes.iter().any(|note| note.code == NoteCode::MixedCurrency);
    let is_left_out = is_mixed || !has_rate(currency, policy);
    let figures = customer.mrr.or(customer.ltv);
    is_left_out && figures.is_some_and(|money| money.currency != currency)
}

pub(crate) fn instant(unix: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(unix, 0)
}

fn contact_line(contact: &ContactFacts, speaker: &ContactFacts) -> ContactLine {
    ContactLine {
        id: contact.id.clone(),
        role: contact.role,
        updated_at: contact.updated_at,
        speaks: contact.id == speaker.id,
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        self.column_lines(f)?;
        let &Unreadable { subscriptions, payments } = &self.unreadable;
        match &self.subscriptions {
            Some(lines) => revenue_lines(f, "Subscriptions", "a month", lines)?,
            None => write!(f, "\nSubscriptions: {}", unknown(subscriptions))?,
        }
        match &self.payments {
            Some(lines) => revenue_lines(f, "Payments", "to date", lines)?,
            None => write!(f, "\nPayments: {}", unknown(payments))?,
        }
        self.note_lines(f)?;
        write!(f, "\nQuality")?;
        for factor in &self.quality {
            let points = if factor.holds { factor.points } else { 0 };
            write!(f, "\n  {points:>3} of {:>2}  {}", factor.points, factor.name)?;
        }
        if !self.conversations.is_empty() {
            write!(f, "\nConversations")?;
        }
        for line in &self.conversations {
            let state = if line.is_open { "open" } else { "closed" };
            let began = line.created_at.map_or("–".to_owned(), |at| at.to_rfc3339());
            write!(f, "\n  {} {began} {state}", printable(&line.id))?;
            if let Some(rating) = line.rating {
                write!(f, ", rated {rating}")?;
            }
            if let Some(words) = &line.cancel_words {
                write!(f, ", speaks of leaving: “{}”", printable(words))?;
            }
        }
        for oddity in &self.oddities {
            write!(f, "\nOdd: {}", printable(&oddity.to_string()))?;
        }
        for line in &self.history {
            write!(f, "\n{line}")?;
        }
        for (name, value) in differing(&self.policy) {
            write!(f, "\nPolicy: {name} = {value}")?;
        }
        Ok(())
    }
}

impl Explanation {
    /// Whom it is about, and with which settings it was written.
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", printable(&self.email))?;
        match self.written_at {
            Some(at) => write!(f, ", written {}", at.format("%Y-%m-%d %H:%M:%S UTC"))?,
            None => write!(f, ", not written yet")?,
        }
        if !self.other_settings.is_nothing() {
            write!(
                f,
                "\n  written with other settings than these ({}): columns show what is written, and \
                 “a run writes” what these settings make of the same records; the rest is by these",
                self.other_settings
            )?;
        }
        for contact in &self.contacts {
            let speaks = if contact.speaks { ", speaks for the customer" } else { "" };
            let updated = contact.updated_at.map_or("never".to_owned(), |at| at.to_rfc3339());
            let id = printable(contact.id.as_str());
            write!(f, "\n  {id} {:?}, updated {updated}{speaks}", contact.role)?;
        }
        Ok(())
    }

    fn column_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\nColumns")?;
        for line in &self.columns {
            let shown = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), printable);
            write!(f, "\n  {:<22} {}", line.column, shown(&line.value))?;
            if let Some(would_be) = &line.would_be {
                write!(f, " (a run writes {})", shown(&would_be.value))?;
            }
            write!(f, "  ← {}", printable(&line.source))?;
        }
        Ok(())
    }

    fn note_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in self.notes.iter().filter(|note| !self.is_told_with_a_row(note)) {
            write!(f, "\nNote: {}", word(&note.code).unwrap_or_default())?;
            if note.code == NoteCode::MixedCurrency {
                write!(f, ", the figures cover one of several currencies")?;
            }
            if note.code == NoteCode::NoRate {
                match &note.about {
                    Some(column) => {
                        write!(f, ": {} is in another currency", printable(column))?;
                    }
                    None => {
                        write!(
                            f,
                            ": an amount is in a currency that the exchange rates leave out"
                        )?;
                    }
                }
            }
            if note.code == NoteCode::FractionalMinorUnits
                && let Some(column) = &note.about
            {
                write!(f, " {}", printable(column))?;
            }
            if let Some(path) = note.about.as_ref().filter(|_| is_unreadable_entry(note)) {
                write!(f, " {}, the figures are not lowered because of it", printable(path))?;
            }
        }
        Ok(())
    }

    fn is_told_with_a_row(&self, note: &Note) -> bool {
        let rows = [&self.subscriptions, &self.payments];
        rows.into_iter().flatten().flatten().any(|line| line.notes.contains(&note.code))
    }
}

fn is_unreadable_entry(note: &Note) -> bool {
    note.code == NoteCode::UnreadableEntry
}

fn unknown(is_unreadable: bool) -> &'static str {
    if is_unreadable { "recorded, and cannot be read" } else { "never recorded" }
}

fn revenue_lines(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    unit: &str,
    lines: &[RevenueLine],
) -> fmt::Result {
    write!(f, "\n{title}: {}", lines.len())?;
    for line in lines {
        let id = printable(line.id.as_deref().unwrap_or("without id"));
        let verdict = match line.verdict {
            Verdict::Counts if line.is_other_currency => {
                "in another currency than the figures, adds nothing"
            }
            Verdict::Counts => "counts",
            Verdict::Potential => "would count after its trial",
            Verdict::LeftOut => "left out",
            Verdict::Replaced => "a later row has its id",
        };
        let status = printable(&line.status);
        let minor = line.amount.map_or("–".to_owned(), |amount| amount.to_string());
        write!(f, "\n  {id} {status}: {verdict}, {minor} smallest units {} {unit}", line.currency)?;
        let notes: Vec<String> = line.notes.iter().filter_map(word).collect();
        if !notes.is_empty() {
            write!(f, " [{}]", notes.join(", "))?;
        }
    }
    Ok(())
}

/// The note as it is written in JSON.
fn word(note: &NoteCode) -> Option<String> {
    serde_json::to_value(note).ok()?.as_str().map(str::to_owned)
}

/// The settings that differ from those of the default policy.
fn differing(policy: &RevenueSettings) -> Vec<(String, String)> {
    let fields = |settings: &RevenueSettings| match serde_json::to_value(settings) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let default = fields(&RevenueSettings::from(&RevenuePolicy::default()));
    let differs = |(name, value): &(String, serde_json::Value)| default.get(name) != Some(value);
    let differing = fields(policy).into_iter().filter(differs);
    differing.map(|(name, value)| (name, value.to_string())).collect()
}
