//! A query after checking: what is compared, and how one row is tested.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::search::fields::Column;
use crate::workspace::Workspace;
use crate::workspace::misfit;
use crate::workspace::table::{Record, Slot, Table};

/// A checked query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Leaf(Leaf),
    All(Vec<Filter>),
    Any(Vec<Filter>),
    /// No operator of a query: dates that are not these, and the rules of segments.
    Not(Box<Filter>),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) source: Source,
    pub(crate) test: Test,
}

/// Where a value is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Column(Column),
    /// A custom attribute.
    Attribute(Box<str>),
}

/// Instants `from .. until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Span {
    pub(crate) const ALL: Self = Self { from: i64::MIN, until: i64::MAX };
}

/// A comparison's right-hand side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// The instant lies in one of these spans, which are in order and apart.
    Within(Vec<Span>),
    /// The value is one of these, or none of them.
    Among { needles: Vec<Needle>, is_negated: bool },
    /// The number compares so.
    Number { comparison: Comparison, value: f64 },
    /// The text has this in it, in lower case.
    Like { place: Place, needle: String, is_negated: bool },
    /// One of the words of the text is one of these, in lower case.
    Word { place: Place, needles: Vec<String>, is_negated: bool },
}

/// How numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Where in a text something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Whole,
    Anywhere,
    Start,
    End,
}

/// A value that is looked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Needle {
    Null,
    Text(Box<str>),
    Number(f64),
    Bool(bool),
}

/// What a row holds in a field.
#[derive(Debug, Clone)]
pub(crate) enum Found<'a> {
    Missing,
    Whole(i64),
    Fraction(f64),
    Bool(bool),
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
}

impl Found<'_> {
    /// The same value, owning its texts.
    pub(crate) fn into_owned(self) -> Found<'static> {
        match self {
            Self::Missing => Found::Missing,
            Self::Whole(number) => Found::Whole(number),
            Self::Fraction(number) => Found::Fraction(number),
            Self::Bool(value) => Found::Bool(value),
            Self::Text(text) => Found::Text(Cow::Owned(text.into_owned())),
            Self::Texts(texts) => {
                Found::Texts(texts.into_iter().map(|text| Cow::Owned(text.into_owned())).collect())
            }
        }
    }
}

impl From<Option<i64>> for Found<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Missing, Self::Whole)
    }
}

impl<'a> From<Option<&'a str>> for Found<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Missing, |text| Self::Text(Cow::Borrowed(text)))
    }
}

impl From<Option<Value>> for Found<'_> {
    fn from(value: Option<Value>) -> Self {
        match value {
            None | Some(Value::Null | Value::Object(_)) => Self::Missing,
            Some(Value::Bool(value)) => Self::Bool(value),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(whole) => Self::Whole(whole),
                None => Self::Fraction(number.as_f64().unwrap_or(f64::NAN)),
            },
            Some(Value::String(text)) => Self::Text(Cow::Owned(text)),
            Some(Value::Array(entries)) => {
                Self::Texts(entries.iter().filter_map(misfit::id).map(Cow::Owned).collect())
            }
        }
    }
}

/// A kind of object that can be searched.
pub(crate) trait Searchable: Record + Sync {
    /// Where a workspace keeps these objects.
    fn table(workspace: &Workspace) -> &Table<Self>;

    /// The same, to be changed.
    fn table_mut(workspace: &mut Workspace) -> &mut Table<Self>;

    /// The rows among which are all that have this text in a column; `None` when no index tells.
    fn look_up(workspace: &Workspace, column: Column, text: &str) -> Option<Vec<Slot>>;

    /// What the object holds in a field.
    fn read<'a>(&'a self, source: &Source, workspace: &'a Workspace, now: i64) -> Found<'a>;
}

/// A value to sort by: numbers, then texts; what is missing comes last.
#[derive(Debug, Clone)]
pub(crate) enum SortKey {
    Number(i64),
    /// A number that is not whole, or too large for one; see [`SortKey::of_float`].
    Fraction(f64),
    Text(Box<str>),
    Missing,
}

impl SortKey {
    /// Whole numbers have one key, however they are written.
    pub(crate) fn of_float(number: f64) -> Self {
        /// Up to here every whole number has a `f64` of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "used when whole and within 2^53")]
        let whole = number as i64;
        let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
        if is_whole { Self::Number(whole) } else { Self::Fraction(number) }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Number(_) | Self::Fraction(_) => 0,
            Self::Text(_) => 1,
            Self::Missing => 2,
        }
    }
}

impl Ord for SortKey {
    #[expect(clippy::cast_precision_loss, reason = "what rounds to the same is told apart by kind")]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.cmp(right),
            (Self::Fraction(left), Self::Fraction(right)) => left.total_cmp(right),
            (Self::Number(left), Self::Fraction(right)) => {
                (*left as f64).total_cmp(right).then(Ordering::Less)
            }
            (Self::Fraction(left), Self::Number(right)) => {
                left.total_cmp(&(*right as f64)).then(Ordering::Greater)
            }
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortKey {}

impl From<Found<'_>> for SortKey {
    fn from(found: Found<'_>) -> Self {
        match found {
            Found::Missing | Found::Texts(_) => Self::Missing,
            Found::Whole(number) => Self::Number(number),
            Found::Fraction(number) => Self::of_float(number),
            Found::Bool(value) => Self::Number(i64::from(value)),
            Found::Text(text) => Self::Text(text.into()),
        }
    }
}

impl Filter {
    /// Whether a row passes.
    pub(crate) fn passes<R: Searchable>(&self, row: &R, workspace: &Workspace, now: i64) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.test.passes(&leaf.source, row, workspace, now),
            Self::All(parts) => parts.iter().all(|part| part.passes(row, workspace, now)),
            Self::Any(parts) => parts.iter().any(|part| part.passes(row, workspace, now)),
            Self::Not(part) => !part.passes(row, workspace, now),
        }
    }

    /// The spans of an instant column outside which no row passes, and whether all rows inside
    /// them do.
    pub(crate) fn spans(&self, column: Column) -> (Vec<Span>, bool) {
        match self {
            Self::Leaf(Leaf { source: Source::Column(own), test: Test::Within(spans) })
                if *own == column =>
            {
                (spans.clone(), true)
            }
            Self::Leaf(_) | Self::Not(_) => (vec![Span::ALL], false),
            Self::All(parts) => parts.iter().map(|part| part.spans(column)).fold(
                (vec![Span::ALL], true),
                |(left, left_exact), (right, right_exact)| {
                    (intersection(&left, &right), left_exact && right_exact)
                },
            ),
            Self::Any(parts) => {
                let found: Vec<_> = parts.iter().map(|part| part.spans(column)).collect();
                let is_exact = found.iter().all(|(_, is_exact)| *is_exact);
                (union(found.into_iter().flat_map(|(spans, _)| spans).collect()), is_exact)
            }
        }
    }

    /// The rows among which are all that pass, in the order of slots, when an index tells; there
    /// are few, as a rule.
    pub(crate) fn candidates<R: Searchable>(&self, workspace: &Workspace) -> Option<Vec<Slot>> {
        match self {
            Self::Leaf(leaf) => leaf.candidates::<R>(workspace),
            Self::All(parts) => {
                let found = parts.iter().filter_map(|part| part.candidates::<R>(workspace));
                found.min_by_key(Vec::len)
            }
            Self::Any(parts) => {
                let found = parts.iter().map(|part| part.candidates::<R>(workspace));
                found.collect::<Option<Vec<_>>>().map(|found| united(found.concat()))
            }
            Self::Not(_) => None,
        }
    }
}

impl Leaf {
    fn candidates<R: Searchable>(&self, workspace: &Workspace) -> Option<Vec<Slot>> {
        let (Source::Column(column), Test::Among { needles, is_negated: false }) =
            (&self.source, &self.test)
        else {
            return None;
        };
        let found = needles.iter().map(|needle| match needle {
            Needle::Text(text) => R::look_up(workspace, *column, text),
            Needle::Null | Needle::Number(_) | Needle::Bool(_) => None,
        });
        found.collect::<Option<Vec<_>>>().map(|found| united(found.concat()))
    }
}

fn united(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn intersection(left: &[Span], right: &[Span]) -> Vec<Span> {
    let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
    pairs
        .map(|(l, r)| Span { from: l.from.max(r.from), until: l.until.min(r.until) })
        .filter(|span| span.from < span.until)
        .collect()
}

fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.from);
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => joined.push(span),
        }
    }
    joined
}

impl Test {
    pub(crate) fn passes<R: Searchable>(
        &self,
        source: &Source,
        row: &R,
        workspace: &Workspace,
        now: i64,
    ) -> bool {
        // The two instants every row has as a column are compared without a detour.
        if let Self::Within(spans) = self {
            let at = match source {
                Source::Column(Column::CreatedAt) => Some(row.created_at()),
                Source::Column(Column::UpdatedAt) => Some(row.updated_at()),
                source => match row.read(source, workspace, now) {
                    Found::Whole(at) => Some(at),
                    _ => None,
                },
            };
            return at.is_some_and(|at| spans.iter().any(|s| s.from <= at && at < s.until));
        }
        self.accepts(&row.read(source, workspace, now), source)
    }

    /// Whether a value that was read from a source passes.
    pub(crate) fn accepts(&self, found: &Found<'_>, source: &Source) -> bool {
        match self {
            Self::Within(spans) => match found {
                Found::Whole(at) => spans.iter().any(|s| s.from <= *at && *at < s.until),
                _ => false,
            },
            Self::Among { needles, is_negated } => {
                let folds_case =
                    matches!(source, Source::Column(Column::Email | Column::EmailDomain));
                let is_among = needles.iter().any(|needle| needle.equals(found, folds_case));
                is_among != *is_negated
            }
            Self::Number { comparison, value } => {
                number(found).is_some_and(|found| comparison.holds(found, *value))
            }
            Self::Like { place, needle, is_negated } => {
                let is_like = |text: &str| place.matches(&text.to_lowercase(), needle);
                any_text(found, is_like) != *is_negated
            }
            Self::Word { place, needles, is_negated } => {
                let is_sought = |word: &String| needles.iter().any(|n| place.matches(word, n));
                let has_word = |text: &str| words(text).iter().any(is_sought);
                any_text(found, has_word) != *is_negated
            }
        }
    }
}

impl Comparison {
    pub(crate) fn holds(self, found: f64, value: f64) -> bool {
        match self {
            Self::Less => found < value,
            Self::AtMost => found <= value,
            Self::Greater => found > value,
            Self::AtLeast => found >= value,
        }
    }
}

impl Place {
    pub(crate) fn matches(self, text: &str, needle: &str) -> bool {
        match self {
            Self::Whole => text == needle,
            Self::Anywhere => text.contains(needle),
            Self::Start => text.starts_with(needle),
            Self::End => text.ends_with(needle),
        }
    }
}

impl Needle {
    fn equals(&self, found: &Found<'_>, folds_case: bool) -> bool {
        match (self, found) {
            (Self::Null, Found::Missing) => true,
            (Self::Text(text), Found::Text(found)) if folds_case => {
                text.eq_ignore_ascii_case(found)
            }
            (Self::Text(text), Found::Text(found)) => **text == *found,
            (Self::Text(text), Found::Texts(found)) => found.iter().any(|found| **text == *found),
            (Self::Text(text), Found::Whole(found)) => **text == *found.to_string(),
            (Self::Bool(value), Found::Bool(found)) => value == found,
            (Self::Number(value), found) => number(found).is_some_and(|found| found == *value),
            _ => false,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures and instants lie far below 2^53")]
fn number(found: &Found<'_>) -> Option<f64> {
    match found {
        Found::Whole(number) => Some(*number as f64),
        Found::Fraction(number) => Some(*number),
        Found::Text(text) => text.parse().ok(),
        Found::Missing | Found::Bool(_) | Found::Texts(_) => None,
    }
}

fn any_text(found: &Found<'_>, is_it: impl Fn(&str) -> bool) -> bool {
    match found {
        Found::Text(text) => is_it(text),
        Found::Texts(texts) => texts.iter().any(|text| is_it(text)),
        Found::Whole(number) => is_it(&number.to_string()),
        Found::Missing | Found::Fraction(_) | Found::Bool(_) => false,
    }
}

/// The words of an HTML text in lower case.
fn words(html: &str) -> Vec<String> {
    let mut is_tag = false;
    let text: String = html
        .chars()
        .map(|c| {
            let was_tag = is_tag;
            match c {
                '<' => is_tag = true,
                '>' => is_tag = false,
                _ => {}
            }
            if was_tag || is_tag || !(c.is_alphanumeric() || c == '\'') { ' ' } else { c }
        })
        .collect();
    text.split_whitespace().map(str::to_lowercase).collect()
}
