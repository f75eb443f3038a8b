//! The words that somebody wrote in a message: without markup, and without what is quoted.

/// Elements inside a sentence: their tags do not separate words.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "code", "del", "em", "font", "i", "mark", "s", "small", "span", "strong", "u",
];

/// Elements whose text nobody sees.
const UNSHOWN: [&str; 4] = ["style", "script", "head", "title"];

/// Class names by which mail programs mark what they quote.
const QUOTING: [&str; 4] = ["gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"];

/// How a line ends that introduces what is quoted below it.
const INTRODUCING: [&str; 6] =
    [" wrote:", " schrieb:", " a écrit :", " a écrit\u{a0}:", " escribió:", " ha scritto:"];

/// The first line of a header above a quoted message, and one of the two below it.
const HEADERS: [(&str, &str); 6] = [
    ("From:", "Sent:"),
    ("From:", "Date:"),
    ("Von:", "Gesendet:"),
    ("De :", "Envoyé"),
    ("De:", "Enviado"),
    ("Da:", "Inviato"),
];

/// The words of some HTML with single spaces and straight apostrophes; quoted text is left out.
pub(crate) fn own_words(html: &str) -> String {
    let text = unescape(&without_tags(html));
    let mut words = String::with_capacity(text.len());
    for line in own_lines(&text) {
        for c in line.chars().chain([' ']) {
            match c {
                '\u{2018}' | '\u{2019}' | '\u{02bc}' => words.push('\''),
                '\u{ad}' | '\u{200b}' => {}
                c if c.is_whitespace() => {
                    if !words.ends_with(' ') {
                        words.push(' ');
                    }
                }
                c => words.push(c),
            }
        }
    }
    words.truncate(words.trim_end_matches(' ').len());
    words
}

/// The lines up to a quoted message, without those that begin as quotes do.
fn own_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = text.lines().collect();
    let end = (0..lines.len()).find(|&index| {
        let line = lines[index].trim();
        let after = || lines[index + 1..].iter().map(|line| line.trim());
        let next = || after().find(|line| !line.is_empty());
        // Under a quote marked line by line, the writer may go on.
        is_separator(line)
            || begins_header(line, after)
            || introduces_quote(line) && !next().is_some_and(is_quote)
    });
    let own = lines.into_iter().take(end.unwrap_or(usize::MAX));
    own.filter(move |line| !is_quote(line) && !introduces_quote(line.trim()))
}

/// `On 5 January, Bob wrote:`, in the languages in which the line ends with the verb.
fn introduces_quote(line: &str) -> bool {
    INTRODUCING.iter().any(|end| line.ends_with(end))
        || line.starts_with("Am ") && line.ends_with(':') && line.contains(" schrieb ")
}

/// `From: Bob` over `Sent: Monday`, as mail programs put above what they quote.
fn begins_header<'t, I: Iterator<Item = &'t str>>(line: &str, after: impl Fn() -> I) -> bool {
    HEADERS.iter().any(|(from, sent)| {
        let mut next = after().filter(|line| !line.is_empty()).take(2);
        line.starts_with(from) && next.any(|line| line.starts_with(sent))
    })
}

fn is_quote(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// `-----Original Message-----`, in any language of one or two words between dashes.
fn is_separator(line: &str) -> bool {
    let words = line.trim_matches('-');
    let n_dashes = line.len() - words.len();
    n_dashes >= 6 && !words.is_empty() && words.split_whitespace().count() <= 3
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    let mut quote: Option<Quote<'_>> = None;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if quote.is_none() {
            text.push_str(before);
        }
        let opens = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c));
        if !opens {
            if quote.is_none() {
                text.push('<');
            }
            rest = &tag[1..];
            continue;
        }
        let Some(end) = tag.find('>') else {
            rest = tag;
            break;
        };
        let inner = &tag[1..end];
        quote = match quote {
            Some(quote) => quote.after(inner),
            None => Quote::opened_by(inner),
        };
        if quote.is_none() && !is_inline(inner) {
            text.push('\n');
        }
        rest = &tag[end + 1..];
    }
    if quote.is_none() {
        text.push_str(rest);
    }
    text
}

/// An element that quotes, and how deep elements of its name are nested in it.
struct Quote<'a> {
    name: &'a str,
    depth: usize,
}

impl<'a> Quote<'a> {
    fn opened_by(tag: &'a str) -> Option<Self> {
        let name = name(tag);
        let is_open = !tag.starts_with('/') && !tag.ends_with('/');
        let quotes = name.eq_ignore_ascii_case("blockquote")
            || UNSHOWN.iter().any(|unshown| name.eq_ignore_ascii_case(unshown))
            || name.eq_ignore_ascii_case("div") && QUOTING.iter().any(|class| tag.contains(class));
        (is_open && quotes).then_some(Self { name, depth: 1 })
    }

    fn after(self, tag: &str) -> Option<Self> {
        if !name(tag).eq_ignore_ascii_case(self.name) {
            return Some(self);
        }
        let depth = if tag.starts_with('/') { self.depth - 1 } else { self.depth + 1 };
        (depth > 0).then_some(Self { depth, ..self })
    }
}

fn name(tag: &str) -> &str {
    let name = tag.trim_start_matches('/');
    name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
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
