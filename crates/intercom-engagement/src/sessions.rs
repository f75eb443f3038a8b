//! Coaching sessions, in columns.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::{Channel, EngagementError};

/// A second after 1970 and before 2106; zero is how the source spells "never".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSecond(u32);

impl UnixSecond {
    /// The given second; `None` when it is zero, negative or too late.
    #[must_use]
    pub fn new(seconds: i64) -> Option<Self> {
        u32::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Self)
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }

    /// The days of 24 hours that have passed, with their fraction; negative for the future.
    #[must_use]
    pub fn days_until(self, now: DateTime<Utc>) -> f64 {
        (now.timestamp() - self.get()) as f64 / 86_400.0
    }
}

impl Serialize for UnixSecond {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

/// One coaching session: a closed conversation in one of the [`Channel`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// The id of the member who was coached.
    pub member: &'a str,
    /// The id of the coach the conversation is assigned to.
    pub coach: Option<&'a str>,
    /// The medium.
    pub channel: Channel,
    /// When it took place.
    pub at: UnixSecond,
    /// When the conversation last changed in any way, which may be long after.
    pub updated_at: UnixSecond,
}

/// Sessions in columns: 16 bytes each, plus every id once.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    members: Ids,
    coaches: Ids,
    member: Vec<u32>,
    handling: Vec<Handling>,
    at: Vec<UnixSecond>,
    updated_at: Vec<UnixSecond>,
}

impl Sessions {
    /// Adds a session.
    ///
    /// # Errors
    /// [`EngagementError::TooManyIds`] when the member or coach is one too many.
    pub fn push(&mut self, session: &Session<'_>) -> Result<(), EngagementError> {
        let member = self.members.intern(session.member, u32::MAX, "members")?;
        let coach = match session.coach {
            Some(coach) => Some(self.coaches.intern(coach, Handling::MAX_COACHES, "coaches")?),
            None => None,
        };
        self.member.push(member);
        self.handling.push(Handling::new(coach, session.channel));
        self.at.push(session.at);
        self.updated_at.push(session.updated_at);
        Ok(())
    }

    /// How many sessions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.member.len()
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.member.is_empty()
    }

    /// The sessions, in the order they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Session<'_>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// How many distinct members there are; their indices are below this.
    pub(crate) fn n_members(&self) -> usize {
        self.members.by_index.len()
    }

    pub(crate) fn member_index(&self, row: usize) -> usize {
        self.member[row] as usize
    }

    pub(crate) fn get(&self, row: usize) -> Session<'_> {
        let handling = self.handling[row];
        Session {
            member: self.members.id(self.member[row]),
            coach: handling.coach().map(|coach| self.coaches.id(coach)),
            channel: handling.channel(),
            at: self.at[row],
            updated_at: self.updated_at[row],
        }
    }
}

/// Coach and channel in one word: the index of the coach plus one, or zero, above two bits.
#[derive(Clone, Copy, Debug)]
struct Handling(u32);

impl Handling {
    const CHANNEL_BITS: u32 = 2;
    const MAX_COACHES: u32 = (u32::MAX >> Self::CHANNEL_BITS) - 1;

    fn new(coach: Option<u32>, channel: Channel) -> Self {
        let coach = coach.map_or(0, |coach| coach + 1);
        Self(coach << Self::CHANNEL_BITS | channel as u32)
    }

    fn coach(self) -> Option<u32> {
        (self.0 >> Self::CHANNEL_BITS).checked_sub(1)
    }

    fn channel(self) -> Channel {
        Channel::ALL[(self.0 & ((1 << Self::CHANNEL_BITS) - 1)) as usize]
    }
}

/// Ids by index and indices by id; every id is stored once.
#[derive(Clone, Debug, Default)]
struct Ids {
    by_index: Vec<Arc<str>>,
    by_id: HashMap<Arc<str>, u32>,
}

impl Ids {
    fn intern(&mut self, id: &str, limit: u32, what: &'static str) -> Result<u32, EngagementError> {
        if let Some(&index) = self.by_id.get(id) {
            return Ok(index);
        }
        let index = u32::try_from(self.by_index.len())
            .ok()
            .filter(|&index| index < limit)
            .ok_or(EngagementError::TooManyIds { what, limit })?;
        let id: Arc<str> = id.into();
        self.by_index.push(Arc::clone(&id));
        self.by_id.insert(id, index);
        Ok(index)
    }

    fn id(&self, index: u32) -> &str {
        &self.by_index[index as usize]
    }
}
