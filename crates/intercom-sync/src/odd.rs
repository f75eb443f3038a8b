//! Records with values that are left out or interpreted: told by id and field, never by content.

use std::fmt;

use intercom_projection::{AttributeNames, Oddity, OddityCode, StripeFacts};
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
        let lists = [&names.subscriptions, &names.payments];
        let is_list = |oddity: &&Oddity| {
            let name = oddity.field.strip_prefix("custom_attributes.");
            lists.iter().flat_map(|names| names.iter()).any(|list| name == Some(list))
        };
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
                "values that cannot be meant are left out"
            );
        }
    }
}

impl fmt::Display for OddRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.named.join(", "))?;
        match self.n - self.named.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The first fields of a record, and how many more there are.
fn fields(oddities: &[&Oddity]) -> String {
    let named: Vec<String> = oddities.iter().take(FIELDS).map(ToString::to_string).collect();
    let named = named.join("; ");
    match oddities.len().saturating_sub(FIELDS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
