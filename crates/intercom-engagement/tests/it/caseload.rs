use chrono::{DateTime, Utc};
use intercom_engagement::{
    Bucket, CaseloadParams, CaseloadReport, Channel, Directory, LookbackDays, MemberProfile, Rules,
    Session, Sessions, UnixSecond, caseload,
};

pub(crate) const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

const DAY: i64 = 86_400;

/// A session `ago` seconds before [`NOW`].
pub(crate) fn session<'a>(
    member: &'a str,
    coach: Option<&'a str>,
    channel: Channel,
    ago: i64,
) -> Session<'a> {
    let at = UnixSecond::new(NOW.timestamp() - ago).expect("after 1970");
    Session { member, coach, channel, at, updated_at: at }
}

pub(crate) fn collect<'a>(sessions: impl IntoIterator<Item = Session<'a>>) -> Sessions {
    let mut all = Sessions::default();
    for session in sessions {
        all.push(&session).expect("few ids");
    }
    all
}

fn looking_back(days: f64, rules: Rules) -> CaseloadParams {
    CaseloadParams { lookback: LookbackDays::new(days).expect("above 0"), rules }
}

fn member_ids<'a>(report: &CaseloadReport<'a>) -> Vec<&'a str> {
    report.members.iter().map(|member| member.member_id).collect()
}

fn directory() -> Directory {
    let member = |name: &str, client: Option<&str>| MemberProfile {
        name: Some(name.to_owned()),
        email: Some(format!("{}@member.example", name.to_lowercase())),
        client: client.map(str::to_owned),
    };
    Directory {
        members: [
            ("m1".to_owned(), member("Omar", Some("Acme Rail"))),
            ("m2".to_owned(), member("Hiro", None)),
        ]
        .into(),
        coaches: [("900002".to_owned(), "Ben Okafor".to_owned())].into(),
    }
}

#[test]
fn reports_in_the_documented_json() {
    let sessions = collect([
        session("m1", Some("999999"), Channel::Phone, 30 * DAY),
        session("m1", Some("900002"), Channel::Chat, 6 * DAY),
        session("m1", Some("900002"), Channel::Phone, 9 * DAY),
        session("m2", None, Channel::VideoConference, 57 * DAY),
        session("m3", Some("999999"), Channel::Email, -DAY),
    ]);
    let directory = directory();
    let report = caseload(&sessions, &directory, &CaseloadParams::default(), NOW);
    insta::assert_json_snapshot!(report);
}

#[test]
fn a_session_is_in_the_window_when_it_took_place_there() {
    let sessions = collect([
        session("on the edge", None, Channel::Phone, 30 * DAY),
        session("out", None, Channel::Phone, 30 * DAY + 1),
        session("in", None, Channel::Phone, DAY),
        session("future", None, Channel::Phone, -DAY),
    ]);
    let directory = Directory::default();
    let report = caseload(&sessions, &directory, &looking_back(30.0, Rules::Standard), NOW);
    assert_eq!(member_ids(&report), ["future", "in", "on the edge"]);
    assert_eq!(report.sessions.len(), 3);
}

#[test]
fn by_the_original_rules_a_late_change_brings_a_session_back() {
    let touched = |member, ago: i64| Session {
        updated_at: UnixSecond::new(NOW.timestamp() - ago).expect("after 1970"),
        ..session(member, None, Channel::Phone, 100 * DAY)
    };
    let sessions = collect([
        touched("lately", DAY),
        touched("just inside", 30 * DAY - 1),
        touched("on the edge", 30 * DAY),
        session("recent", None, Channel::Chat, DAY),
    ]);
    let directory = Directory::default();
    let original = caseload(&sessions, &directory, &looking_back(30.0, Rules::Original), NOW);
    assert_eq!(member_ids(&original), ["recent", "just inside", "lately"]);
    assert_eq!(original.summary.get(Bucket::Over56), 2);
    let standard = caseload(&sessions, &directory, &looking_back(30.0, Rules::Standard), NOW);
    assert_eq!(member_ids(&standard), ["recent"]);
}

#[test]
fn fractions_of_a_day_count() {
    let sessions = collect([session("m1", None, Channel::Chat, DAY / 2 + 1)]);
    let directory = Directory::default();
    let report = caseload(&sessions, &directory, &looking_back(0.5, Rules::Standard), NOW);
    assert_eq!(report.total_members, 0);
    let json = serde_json::to_value(&report).expect("serialisable");
    assert_eq!(json["lookbackDays"], 0.5);
    assert_eq!(json["generatedAt"], "2025-12-22T15:00:00Z");
}

#[test]
fn an_empty_report_has_zeros() {
    let (sessions, directory) = (Sessions::default(), Directory::default());
    let report = caseload(&sessions, &directory, &CaseloadParams::default(), NOW);
    assert_eq!(report.summary.total(), 0);
    assert_eq!(report.bucket_table().rows.len(), 1);
}

#[test]
fn members_by_combination_add_up() {
    let sessions = collect([
        session("m1", None, Channel::Phone, DAY),
        session("m1", None, Channel::Email, 80 * DAY),
        session("m2", None, Channel::Phone, 40 * DAY),
        session("m3", None, Channel::Phone, 2 * DAY),
    ]);
    let directory = Directory::default();
    let table = caseload(&sessions, &directory, &CaseloadParams::default(), NOW).bucket_table();
    let lines: Vec<String> = std::iter::once(table.headers.join(" | "))
        .chain(
            table
                .rows
                .iter()
                .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")),
        )
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Channels | ≤ 7 days | > 7–28 days | > 28–56 days | > 56 days | Total
    Email + Phone | 1 | 0 | 0 | 0 | 1
    Phone | 1 | 0 | 1 | 0 | 2
    Total | 2 | 0 | 1 | 0 | 3
    ");
}
