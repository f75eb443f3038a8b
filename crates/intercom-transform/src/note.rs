//! What became of parts of an event that were not sent as they came.

use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// What happened to a part of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// A value was left out: it is a list.
    ListDropped,
    /// A value was left out: it is an object or list with nothing in it.
    EmptyDropped,
    /// A value was left out: it is null.
    NullDropped,
    /// A value was left out: its text is longer than 255 characters.
    TextDropped,
    /// Only the first 255 characters of a text were sent.
    TextCut,
    /// A value was left out: its number is out of range.
    NumberDropped,
    /// A value was left out: its name is too long or holds characters that the API refuses.
    NameDropped,
    /// A name was changed so that the API accepts it.
    KeyRenamed,
    /// A value that the API refuses as it is was sent as JSON text.
    SentAsText,
    /// Two attributes came to have the same name; the later one was sent.
    KeyCollision,
    /// A key of an event's metadata was left out: there are too many.
    MetadataDropped,
    /// A date was written as Unix seconds.
    DateConverted,
    /// A key says that its value is a date, but it is none; it was sent as it came.
    DateUnreadable,
    /// A text is a date, but its key does not say so; Intercom takes it for a text.
    DateUnderOtherKey,
    /// A date's key was given the ending by which Intercom knows dates.
    DateRenamed,
    /// A standard field could not be read and was left out.
    Unreadable,
    /// The event does not say when it was; it is sent with [`Settings::now`](crate::Settings::now).
    TimeAssumed,
    /// The event was moved to a later second, for Intercom would have taken it for the one before;
    /// the count is by how many seconds.
    EventShifted,
    /// Several contacts have the e-mail address, so none of them was taken; the count is how many.
    SeveralContacts,
    /// The contact with this e-mail address belongs to another user and was left alone.
    OtherPerson,
    /// A conflict named this contact, which turned out to be the user's.
    ConflictResolved,
    /// The contact was archived and has been restored.
    Unarchived,
    /// A look-up was answered from an earlier one of the batch.
    LookupShared,
    /// The user was unknown and was created before the event was sent again.
    UserCreated,
    /// The company to remove the contact from was not found.
    CompanyNotFound,
    /// There was no contact to delete.
    NothingToDelete,
    /// An event of this name also sets the attribute.
    OneTimeAttribute,
    /// An attribute could not be set after the event was delivered; the count is the status.
    AttributeRefused,
    /// Tags came in a form that cannot be read and were left out.
    TagsUnreadable,
}

/// One note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note<'a> {
    /// What happened.
    pub kind: NoteKind,
    /// The key or field it happened to; never a value.
    pub subject: &'a str,
    /// How much or how many, where the kind says so.
    pub count: Option<i64>,
}

/// The notes of a plan, in the order they were made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The subjects, one behind the other; each is UTF-8.
    subjects: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    kind: NoteKind,
    end: usize,
    count: Option<i64>,
}

impl Notes {
    /// The notes in order.
    pub fn iter(&self) -> impl Iterator<Item = Note<'_>> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let subject = &self.subjects[start..entry.end];
            let subject = std::str::from_utf8(subject).unwrap_or_default();
            start = entry.end;
            Note { kind: entry.kind, subject, count: entry.count }
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn push(&mut self, kind: NoteKind, subject: &str) {
        self.push_entry(kind, subject.as_bytes(), None);
    }

    /// A note on a key of UTF-8.
    pub(crate) fn push_key(&mut self, kind: NoteKind, key: &[u8]) {
        self.push_entry(kind, key, None);
    }

    pub(crate) fn push_count(&mut self, kind: NoteKind, subject: &str, count: i64) {
        self.push_entry(kind, subject.as_bytes(), Some(count));
    }

    fn push_entry(&mut self, kind: NoteKind, subject: &[u8], count: Option<i64>) {
        if self.entries.is_empty() {
            self.subjects.reserve(256);
            self.entries.reserve(16);
        }
        self.subjects.extend_from_slice(subject);
        self.entries.push(Entry { kind, end: self.subjects.len(), count });
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Note<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("note", &self.kind)?;
        if !self.subject.is_empty() {
            map.serialize_entry("subject", self.subject)?;
        }
        if let Some(count) = self.count {
            map.serialize_entry("count", &count)?;
        }
        map.end()
    }
}

impl Serialize for Notes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for note in self.iter() {
            list.serialize_element(&note)?;
        }
        list.end()
    }
}
