//! Under which names a workspace keeps what the toolkit reads.

use intercom_api::Attributes;
use serde_json::Value;

use crate::oddity::Oddities;
use crate::scalar::Scalar;

/// The names of one attribute; the first that has a value is read, and blank text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

/// The names of every custom attribute that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Names {
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
