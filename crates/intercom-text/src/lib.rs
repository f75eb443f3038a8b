//! Text from elsewhere, fit to be shown: in a terminal, a chat, a table.
//!
//! Names, addresses and messages come from whoever writes to a workspace. Some characters steer a
//! terminal, others turn the direction of what follows or are seen by nobody, so that one name reads
//! as another. Every crate that shows text asks here which they are, so that all agree.
//!
//! ```
//! use intercom_text::printable;
//!
//! assert_eq!(printable("Zoë\u{1b}[31m"), "Zoë\u{fffd}[31m");
//! assert_eq!(printable("moc.elpmaxe@\u{202e}eoz"), r"moc.elpmaxe@\u{202e}eoz");
//! ```

/// One line of text: control characters are replaced, and those that nobody sees are written out.
///
/// The joiners that scripts and emoji need are left between them.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            c if c.is_control() => shown.push('\u{fffd}'),
            c if is_joiner(c) && !before.is_ascii() => shown.push(c),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
        before = c;
    }
    shown
}

/// Several lines of text, each as [`printable`] has it.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// Whether nobody sees a character that is no space: it joins or parts others, turns their
/// direction, or is blank without saying so.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    is_joiner(c)
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}
