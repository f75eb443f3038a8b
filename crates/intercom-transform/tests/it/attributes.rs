//! Custom attributes.

use intercom_transform::Settings;
use intercom_transform::settings::{
    AttributeDates, AttributeSettings, Forbidden, ListRule, LongTextRule, MisnamedDates, NullRule,
};

use crate::model::{NOBODY, WRITTEN, rudderstack_v1, run, v2};

const SHAPES: &str = r#"{"type":"identify","userId":"u","context":{"traits":{"a":{"b":{"c":1}},"arr":[1,"x",null,{"k":[true]},[2,[3]]],"emptyArr":[],"emptyObj":{},"nul":null,"nested":{"z":null,"e":{},"f":[]},"dot.key":{"in $ner":1},"date":"2020-01-01","bool":false,"zero":0,"str":"","big":1e400,"n":12345678901234567890,"exact":1.50,"esc\u0061ped":"q\"uote","joined_at":"2020-01-01T00:00:00+01:00","seen_at":1600000000123,"renewed_at":1600000000,"left_at":"soon"}}}"#;

/// The attributes that are sent, and the notes.
fn attributes(line: &str, settings: &Settings) -> String {
    let told = run(line, settings, &[NOBODY, WRITTEN]);
    let body = told.lines().find_map(|line| line.split_once(r#""custom_attributes":"#));
    let sent = body.map_or("none", |(_, sent)| sent);
    let notes: Vec<&str> = told.lines().filter(|line| line.starts_with('·')).collect();
    format!("{sent}\n{}\n", notes.join("\n"))
}

#[test]
fn what_intercom_refuses_is_left_out_or_changed() {
    insta::assert_snapshot!(attributes(SHAPES, &v2()));
}

#[test]
fn everything_can_be_kept_or_sent_as_text() {
    let text = AttributeSettings {
        lists: ListRule::AsText,
        empty: Forbidden::AsText,
        nulls: NullRule::Drop,
        long_texts: LongTextRule::Drop,
        names: Forbidden::Drop,
        dates: AttributeDates::AsSent,
        misnamed_dates: MisnamedDates::Rename,
    };
    let settings = Settings { attributes: text, ..v2() };
    insta::assert_snapshot!(attributes(SHAPES, &settings));
    let lists = AttributeSettings { lists: ListRule::Keep, ..AttributeSettings::default() };
    insta::assert_snapshot!(attributes(SHAPES, &Settings { attributes: lists, ..v2() }));
}

#[test]
fn the_profile_flattens_lists_and_keeps_everything() {
    insta::assert_snapshot!(attributes(SHAPES, &Settings::rudderstack()));
    let told = run(SHAPES, &rudderstack_v1(), &[WRITTEN]);
    insta::assert_snapshot!(told);
}

#[test]
fn traits_that_are_a_list_are_refused_and_with_the_profile_attributes_by_index() {
    let listed = r#"[{"email":"jo@example.com","seats":3},"x",[true]]"#;
    let line = format!(r#"{{"type":"identify","context":{{"traits":{listed}}}}}"#);
    assert_eq!(
        run(&line, &v2(), &[]),
        "→ rejected wrong_type [context.traits] context.traits: expected an object, found a list\n"
    );
    insta::assert_snapshot!(run(&line, &Settings::rudderstack(), &[NOBODY, WRITTEN]));
    insta::assert_snapshot!(run(&line, &rudderstack_v1(), &[WRITTEN]));
}

#[test]
fn of_names_that_collide_the_later_value_counts() {
    let line = r#"{"type":"identify","userId":"u","traits":{"a_b":"plain","x":1,"a":{"b":"nested"},"x":2,"esc\u0061":1,"esca":2}}"#;
    insta::assert_snapshot!(attributes(line, &v2()), @r#"
    {"a_b":"nested","x":2,"esca":2}}
    · {"note":"key_collision","subject":"a_b"}
    · {"note":"key_collision","subject":"esca"}
    · {"note":"key_collision","subject":"x"}
    "#);
}

#[test]
fn names_that_are_refused_are_spelled_otherwise() {
    let line = r#"{"type":"identify","userId":"u","traits":{"a.b$c":1,"q\"uo\\te":2,"nul\u0000":3,"tab\t":4,"\u00e9.":5}}"#;
    insta::assert_snapshot!(attributes(line, &v2()));
}

#[test]
fn long_texts_are_cut_at_255_characters() {
    let long = "é".repeat(300);
    let line = format!(r#"{{"type":"identify","userId":"u","traits":{{"bio":"{long}"}}}}"#);
    let told = attributes(&line, &v2());
    let sent = told.split('"').nth(3).expect("the text is sent");
    assert_eq!(sent.chars().count(), 255);
    assert!(told.contains("text_cut"), "{told}");
    let line = line.replace(&long, &"é".repeat(255));
    assert!(!attributes(&line, &v2()).contains("text_cut"));
}

#[test]
fn reserved_traits_are_no_attributes() {
    let names = [
        "userId",
        "email",
        "phone",
        "name",
        "createdAt",
        "firstName",
        "lastName",
        "firstname",
        "lastname",
        "company",
        "role",
        "avatar",
        "ownerId",
        "lastSeenAt",
        "unsubscribedFromEmails",
        "timestamp",
        "originalTimestamp",
        "id",
        "user_id",
        "first_name",
        "avatarURL",
        "own",
    ];
    let traits: Vec<String> = names.iter().map(|name| format!(r#""{name}":"1""#)).collect();
    let line = format!(
        r#"{{"type":"identify","userId":"u","context":{{"traits":{{{}}}}}}}"#,
        traits.join(",")
    );
    let v2 = run(&line, &Settings::rudderstack(), &[NOBODY, WRITTEN]);
    let v1 = run(&line, &rudderstack_v1(), &[WRITTEN]);
    insta::assert_snapshot!(format!("{v2}\n{v1}"));
}
