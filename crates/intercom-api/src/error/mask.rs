//! What is shown of the API's words: no personal data, no secrets, not the request again.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::request::Request;

/// The most characters shown of a text.
const MAX_SHOWN: usize = 300;
/// The fewest characters of a token.
const MIN_TOKEN: usize = 20;
/// The fewest digits of a phone number.
const MIN_PHONE: usize = 7;
/// Shorter values of a request are parts of too many words.
const MIN_VALUE: usize = 4;

/// Replaces what looks like an e-mail address, a URL, a token or a phone number, and cuts the text
/// to 300 characters.
pub(super) fn mask(text: &str) -> String {
    let words =
        text.split_inclusive(char::is_whitespace).map(|word| match stand_in(word.trim_end()) {
            Some(name) => Cow::Owned(format!("{name}{}", &word[word.trim_end().len()..])),
            None => Cow::Borrowed(word),
        });
    mask_phones(&words.collect::<String>())
        .chars()
        .take(MAX_SHOWN)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Replaces the path, the query and the values of `request` by `…`.
pub(super) fn hide_values(request: &Request, text: &str) -> String {
    let mut values = values(request);
    // A name of the API's, such as the field of a sort, tells nobody anything.
    values.retain(|value| value.chars().count() >= MIN_VALUE && !is_plain_word(value));
    // The whole goes before its parts.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(text.to_owned(), |text, value| text.replace(value, "…"))
}

/// What the request line holds besides its route, encoded and not.
fn values(request: &Request) -> Vec<String> {
    let target = request.target();
    let mut values = vec![target.clone()];
    if let Some((path, query)) = target.split_once('?') {
        values.extend([path.to_owned(), query.to_owned()]);
    }
    let mut parts = request.route.split('/').skip(1);
    for segment in request.path.split('/').skip(1) {
        let part = parts.next().unwrap_or_default();
        if part.starts_with('{') || (part != segment && !is_plain_word(segment)) {
            values.push(segment.to_owned());
            values.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
        }
    }
    for (_, value) in &request.query {
        values.push(form_urlencoded::byte_serialize(value.as_bytes()).collect());
        values.push(value.clone());
    }
    values
}

/// Whether a text can be a name of the API's: a part of a path, a field.
fn is_plain_word(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn stand_in(word: &str) -> Option<&'static str> {
    if word.contains('@') || word.contains("%40") {
        return Some("<e-mail>");
    }
    if is_url(word) {
        return Some("<url>");
    }
    let is_part =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '+' | '/');
    word.split(|c| !is_part(c)).any(is_token).then_some("<token>")
}

/// An address, a path with an id, or a query.
fn is_url(word: &str) -> bool {
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let has_id = || word.split('/').skip(1).any(|part| part.len() >= MIN_VALUE && has_digit(part));
    word.contains("://")
        || word.split_once('?').is_some_and(|(_, query)| query.contains('='))
        || has_id()
}

/// A long mix of digits and letters that is no id and no code such as `sso_v2_login_required`.
fn is_token(run: &str) -> bool {
    let run = run.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let has = |is: fn(&u8) -> bool| run.as_bytes().iter().any(is);
    run.len() >= MIN_TOKEN
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !is_id(run)
        && !run.split(['_', '-', '.']).all(is_part_of_code)
}

/// The 24 hexadecimal digits of a contact's id, or a UUID.
fn is_id(run: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths = || run.split('-').map(str::len);
    (run.len() == 24 && is_hex(run))
        || (lengths().eq([8, 4, 4, 4, 12]) && run.split('-').all(is_hex))
}

fn is_part_of_code(part: &str) -> bool {
    part.len() < MIN_VALUE || part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Replaces groups of digits that are written like a phone number; an id is one group alone.
fn mask_phones(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')) {
        let length = rest[start..].find(|c| !is_part(c)).unwrap_or(rest.len() - start);
        let run = &rest[start..start + length];
        let number = run.trim_end_matches(|c: char| !c.is_ascii_digit());
        let (before, after) = (&rest[..start], &rest[start + number.len()..]);
        let before =
            before.trim_end_matches('-').chars().next_back().or(masked.chars().next_back());
        let is_glued = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_whole = !is_glued(before) && !is_glued(after.trim_start_matches('-').chars().next());
        let n_digits = number.bytes().filter(u8::is_ascii_digit).count();
        masked.push_str(&rest[..start]);
        let is_grouped = n_digits >= MIN_PHONE && n_digits < number.len();
        let is_phone = is_whole && is_grouped && !is_date(number);
        masked.push_str(if is_phone { "<phone>" } else { number });
        masked.push_str(&run[number.len()..]);
        rest = &rest[start + length..];
    }
    masked + rest
}

/// A date such as `2025-11-21`.
fn is_date(number: &str) -> bool {
    number.split('-').map(str::len).eq([4, 2, 2])
}
