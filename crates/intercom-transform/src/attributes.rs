//! Nested values become the flat entries that Intercom takes.

mod output;

use crate::date;
use crate::event::{Field, Kind, Value, unescape};
use crate::note::{NoteKind, Notes};
use crate::rejection::{Reason, Rejection};
use crate::settings::{
    AttributeDates, Forbidden, KeyOrder, ListRule, LongTextRule, MisnamedDates, NullRule, Settings,
};
use crate::write::push_number;

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

/// Names hold such a byte nowhere.
const ANYWHERE: u8 = 1;
/// Names hold such a byte only where dots join them.
const NO_DOT: u8 = 2;

/// What each byte of a name is, as JSON spells names: the backslash is of an escape.
const REFUSED: [u8; 256] = {
    let mut refused = [0; 256];
    refused[b'$' as usize] = ANYWHERE;
    refused[b'\\' as usize] = ANYWHERE;
    refused[b'.' as usize] = NO_DOT;
    refused
};

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
    /// The keys of the entries as JSON spells them, and behind them the one in hand.
    keys: Vec<u8>,
    /// Where the key in hand begins.
    key_start: usize,
    list: Vec<Entry>,
    /// The key of the object or list in hand, with which those of its values begin.
    path: Vec<u8>,
    order: Vec<u32>,
    source: u8,
    /// Which hashes names have had: a name whose bit is not set is there for the first time.
    seen: Box<[u64; 64]>,
    may_repeat: bool,
    /// The path to the first value for which there was no more room.
    full_at: Option<String>,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            key_start: 0,
            list: Vec::new(),
            path: Vec::new(),
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
        self.key_start = 0;
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
            match treat(&name, field.value) {
                Treatment::Flat => self.enter(&name, field.value, rules, notes),
                Treatment::Whole => self.add_whole(&name, field.value, notes),
                Treatment::LeftOut => {}
            }
        });
        for (index, element) in object.elements().enumerate() {
            self.enter(&index.to_string(), element, rules, notes);
        }
        for (index, character) in object.as_text().unwrap_or_default().chars().enumerate() {
            self.keys.extend_from_slice(index.to_string().as_bytes());
            self.push(object, Form::Character(character));
        }
        self.check()
    }

    /// Adds a value under a name of its own, as it was sent. Whether there was room for it,
    /// [`add`](Self::add) tells.
    pub(crate) fn add_whole(&mut self, name: &str, value: Value<'_>, notes: &mut Notes) {
        if name.len() > MAX_KEY {
            return note_long_name(name, notes);
        }
        self.keys.extend_from_slice(name.as_bytes());
        self.push(value, Form::Sent);
        if let Some(entry) = self.list.last_mut() {
            entry.is_rich = true;
        }
    }

    /// Adds a value under a name in the current path.
    fn enter(&mut self, name: &str, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        self.keys.extend_from_slice(&self.path);
        if !self.path.is_empty() {
            self.keys.push(rules.separator);
        }
        if self.push_name(name, rules, notes) {
            self.place(value, rules, notes);
        }
        self.keys.truncate(self.key_start);
    }

    /// Appends a name to the key; false when it cannot be sent.
    fn push_name(&mut self, name: &str, rules: &Rules, notes: &mut Notes) -> bool {
        let start = self.keys.len();
        if start - self.key_start + name.len() > MAX_KEY {
            note_long_name(name, notes);
            return false;
        }
        self.keys.extend_from_slice(name.as_bytes());
        if rules.names == Forbidden::Keep {
            return true;
        }
        let takes_dot = rules.separator == b'.';
        let refused = if takes_dot { ANYWHERE } else { ANYWHERE | NO_DOT };
        // Without a branch for each byte.
        if name.bytes().fold(0, |found, byte| found | REFUSED[usize::from(byte)]) & refused == 0 {
            return true;
        }
        if rules.names == Forbidden::Drop {
            self.note(notes, NoteKind::NameDropped);
            return false;
        }
        notes.push(NoteKind::KeyRenamed, name);
        self.keys.truncate(start);
        for character in unescape(name).chars() {
            let is_kept = match character {
                '$' | '"' | '\\' => false,
                '.' => takes_dot,
                _ => !character.is_control(),
            };
            let sent = if is_kept { character } else { '_' };
            self.keys.extend_from_slice(sent.encode_utf8(&mut [0; 4]).as_bytes());
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
            Kind::Object => self.fields(value, rules, notes),
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

    fn fields(&mut self, object: Value<'_>, rules: &Rules, notes: &mut Notes) {
        let before = self.open_path();
        in_order(object, rules.order, |field| {
            self.enter(&field.spelled(), field.value, rules, notes);
        });
        self.path.truncate(before);
    }

    fn elements(&mut self, list: Value<'_>, rules: &Rules, notes: &mut Notes) {
        let before = self.open_path();
        for (index, element) in list.elements().enumerate() {
            self.keys.extend_from_slice(&self.path);
            self.push_index(index);
            self.place(element, rules, notes);
            self.keys.truncate(self.key_start);
        }
        self.path.truncate(before);
    }

    /// Makes the key in hand the path; how long the path was.
    fn open_path(&mut self) -> usize {
        let before = self.path.len();
        // The key begins with the path.
        self.path.extend_from_slice(&self.keys[self.key_start + before..]);
        self.keys.truncate(self.key_start);
        before
    }

    fn push_index(&mut self, index: usize) {
        self.keys.push(b'[');
        push_number(&mut self.keys, i64::try_from(index).unwrap_or(i64::MAX));
        self.keys.push(b']');
    }

    fn number(&mut self, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        if self.is_date(rules)
            && let Some(seconds) = date::seconds(value)
        {
            return self.push_date(value, seconds, notes);
        }
        let raw = value.raw();
        let is_plain = raw.bytes().all(|byte| !matches!(byte, b'e' | b'E'));
        if is_plain && raw.len() < 300 || value.as_number().is_some() {
            return self.push(value, Form::Sent);
        }
        self.drop(notes, NoteKind::NumberDropped);
    }

    fn text(&mut self, value: Value<'_>, rules: &Rules, notes: &mut Notes) {
        let raw = value.raw();
        if self.key().ends_with(rules.date_suffix.as_bytes()) {
            if rules.dates == AttributeDates::Seconds {
                match date::seconds(value) {
                    Some(seconds) => return self.push_date(value, seconds, notes),
                    None => self.note(notes, NoteKind::DateUnreadable),
                }
            }
        } else if rules.misnamed_dates != MisnamedDates::Ignore
            && let Some(seconds) = date::from_iso(raw)
        {
            if rules.misnamed_dates == MisnamedDates::Note {
                self.note(notes, NoteKind::DateUnderOtherKey);
                return self.push(value, Form::Sent);
            }
            self.note(notes, NoteKind::DateRenamed);
            self.keys.extend_from_slice(rules.date_suffix.as_bytes());
            return self.push(value, Form::Seconds(seconds));
        }
        // Escapes only make a text longer than its characters.
        let is_long = raw.len() > MAX_TEXT
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
        rules.dates == AttributeDates::Seconds && self.key().ends_with(rules.date_suffix.as_bytes())
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

    /// Notes something about the key in hand.
    fn note(&self, notes: &mut Notes, kind: NoteKind) {
        notes.push_key(kind, self.key());
    }

    /// The key in hand.
    fn key(&self) -> &[u8] {
        &self.keys[self.key_start..]
    }

    fn push(&mut self, value: Value<'_>, form: Form) {
        if self.list.len() >= MAX_ENTRIES {
            self.full_at.get_or_insert_with(|| value.path());
            self.keys.truncate(self.key_start);
            return;
        }
        let bit = hash(self.key());
        let word = &mut self.seen[usize::from(bit >> 6)];
        self.may_repeat |= *word >> (bit & 63) & 1 == 1;
        *word |= 1 << (bit & 63);
        let key_end = self.keys.len();
        self.list.push(Entry {
            key_start: offset(self.key_start),
            key_end: offset(key_end),
            position: value.position(),
            form,
            source: self.source,
            is_rich: false,
            is_replaced: false,
        });
        self.key_start = key_end;
    }

    fn check(&self) -> Result<(), Rejection> {
        match &self.full_at {
            Some(path) => {
                let limit = MAX_ENTRIES;
                Err(Rejection::new(path.as_str(), Reason::TooManyKeys { limit }))
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
