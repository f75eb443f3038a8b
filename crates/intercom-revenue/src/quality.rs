//! How complete the record of a customer is.

use serde::Serialize;

/// What is known about a customer; every factor adds points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QualityFactors {
    /// 20 points: the customer is known to the billing system.
    pub has_stripe_customer: bool,
    /// 20 points: a subscription is active.
    pub has_active_subscription: bool,
    /// 15 points: something was paid.
    pub has_payments: bool,
    /// 15 points: seen within the last seven days.
    pub seen_recently: bool,
    /// 10 points: a country or city is known.
    pub has_location: bool,
    /// 10 points: there was a conversation.
    pub has_conversations: bool,
    /// 10 points: a conversation was rated.
    pub has_csat: bool,
}

/// One factor of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QualityFactor {
    /// Its name, that of the field of [`QualityFactors`].
    pub name: &'static str,
    /// What it adds when it holds.
    pub points: u8,
    /// Whether it holds.
    pub holds: bool,
}

impl QualityFactors {
    /// Every factor with its points, in the order of the fields; all of them make 100.
    #[must_use]
    pub fn factors(&self) -> [QualityFactor; 7] {
        let factor = |name, points, holds| QualityFactor { name, points, holds };
        [
            factor("has_stripe_customer", 20, self.has_stripe_customer),
            factor("has_active_subscription", 20, self.has_active_subscription),
            factor("has_payments", 15, self.has_payments),
            factor("seen_recently", 15, self.seen_recently),
            factor("has_location", 10, self.has_location),
            factor("has_conversations", 10, self.has_conversations),
            factor("has_csat", 10, self.has_csat),
        ]
    }
}

/// The points of all factors that hold, 0 to 100.
#[must_use]
pub fn quality_score(factors: &QualityFactors) -> u8 {
    factors.factors().iter().filter(|factor| factor.holds).map(|factor| factor.points).sum()
}
