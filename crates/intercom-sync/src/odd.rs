//! Records with values that are left out or interpreted: told by id and field, never by content.

use std::collections::BTreeMap;
use std::fmt;

use intercom_projection::{AttributeNames, Customer, Names, Oddity, OddityCode, StripeFacts};
use intercom_revenue::{Currency, NoteCode, RevenuePolicy};
use intercom_store::Stream;

/// Records that a warning names.
const NAMED: usize = 10;

/// Fields that it names of each.
const FIELDS: usize = 3;

/// The records of a stream that have such values.
#[derive(Default)]
pub(crate) struct OddRecords {
    n: usize,
    /// The first of them.
    named: Vec<String>,
    /// Records with billing that cannot be read, and the field.
    unreadable_billing: Vec<(String, Oddity)>,
    /// Records with an entry of billing that cannot be read, and its path.
    unreadable_entries: Vec<(String, String)>,
}

impl OddRecords {
    pub(crate) fn add(&mut self, id: &str, oddities: &[Oddity]) {
        // JSON in a text is read.
        let left_out: Vec<&Oddity> =
            oddities.iter().filter(|oddity| oddity.code != OddityCode::JsonInText).collect();
        if left_out.is_empty() {
            return;
        }
        self.n += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("{id} ({})", fields(&left_out)));
        }
    }

    /// Keeps which lists of subscriptions and payments are among a contact's oddities, and which of
    /// their entries cannot be read.
    pub(crate) fn add_billing(
        &mut self,
        id: &str,
        stripe: &StripeFacts,
        oddities: &[Oddity],
        names: &AttributeNames,
    ) {
        let entries = stripe.unreadable_entries.iter();
        self.unreadable_entries.extend(entries.map(|path| (id.to_owned(), path.to_owned())));
        if stripe.unreadable.is_nothing() {
            return;
        }
        // Without a list, the plan on the contact is what cannot be read.
        let lists = [&names.subscriptions, &names.payments];
        let plan = [&names.plan_price, &names.subscription_status, &names.plan_currency];
        let is_one_of = |oddity: &&Oddity, fields: &[&Names]| {
            let name = oddity.field.strip_prefix("custom_attributes.");
            fields.iter().flat_map(|names| names.iter()).any(|field| name == Some(field))
        };
        let has_list = oddities.iter().any(|oddity| is_one_of(&oddity, &[&names.subscriptions]));
        let is_plan = stripe.unreadable.subscriptions && !has_list;
        let is_list =
            |oddity: &&Oddity| is_one_of(oddity, &lists) || is_plan && is_one_of(oddity, &plan);
        let unreadable = oddities.iter().filter(|oddity| oddity.code != OddityCode::JsonInText);
        let unreadable = unreadable.filter(is_list).cloned();
        self.unreadable_billing.extend(unreadable.map(|oddity| (id.to_owned(), oddity)));
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.n += other.n;
        self.named.extend(other.named);
        self.named.truncate(NAMED);
        self.unreadable_billing.extend(other.unreadable_billing);
        self.unreadable_entries.extend(other.unreadable_entries);
    }

    /// Warns of them.
    pub(crate) fn warn(&self, stream: Stream) {
        for (id, oddity) in &self.unreadable_billing {
            let code = oddity.code.as_str();
            tracing::warn!(
                %stream, id, field = oddity.field, code,
                "billing cannot be read: the revenue figures last written are kept"
            );
        }
        for (id, entry) in &self.unreadable_entries {
            tracing::warn!(
                %stream, id, entry,
                "an entry of billing cannot be read: figures are not lowered because of it"
            );
        }
        if self.n > 0 {
            tracing::warn!(
                %stream, records = self.n, named = %self,
                "values that cannot be meant are left out, or counted as nothing"
            );
        }
    }
}

/// Customers whose figures are not what they should be, by the contact that speaks.
#[derive(Default)]
pub(crate) struct OddFigures {
    n: usize,
    /// The first of them.
    named: Vec<String>,
    /// How many customers pay, or have paid, in each currency that has no rate.
    without_rate: BTreeMap<Currency, u64>,
}

impl OddFigures {
    pub(crate) fn add(&mut self, customer: &Customer) {
        for &currency in &customer.without_rate {
            *self.without_rate.entry(currency).or_default() += 1;
        }
        let doubts = &customer.mrr_doubts;
        let is_odd = |code| doubts.contains(&code) || ODD.contains(&code);
        let odd = customer.revenue_notes.iter().filter(|note| is_odd(note.code));
        let odd: Vec<String> = odd
            .filter_map(|note| {
                let code = serde_json::to_value(note.code).ok()?.as_str()?.to_owned();
                let is_sum = note.code == NoteCode::Overflow && doubts.contains(&note.code);
                Some(match &note.about {
                    Some(about) => format!("{about}: {code}"),
                    None if is_sum => format!("mrr: {code}"),
                    None => code,
                })
            })
            .collect();
        if odd.is_empty() {
            return;
        }
        self.n += 1;
        if self.named.len() < NAMED {
            let named = some_of(&odd);
            self.named.push(format!("{} ({named})", customer.intercom_contact_id.as_str()));
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.n += other.n;
        self.named.extend(other.named);
        self.named.truncate(NAMED);
        for (currency, n) in other.without_rate {
            *self.without_rate.entry(currency).or_default() += n;
        }
    }

    /// Warns of them.
    pub(crate) fn warn(&self) {
        for (currency, customers) in &self.without_rate {
            tracing::warn!(
                %currency, customers,
                "the exchange rates leave out a currency in use: it is not converted"
            );
        }
        if self.n > 0 {
            tracing::warn!(
                customers = self.n,
                named = list(&self.named, self.n),
                "nobody can say what subscriptions bring, or prices are: MRR stays as last written \
                 where it may be lower because of them alone; prices below zero count as nothing, \
                 and those with fractions of a smallest unit are left out or rounded"
            );
        }
    }
}

/// What is odd about figures, whether or not they may be too low because of it.
const ODD: [NoteCode; 3] =
    [NoteCode::FractionalMinorUnits, NoteCode::NegativeAmount, NoteCode::Overflow];

/// Whether amounts in a currency can be converted, where any are.
pub(crate) fn has_rate(currency: Currency, policy: &RevenuePolicy) -> bool {
    let is_base = currency == policy.base_currency;
    policy.rates.is_empty() || is_base || policy.rates.contains_key(&currency)
}

impl fmt::Display for OddRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&list(&self.named, self.n))
    }
}

/// The first of `n` records, and how many more there are.
fn list(named: &[String], n: usize) -> String {
    let shown = named.join(", ");
    match n - named.len() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The first fields of a record, and how many more there are.
fn fields(oddities: &[&Oddity]) -> String {
    some_of(&oddities.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn some_of(fields: &[String]) -> String {
    let named = fields.iter().take(FIELDS).cloned().collect::<Vec<_>>().join("; ");
    match fields.len().saturating_sub(FIELDS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
