//! The crate, from its front door.

use intercom_text::{is_hidden, printable, printable_lines};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(printable(text), expected, "{text:?}");
}

#[test]
fn what_is_seen_stays() {
    for text in ["", "Zoë O'Neil", "<!channel> & *", "田中", "a\u{a0}b", "❤\u{fe0f}"] {
        check(text, text);
    }
}

#[test]
fn what_steers_a_terminal_is_replaced() {
    check(
        "\u{1b}[2Jgone\r\n\t\u{9b}1m\u{7f}",
        "\u{fffd}[2Jgone\u{fffd}\u{fffd}\u{fffd}\u{fffd}1m\u{fffd}",
    );
    assert_eq!(printable_lines("one\u{7}\ntwo\n"), "one\u{fffd}\ntwo\n");
}

#[test]
fn what_nobody_sees_is_written_out() {
    check("zo\u{200b}e", r"zo\u{200b}e");
    check("\u{feff}zoe\u{202e}", r"\u{feff}zoe\u{202e}");
    check("\u{2066}zoe\u{2069}\u{e0041}", r"\u{2066}zoe\u{2069}\u{e0041}");
    check("zo\u{3164}e\u{2800}", r"zo\u{3164}e\u{2800}");
}

#[test]
fn joiners_join_scripts_and_emoji_and_no_letters_of_ascii() {
    check("می\u{200c}خواهم", "می\u{200c}خواهم");
    check("\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{200d}\u{1f4bb}");
    check("zo\u{200d}e", r"zo\u{200d}e");
    check("\u{200c}zoe", r"\u{200c}zoe");
}

proptest! {
    #[test]
    fn nothing_hidden_is_left(text in "[ -~\u{80}-\u{a0}\u{200b}-\u{206f}\u{feff}]{0,40}") {
        let shown = printable(&text);
        let joins = |c| matches!(c, '\u{200c}' | '\u{200d}');
        prop_assert!(shown.chars().all(|c| !c.is_control() && (joins(c) || !is_hidden(c))));
    }
}
