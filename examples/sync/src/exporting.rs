//! `sync export`: the customers, a line each, in the order of their e-mail addresses.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat};
use intercom_revenue::{Money, Rounding};
use intercom_store::{CustomerRow, Store, Workspace};
use intercom_text::is_hidden;
use program::{Environment, Unwritten};
use serde::Serialize;

use crate::arguments::{Common, Export, ExportFormat};
use crate::wiring::{self, Verdict};

/// Customers read at a time.
const CHUNK: u32 = 1_000;

/// The columns of a customer, in the order in which they are written. Amounts are in major units
/// of the currency, times RFC 3339; several values are a list or an object in JSON, and one text in
/// CSV.
#[derive(Serialize)]
struct Line {
    email: String,
    name: Option<String>,
    intercom_contact_id: Option<String>,
    intercom_contact_ids: Option<Several>,
    external_id: Option<String>,
    stripe_customer_id: Option<String>,
    location_country: Option<String>,
    location_city: Option<String>,
    signup_date: Option<String>,
    currency: Option<String>,
    mrr: Option<String>,
    mrr_by_currency: Option<Several>,
    arr: Option<String>,
    ltv: Option<String>,
    plan_name: Option<String>,
    plan_price: Option<String>,
    subscription_status: Option<String>,
    subscription_count: Option<i64>,
    is_delinquent: Option<bool>,
    last_payment_amount: Option<String>,
    last_payment_date: Option<String>,
    last_seen_at: Option<String>,
    days_since_seen: Option<i64>,
    intercom_convos_total: Option<i64>,
    intercom_convos_30d: Option<i64>,
    open_tickets: Option<i64>,
    mentioned_cancel: Option<bool>,
    csat_score: Option<f64>,
    first_response_seconds: Option<i64>,
    first_close_seconds: Option<i64>,
    last_close_seconds: Option<i64>,
    reopens: Option<i64>,
    quality_score: Option<i64>,
    last_intercom_sync: Option<String>,
}

/// Several values of one column.
#[derive(Serialize)]
#[serde(untagged)]
enum Several {
    List(Vec<String>),
    /// Amounts by currency.
    Amounts(BTreeMap<String, String>),
    /// All of them, parted by commas.
    Text(String),
}

impl Several {
    fn into_text(self) -> Self {
        let mut text = match self {
            Self::List(values) => values.join(", "),
            Self::Amounts(amounts) => {
                let amounts =
                    amounts.iter().map(|(currency, amount)| format!("{amount} {currency}"));
                amounts.collect::<Vec<_>>().join(", ")
            }
            Self::Text(text) => text,
        };
        defuse(&mut text);
        Self::Text(text)
    }
}

pub(crate) async fn run(common: &Common, arguments: &Export) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let store = wiring::open_existing(common, &environment).await?;
    let workspace = wiring::workspace(store.as_ref(), arguments.workspace.as_deref()).await?;
    match write(store.as_ref(), &workspace, arguments.format).await {
        // Whoever closed standard output has read enough.
        Err(error) if Unwritten::is_closed(&error) => Ok(Verdict::Done),
        written => written.map(|()| Verdict::Done),
    }
}

async fn write(
    store: &dyn Store,
    workspace: &Workspace,
    format: ExportFormat,
) -> anyhow::Result<()> {
    let mut output = BufWriter::new(std::io::stdout());
    match format {
        ExportFormat::Csv => {
            let mut csv = csv::Writer::from_writer(output);
            each(store, workspace, |line| csv.serialize(line.defused()).map_err(of_output)).await?;
            csv.flush().context(Unwritten)
        }
        ExportFormat::Jsonl => {
            each(store, workspace, |line| {
                let line = serde_json::to_string(&line)?;
                Ok(writeln!(output, "{line}")?)
            })
            .await?;
            output.flush().context(Unwritten)
        }
    }
}

/// The writer of CSV hides its causes: a closed output has to show.
fn of_output(error: csv::Error) -> anyhow::Error {
    match error.kind() {
        csv::ErrorKind::Io(cause) => std::io::Error::from(cause.kind()).into(),
        _ => error.into(),
    }
}

/// Reads the customers chunk by chunk, so that memory does not grow with their number.
async fn each(
    store: &dyn Store,
    workspace: &Workspace,
    mut write: impl FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let customers = store.customers_after(workspace, &after, CHUNK).await?;
        let Some((last, _)) = customers.last() else { return Ok(()) };
        after.clone_from(last);
        // Rows without a contact are other sources': of a customer that has another address, too.
        let ours = customers.into_iter().filter(|(_, row)| !row.intercom_contact_id.is_empty());
        for (email, row) in ours {
            write(Line::new(email, row)).context(Unwritten)?;
        }
    }
}

impl Line {
    fn new(email: String, row: CustomerRow) -> Self {
        let amount = |minor: Option<i64>| {
            let money =
                minor.zip(row.currency).map(|(minor, currency)| Money::new(minor, currency));
            money.map(|money| money.amount().to_string())
        };
        let by_currency = row.mrr_by_currency.iter().filter_map(|(&currency, &minor)| {
            let money = Money::from_ratio(minor, currency, Rounding::default()).ok()?;
            Some((currency.to_string(), money.amount().to_string()))
        });
        let by_currency: BTreeMap<String, String> = by_currency.collect();
        Self {
            email,
            mrr: amount(row.mrr),
            mrr_by_currency: (!by_currency.is_empty()).then_some(Several::Amounts(by_currency)),
            arr: amount(row.arr),
            ltv: amount(row.ltv),
            plan_price: amount(row.plan_price),
            last_payment_amount: amount(row.last_payment_amount),
            name: row.name,
            intercom_contact_id: Some(row.intercom_contact_id),
            intercom_contact_ids: Some(Several::List(row.intercom_contact_ids)),
            external_id: row.external_id,
            stripe_customer_id: row.stripe_customer_id,
            location_country: row.location_country,
            location_city: row.location_city,
            signup_date: instant(row.signup_date),
            currency: row.currency.map(|currency| currency.to_string()),
            plan_name: row.plan_name,
            subscription_status: row.subscription_status,
            subscription_count: row.subscription_count,
            is_delinquent: row.is_delinquent,
            last_payment_date: instant(row.last_payment_date),
            last_seen_at: instant(row.last_seen_at),
            days_since_seen: row.days_since_seen,
            intercom_convos_total: row.intercom_convos_total,
            intercom_convos_30d: row.intercom_convos_30d,
            open_tickets: row.open_tickets,
            mentioned_cancel: row.mentioned_cancel,
            csat_score: row.csat_score,
            first_response_seconds: row.first_response_seconds,
            first_close_seconds: row.first_close_seconds,
            last_close_seconds: row.last_close_seconds,
            reopens: row.reopens,
            quality_score: row.quality_score,
            last_intercom_sync: instant(row.last_intercom_sync),
        }
    }

    /// The same with texts that no spreadsheet takes for formulas; amounts may be negative.
    fn defused(mut self) -> Self {
        defuse(&mut self.email);
        for several in [&mut self.intercom_contact_ids, &mut self.mrr_by_currency] {
            *several = several.take().map(Several::into_text);
        }
        let texts = [
            &mut self.name,
            &mut self.intercom_contact_id,
            &mut self.external_id,
            &mut self.stripe_customer_id,
            &mut self.location_country,
            &mut self.location_city,
            &mut self.plan_name,
            &mut self.subscription_status,
        ];
        texts.into_iter().flatten().for_each(defuse);
        self
    }
}

/// Marks text that a spreadsheet could take for a formula, also behind a separator at which one that
/// is set up for another country begins a new cell.
fn defuse(text: &mut String) {
    let mut defused = String::with_capacity(text.len() + 1);
    for cell in text.split_inclusive(SEPARATORS) {
        let blank = |c: char| {
            let is_unseen = c.is_whitespace() || c.is_control() || is_hidden(c);
            is_unseen && !SEPARATORS.contains(&c) || c == '"'
        };
        let begins = cell.trim_start_matches(blank);
        let hides = defused.is_empty() && begins.starts_with(['\t', '\r', '\n']);
        if hides || begins.starts_with(is_sign) {
            defused.push('\'');
        }
        defused.push_str(cell);
    }
    *text = defused;
}

/// What may part cells beside the comma, for which a text is quoted.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// Whether a formula may begin with it.
fn is_sign(first: char) -> bool {
    let in_full_width = ['\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    matches!(first, '=' | '+' | '-' | '@') || in_full_width.contains(&first)
}

fn instant(unix: Option<i64>) -> Option<String> {
    let at = DateTime::from_timestamp(unix?, 0)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
