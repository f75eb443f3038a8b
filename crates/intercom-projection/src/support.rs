//! What a customer's conversations add up to.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::Mention;

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
    /// Seconds until somebody first replied to a customer; absent when nobody has, or when the
    /// conversation was not begun by a customer.
    pub first_reply_for: Option<u32>,
    /// Seconds until it was first closed.
    pub first_close_for: Option<u32>,
    /// Seconds until it was last closed.
    pub last_close_for: Option<u32>,
    /// How often it was opened again.
    pub n_reopens: Option<u32>,
}

/// A message that speaks of leaving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CancelMention {
    /// The words that say so.
    pub mention: Mention,
    /// The contact who wrote it, if the message says.
    pub contact_id: Option<String>,
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
    /// Seconds until the first replies.
    pub first_reply: Measured,
    /// Seconds until the first closings.
    pub first_close: Measured,
    /// Seconds until the last closings.
    pub last_close: Measured,
    /// Reopenings.
    pub reopens: Measured,
}

/// A figure that some conversations have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// How many have it.
    pub n: u32,
    /// What they add up to.
    pub sum: u64,
}

impl Measured {
    /// The mean, rounded half away from zero; `None` when no conversation has the figure.
    #[must_use]
    pub fn mean(self) -> Option<u64> {
        let n = u64::from(self.n);
        let (whole, rest) = (self.sum.checked_div(n)?, self.sum.checked_rem(n)?);
        Some(whole + u64::from(rest >= n - rest))
    }

    /// The sum; `None` when no conversation has the figure.
    #[must_use]
    pub fn total(self) -> Option<u64> {
        (self.n > 0).then_some(self.sum)
    }

    fn add(&mut self, figure: Option<u32>) {
        if let Some(figure) = figure {
            self.n += 1;
            self.sum += u64::from(figure);
        }
    }
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
        counts.first_reply.add(conversation.first_reply_for);
        counts.first_close.add(conversation.first_close_for);
        counts.last_close.add(conversation.last_close_for);
        counts.reopens.add(conversation.n_reopens);
    }
    counts
}
