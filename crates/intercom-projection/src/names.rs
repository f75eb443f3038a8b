//! Under which names a workspace keeps what the toolkit reads.

use std::collections::BTreeMap;

use intercom_api::Attributes;
use intercom_api::contacts::Contact;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::oddity::Oddities;
use crate::scalar::Scalar;

/// The names of one attribute; the first that has a value is read, and blank text is none.
///
/// Written down as one name or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Names(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The names of every custom attribute that is read; a settings file names those that differ from
/// the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeNames {
    /// Contact: the id in the billing system.
    pub stripe_customer_id: Names,
    /// Contact: the name of the plan.
    pub plan_name: Names,
    /// Contact: the price of the plan.
    pub plan_price: Names,
    /// Contact: the unit of the plan's period.
    pub plan_interval: Names,
    /// Contact: the currency of the plan.
    pub plan_currency: Names,
    /// Contact: the state of the subscription.
    pub subscription_status: Names,
    /// Contact: whether a payment is overdue.
    pub is_delinquent: Names,
    /// Contact: the last charge, in smallest units.
    pub last_charge_amount: Names,
    /// Contact: when the last charge was made.
    pub last_charge_at: Names,
    /// Contact: the list of subscriptions.
    pub subscriptions: Names,
    /// Contact: the list of payments.
    pub payments: Names,
    /// Contact: the client that sends the member.
    pub employer: Names,
    /// Contact: when the member enrolled.
    pub enrolled_at: Names,
    /// Contact: when the last coaching session took place.
    pub last_session_at: Names,
    /// Contact: how engaged the member is.
    pub engagement_status: Names,
    /// Conversation: the medium.
    pub channel: Names,
}

impl Default for AttributeNames {
    fn default() -> Self {
        Self {
            stripe_customer_id: Names::from(["stripe_id"]),
            plan_name: Names::from(["stripe_plan"]),
            plan_price: Names::from(["stripe_plan_price"]),
            plan_interval: Names::from(["stripe_plan_interval"]),
            plan_currency: Names::from(["stripe_plan_currency"]),
            subscription_status: Names::from(["stripe_subscription_status"]),
            is_delinquent: Names::from(["stripe_delinquent"]),
            last_charge_amount: Names::from(["stripe_last_charge_amount"]),
            last_charge_at: Names::from(["stripe_last_charge_at"]),
            subscriptions: Names::from(["Stripe Subscriptions", "stripe_subscriptions"]),
            payments: Names::from(["Stripe Payments", "stripe_payments"]),
            employer: Names::from(["Employer"]),
            enrolled_at: Names::from(["Registration Date", "Enrolled Date"]),
            last_session_at: Names::from(["Last Coaching Session", "Last Coaching Call"]),
            engagement_status: Names::from(["Engagement Status"]),
            channel: Names::from(["Channel"]),
        }
    }
}

impl AttributeNames {
    /// Every setting by its name, in order, with the names that contacts have their attribute by.
    #[must_use]
    pub fn of_contacts(&self) -> [(&'static str, &Names); 15] {
        [
            ("stripe_customer_id", &self.stripe_customer_id),
            ("plan_name", &self.plan_name),
            ("plan_price", &self.plan_price),
            ("plan_interval", &self.plan_interval),
            ("plan_currency", &self.plan_currency),
            ("subscription_status", &self.subscription_status),
            ("is_delinquent", &self.is_delinquent),
            ("last_charge_amount", &self.last_charge_amount),
            ("last_charge_at", &self.last_charge_at),
            ("subscriptions", &self.subscriptions),
            ("payments", &self.payments),
            ("employer", &self.employer),
            ("enrolled_at", &self.enrolled_at),
            ("last_session_at", &self.last_session_at),
            ("engagement_status", &self.engagement_status),
        ]
    }

    /// The same for conversations.
    #[must_use]
    pub fn of_conversations(&self) -> [(&'static str, &Names); 1] {
        [("channel", &self.channel)]
    }
}

/// Under which attribute each column of a customer was found, for those that custom attributes
/// fill; a column without a value is absent.
#[must_use]
pub fn origins<'n>(
    contact: &Contact,
    names: &'n AttributeNames,
) -> BTreeMap<&'static str, &'n str> {
    let Some(attributes) = &contact.custom_attributes else { return BTreeMap::new() };
    [
        ("stripe_customer_id", &names.stripe_customer_id),
        ("plan_name", &names.plan_name),
        ("plan_price", &names.plan_price),
        ("subscription_status", &names.subscription_status),
        ("is_delinquent", &names.is_delinquent),
        ("last_payment_amount", &names.last_charge_amount),
        ("last_payment_date", &names.last_charge_at),
        ("mrr", &names.subscriptions),
        ("ltv", &names.payments),
    ]
    .into_iter()
    .filter_map(|(column, names)| Some((column, names.find(attributes)?.name)))
    .collect()
}

impl Names {
    /// The names, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The attribute's name as it is stored, and its value.
    pub(crate) fn find<'n, 'a>(&'n self, attributes: &'a Attributes) -> Option<Found<'n, 'a>> {
        let present = |value: &&Value| value.as_str().is_none_or(|text| !text.trim().is_empty());
        self.0.iter().find_map(|name| {
            let value = attributes.get(name).filter(present)?;
            Some(Found { name, value })
        })
    }
}

/// An attribute that has a value.
#[derive(Clone, Copy)]
pub(crate) struct Found<'n, 'a> {
    pub(crate) name: &'n str,
    pub(crate) value: &'a Value,
}

impl Found<'_, '_> {
    /// Where the attribute is in the object.
    pub(crate) fn path(&self) -> String {
        format!("custom_attributes.{}", self.name)
    }
}

/// Reads attributes of one object.
pub(crate) struct Reader<'a> {
    pub(crate) attributes: &'a Attributes,
    pub(crate) oddities: &'a mut Oddities,
}

impl Reader<'_> {
    pub(crate) fn read<T>(&mut self, names: &Names, read: Scalar<T>) -> Option<T> {
        let found = names.find(self.attributes)?;
        let value = read(Some(found.value));
        self.oddities.accept(format_args!("custom_attributes.{}", found.name), value)
    }
}

impl From<OneOrMany> for Names {
    fn from(names: OneOrMany) -> Self {
        match names {
            OneOrMany::One(name) => Self(vec![name]),
            OneOrMany::Many(names) => Self(names),
        }
    }
}

impl<const N: usize> From<[&str; N]> for Names {
    fn from(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).to_vec())
    }
}

impl From<Vec<String>> for Names {
    fn from(names: Vec<String>) -> Self {
        Self(names)
    }
}
