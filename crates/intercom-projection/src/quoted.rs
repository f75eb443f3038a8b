//! The words that somebody wrote in a message, without those that a mail program quotes.

use crate::html::lines_of;

/// Verbs that end the line above what is quoted.
const WROTE: [&str; 7] =
    ["wrote", "a écrit", "escribió", "escreveu", "ha scritto", "schrieb", "schreef"];

/// Verbs that stand within that line.
const WROTE_WITHIN: [&str; 2] = [" schrieb ", " schreef "];

/// Words that begin that line, unless its author does.
const ON: [&str; 7] = ["Am ", "El ", "Em ", "Il ", "Le ", "On ", "Op "];

/// Words that stand for an author and have a capital letter without being a name.
const NOT_NAMES: [&str; 3] = ["Ihr", "Ihre", "Sie"];

/// The longest line that is taken for one above a quote, in bytes.
const LONGEST: usize = 400;

/// The first line of a header above a quoted message, and one of the two below it.
const HEADERS: [(&str, &str); 11] = [
    ("From:", "Sent:"),
    ("From:", "Date:"),
    ("Von:", "Gesendet:"),
    ("De :", "Envoyé"),
    ("De:", "Enviado"),
    ("De:", "Enviada"),
    ("Da:", "Inviato"),
    ("Van:", "Verzonden:"),
    ("Od:", "Wysłano:"),
    ("Från:", "Skickat:"),
    ("Fra:", "Sendt:"),
];

/// The words of some HTML with single spaces and straight apostrophes; quoted text is left out.
pub(crate) fn own_words(html: &str) -> String {
    let text = lines_of(html);
    let mut words = String::with_capacity(text.len());
    for line in own_lines(&text) {
        for c in line.chars().chain([' ']) {
            match c {
                '\u{2018}' | '\u{2019}' | '\u{02bc}' => words.push('\''),
                '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
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
    let is_followed_by_quote = |lines: &[&str]| {
        lines.iter().find(|line| !is_blank(line)).is_some_and(|next| is_quote(next))
    };
    let quotes_all_below = |index: usize| {
        let line = lines[index].trim();
        let below = &lines[index + 1..];
        // Under a quote marked line by line, the writer may go on.
        is_separator(line)
            || begins_header(line, below)
            || introduces_quote(line) && !is_followed_by_quote(below)
            || match below.split_first() {
                Some((second, below)) => {
                    continues_introduction(line, second.trim()) && !is_followed_by_quote(below)
                }
                None => false,
            }
    };
    let end = (0..lines.len()).find(|&index| quotes_all_below(index)).unwrap_or(lines.len());
    let is_quoted = move |index: usize| {
        is_quote(lines[index])
            || has_verb(lines[index]) && is_followed_by_quote(&lines[index + 1..])
    };
    let own = text.lines().enumerate().take(end).filter(move |&(index, _)| !is_quoted(index));
    own.map(|(_, line)| line)
}

/// `On 5 Jan 2026, at 10:15, Bob wrote:`, as mail programs put above what they quote: with a date,
/// and with an address, or the time and a name.
fn introduces_quote(line: &str) -> bool {
    let has_address = line.contains('@');
    let begins = has_address || ON.iter().any(|on| line.starts_with(on));
    let is_whole = line.len() <= LONGEST && begins && has_date(line);
    is_whole && author(line).is_some_and(|author| has_address || has_time(line) && is_name(author))
}

/// The same over two lines, where it was too long for one.
fn continues_introduction(first: &str, second: &str) -> bool {
    let fits = first.len() + second.len() <= LONGEST;
    let begins = fits && ON.iter().any(|on| first.starts_with(on)) && has_verb(second);
    begins && introduces_quote(&format!("{first} {second}"))
}

fn has_verb(line: &str) -> bool {
    author(line).is_some()
}

/// The word beside the verb of a line that says who wrote something.
fn author(line: &str) -> Option<&str> {
    let line = line.trim().strip_suffix(':')?.trim_end();
    let before = WROTE.iter().find_map(|verb| line.strip_suffix(verb)?.strip_suffix(' '));
    if let Some(before) = before {
        return before.split_whitespace().next_back();
    }
    let after = WROTE_WITHIN.iter().find_map(|verb| Some(line.split_once(verb)?.1));
    after?.split_whitespace().next()
}

fn is_name(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let begins = word.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase());
    begins && word != "I" && !NOT_NAMES.contains(&word)
}

/// A year of four digits, or three numbers such as `1/5/26`.
fn has_date(line: &str) -> bool {
    let is_number =
        |part: &str| matches!(part.len(), 1..=4) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_year = |word: &str| {
        word.len() == 4 && is_number(word) && (word.starts_with("19") || word.starts_with("20"))
    };
    line.split(|c: char| c.is_whitespace() || c == ',').any(|word| {
        let word = word.trim_end_matches('.');
        is_year(word)
            || word.split(['.', '/', '-']).count() == 3
                && word.split(['.', '/', '-']).all(is_number)
    })
}

/// `10:15`.
fn has_time(line: &str) -> bool {
    let is_time = |bytes: &[u8]| {
        bytes[1] == b':' && [bytes[0], bytes[2], bytes[3]].iter().all(u8::is_ascii_digit)
    };
    line.as_bytes().windows(4).any(is_time)
}

/// `From: Bob` over `Sent: Monday`, as mail programs put above what they quote.
fn begins_header(line: &str, below: &[&str]) -> bool {
    let plain = |line: &str, label: &str| line.trim().trim_start_matches('*').starts_with(label);
    HEADERS.iter().any(|(from, sent)| {
        let mut next = below.iter().filter(|line| !is_blank(line)).take(2);
        plain(line, from) && next.any(|line| plain(line, sent))
    })
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
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
