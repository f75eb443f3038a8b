//! The manifest's little language of types: `str?`, `[@tag]`, `int ..2.15; str 2.16..`.

use std::fmt;

use anyhow::{Context, bail, ensure};

use super::versions::Versions;

/// What a value looks like on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `str`.
    Text,
    /// `int`.
    Integer,
    /// `num`.
    Number,
    /// `bool`.
    Truth,
    /// `any`: not described.
    Any,
    /// `ts`: unix seconds.
    Seconds,
    /// `dt`: an RFC 3339 text.
    DateTime,
    /// `date`: a text, year-month-day.
    Date,
    /// `bytes`: not JSON.
    Bytes,
    /// `[T]`.
    List(Box<Type>),
    /// `{T}`: an object with any keys.
    Map(Box<Type>),
    /// `@name`.
    Schema(String),
    /// `(A|B)`.
    Union(Vec<Type>),
    /// `enum(a, b 2.15..)`.
    Enum(Vec<EnumValue>),
    /// `:Name`: a hand-written Rust type; only in the overlay.
    Hand(String),
}

/// One value of an enumeration and the versions that know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnumValue {
    pub(crate) text: String,
    /// `None` when every version that has the field knows the value.
    pub(crate) versions: Option<Versions>,
}

/// A shape, and whether it may be null (`?`) or has to be sent (`!`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) shape: Shape,
    pub(crate) nullable: bool,
    pub(crate) required: bool,
}

impl Type {
    /// A type that is neither nullable nor required.
    pub(crate) fn plain(shape: Shape) -> Self {
        Self { shape, nullable: false, required: false }
    }

    /// Calls `visit` with the name of every schema the type mentions.
    pub(crate) fn schemas<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        match &self.shape {
            Shape::Schema(name) => visit(name),
            Shape::List(inner) | Shape::Map(inner) => inner.schemas(visit),
            Shape::Union(parts) => parts.iter().for_each(|part| part.schemas(visit)),
            Shape::Text
            | Shape::Integer
            | Shape::Number
            | Shape::Truth
            | Shape::Any
            | Shape::Seconds
            | Shape::DateTime
            | Shape::Date
            | Shape::Bytes
            | Shape::Enum(_)
            | Shape::Hand(_) => {}
        }
    }

    /// Parses a type without version ranges.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut parser = Parser { rest: text };
        let parsed = parser.kind().with_context(|| format!("in the type `{text}`"))?;
        ensure!(parser.rest.is_empty(), "`{}` is left over in the type `{text}`", parser.rest);
        Ok(parsed)
    }
}

/// What a field was in which versions, oldest first; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History(pub(crate) Vec<(Option<Versions>, Type)>);

impl History {
    /// A type that holds in every version that has the field's owner.
    pub(crate) fn constant(kind: Type) -> Self {
        Self(vec![(None, kind)])
    }

    /// Parses types separated by `;`, each with an optional range.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut parser = Parser { rest: text };
        let mut entries = Vec::new();
        loop {
            let kind = parser.kind().with_context(|| format!("in the type `{text}`"))?;
            let range = parser.take_while(|c| c != ';').trim();
            let versions = if range.is_empty() { None } else { Some(Versions::parse(range)?) };
            entries.push((versions, kind));
            if !parser.eat(';') {
                return Ok(Self(entries));
            }
            parser.rest = parser.rest.trim_start();
        }
    }

    /// The newest type.
    pub(crate) fn newest(&self) -> &Type {
        &self.0[self.0.len() - 1].1
    }

    /// The types, oldest first.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Type> {
        self.0.iter().map(|(_, kind)| kind)
    }

    /// All versions that have the field; `None` when its owner's versions are meant.
    pub(crate) fn versions(&self) -> Option<Versions> {
        self.0
            .iter()
            .try_fold(Versions::default(), |all, (versions, _)| Some(all.union((*versions)?)))
    }

    /// Whether the field has to be sent in every version that has it.
    pub(crate) fn is_required(&self) -> bool {
        self.kinds().all(|kind| kind.required)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (versions, kind)) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            kind.fmt(f)?;
            if let Some(versions) = versions {
                write!(f, " {versions}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(f)?;
        if self.nullable {
            f.write_str("?")?;
        }
        if self.required {
            f.write_str("!")?;
        }
        Ok(())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("str"),
            Self::Integer => f.write_str("int"),
            Self::Number => f.write_str("num"),
            Self::Truth => f.write_str("bool"),
            Self::Any => f.write_str("any"),
            Self::Seconds => f.write_str("ts"),
            Self::DateTime => f.write_str("dt"),
            Self::Date => f.write_str("date"),
            Self::Bytes => f.write_str("bytes"),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::Map(inner) => write!(f, "{{{inner}}}"),
            Self::Schema(name) => write!(f, "@{name}"),
            Self::Hand(name) => write!(f, ":{name}"),
            Self::Union(parts) => {
                f.write_str("(")?;
                for (place, part) in parts.iter().enumerate() {
                    let bar = if place == 0 { "" } else { "|" };
                    write!(f, "{bar}{part}")?;
                }
                f.write_str(")")
            }
            Self::Enum(values) => {
                f.write_str("enum(")?;
                for (place, value) in values.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.chars().all(is_word) {
            f.write_str(&self.text)?;
        } else {
            write!(f, "'{}'", self.text)?;
        }
        match self.versions {
            Some(versions) => write!(f, " {versions}"),
            None => Ok(()),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> anyhow::Result<()> {
        ensure!(self.eat(wanted), "`{wanted}` expected before `{}`", self.rest);
        Ok(())
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn kind(&mut self) -> anyhow::Result<Type> {
        let shape = if self.eat('(') {
            let mut parts = vec![self.kind()?];
            while self.eat('|') {
                parts.push(self.kind()?);
            }
            self.expect(')')?;
            Shape::Union(parts)
        } else if self.eat('[') {
            let inner = self.kind()?;
            self.expect(']')?;
            Shape::List(Box::new(inner))
        } else if self.eat('{') {
            let inner = self.kind()?;
            self.expect('}')?;
            Shape::Map(Box::new(inner))
        } else if self.eat('@') {
            Shape::Schema(self.take_while(is_word).to_owned())
        } else if self.eat(':') {
            Shape::Hand(self.take_while(is_word).to_owned())
        } else {
            self.word()?
        };
        let nullable = self.eat('?');
        let required = self.eat('!');
        Ok(Type { shape, nullable, required })
    }

    fn word(&mut self) -> anyhow::Result<Shape> {
        Ok(match self.take_while(|c| c.is_ascii_alphanumeric()) {
            "str" => Shape::Text,
            "int" => Shape::Integer,
            "num" => Shape::Number,
            "bool" => Shape::Truth,
            "any" => Shape::Any,
            "ts" => Shape::Seconds,
            "dt" => Shape::DateTime,
            "date" => Shape::Date,
            "bytes" => Shape::Bytes,
            "enum" => return self.enumeration(),
            word => bail!("`{word}` is not a type"),
        })
    }

    fn enumeration(&mut self) -> anyhow::Result<Shape> {
        self.expect('(')?;
        let mut values = Vec::new();
        loop {
            let text = if self.eat('\'') {
                let text = self.take_while(|c| c != '\'').to_owned();
                self.expect('\'')?;
                text
            } else {
                self.take_while(is_word).to_owned()
            };
            let range = self.take_while(|c| c != ',' && c != ')').trim();
            let versions = if range.is_empty() { None } else { Some(Versions::parse(range)?) };
            values.push(EnumValue { text, versions });
            if self.eat(')') {
                return Ok(Shape::Enum(values));
            }
            self.expect(',')?;
            self.rest = self.rest.trim_start();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn types_are_written_as_they_are_read() {
        for text in [
            "str",
            "int? ..2.15; str? 2.16..",
            "[@tag]",
            "{(str?|num|bool|[any])}",
            "enum(open, closed, 'not open' 2.15..)?!",
            "@contact.avatar 2.9..2.13; any Preview",
        ] {
            let parsed = History::parse(text).map(|history| history.to_string());
            assert_eq!(parsed.ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "string", "[str", "str 2.99..", "str ..", "enum(a", "int 2.16..2.7"] {
            assert!(History::parse(text).is_err(), "{text}");
        }
    }
}
