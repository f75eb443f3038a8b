//! How long ago a session was, in four classes.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// A class of elapsed days: days are 24 hours, counted with their fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Up to 7 days, or in the future.
    UpTo7,
    /// More than 7 and up to 28 days.
    UpTo28,
    /// More than 28 and up to 56 days.
    UpTo56,
    /// More than 56 days.
    Over56,
}

impl Bucket {
    /// Every class, most recent first.
    pub const ALL: [Self; 4] = [Self::UpTo7, Self::UpTo28, Self::UpTo56, Self::Over56];

    /// The class of a number of elapsed days.
    #[must_use]
    pub fn of(days: f64) -> Self {
        if days <= 7.0 {
            Self::UpTo7
        } else if days <= 28.0 {
            Self::UpTo28
        } else if days <= 56.0 {
            Self::UpTo56
        } else {
            Self::Over56
        }
    }

    /// The name in JSON.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::UpTo7 => "bucket_1",
            Self::UpTo28 => "bucket_2",
            Self::UpTo56 => "bucket_3",
            Self::Over56 => "bucket_4",
        }
    }

    /// The name for people, true to the boundaries.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::UpTo7 => "≤ 7 days",
            Self::UpTo28 => "> 7–28 days",
            Self::UpTo56 => "> 28–56 days",
            Self::Over56 => "> 56 days",
        }
    }

    /// One flag per class, of which this class is set.
    pub(crate) fn serialize_flags<S: Serializer>(
        bucket: &Self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut flags = serializer.serialize_struct("buckets", Self::ALL.len())?;
        for class in Self::ALL {
            flags.serialize_field(class.key(), &(class == *bucket))?;
        }
        flags.end()
    }
}

/// A count per class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BucketCounts([u64; 4]);

impl BucketCounts {
    /// Counts one more.
    pub fn add(&mut self, bucket: Bucket) {
        self.0[bucket as usize] += 1;
    }

    /// How many are in a class.
    #[must_use]
    pub fn get(self, bucket: Bucket) -> u64 {
        self.0[bucket as usize]
    }

    /// How many are in any class.
    #[must_use]
    pub fn total(self) -> u64 {
        self.0.iter().sum()
    }
}

impl FromIterator<Bucket> for BucketCounts {
    fn from_iter<I: IntoIterator<Item = Bucket>>(buckets: I) -> Self {
        let mut counts = Self::default();
        for bucket in buckets {
            counts.add(bucket);
        }
        counts
    }
}

impl Serialize for BucketCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut counts = serializer.serialize_struct("summary", Bucket::ALL.len())?;
        for class in Bucket::ALL {
            counts.serialize_field(class.key(), &self.get(class))?;
        }
        counts.end()
    }
}
