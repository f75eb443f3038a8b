//! The media a coaching session can take place in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A medium that makes a closed conversation a coaching session; ordered by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// Text, live.
    Chat,
    /// Text, by mail.
    Email,
    /// Voice.
    Phone,
    /// Voice and picture.
    #[serde(rename = "Video Conference")]
    VideoConference,
}

impl Channel {
    /// Every channel, by name.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Email, Self::Phone, Self::VideoConference];

    /// The channel of exactly this name; `phone` and `Video` are none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// The name, as written in the conversation's attribute.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Email => "Email",
            Self::Phone => "Phone",
            Self::VideoConference => "Video Conference",
        }
    }

    /// Whether the people hear each other, which is what engagement and billing count.
    #[must_use]
    pub fn is_call(self) -> bool {
        match self {
            Self::Phone | Self::VideoConference => true,
            Self::Chat | Self::Email => false,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of channels in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelSet(u8);

impl ChannelSet {
    /// Adds a channel.
    pub fn insert(&mut self, channel: Channel) {
        self.0 |= 1 << channel as u8;
    }

    /// Whether the channel is in the set.
    #[must_use]
    pub fn contains(self, channel: Channel) -> bool {
        self.0 & (1 << channel as u8) != 0
    }

    /// The channels, by name.
    pub fn iter(self) -> impl Iterator<Item = Channel> {
        Channel::ALL.into_iter().filter(move |&channel| self.contains(channel))
    }
}

impl FromIterator<Channel> for ChannelSet {
    fn from_iter<I: IntoIterator<Item = Channel>>(channels: I) -> Self {
        let mut set = Self::default();
        for channel in channels {
            set.insert(channel);
        }
        set
    }
}

/// The names joined by a plus, `Chat + Phone`: the label of a combination.
impl fmt::Display for ChannelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, channel) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { " + " };
            write!(f, "{separator}{}", channel.name())?;
        }
        Ok(())
    }
}

impl Serialize for ChannelSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
