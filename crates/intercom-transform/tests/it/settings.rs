//! Settings as a file has them.

use intercom_transform::Settings;
use intercom_transform::settings::{Region, SameSecond};

#[test]
fn the_defaults_and_the_profile_as_files() {
    insta::assert_json_snapshot!(Settings::default());
    insta::assert_json_snapshot!(Settings::rudderstack());
}

#[test]
fn a_file_names_what_differs() {
    let text = r#"{"version":"1.4","region":"EU","same_second":"keep","metadata":{"max_keys":10}}"#;
    let settings: Settings = serde_json::from_str(text).expect("the settings are right");
    assert_eq!(settings.region, Region::Eu);
    assert_eq!(settings.same_second, SameSecond::Keep);
    assert_eq!(settings.metadata.max_keys, 10);
    assert_eq!(settings.lookup_field, "email");
    for wrong in [r#"{"versoin":"1.4"}"#, r#"{"version":"3.0"}"#, r#"{"same_second":"later"}"#] {
        assert!(serde_json::from_str::<Settings>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn both_sets_survive_being_written() {
    for settings in [Settings::default(), Settings::rudderstack()] {
        let text = serde_json::to_string(&settings).expect("settings are JSON");
        let again: Settings = serde_json::from_str(&text).expect("they are read again");
        assert_eq!(again, settings);
    }
}
