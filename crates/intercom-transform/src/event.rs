//! One event: a JSON object on a line, read without copying it.

mod parse;
mod path;
mod tape;
mod value;

use std::borrow::Cow;
use std::fmt;

use crate::rejection::{Reason, Rejection};

pub use tape::Tape;

use path::Path;

pub(crate) use parse::{Fault, parse};
pub(crate) use tape::{Kind, Node};
pub(crate) use value::{Document, Field, Value, unescape};

/// A view over one line of customer data.
///
/// It borrows the line and the [`Tape`]; numbers and the order of keys are as sent, and of a name
/// that occurs twice in an object the last one counts. `Debug` shows the type and the size only.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    document: Document<'a>,
}

impl<'a> Event<'a> {
    /// Reads a line. The time it takes is proportional to the line's length.
    ///
    /// # Errors
    /// [`Rejection`] when the line is not UTF-8, not JSON, not an object, nested deeper than 128
    /// levels, or holds half of a surrogate pair; it names the place.
    pub fn parse(line: &'a [u8], tape: &'a mut Tape) -> Result<Self, Rejection> {
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => return Err(not_utf8(&line[..error.valid_up_to()], tape)),
        };
        if let Err(fault) = parse(text, tape) {
            let reason = match fault {
                Fault::Syntax(at) => Reason::NotJson { at },
                Fault::Truncated => Reason::Truncated,
                Fault::Depth => Reason::TooDeep,
                Fault::LoneSurrogate => Reason::LoneSurrogate,
                Fault::Length => Reason::TooLong,
            };
            return Err(Rejection::new(open_path(text, tape), reason));
        }
        let event = Self { document: Document::new(text, &tape.nodes) };
        if !event.root().is_object() {
            return Err(Rejection::new("", Reason::NotAnObject));
        }
        Ok(event)
    }

    /// The type as sent: `identify`, `track`, `group` and so on.
    pub fn kind(&self) -> Option<Cow<'_, str>> {
        self.root().get("type")?.as_text()
    }

    /// The id that the sender gave this event; the same when it is sent again.
    pub fn message_id(&self) -> Option<Cow<'_, str>> {
        self.root().get("messageId")?.to_plain()
    }

    /// The customer's own id of the user.
    pub fn user_id(&self) -> Option<Cow<'_, str>> {
        self.root().get("userId")?.to_plain().filter(|id| !id.is_empty())
    }

    /// The id of a visitor whom nobody has identified.
    pub fn anonymous_id(&self) -> Option<Cow<'_, str>> {
        self.root().get("anonymousId")?.to_plain().filter(|id| !id.is_empty())
    }

    /// The e-mail address of the person, from the event's traits or those of its context.
    pub fn email(&self) -> Option<Cow<'_, str>> {
        let own = self.root().get("traits");
        let of_context = || self.root().get("context")?.get("traits")?.get("email");
        let email = own.and_then(|traits| traits.get("email")).or_else(of_context)?;
        email.as_text().filter(|email| !email.is_empty())
    }

    /// Whom events must be kept in order for: the user, else the anonymous visitor, else what
    /// identifies a record or a warehouse's row.
    pub fn ordering_key(&self) -> Option<Cow<'_, str>> {
        let user = self.user_id().or_else(|| self.anonymous_id());
        user.or_else(|| self.row_key().filter(|key| !key.is_empty()))
    }

    /// The value of the first identifier.
    fn row_key(&self) -> Option<Cow<'_, str>> {
        if let Some(identifiers) = self.root().get("identifiers") {
            return identifiers.fields().next()?.value.to_plain();
        }
        let listed = self.root().get("context")?.get("externalId")?;
        listed.elements().next()?.get("id")?.to_plain()
    }

    pub(crate) fn root(&self) -> Value<'_> {
        self.document.root()
    }

    pub(crate) fn document(&self) -> &Document<'a> {
        &self.document
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind().map(|kind| kind.chars().take(40).collect::<String>()))
            .field("bytes", &self.root().raw().len())
            .finish_non_exhaustive()
    }
}

/// What is in front of the broken byte is read for the path to it.
fn not_utf8(valid: &[u8], tape: &mut Tape) -> Rejection {
    let text = std::str::from_utf8(valid).unwrap_or_default();
    let reason = Reason::NotUtf8 { at: valid.len() };
    match parse(text, tape) {
        Ok(()) => Rejection::new("", reason),
        Err(_) => Rejection::new(open_path(text, tape), reason),
    }
}

/// The path to where a parser stopped: through everything that is still open.
fn open_path(text: &str, tape: &Tape) -> String {
    let mut path = Path::default();
    let open = tape.open();
    for (level, &container) in open.iter().enumerate() {
        let inner = open.get(level + 1).map(|&index| index as usize);
        let is_object = tape.nodes[container as usize].kind == Kind::Object;
        let mut at = container as usize + 1;
        let (mut n_before, mut name) = (0, None);
        while at < tape.nodes.len() {
            if is_object {
                name = Some(tape.nodes[at]);
                at += 1;
            }
            if at >= tape.nodes.len() || Some(at) == inner {
                break;
            }
            at = tape.nodes[at].next as usize;
            n_before += 1;
        }
        match name {
            Some(Node { start, end, .. }) => path.push_name(&text[start as usize..end as usize]),
            None if is_object => {}
            None => path.push_index(n_before),
        }
    }
    path.0
}
