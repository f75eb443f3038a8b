//! Records.

use intercom_transform::Settings;

use crate::model::{FOUND, NOBODY, WRITTEN, rudderstack_oauth, run_all, v1, v2};

#[test]
fn an_address_is_looked_up_in_lower_case_and_the_profile_passes_it_on() {
    let row = r#"{"type":"record","action":"update","identifiers":{"email":"Jo@X.example"},"fields":{"name":"N"}}"#;
    let cases: [(&str, &str, &[_]); 1] = [("by address", row, &[FOUND, WRITTEN])];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    insta::assert_snapshot!(run_all(&rudderstack_oauth(), &cases));
}

#[test]
fn rows_are_inserted_updated_and_deleted() {
    let row = |action: &str| {
        format!(
            r#"{{"type":"record","action":"{action}","identifiers":{{"external_id":"e1"}},"fields":{{"name":"N","custom_attributes":{{"a":{{"b":1}}}},"nul":null}}}}"#
        )
    };
    let [insert, update, delete, merge] = ["INSERT", "update", "delete", "merge"].map(row);
    let cases: [(&str, &str, &[_]); 8] = [
        ("insert", &insert, &[NOBODY, WRITTEN]),
        ("insert what exists", &insert, &[FOUND, WRITTEN]),
        ("update", &update, &[FOUND, WRITTEN]),
        ("update nobody", &update, &[NOBODY]),
        ("delete", &delete, &[FOUND, WRITTEN]),
        ("delete nobody", &delete, &[NOBODY]),
        ("no identifiers", r#"{"type":"record","action":"insert","fields":{}}"#, &[]),
        (
            "an identifier that is a list",
            r#"{"type":"record","action":"insert","identifiers":{"email":[1]}}"#,
            &[],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    let cases: [(&str, &str, &[_]); 1] = [("another action", &merge, &[])];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    let cases: [(&str, &str, &[_]); 1] = [("another action", &merge, &[NOBODY])];
    insta::assert_snapshot!(run_all(&rudderstack_oauth(), &cases));
    let cases: [(&str, &str, &[_]); 1] = [("records are not taken", &insert, &[])];
    insta::assert_snapshot!(run_all(&v1(), &cases));
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &cases));
}
