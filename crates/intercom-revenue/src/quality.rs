//! How complete the record of a customer is.

/// What is known about a customer; every factor adds points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// The points of all factors that hold, 0 to 100.
#[must_use]
pub fn quality_score(factors: &QualityFactors) -> u8 {
    [
        (factors.has_stripe_customer, 20),
        (factors.has_active_subscription, 20),
        (factors.has_payments, 15),
        (factors.seen_recently, 15),
        (factors.has_location, 10),
        (factors.has_conversations, 10),
        (factors.has_csat, 10),
    ]
    .into_iter()
    .filter_map(|(holds, points)| holds.then_some(points))
    .sum()
}
