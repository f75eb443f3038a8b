//! What a run prints, as one JSON document.

use chrono::{DateTime, Utc};
use intercom_engagement::CaseloadReport;
use intercom_revenue::{Alert, Money};
use intercom_store::CustomerRow;
use intercom_sync::{CustomerAlert, Metrics, MrrReport};
use serde::Serialize;

/// Both syncs, what the second found of MRR and alerts, the customers with the highest MRR before
/// it, and the caseload.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    pub(crate) first_sync: Metrics,
    pub(crate) second_sync: Metrics,
    pub(crate) mrr_movements: &'a MrrReport,
    pub(crate) alerts: Vec<Told<'a>>,
    pub(crate) top_mrr: Vec<TopCustomer>,
    pub(crate) caseload: &'a CaseloadReport<'a>,
}

/// An alert with the customer it is about; amounts in smallest units.
#[derive(Serialize)]
pub(crate) struct Told<'a> {
    pub(crate) email: &'a str,
    #[serde(flatten)]
    pub(crate) alert: &'a Alert,
}

impl<'a> From<&'a CustomerAlert> for Told<'a> {
    fn from(told: &'a CustomerAlert) -> Self {
        Self { email: &told.email, alert: &told.alert }
    }
}

/// One of the customers with the highest MRR; amounts in major units of the currency, as text.
#[derive(Serialize)]
pub(crate) struct TopCustomer {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) plan_name: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) mrr: Option<String>,
    pub(crate) arr: Option<String>,
    pub(crate) ltv: Option<String>,
    pub(crate) subscription_count: Option<i64>,
}

impl TopCustomer {
    pub(crate) fn new(email: String, row: CustomerRow) -> Self {
        let amount = |minor: Option<i64>| {
            minor.and_then(|minor| row.currency.map(|c| Money::new(minor, c).amount().to_string()))
        };
        Self {
            email,
            mrr: amount(row.mrr),
            arr: amount(row.arr),
            ltv: amount(row.ltv),
            currency: row.currency.map(|currency| currency.to_string()),
            name: row.name,
            plan_name: row.plan_name,
            subscription_count: row.subscription_count,
        }
    }
}

/// One later sync of a living workspace, as one line.
#[derive(Serialize)]
pub(crate) struct LaterSync {
    pub(crate) at: DateTime<Utc>,
    pub(crate) sync: Metrics,
}
