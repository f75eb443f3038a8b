//! Which contact is the user, and by what it is looked up.

use intercom_transform::{Scratch, Settings};

use crate::model::{ACCEPTED, NOBODY, WRITTEN, rudderstack_oauth, run, run_all, run_in, v2};

const JO: &str =
    r#"{"type":"identify","userId":"u1","context":{"traits":{"email":"Jo@Example.com"}}}"#;

#[test]
fn the_contact_with_the_external_id_or_the_only_one_with_the_address() {
    let cases: [(&str, &str, &[_]); 6] = [
        (
            "the second one has the id",
            JO,
            &[
                (
                    200,
                    r#"{"data":[{"id":"c1","external_id":"u9"},{"id":"c2","external_id":"u1"}]}"#,
                ),
                WRITTEN,
            ],
        ),
        (
            "the only one, without an id",
            JO,
            &[(200, r#"{"data":[{"id":"c1","external_id":null,"role":"lead"}]}"#), WRITTEN],
        ),
        ("another person", JO, &[(200, r#"{"data":[{"id":"c1","external_id":"u9"}]}"#), WRITTEN]),
        ("several", JO, &[(200, r#"{"data":[{"id":"c1"},{"id":"c2"}]}"#), WRITTEN]),
        (
            "a user and leads",
            JO,
            &[
                (
                    200,
                    r#"{"data":[{"id":"c1","role":"lead"},{"id":"c2","role":"user"},{"id":"c3","role":"lead"}]}"#,
                ),
                WRITTEN,
            ],
        ),
        (
            "more than the answer holds",
            JO,
            &[
                (200, r#"{"total_count":60,"data":[{"id":"c1"}]}"#),
                (200, r#"{"total_count":1,"data":[{"id":"c50","external_id":"u1"}]}"#),
                WRITTEN,
            ],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn the_profile_takes_the_first() {
    let several = (
        200,
        r#"{"total_count":2,"data":[{"id":"c1","external_id":"u9"},{"id":"c2","external_id":"u1"}]}"#,
    );
    let told = run(JO, &Settings::rudderstack(), &[several, WRITTEN]);
    assert!(told.contains("PUT /contacts/c1 "), "{told}");
}

#[test]
fn fields_to_look_up_by() {
    let by = |field: &str| {
        format!(
            r#"{{"type":"identify","userId":"u1","traits":{{"phone":"+47","plan_key":"pk","external_id":"e1","name":"Jo"}},"context":{{"traits":{{"email":"jo@example.com","plan_key":"ck"}}}},"integrations":{{"All":true,"INTERCOM":{{"lookup":"{field}"}}}}}}"#
        )
    };
    let told = |settings: &Settings| {
        let fields = ["email", "phone", "name", "plan_key", "external_id", "userId", ""];
        let searches = fields.map(|field| {
            let told = run(&by(field), settings, &[NOBODY, WRITTEN]);
            let search = told.lines().next().unwrap_or_default().to_owned();
            format!("{field}: {search}")
        });
        searches.join("\n")
    };
    insta::assert_snapshot!(told(&v2()));
    let settings = Settings::rudderstack();
    let named = |field| run(&by(field), &settings, &[NOBODY, WRITTEN]);
    let searches =
        ["plan_key", "userId"].map(|field| named(field).lines().next().map(str::to_owned));
    insta::assert_debug_snapshot!(searches);
    // With the trait `external_id` at the message, the profile finds nothing to look up.
    insta::assert_snapshot!(run(&by("external_id"), &settings, &[WRITTEN]));
    insta::assert_snapshot!(run(r#"{"type":"identify","userId":"u1"}"#, &rudderstack_oauth(), &[]));
}

#[test]
fn plans_of_a_batch_share_what_they_found_and_wrote() {
    let mut scratch = Scratch::new();
    let mut told = String::new();
    let line = |plan: &str| {
        format!(
            r#"{{"type":"identify","userId":"u1","traits":{{"email":"jo@example.com","plan":"{plan}"}}}}"#
        )
    };
    let track = r#"{"type":"track","userId":"u1","event":"E","timestamp":1}"#;
    let by_address = r#"{"type":"identify","traits":{"email":"JO@example.com"}}"#;
    let other = r#"{"type":"identify","userId":"u2","traits":{"email":"jo@example.com"}}"#;
    let mut step = |title: &str, line: &str, answers: &[_]| {
        told.push_str(&format!("# {title}\n{}\n", run_in(line, &v2(), &mut scratch, answers)));
    };
    step("created", &line("a"), &[NOBODY, (200, r#"{"id":"c7"}"#)]);
    step("an event", track, &[ACCEPTED]);
    step("known", &line("b"), &[WRITTEN]);
    step("known by its address", by_address, &[WRITTEN]);
    step("another user with the address", other, &[NOBODY, WRITTEN]);
    step("gone, so looked up again", &line("c"), &[(404, "{}"), NOBODY, (200, r#"{"id":"c8"}"#)]);
    step(
        "deleted",
        r#"{"type":"delete","userId":"u1"}"#,
        &[(200, r#"{"data":[{"id":"c8","external_id":"u1"}]}"#), WRITTEN],
    );
    step("unknown again", &line("d"), &[NOBODY, WRITTEN]);
    scratch.begin_batch();
    let again = run_in(&line("e"), &v2(), &mut scratch, &[NOBODY, WRITTEN]);
    assert!(again.contains("/contacts/search"), "{again}");
    insta::assert_snapshot!(told);
}

#[test]
fn an_answer_that_cannot_be_read_is_tried_again() {
    let told = run(JO, &v2(), &[(200, "<html>")]);
    assert!(told.contains("→ retryable Unable to search contact"), "{told}");
    let told = run(JO, &v2(), &[(200, r#"{"type":"list"}"#), WRITTEN]);
    assert!(told.contains("POST /contacts {"), "{told}");
}
