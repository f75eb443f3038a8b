//! Whether a message speaks of leaving.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

/// Words and phrases that announce that a customer leaves.
const KEYWORDS: [&str; 8] = [
    "cancel",
    "cancellation",
    "cancelling",
    "churn",
    "leaving",
    "switching",
    "not renewing",
    "won't renew",
];

/// Elements inside a sentence: their tags do not separate words.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "code", "del", "em", "font", "i", "mark", "s", "small", "span", "strong", "u",
];

static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .build(KEYWORDS)
        .expect("a handful of short words fits an automaton")
});

/// The first keyword in the text of `html` that stands as words of its own.
///
/// Tags, character references, typographic apostrophes and runs of space do not hide a keyword.
#[must_use]
pub fn cancel_mention(html: &str) -> Option<&'static str> {
    let text = readable(html);
    AUTOMATON
        .find_overlapping_iter(&text)
        .filter(|found| stands_alone(&text, found.start(), found.end()))
        .min_by_key(|found| (found.start(), std::cmp::Reverse(found.end())))
        .map(|found| KEYWORDS[found.pattern().as_usize()])
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}

/// The words of some HTML with single spaces and straight apostrophes.
fn readable(html: &str) -> String {
    let mut words = String::with_capacity(html.len());
    for c in unescape(&without_tags(html)).chars() {
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
    words
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let opens = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c));
        if !opens {
            text.push('<');
            rest = &tag[1..];
            continue;
        }
        let Some(end) = tag.find('>') else {
            rest = tag;
            break;
        };
        if !is_inline(&tag[1..end]) {
            text.push(' ');
        }
        rest = &tag[end + 1..];
    }
    text.push_str(rest);
    text
}

fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name))
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
