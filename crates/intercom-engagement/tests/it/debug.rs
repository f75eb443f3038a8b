//! `Debug` shows no personal data.

use std::fmt::Debug;

use intercom_engagement::{CaseloadParams, Channel, Directory, MemberProfile, caseload};

use crate::caseload::{NOW, collect, session};

const PERSONAL: [&str; 4] = ["ada@secret.example", "Ada Secret", "Secret Rail", "Bea Secret"];

#[track_caller]
fn check(value: &dyn Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
    let pretty = format!("{value:#?}");
    assert!(PERSONAL.iter().all(|text| !pretty.contains(text)), "{pretty}");
}

#[test]
fn ids_are_shown_and_names_are_not() {
    let [email, name, client, coach] = PERSONAL.map(str::to_owned);
    let profile = MemberProfile { name: Some(name), email: Some(email), client: Some(client) };
    let directory = Directory {
        members: [("m1".to_owned(), profile)].into(),
        coaches: [("c1".to_owned(), coach)].into(),
    };
    check(&directory, "Directory { n_members: 1, n_coaches: 1, .. }");
    check(&directory.members["m1"], "MemberProfile { .. }");

    let sessions = collect([session("m1", Some("c1"), Channel::Phone, 60)]);
    let report = caseload(&sessions, &directory, &CaseloadParams::default(), NOW);
    let json = serde_json::to_string(&report).expect("serialisable");
    assert!(PERSONAL.iter().all(|text| json.contains(text)), "{json}");
    check(
        &report.members[0],
        "CaseloadMember { member_id: \"m1\", coach_ids: [\"c1\"], channels_used: ChannelSet(4), \
         last_session_at: UnixSecond(1766415540), bucket: UpTo7, .. }",
    );
    check(
        &report.sessions[0],
        "CaseloadSession { member_id: \"m1\", coach_id: Some(\"c1\"), channel: Phone, \
         time: UnixSecond(1766415540), .. }",
    );
    let shown = format!("{report:?} {report:#?}");
    assert!(PERSONAL.iter().all(|text| !shown.contains(text)), "{shown}");
}
