//! Money, and what a customer is worth: MRR, ARR, LTV, their movements and the alerts on them.
//!
//! Everything here is a function of its arguments: rows in, figures out, `now` passed by the caller.
//! Amounts are whole smallest units of one currency; between a row and a figure they are exact
//! fractions ([`Ratio`]), so a figure is rounded once and the order of rows cannot change it.
//! Definitions on which billing vendors disagree are fields of [`RevenuePolicy`], which has presets
//! after the vendors and is read from a file as [`RevenueSettings`]. Rows that cannot be counted are
//! left out and named in [`Revenue::notes`]; strange data is never an error. [`explain`] shows the
//! figures row by row; [`waterfalls`] shows how MRR moved over a period, and what was retained.
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
//!     ..Default::default()
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
//! | `money`, `currency`, `ratio`, `exchange` | amounts, checked and exact |
//! | `subscription`, `discount`, `payment` | the rows |
//! | `policy`, `presets`, `settings` | the choices, whose they are, and how they are written down |
//! | `recurring`, `paid`, `rows` | what each row brings |
//! | `revenue`, `note`, `portfolio` | the figures, remarks on them, and their sums |
//! | `horizon` | how long figures stay true |
//! | `doubt` | whether lower figures may be too low |
//! | `movement`, `alert` | two observations compared |
//! | `timeline`, `rates`, `waterfall`, `lifetime` | many observations: what moved, was kept, and is expected |
//! | `quality` | how complete a record is |

mod alert;
mod currency;
mod discount;
mod doubt;
mod exchange;
mod horizon;
mod lifetime;
mod money;
mod movement;
mod note;
mod paid;
mod payment;
mod policy;
mod portfolio;
mod presets;
mod quality;
mod rates;
mod ratio;
mod recurring;
mod revenue;
mod rows;
mod settings;
mod subscription;
mod timeline;
mod waterfall;

pub use alert::{
    Alert, AlertKind, AlertState, AlertThresholds, Before, Edges, FirstLoad, NewCustomer,
    RateChanges, alerts, conditions, edges,
};
pub use currency::Currency;
pub use discount::{Discount, DiscountDuration, Reduction};
pub use doubt::{Fall, is_fall_doubtful};
pub use exchange::Rates;
pub use horizon::next_change;
pub use lifetime::{LifetimePolicy, predicted_ltv};
pub use money::{Money, MoneyError};
pub use movement::{Movement, movement};
pub use note::{Note, NoteCode};
pub use paid::PaymentLine;
pub use payment::{Dispute, Payment, PaymentStatus, Refund};
pub use policy::{
    ArrBasis, Counted, DiscountRule, PriceSource, PriceUnit, RevenuePolicy, UnknownIntervals,
};
pub use portfolio::{BilledCustomer, Portfolio, bearers, portfolio};
pub use presets::Preset;
pub use quality::{QualityFactor, QualityFactors, quality_score};
pub use ratio::{Ratio, Rounding};
pub use recurring::{SubscriptionLine, Verdict};
pub use revenue::{
    BillingHistory, Explanation, LastPayment, Revenue, explain, revenue, revenue_in,
};
pub use settings::{RevenueSettings, SettingsError};
pub use subscription::{
    CollectionPause, FlatPlan, Interval, Spelling, Subscription, SubscriptionItem,
    SubscriptionStatus, Usage,
};
pub use timeline::Observation;
pub use waterfall::{
    Cohort, Exchange, Lines, MovementPolicy, Period, StepCounts, Steps, Waterfall, Waterfalls,
    waterfalls,
};
