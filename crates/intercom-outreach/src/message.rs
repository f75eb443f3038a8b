//! Words and figures as a message: what is data stays text, and nothing is longer than allowed.

use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use intercom_text::printable;

/// The most blocks of a message.
const MAX_BLOCKS: usize = 50;
/// The most characters of a header.
const MAX_HEADER: usize = 150;
/// The most characters of a text.
const MAX_TEXT: usize = 3_000;
/// The most characters of one fact.
const MAX_FACT: usize = 2_000;
/// The most facts beside each other.
const MAX_FACTS: usize = 10;

/// A message: a headline, and parts in the order they were added.
///
/// Every text is data: it may hold anything. `Debug` shows the number of parts only.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    headline: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Facts(Vec<(&'static str, String)>),
    Lines(Vec<String>),
    Link(&'static str, Url),
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("n_parts", &self.parts.len()).finish_non_exhaustive()
    }
}

impl Message {
    /// A message without parts; the headline is what a notification shows.
    #[must_use]
    pub fn new(headline: impl Into<String>) -> Self {
        Self { headline: headline.into(), parts: Vec::new() }
    }

    /// With a figure or a name; facts that follow one another stand beside each other.
    #[must_use]
    pub fn fact(mut self, label: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.parts.last_mut() {
            Some(Part::Facts(facts)) if facts.len() < MAX_FACTS => facts.push((label, value)),
            _ => self.parts.push(Part::Facts(vec![(label, value)])),
        }
        self
    }

    /// With a paragraph of lines; lines that find no room are counted in the last.
    #[must_use]
    pub fn lines(mut self, lines: Vec<String>) -> Self {
        self.parts.push(Part::Lines(lines));
        self
    }

    /// With a link.
    #[must_use]
    pub fn link(mut self, label: &'static str, to: Url) -> Self {
        self.parts.push(Part::Link(label, to));
        self
    }

    /// The message as JSON, within the limits of the service.
    ///
    /// Data stands in plain text, where nothing but the escapes has a meaning. The text beside the
    /// blocks is for notifications and old clients, and is not formatted either.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut blocks = vec![json!({"type": "header", "text": plain(&self.headline, MAX_HEADER)})];
        let room = MAX_BLOCKS - blocks.len();
        let n_shown = if self.parts.len() > room { room - 1 } else { self.parts.len() };
        blocks.extend(self.parts[..n_shown].iter().map(Part::block));
        let n_left = self.parts.len() - n_shown;
        if n_left > 0 {
            let rest = plain(&format!("… and {n_left} more"), MAX_TEXT);
            blocks.push(json!({"type": "section", "text": rest}));
        }
        json!({"text": self.fallback(), "mrkdwn": false, "blocks": blocks})
    }

    pub(crate) fn body(&self) -> Bytes {
        self.to_json().to_string().into()
    }

    fn fallback(&self) -> String {
        let mut text = self.headline.clone();
        if let Some(Part::Facts(facts)) = self.parts.first() {
            for (label, value) in facts {
                text.push_str(&format!(" · {label}: {value}"));
            }
        }
        escaped(&text, MAX_TEXT)
    }
}

impl Part {
    fn block(&self) -> Value {
        match self {
            Self::Facts(facts) => {
                let fact =
                    |(label, value): &(&str, String)| plain(&format!("{label}: {value}"), MAX_FACT);
                json!({"type": "section", "fields": facts.iter().map(fact).collect::<Vec<_>>()})
            }
            Self::Lines(lines) => json!({"type": "section", "text": plain_lines(lines)}),
            Self::Link(label, to) => {
                let text = match target(to) {
                    Some(target) => {
                        let label = escaped(label, MAX_FACT);
                        json!({"type": "mrkdwn", "verbatim": true, "text": format!("<{target}|{label}>")})
                    }
                    None => plain(label, MAX_TEXT),
                };
                json!({"type": "section", "text": text})
            }
        }
    }
}

/// Where a link leads; `None` when it is too long, or leads to something else than a page.
fn target(to: &Url) -> Option<String> {
    let text = to.as_str();
    let is_page = matches!(to.scheme(), "https" | "http") && text.len() < MAX_FACT / 2;
    // What would end the link is not left in its target.
    let text = text.replace('|', "%7C").replace('<', "%3C").replace('>', "%3E");
    is_page.then(|| text.replace('&', "&amp;"))
}

fn plain(text: &str, limit: usize) -> Value {
    json!({"type": "plain_text", "emoji": false, "text": escaped(text, limit)})
}

fn plain_lines(lines: &[String]) -> Value {
    let mut text = String::new();
    let mut n_chars = 0;
    for (n_shown, line) in lines.iter().enumerate() {
        let line = escaped(line, MAX_FACT);
        let rest = format!("… and {} more", lines.len() - n_shown);
        let length = line.chars().count() + 1;
        let is_last = n_shown + 1 == lines.len();
        let reserve = if is_last { 0 } else { rest.chars().count() + 1 };
        if n_chars + length + reserve > MAX_TEXT {
            text.push_str(&rest);
            break;
        }
        n_chars += length;
        text.push_str(&line);
        if !is_last {
            text.push('\n');
        }
    }
    let text = if text.is_empty() { "–".to_owned() } else { text };
    json!({"type": "plain_text", "emoji": false, "text": text})
}

/// One line of text of at most `limit` characters after escaping, and never empty.
fn escaped(text: &str, limit: usize) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    let text = printable(&text.trim().chars().map(blank).collect::<String>());
    let mut escaped = String::with_capacity(text.len());
    let mut n_chars = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let mut buffer = [0; 4];
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => c.encode_utf8(&mut buffer),
        };
        let is_last = rest.peek().is_none();
        let n_needed = piece.chars().count() + usize::from(!is_last);
        if n_chars + n_needed > limit {
            escaped.push('…');
            break;
        }
        n_chars += piece.chars().count();
        escaped.push_str(piece);
    }
    if escaped.is_empty() { "–".to_owned() } else { escaped }
}
