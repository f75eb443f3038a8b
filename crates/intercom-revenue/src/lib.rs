//! Money, and what a customer is worth: MRR, ARR, LTV, their movements and the alerts on them.
//!
//! Everything here is a function of its arguments: rows in, figures out, `now` passed by the caller.
//! Amounts are whole smallest units of one currency; between a row and a figure they are exact
//! fractions ([`Ratio`]), so a figure is rounded once and the order of rows cannot change it.
//! Definitions on which billing vendors disagree are fields of [`RevenuePolicy`]. Rows that cannot
//! be counted are left out and named in [`Revenue::notes`]; strange data is never an error.
//!
//! ```
//! use intercom_revenue::{
//!     BillingHistory, Currency, Interval, Money, RevenuePolicy, Subscription, SubscriptionItem,
//!     SubscriptionStatus, revenue,
//! };
//!
//! let yearly = Subscription {
//!     status: SubscriptionStatus::Active,
//!     items: vec![SubscriptionItem {
//!         amount: Some(299_000.into()),
//!         interval: Interval::Year,
//!         ..Default::default()
//!     }],
//!     ..Default::default()
//! };
//! let history = BillingHistory {
//!     subscriptions: Some(vec![yearly]),
//!     payments: None,
//! };
//! let now = chrono::DateTime::UNIX_EPOCH;
//! let figures = revenue(&history, &RevenuePolicy::default(), now);
//!
//! assert_eq!(figures.mrr, Some(Money::new(24_917, Currency::USD)));
//! assert_eq!(figures.arr, Some(Money::new(299_000, Currency::USD)));
//! assert_eq!(figures.ltv, None);
//! ```
//!
//! | module | concept |
//! |---|---|
//! | `money`, `currency`, `ratio` | amounts, checked and exact |
//! | `subscription`, `payment` | the rows |
//! | `policy` | the choices |
//! | `revenue`, `note` | the figures and remarks on them |
//! | `movement`, `alert` | two observations compared |
//! | `quality` | how complete a record is |

mod alert;
mod currency;
mod money;
mod movement;
mod note;
mod payment;
mod policy;
mod quality;
mod ratio;
mod revenue;
mod subscription;

pub use alert::{Alert, AlertState, AlertThresholds, Before, alerts};
pub use currency::Currency;
pub use money::{Money, MoneyError};
pub use movement::{Movement, movement};
pub use note::{Note, NoteCode};
pub use payment::{Payment, PaymentStatus};
pub use policy::{ArrBasis, RevenuePolicy};
pub use quality::{QualityFactors, quality_score};
pub use ratio::{Ratio, Rounding};
pub use revenue::{BillingHistory, Revenue, revenue};
pub use subscription::{Interval, Subscription, SubscriptionItem, SubscriptionStatus};
