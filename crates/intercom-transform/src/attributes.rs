//! Nested values become the flat entries that Intercom takes.

mod output;

use std::fmt::Write as _;

use crate::date;
use crate::event::{Field, Kind, Value, unescape};
use crate::note::{NoteKind, Notes};
use crate::rejection::{Reason, Rejection};
use crate::settings::{
    AttributeDates, Forbidden, KeyOrder, ListRule, LongTextRule, MisnamedDates, NullRule, Settings,
};

/// The most characters that Intercom takes for the text of an attribute.
const MAX_TEXT: usize = 255;
/// Longer names are left out: nested names add up, and would outgrow the event.
const MAX_KEY: usize = 1024;
/// The most entries of one event; a workspace has at most 250 attributes.
const MAX_ENTRIES: usize = 10_000;

/// How values are flattened.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) order: KeyOrder,
    /// What joins the names of nested objects.
    pub(crate) separator: u8,
    /// How names of dates end.
    pub(crate) date_suffix: &'static str,
    pub(crate) lists: ListRule,
    pub(crate) empty: Forbidden,
    pub(crate) nulls: NullRule,
    pub(crate) long_texts: LongTextRule,
    pub(crate) names: Forbidden,
    pub(crate) dates: AttributeDates,
    pub(crate) misnamed_dates: MisnamedDates,
}

impl Rules {
    /// For custom attributes.
    pub(crate) fn attributes(settings: &Settings) -> Self {
        let attributes = &settings.attributes;
        Self {
            order: settings.key_order,
            separator: if settings.is_v1() { b'.' } else { b'_' },
            date_suffix: "_at",
            lists: attributes.lists,
            empty: attributes.empty,
            nulls: attributes.nulls,
            long_texts: attributes.long_texts,
            names: attributes.names,
            dates: attributes.dates,
            misnamed_dates: attributes.misnamed_dates,
        }
    }

    /// For an event's metadata, whose names may hold dots in every version.
    pub(crate) fn metadata(settings: &Settings) -> Self {
        let metadata = &settings.metadata;
        Self {
            order: settings.key_order,
            separator: b'.',
            date_suffix: "_date",
            lists: metadata.lists,
            empty: metadata.empty,
            nulls: metadata.nulls,
            long_texts: LongTextRule::Keep,
            names: Forbidden::Keep,
            dates: metadata.dates,
            misnamed_dates: metadata.misnamed_dates,
        }
    }
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// It becomes flat entries.
    Flat,
    /// It is sent as it came, before those that are flat.
    Whole,
    LeftOut,
}

/// How an entry's value is written.
#[derive(Clone, Copy)]
enum Form {
    Sent,
    Seconds(i64),
    JsonText,
    Cut,
    Character(char),
}

#[derive(Clone, Copy)]
struct Entry {
    key_start: u32,
    key_end: u32,
    /// Where the value stands in the event.
    position: u32,
    form: Form,
    /// Which of several sources it comes from.
    source: u8,
    /// A monetary amount or a rich link, which comes before others.
    is_rich: bool,
    /// Another entry has the same name and counts.
    is_replaced: bool,
}

/// Entries of an object that is being written; reused from event to event.
pub(crate) struct Entries {
    keys: String,
    list: Vec<Entry>,
    path: String,
    order: Vec<u32>,
    source: u8,
    /// Which hashes names have had: a name whose bit is not set is there for the first time.
    seen: Box<[u64; 64]>,
    may_repeat: bool,
    /// The first name for which there was no more room.
    full_at: Option<String>,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            keys: String::new(),
            list: Vec::new(),
            path: String::new(),
            order: Vec::new(),
            source: 0,
            seen: Box::new([0; 64]),
            may_repeat: false,
            full_at: None,
        }
    }
}

impl Entries {
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.list.clear();
        self.path.clear();
        self.source = 0;
        self.seen.fill(0);
        self.may_repeat = false;
        self.full_at = None;
    }

    /// What follows comes from another object, whose values count.
    pub(crate) fn next_source(&mut self) {
        self.source += 1;
    }

    /// Adds the fields of an object, except those that are left out. Lists and texts, which are no
    /// objects, come apart into elements and characters; events have them only where types are not
    /// checked.
    ///
    /// # Errors
    /// [`Reason::TooManyKeys`].
    pub(crate) fn add(
        &mut self,
        object: Value<'_>,
        rules: &Rules,
        treat: impl Fn(&str, Value<'_>) -> Treatment,
        notes: &mut Notes,
    ) -> Result<(), Rejection> {
        in_order(object, rules.order, |field| {
            let name = field.spelled();
            self.path.clear();
            match treat(&name, field.value) {
                Treatment::Flat => self.enter(&name, field.value, rules, notes),
                Treatment::Whole => self.add_whole(&name, field.value, notes),
                Treatment::LeftOut => {}
            }
        });
        for (index, element) in object.elements().enumerate() {
            self.path.clear();
            self.enter(&index.to_string(), element, rules, notes);
        }
        for (index, character) in object.as_text().unwrap_or_default().chars().enumerate() {
            self.path.clear();
            self.path.push_str(&index.to_string());
            self.push(object, Form::Character(character));
        }
        self.check()
    }

    /// Adds a value under a name of its own, as it was sent. Whether there was room for it,
    /// [`add`](Self::add) tells.
    pub(crate) fn add_whole(&mut self, name: &str, value: Value<'_>, notes: &mut Notes) {
        self.path.clear();
        if name.len() > MAX_KEY {
            return note_long_name(name, notes);
        }
        self.path.push_str(name);
        self.push(value, Form::Sent);
        if let Some(entry) = self.list.last_mut() {
            entry.is_rich = true;
        }
    }

    /// Adds a value under a name in the current path.
    fn enter(&mut self, name: &str, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        let before = self.path.len();
        if before > 0 {
            self.path.push(char::from(rules.separator));
        }
        let is_kept = self.push_name(name, rules, notes);
        if is_kept {
            self.place(value, rules, notes);
        }
        self.path.truncate(before);
    }

    /// Appends a name to the path; false when it cannot be sent.
    fn push_name(&mut self, name: &str, rules: &Rules, notes: &mut Notes) -> bool {
        let start = self.path.len();
        if start + name.len() > MAX_KEY {
            note_long_name(name, notes);
            return false;
        }
        self.path.push_str(name);
        if rules.names == Forbidden::Keep {
            return true;
        }
        let has_dot = rules.separator != b'.';
        let is_refused = |byte| byte == b'$' || byte == b'\\' || (byte == b'.' && has_dot);
        // Without a branch for each byte.
        if !name.bytes().fold(false, |found, byte| found | is_refused(byte)) {
            return true;
        }
        if rules.names == Forbidden::Drop {
            self.note(notes, NoteKind::NameDropped);
            return false;
        }
        notes.push(NoteKind::KeyRenamed, name);
        self.path.truncate(start);
        for character in unescape(name).chars() {
            let is_kept = match character {
                '$' | '"' | '\\' => false,
                '.' => !has_dot,
                _ => !character.is_control(),
            };
            let sent = if is_kept { character } else { '_' };
            self.path.push(sent);
        }
        true
    }

    fn place(&mut self, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        match value.kind() {
            Kind::Object | Kind::List if value.is_empty() => match rules.empty {
                Forbidden::Keep => self.push(value, Form::Sent),
                Forbidden::AsText => self.push_text(value, notes),
                Forbidden::Drop => self.drop(notes, NoteKind::EmptyDropped),
            },
            Kind::Object => {
                in_order(value, rules.order, |field| {
                    self.enter(&field.spelled(), field.value, rules, notes);
                });
            }
            Kind::List => match rules.lists {
                ListRule::Keep => self.push(value, Form::Sent),
                ListRule::Flatten => self.elements(value, rules, notes),
                ListRule::AsText => self.push_text(value, notes),
                ListRule::Drop => self.drop(notes, NoteKind::ListDropped),
            },
            Kind::Null => match rules.nulls {
                NullRule::Keep => self.push(value, Form::Sent),
                NullRule::Drop => self.drop(notes, NoteKind::NullDropped),
            },
            Kind::True | Kind::False => self.push(value, Form::Sent),
            Kind::Number => self.number(value, rules, notes),
            Kind::Text | Kind::EscapedText => self.text(value, rules, notes),
        }
    }

    fn elements(&mut self, list: Value<'_>, rules: &Rules, notes: &mut Notes) {
        let before = self.path.len();
        for (index, element) in list.elements().enumerate() {
            self.push_index(index);
            self.place(element, rules, notes);
            self.path.truncate(before);
        }
    }

    fn push_index(&mut self, index: usize) {
        // Writing to a string cannot fail.
        let _ = write!(self.path, "[{index}]");
    }

    fn number(&mut self, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        if self.is_date(rules)
            && let Some(seconds) = date::seconds(value)
        {
            return self.push_date(value, seconds, notes);
        }
        let is_plain = value.raw().bytes().all(|byte| !matches!(byte, b'e' | b'E'));
        if is_plain && value.raw().len() < 300 || value.as_number().is_some() {
            return self.push(value, Form::Sent);
        }
        self.drop(notes, NoteKind::NumberDropped);
    }

    fn text(&mut self, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        if self.path.ends_with(rules.date_suffix) {
            if rules.dates == AttributeDates::Seconds {
                match date::seconds(value) {
                    Some(seconds) => return self.push_date(value, seconds, notes),
                    None => self.note(notes, NoteKind::DateUnreadable),
                }
            }
        } else if rules.misnamed_dates != MisnamedDates::Ignore
            && let Some(seconds) = date::from_iso(value.raw())
        {
            if rules.misnamed_dates == MisnamedDates::Note {
                self.note(notes, NoteKind::DateUnderOtherKey);
                return self.push(value, Form::Sent);
            }
            self.note(notes, NoteKind::DateRenamed);
            self.path.push_str(rules.date_suffix);
            return self.push(value, Form::Seconds(seconds));
        }
        // Escapes only make a text longer than its characters.
        let is_long = value.raw().len() > MAX_TEXT
            && value.as_text().is_some_and(|text| text.chars().count() > MAX_TEXT);
        match rules.long_texts {
            LongTextRule::Cut if is_long => {
                self.note(notes, NoteKind::TextCut);
                self.push(value, Form::Cut);
            }
            LongTextRule::Drop if is_long => self.drop(notes, NoteKind::TextDropped),
            LongTextRule::Cut | LongTextRule::Drop | LongTextRule::Keep => {
                self.push(value, Form::Sent);
            }
        }
    }

    fn is_date(&self, rules: &Rules) -> bool {
        rules.dates == AttributeDates::Seconds && self.path.ends_with(rules.date_suffix)
    }

    fn push_date(&mut self, value: Value<'_>, seconds: i64, notes: &mut Notes) {
        if value.kind() == Kind::Number && value.raw().parse() == Ok(seconds) {
            return self.push(value, Form::Sent);
        }
        self.note(notes, NoteKind::DateConverted);
        self.push(value, Form::Seconds(seconds));
    }

    fn push_text(&mut self, value: Value<'_>, notes: &mut Notes) {
        self.note(notes, NoteKind::SentAsText);
        self.push(value, Form::JsonText);
    }

    fn drop(&self, notes: &mut Notes, kind: NoteKind) {
        self.note(notes, kind);
    }

    /// Notes something about the current path.
    fn note(&self, notes: &mut Notes, kind: NoteKind) {
        notes.push(kind, &self.path);
    }

    fn push(&mut self, value: Value<'_>, form: Form) {
        if self.list.len() >= MAX_ENTRIES {
            let key = || self.path.chars().take(64).collect();
            self.full_at.get_or_insert_with(key);
            return;
        }
        let bit = hash(self.path.as_bytes());
        let word = &mut self.seen[usize::from(bit >> 6)];
        self.may_repeat |= *word >> (bit & 63) & 1 == 1;
        *word |= 1 << (bit & 63);
        let key_start = self.keys.len();
        self.keys.push_str(&self.path);
        self.list.push(Entry {
            key_start: offset(key_start),
            key_end: offset(self.keys.len()),
            position: value.position(),
            form,
            source: self.source,
            is_rich: false,
            is_replaced: false,
        });
    }

    fn check(&self) -> Result<(), Rejection> {
        match &self.full_at {
            Some(key) => {
                Err(Rejection::new(key.as_str(), Reason::TooManyKeys { limit: MAX_ENTRIES }))
            }
            None => Ok(()),
        }
    }
}

/// Takes the fields of an object in the order in which they are sent.
fn in_order<'v>(object: Value<'v>, order: KeyOrder, mut take: impl FnMut(Field<'v>)) {
    let mut first = Vec::new();
    if order == KeyOrder::NumbersFirst {
        first.extend(object.fields().filter_map(|field| Some((whole_number(field)?, field))));
        first.sort_by_key(|(number, _)| *number);
    }
    first.iter().for_each(|(_, field)| take(*field));
    for field in object.fields() {
        // Without any, there is none to leave out.
        if first.is_empty() || whole_number(field).is_none() {
            take(field);
        }
    }
}

/// The number that JavaScript takes a name for: it could be the index of an element of an array.
fn whole_number(field: Field<'_>) -> Option<u32> {
    let name = field.name();
    let is_canonical = name.bytes().all(|byte| byte.is_ascii_digit())
        && (name.len() == 1 || !name.starts_with('0'));
    name.parse().ok().filter(|number| is_canonical && *number != u32::MAX)
}

fn note_long_name(name: &str, notes: &mut Notes) {
    let shown: String = name.chars().take(64).collect();
    notes.push(NoteKind::NameDropped, &shown);
}

/// Twelve bits of a name, from its length and its ends. Names that share them are compared; nothing
/// depends on how many do.
fn hash(name: &[u8]) -> u16 {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let ends = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => word(first) ^ word(last).rotate_left(21),
        _ => match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
            }
            _ => name.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)),
        },
    };
    let mixed = (ends ^ name.len() as u64).wrapping_mul(MIX);
    u16::try_from((mixed ^ mixed << 23) >> 52).unwrap_or_default()
}

/// Keys are at most [`MAX_ENTRIES`] times [`MAX_KEY`] bytes.
fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
