//! What a customer's conversations add up to.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// What one conversation adds to the counts of each of its contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SupportFacts {
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it is open.
    pub is_open: bool,
    /// How the customer rated it.
    pub rating: Option<Rating>,
    /// The latest message of a customer that speaks of leaving.
    pub cancel_mention: Option<CancelMention>,
}

/// A message that speaks of leaving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CancelMention {
    /// The words that say so.
    pub keyword: &'static str,
    /// When it was written.
    pub written_at: Option<DateTime<Utc>>,
}

/// A customer's rating of a conversation, from 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Rating(u8);

impl Rating {
    /// The rating; `None` outside 1 to 5.
    #[must_use]
    pub fn new(rating: i64) -> Option<Self> {
        u8::try_from(rating).ok().filter(|rating| (1..=5).contains(rating)).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

/// The conversations of one customer, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SupportCounts {
    /// All conversations.
    pub n_conversations: u32,
    /// Those begun in the last 30 days.
    pub n_last_30_days: u32,
    /// Those open.
    pub n_open: u32,
    /// Those rated.
    pub n_ratings: u32,
    /// The sum of the ratings.
    pub sum_of_ratings: u64,
    /// Whether a message of the last 30 days speaks of leaving.
    pub mentioned_cancel: bool,
}

impl SupportCounts {
    /// The average rating.
    #[must_use]
    pub fn csat_score(&self) -> Option<f64> {
        (self.n_ratings > 0).then(|| self.sum_of_ratings as f64 / f64::from(self.n_ratings))
    }
}

/// Counts the conversations of one customer; their order does not matter.
#[must_use]
pub fn support<'a>(
    conversations: impl IntoIterator<Item = &'a SupportFacts>,
    now: DateTime<Utc>,
) -> SupportCounts {
    let recent = |at: Option<DateTime<Utc>>| at.is_some_and(|at| now - at <= TimeDelta::days(30));
    let mut counts = SupportCounts::default();
    for conversation in conversations {
        counts.n_conversations += 1;
        counts.n_last_30_days += u32::from(recent(conversation.created_at));
        counts.n_open += u32::from(conversation.is_open);
        if let Some(rating) = conversation.rating {
            counts.n_ratings += 1;
            counts.sum_of_ratings += u64::from(rating.get());
        }
        let mention = conversation.cancel_mention.as_ref();
        counts.mentioned_cancel |= mention.is_some_and(|mention| recent(mention.written_at));
    }
    counts
}
