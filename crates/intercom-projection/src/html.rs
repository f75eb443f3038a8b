//! What a reader sees of some HTML, line by line, where a line begins with `>` for every element
//! that quotes.

/// Elements inside a sentence: their tags do not separate words.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "code", "del", "em", "font", "i", "mark", "s", "small", "span", "strong", "u",
];

/// Elements whose text nobody sees, up to the first tag that closes them.
const UNSHOWN: [&str; 4] = ["style", "script", "head", "title"];

/// Classes by which mail programs mark what they quote.
const QUOTING_CLASSES: [&str; 6] = [
    "gmail_quote",
    "gmail_quote_container",
    "moz-cite-prefix",
    "protonmail_quote",
    "yahoo_quoted",
    "zmail_extra",
];

/// Elements of Outlook that hold what it quotes.
const QUOTING_IDS: [&str; 2] = ["OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container"];

/// Elements of Outlook on the web and Hotmail behind which all is quoted.
const ENDING_IDS: [&str; 2] = ["divRplyFwdMsg", "stopSpelling"];

/// The text without markup and what is quoted by it, character references written out.
pub(crate) fn lines_of(html: &str) -> String {
    unescape(&without_tags(html))
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut hidden: Option<Hidden<'_>> = None;
    for piece in (Markup { rest: html, has_quotes: true, has_comments: true }) {
        let tag = match piece {
            Piece::Text(shown) => {
                if hidden.is_none() {
                    text.push_str(shown);
                }
                continue;
            }
            Piece::Comment => continue,
            Piece::Tag(tag) => tag,
        };
        hidden = match hidden {
            Some(hidden) => hidden.after(tag),
            None => Hidden::begun_by(tag),
        };
        match hidden {
            Some(Hidden::Rest) => break,
            Some(Hidden::Quote { depth: 1, .. }) if !tag.starts_with('/') => text.push_str("\n>\n"),
            Some(Hidden::Quote { .. } | Hidden::Unshown(_)) => {}
            None if is_inline(tag) => {}
            None => text.push('\n'),
        }
    }
    text
}

/// HTML in pieces, each looked at a bounded number of times however broken it is.
struct Markup<'a> {
    rest: &'a str,
    /// No attribute was left open so far.
    has_quotes: bool,
    /// No comment was left open so far.
    has_comments: bool,
}

enum Piece<'a> {
    Text(&'a str),
    /// What stands between `<` and `>`.
    Tag(&'a str),
    Comment,
}

impl<'a> Iterator for Markup<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let Some(tag) = self.rest.strip_prefix('<') else {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            return (end > 0).then(|| Piece::Text(self.take(end)));
        };
        if let Some(end) = self.end_of_comment(tag) {
            self.take(1 + end);
            return Some(Piece::Comment);
        }
        let opens = tag.starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c));
        if !opens {
            return Some(Piece::Text(self.take(1)));
        }
        let Some(end) = self.end_of_tag(tag) else {
            return Some(Piece::Text(self.take(self.rest.len())));
        };
        self.take(end + 2);
        Some(Piece::Tag(&tag[..end]))
    }
}

impl<'a> Markup<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn end_of_comment(&mut self, tag: &str) -> Option<usize> {
        let comment = tag.strip_prefix("!--").filter(|_| self.has_comments)?;
        // `<!-->` is a whole one.
        if comment.starts_with('>') {
            return Some("!-->".len());
        }
        let end = comment.find("-->");
        self.has_comments = end.is_some();
        end.map(|end| "!--".len() + end + "-->".len())
    }

    fn end_of_tag(&mut self, tag: &str) -> Option<usize> {
        if self.has_quotes {
            let end = end_of_tag(tag);
            if end.is_some() {
                return end;
            }
            self.has_quotes = false;
        }
        tag.find('>')
    }
}

/// Where a tag ends, outside of the values of attributes.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut begins_value = false;
    let mut bytes = tag.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'>' => return Some(at),
            b'=' => begins_value = true,
            quote @ (b'"' | b'\'') if begins_value => {
                bytes.find(|&(_, byte)| byte == quote)?;
                begins_value = false;
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => begins_value = false,
        }
    }
    None
}

/// Text that is left out.
enum Hidden<'a> {
    /// An element that quotes, and how deep elements of its name are nested in it.
    Quote { name: &'a str, depth: usize },
    /// An element that nobody sees.
    Unshown(&'a str),
    /// All that is left.
    Rest,
}

impl<'a> Hidden<'a> {
    fn begun_by(tag: &'a str) -> Option<Self> {
        if tag.starts_with('/') || tag.ends_with('/') {
            return None;
        }
        let name = name(tag);
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let quote = Self::Quote { name, depth: 1 };
        if is("blockquote") {
            return Some(quote);
        }
        if UNSHOWN.into_iter().any(is) {
            return Some(Self::Unshown(name));
        }
        if !["div", "hr", "span"].into_iter().any(is) {
            return None;
        }
        // What is quoted once more gets a prefix.
        let id = attribute(tag, "id").unwrap_or_default().trim_start_matches("x_");
        if ENDING_IDS.contains(&id) {
            return Some(Self::Rest);
        }
        let classes = attribute(tag, "class").unwrap_or_default().split_ascii_whitespace();
        let mut classes = classes.map(|class| class.trim_start_matches("x_"));
        let quotes = is("div") && classes.any(|class| QUOTING_CLASSES.contains(&class))
            || !is("hr") && QUOTING_IDS.contains(&id);
        quotes.then_some(quote)
    }

    fn after(self, tag: &str) -> Option<Self> {
        match self {
            Self::Rest => Some(self),
            Self::Unshown(unshown) => {
                let ends = tag.strip_prefix('/').is_some_and(|tag| is_named(tag, unshown))
                    || is_named(unshown, "head") && is_named(tag, "body");
                (!ends).then_some(self)
            }
            Self::Quote { name, .. } if !is_named(tag.trim_start_matches('/'), name) => Some(self),
            Self::Quote { name, depth } if tag.starts_with('/') => {
                (depth > 1).then(|| Self::Quote { name, depth: depth - 1 })
            }
            Self::Quote { name, depth } => Some(Self::Quote { name, depth: depth + 1 }),
        }
    }
}

fn name(tag: &str) -> &str {
    let name = tag.trim_start_matches('/');
    name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

fn is_named(tag: &str, wanted: &str) -> bool {
    name(tag).eq_ignore_ascii_case(wanted)
}

/// The value of the first attribute of a name.
fn attribute<'a>(tag: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = &tag[name(tag).len()..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || "/=".contains(c));
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        let Some(value) = after.trim_ascii_start().strip_prefix('=') else {
            if after.is_empty() {
                return None;
            }
            rest = after;
            continue;
        };
        let (value, after) = value_and_rest(value.trim_ascii_start());
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

fn value_and_rest(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(value) = text.strip_prefix(quote) {
            return value.split_once(quote).unwrap_or((value, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()))
}

fn is_inline(tag: &str) -> bool {
    INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name(tag)))
}

fn unescape(text: &str) -> String {
    /// The longest reference that is understood, without `&` and `;`.
    const LONGEST: usize = 8;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at(at);
        plain.push_str(before);
        let end = reference.bytes().take(LONGEST + 2).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&reference[1..end])?, end))) {
            Some((c, end)) => {
                plain.push(c);
                rest = &reference[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &reference[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" | "lsquo" | "rsquo" => Some('\''),
        "nbsp" => Some(' '),
        "shy" => Some('\u{ad}'),
        _ => {
            let digits = reference.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}
