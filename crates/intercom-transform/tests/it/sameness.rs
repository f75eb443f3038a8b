//! Plans compare, and show nothing of the person.

use intercom_transform::Settings;

use crate::model::planned;

#[test]
fn equal_events_have_equal_plans_that_print_nothing_personal() {
    let line = r#"{"type":"identify","userId":"u1","traits":{"email":"jo@example.com"}}"#;
    let other = r#"{"type":"identify","userId":"u2","traits":{"email":"jo@example.com"}}"#;
    let plan = |line| planned(line, &Settings::default()).expect("it is a whole event");
    assert_eq!(plan(line), plan(line));
    assert_ne!(plan(line), plan(other));
    let shown = format!("{:?}", plan(line));
    assert!(!shown.contains("u1") && !shown.contains("jo@"), "{shown}");
}
