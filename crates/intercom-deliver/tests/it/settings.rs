//! Settings files.

use intercom_deliver::read_settings;
use intercom_transform::Settings;
use intercom_transform::settings::{ListRule, UnknownUsers};

#[test]
fn what_a_file_leaves_out_is_the_profile_s() {
    assert_eq!(read_settings("").ok(), Some(Settings::default()));
    assert_eq!(read_settings("profile = \"recommended\"").ok(), Some(Settings::default()));
    assert_eq!(read_settings("profile = \"rudderstack\"").ok(), Some(Settings::rudderstack()));
    let text =
        "profile = \"rudderstack\"\nunknown_users = \"create\"\n[attributes]\nlists = \"drop\"\n";
    let read = read_settings(text).expect("well written");
    let mut expected = Settings::rudderstack();
    expected.unknown_users = UnknownUsers::Create;
    expected.attributes.lists = ListRule::Drop;
    assert_eq!(read, expected);
}

#[test]
fn a_mistake_is_named_in_one_line() {
    for (text, message) in [
        ("versio = \"2.16\"", "versio: unknown field `versio`"),
        ("version = \"3.0\"", "version: "),
        ("[metadata]\nmax_keys = \"five\"", "metadata.max_keys: invalid type"),
        ("[metadata]\nmax_key = 5", "metadata.max_key: unknown field"),
        ("profile = \"segment\"", "profile: unknown variant `segment`"),
        ("a = 1\nb = = 2\n", "line 2: "),
    ] {
        let problem = read_settings(text).expect_err("a mistake").to_string();
        let expected = format!("the settings of events: {message}");
        assert!(problem.starts_with(&expected), "{text}: {problem}");
        assert_eq!(problem.lines().count(), 1, "{problem}");
    }
}
